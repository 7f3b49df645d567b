// SPDX-License-Identifier: MIT
/* A verdict as an EAT Attestation Result. See ear.h. */
#include "report/ear.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/util.h"
#include "log/buffer.h"
#include "policy/dsse_key.h"
#include "tool/json.h"

#include <errno.h>
#include <imastage/imastage.h>
#include <inttypes.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#define PROFILE "tag:ietf.org,2026:rats/ear#04"
#define DEVELOPER "imastage"
#define NUMBER_LEN 32 /* of r and of s, P-256 */

/* Values of AR4SI. */
enum claim {
	FAILED = -1, /* the verifier could not judge */
	NONE = 0,
	AFFIRMED = 2,
	DOUBTED = 32,
	EXECUTABLE_UNKNOWN = 33,
	EXECUTABLE_DENIED = 96,
	INSTANCE_UNKNOWN = 97,
	CRYPTO_FAILED = 99,
};

/* ---- claims -------------------------------------------------------------------- */

static int claim_instance(const struct verify_verdict *verdict)
{
	if (verdict->result == VERIFY_NONE)
		return FAILED;
	if (verify_has(verdict, VERIFY_AK_OTHER) ||
	    verify_has(verdict, VERIFY_AK_SIGNER) ||
	    verify_has(verdict, VERIFY_MACHINE_BARRED))
		return INSTANCE_UNKNOWN;
	return verdict->genuine ? AFFIRMED : CRYPTO_FAILED;
}

static int claim_executables(const struct ear *ear)
{
	const struct verify_verdict *verdict = ear->verdict;

	if (verdict->result == VERIFY_NONE)
		return FAILED;
	if (!verdict->proved || verify_has(verdict, VERIFY_LOG_DIGEST))
		return CRYPTO_FAILED;
	if (verify_has(verdict, VERIFY_FILE_DENIED))
		return EXECUTABLE_DENIED;
	if (verify_failed(verdict, VERIFY_FILE_UNLISTED, VERIFY_KEY_LEARNT) ||
	    verify_has(verdict, VERIFY_FILE_EXCLUDED) ||
	    verify_has(verdict, VERIFY_LOG_VIOLATION))
		return EXECUTABLE_UNKNOWN;
	return ear->judges_files ? AFFIRMED : NONE;
}

static int claim_hardware(const struct ear *ear)
{
	if (ear->verdict->result == VERIFY_NONE)
		return FAILED;
	if (!ear->judges_boot)
		return NONE;
	if (!ear->verdict->genuine)
		return CRYPTO_FAILED;
	return verify_has(ear->verdict, VERIFY_BOOT_UNAPPROVED) ? DOUBTED :
								  AFFIRMED;
}

/* The tier that a verdict is of. */
static const char *status_of(const struct verify_verdict *verdict)
{
	switch (verdict->result) {
	case VERIFY_ACCEPTED:
		return "affirming";
	case VERIFY_WARNED:
		return "warning";
	case VERIFY_REJECTED:
		return "contraindicated";
	default:
		return "none";
	}
}

/* Nothing is claimed where nothing was judged. */
static void put_claim(struct json *json, const char *name, int value)
{
	char text[8];

	if (value == NONE)
		return;
	snprintf(text, sizeof(text), "%d", value);
	json_plain(json, name, text);
}

static void put_vector(struct json *json, const struct ear *ear)
{
	json_open(json, "ear_trustworthiness_vector", '{');
	put_claim(json, "instance-identity", claim_instance(ear->verdict));
	put_claim(json, "executables", claim_executables(ear));
	put_claim(json, "hardware", claim_hardware(ear));
	json_close(json, '}');
}

static void put_nonce(struct json *json, struct imastage_bytes nonce)
{
	char text[BASE64_LEN(64) + 1] = "";

	if (nonce.len == 0 || nonce.len > 64)
		return;
	base64_encode(nonce, text);
	json_text(json, "eat_nonce", text);
}

/* What a program that knows imastage may want beside: the ids that decided. */
static void put_own(struct json *json, const struct verify_verdict *verdict)
{
	char text[24];

	json_open(json, "ear_verifier_claims", '{');
	json_text(json, "imastage_verdict",
		  verify_result_name(verdict->result));
	snprintf(text, sizeof(text), "%" PRIu64, verdict->first_index);
	json_text(json, "imastage_first", text);
	snprintf(text, sizeof(text), "%" PRIu64, verdict->next_index);
	json_text(json, "imastage_next", text);
	json_open(json, "imastage_reasons", '[');
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (verdict->nr_of[id] && verify_id_level(id) > VERIFY_NOTE)
			json_text(json, NULL, verify_id_name(id));
	json_close(json, ']');
	json_close(json, '}');
}

static void put_machine(struct json *json, const struct ear *ear)
{
	json_open(json, "submods", '{');
	json_open_named(json, ear->machine, '{');
	json_text(json, "ear_status", status_of(ear->verdict));
	put_vector(json, ear);
	if (ear->nr_policies > 0) {
		json_open(json, "ear_appraisal_policy_ids", '[');
		for (size_t i = 0; i < ear->nr_policies; i++)
			json_text(json, NULL, ear->policies[i]);
		json_close(json, ']');
	}
	put_nonce(json, ear->nonce);
	put_own(json, ear->verdict);
	json_close(json, '}');
	json_close(json, '}');
}

static void put_claims(struct json *json, const struct ear *ear)
{
	char build[64];

	snprintf(build, sizeof(build), "imastage %s", imastage_version());
	json_text(json, "eat_profile", PROFILE);
	json_text(json, "ear_status", status_of(ear->verdict));
	json_number(json, "iat", ear->made);
	json_open(json, "ear_verifier_id", '{');
	json_text(json, "developer", DEVELOPER);
	json_text(json, "build", build);
	json_close(json, '}');
	put_machine(json, ear);
}

static void put_header(struct json *json, const char *key_id)
{
	json_text(json, "alg", "ES256");
	json_text(json, "typ", "JWT");
	json_text(json, "kid", key_id);
}

/* ---- the token ------------------------------------------------------------------- */

/* Appends @bytes as base64url without padding. */
static int put_base64url(struct imastage_buffer *token,
			 struct imastage_bytes bytes)
{
	size_t len = BASE64_LEN(bytes.len);
	char *text = malloc(len + 1);
	int r;

	if (!text)
		return -ENOMEM;
	base64_encode(bytes, text);
	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	r = buffer_put(token, bytes_of(text, len));
	free(text);
	return r;
}

/* One of its two first parts, from what @put writes. */
static int put_part(struct imastage_buffer *token, const struct ear *ear,
		    const char *key_id)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	struct json json;
	int r;

	if (!file)
		return -ENOMEM;
	json_start(&json, file, '{');
	if (ear)
		put_claims(&json, ear);
	else
		put_header(&json, key_id);
	json_end(&json, '}');
	r = fclose(file) ? -ENOMEM : 0;
	if (r == 0) /* without the newline */
		r = put_base64url(token, bytes_of(text, len - 1));
	free(text);
	return r;
}

/* A signature in DER as the two numbers, each of 32 bytes. */
static int raw_signature(struct imastage_bytes der,
			 uint8_t ret_raw[2 * NUMBER_LEN])
{
	const unsigned char *at = der.data;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	bool done = signature &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_raw,
				 NUMBER_LEN) == NUMBER_LEN &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(signature),
				 ret_raw + NUMBER_LEN,
				 NUMBER_LEN) == NUMBER_LEN;

	ECDSA_SIG_free(signature);
	ERR_clear_error();
	return done ? 0 : -EIO;
}

static int put_signature(struct imastage_buffer *token,
			 const struct dsse_key *key)
{
	uint8_t der[DSSE_SIGNATURE_MAX], raw[2 * NUMBER_LEN];
	size_t len;
	int r = dsse_key_sign(key, bytes_of(token->data, token->len), der,
			      &len);

	if (r == 0)
		r = raw_signature(bytes_of(der, len), raw);
	if (r == 0)
		r = buffer_put(token, bytes_of_text("."));
	return r < 0 ? r : put_base64url(token, bytes_of(raw, sizeof(raw)));
}

int ear_write(const struct ear *ear, const struct dsse_key *key, FILE *file)
{
	struct imastage_buffer token = { 0 };
	int r = dsse_key_signs(key) ? 0 : -EINVAL;

	if (r == 0)
		r = put_part(&token, NULL, dsse_key_id(key));
	if (r == 0)
		r = buffer_put(&token, bytes_of_text("."));
	if (r == 0)
		r = put_part(&token, ear, NULL);
	if (r == 0)
		r = put_signature(&token, key);
	if (r == 0)
		r = buffer_put(&token, bytes_of_text("\n"));
	if (r == 0 && fwrite(token.data, 1, token.len, file) != token.len)
		r = -EIO;
	free(token.data);
	return r;
}
