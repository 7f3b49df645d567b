// SPDX-License-Identifier: MIT
/*
 * imastage verify --keylime FILE: the body of a request to Keylime's verify/evidence,
 *
 *	{"type":"tpm","data":{"quote":"r...","nonce":"...","hash_alg":"sha256",
 *	"tpm_ek":"BASE64","tpm_ak":"BASE64","ima_measurement_list":"10 ...\n",
 *	"mb_log":"BASE64"}}
 *
 * answered with the members of Keylime's answer. Its runtime policy is judged by, if there is none
 * given by --policy; other policies cannot be judged, and what cannot be judged is not valid.
 */
#include "base/base64.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/json_pull.h"
#include "base/json_text.h"
#include "base/util.h"
#include "cmd/verify/print.h"
#include "cmd/verify/verify.h"
#include "evidence/keylime.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/parse.h"

#include <errno.h>

#define BODY_LEN_MAX ((size_t)128 << 20)

enum member {
	QUOTE,
	NONCE,
	HASH_ALG,
	TPM_EK, /* passed on by Keylime, too, and used for nothing */
	TPM_AK,
	IMA_LIST,
	MB_LOG,
	TPM_POLICY,
	RUNTIME_POLICY,
	MB_POLICY,
	NR_MEMBERS
};

#define NR_REQUIRED IMA_LIST

static const char *const names[NR_MEMBERS] = {
	"quote",     "nonce",	   "hash_alg",
	"tpm_ek",    "tpm_ak",	   "ima_measurement_list",
	"mb_log",    "tpm_policy", "runtime_policy",
	"mb_policy",
};

struct body {
	struct verify_options *options;
	uint8_t *text; /* owned */
	size_t len;
	struct imastage_bytes members[NR_MEMBERS];
	uint8_t *decoded[NR_MEMBERS]; /* owned */
	size_t decoded_len[NR_MEMBERS];
	struct evidence_keylime quote; /* owned */
	uint8_t *ak, *boot_log; /* owned */
	size_t ak_len, boot_log_len;
	struct verify_boot_log read_log;
	struct verify_request request;
	struct policy *policy; /* owned */
	struct policy_error policy_error; /* why it is refused */
	bool policy_refused;
	int code; /* of HTTP */
	const char *missing; /* a member, or NULL */
	const char *unjudged; /* a policy, or NULL */
};

/* ---- what is in it --------------------------------------------------------- */

/* The characters of a member, which is a string. */
static int decode_string(struct body *body, enum member member)
{
	struct imastage_bytes string;
	uint8_t *out;
	int r = json_text_string(body->members[member], &string);

	if (r < 0)
		return r;
	out = malloc(string.len + 1);
	if (!out)
		return -ENOMEM;
	body->decoded[member] = out;
	while ((r = json_text_character(&string, out)) == 1)
		out++;
	body->decoded_len[member] = (size_t)(out - body->decoded[member]);
	return r;
}

static struct imastage_bytes text_of(const struct body *body,
				     enum member member)
{
	return bytes_of(body->decoded[member], body->decoded_len[member]);
}

static int decode_base64(struct imastage_bytes text, uint8_t **ret_data,
			 size_t *ret_len)
{
	size_t at;

	*ret_data = malloc(BASE64_DATA_MAX(text.len) + 1);
	return *ret_data ? base64_decode(text, *ret_data, ret_len, &at) :
			   -ENOMEM;
}

/* -EBADMSG, or -ENODATA with the name of what is missing. */
static int split(struct body *body)
{
	static const char *const outer[] = { "type", "data" };
	struct imastage_bytes values[2], type;

	if (json_text_members(bytes_of(body->text, body->len), outer, 2,
			      values) < 0 ||
	    json_text_string(values[0], &type) < 0 ||
	    !json_text_is(type, "tpm") ||
	    json_text_members(values[1], names, NR_MEMBERS, body->members) < 0)
		return -EBADMSG;
	for (int i = 0; i < NR_REQUIRED; i++) {
		if (body->members[i].len > 0)
			continue;
		body->missing = names[i];
		return -ENODATA;
	}
	return 0;
}

/* A policy that says nothing is none. */
static bool is_policy(struct imastage_bytes text)
{
	return text.len > 0 && !bytes_equal_text(text, "{}") &&
	       !bytes_equal_text(text, "null");
}

static int decode_all(struct body *body)
{
	int r = 0;

	for (int i = 0; r == 0 && i < NR_MEMBERS; i++)
		if (i != RUNTIME_POLICY && body->members[i].len > 0 &&
		    !bytes_equal_text(body->members[i], "null"))
			r = decode_string(body, (enum member)i);
	for (int i = TPM_POLICY; r == 0 && i < NR_MEMBERS; i++)
		if (is_policy(text_of(body, (enum member)i)))
			body->unjudged = names[i];
	return r;
}

/* JSON in a string. One that says nothing is none. */
static int read_policy(struct body *body)
{
	struct imastage_bytes text;
	struct json_pull pull;
	int r = json_pull_init(&pull, body->members[RUNTIME_POLICY]);

	if (r == 0)
		r = json_pull_string(&pull, &text);
	if (r == 0 && is_policy(text))
		r = policy_read(text, &body->options->policy_keys.keys,
				&body->policy, &body->policy_error);
	json_pull_fini(&pull);
	body->policy_refused = r == -EBADMSG;
	return r;
}

static int read_members(struct body *body)
{
	struct evidence_error error;
	int r = split(body);

	if (r == 0)
		r = decode_all(body);
	if (r == 0 && body->members[RUNTIME_POLICY].len > 0 &&
	    !bytes_equal_text(body->members[RUNTIME_POLICY], "null"))
		r = read_policy(body);
	if (r == 0)
		r = decode_base64(text_of(body, TPM_AK), &body->ak,
				  &body->ak_len);
	if (r == 0)
		r = decode_base64(text_of(body, MB_LOG), &body->boot_log,
				  &body->boot_log_len);
	if (r == 0)
		r = evidence_keylime_parse(text_of(body, QUOTE), &body->quote,
					   &error);
	return r == -EINVAL || r == -EFBIG ? -EBADMSG : r;
}

/* ---- the work --------------------------------------------------------------- */

struct bytes_left {
	struct imastage_bytes rest;
};

static ssize_t read_bytes(void *context, void *data, size_t len)
{
	struct bytes_left *left = context;
	struct imastage_bytes piece = bytes_first(left->rest, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	left->rest = bytes_skip(left->rest, piece.len);
	return (ssize_t)piece.len;
}

/* What Keylime asks for is not in its request: IMA's PCR, unless we are told. */
static int make_request(struct body *body)
{
	struct verify_options *options = body->options;
	struct verify_request *request = &body->request;
	char name[16] = "";
	enum imastage_bank bank;

	*request = options->request;
	if (!request->policy)
		request->policy = body->policy;
	request->ak = options->ak.path ? part_bytes(&options->ak) :
					 bytes_of(body->ak, body->ak_len);
	request->trusted = options->ak.path ? "it is the file given by --ak" :
					      "it is the tpm_ak of the request";
	request->nonce = text_of(body, NONCE);
	request->explain = true;
	if (options->asked_set)
		return 0;
	memcpy(name, body->decoded[HASH_ALG],
	       body->decoded_len[HASH_ALG] < sizeof(name) - 1 ?
		       body->decoded_len[HASH_ALG] :
		       sizeof(name) - 1);
	if (parse_bank(name, &bank) < 0)
		return -EBADMSG;
	request->asked.nr = 1;
	request->asked.of[0].alg = imastage_bank_tpm_alg(bank);
	request->asked.of[0].pcrs = 1u << IMASTAGE_PCR_IMA;
	return 0;
}

static int read_boot_log(struct body *body)
{
	static const struct verify_request none;
	struct bytes_left left = { bytes_of(body->boot_log,
					    body->boot_log_len) };
	const struct imastage_source source = { read_bytes, &left };

	return verify_read_boot_log(source, &none, &body->read_log);
}

static int verify_body(struct body *body)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = IMASTAGE_SHA1,
	};
	const struct verify_evidence evidence = {
		.msg = body->quote.msg,
		.sig = body->quote.sig,
		.pcrs = body->quote.pcrs,
		.ak = bytes_of(body->ak, body->ak_len),
		.boot_log = body->boot_log_len > 0 ? &body->read_log : NULL,
	};
	struct imastage_reader *reader;
	int r = imastage_reader_new_memory(text_of(body, IMA_LIST), &options,
					   &reader);

	if (r < 0)
		return r;
	r = verify_quote(&body->request, &evidence, verify_list_of(reader),
			 &body->options->verdict);
	imastage_reader_free(reader);
	return r;
}

static int judge_body(struct body *body)
{
	int r = read_members(body);

	if (r == 0)
		r = make_request(body);
	if (r == 0 && body->boot_log_len > 0)
		r = read_boot_log(body);
	return r < 0 ? r : verify_body(body);
}

/* ---- the answer ------------------------------------------------------------- */

/* Keylime's own names where it has one for the same. */
static const char *type_of(enum verify_id id, char own[64])
{
	switch (id) {
	case VERIFY_LOG_REPLAY:
		return "ima.pcr_mismatch";
	case VERIFY_LOG_DIGEST:
		return "ima.validation.ima_hash";
	case VERIFY_LOG_PCR:
		return "ima.validation.ima_pcr";
	case VERIFY_FILE_UNLISTED:
		return "ima.validation.ima-ng.not_in_allowlist";
	case VERIFY_FILE_DIGEST:
		return "ima.validation.ima-ng.runtime_policy_hash";
	case VERIFY_BUFFER_UNLISTED:
	case VERIFY_KEY_UNLISTED:
		return "ima.validation.ima-buf.not_in_allowlist";
	case VERIFY_BUFFER_DIGEST:
	case VERIFY_KEY_DIGEST:
		return "ima.validation.ima-buf.runtime_policy_hash";
	case VERIFY_FILE_UNPROVED:
		return "ima.validation.ima_pcr";
	case VERIFY_LOG_VIOLATION:
	case VERIFY_FILE_VIOLATION:
		return "ima.validation.tomtou";
	case VERIFY_LOG_FORM:
		return "ima.parser.entry";
	default:
		snprintf(own, 64, "imastage.%s", verify_id_name(id));
		return own;
	}
}

static void put_failure(struct json *json, const struct verify_reason *reason)
{
	char own[64], index[24];

	json_open(json, NULL, '{');
	json_text(json, "type", type_of(reason->id, own));
	json_open(json, "context", '{');
	json_text(json, "message", verify_id_meaning(reason->id));
	if (reason->text[0])
		json_text(json, "text", reason->text);
	if (reason->has_index) {
		snprintf(index, sizeof(index), "%llu",
			 (unsigned long long)reason->index);
		json_text(json, "index", index);
	}
	if (reason->path_len > 0)
		json_bytes(json, "path",
			   bytes_of(reason->path, reason->path_len));
	json_close(json, '}');
	json_close(json, '}');
}

static void put_other(struct json *json, const char *type, const char *member)
{
	json_open(json, NULL, '{');
	json_text(json, "type", type);
	json_open(json, "context", '{');
	json_text(json, "member", member);
	json_close(json, '}');
	json_close(json, '}');
}

/* With --strict a warning is worth noting, too. */
static bool counts(const struct body *body, enum verify_id id)
{
	return verify_id_level(id) == VERIFY_FAILURE ||
	       (body->options->strict && verify_id_level(id) == VERIFY_WARNING);
}

static void put_failures(struct json *json, const struct body *body, int r)
{
	const struct verify_verdict *verdict = &body->options->verdict;

	json_open(json, "failures", '[');
	if (r == -ENODATA)
		put_other(json, "imastage.missing_param", body->missing);
	else if (body->policy_refused)
		put_other(json, "imastage.policy_refused",
			  body->policy_error.reason);
	else if (r == -EBADMSG)
		put_other(json, "imastage.malformed", "data");
	else if (r < 0)
		put_other(json, "imastage.not_judged", strerror(-r));
	if (body->unjudged)
		put_other(json, "imastage.policy_not_judged", body->unjudged);
	for (size_t i = 0; r == 0 && i < verdict->nr_reasons; i++)
		if (counts(body, verdict->reasons[i].id))
			put_failure(json, &verdict->reasons[i]);
	json_close(json, ']');
}

static enum cli_status status_of(const struct body *body, int r)
{
	enum cli_status status =
		verify_status(body->options, body->options->verdict.result);

	if (r == -EBADMSG || r == -ENODATA)
		return CLI_REJECTED;
	if (r < 0)
		return CLI_FAILED;
	return body->unjudged && status == CLI_OK ? CLI_FAILED : status;
}

static enum cli_status answer(const struct body *body, int r)
{
	bool bad = r == -EBADMSG || r == -ENODATA;
	enum cli_status status = status_of(body, r);
	struct json json;

	json_start(&json, stdout, '{');
	json_number(&json, "code", bad ? 400 : r < 0 ? 500 : 200);
	json_text(&json, "status",
		  bad	? "Bad Request" :
		  r < 0 ? "Internal Server Error" :
			  "Success");
	json_open(&json, "results", '{');
	json_boolean(&json, "valid", status == CLI_OK);
	json_open(&json, "claims", '{');
	json_close(&json, '}');
	put_failures(&json, body, r);
	if (r == 0)
		verdict_put_json(&json, "imastage", &body->options->verdict);
	json_close(&json, '}');
	json_end(&json, '}');
	return status;
}

static void fini(struct body *body)
{
	for (int i = 0; i < NR_MEMBERS; i++)
		free(body->decoded[i]);
	evidence_keylime_fini(&body->quote);
	policy_free(body->policy);
	free(body->ak);
	free(body->boot_log);
	free(body->text);
}

int verify_keylime(struct verify_options *options, char **args)
{
	struct body body = { .options = options };
	int status = CLI_OK;
	int r;

	if (*args || options->request.nonce.len > 0 ||
	    options->checkpoint_out || options->checkpoint.path ||
	    options->challenge.path)
		return cli_usage("--keylime: the request has quote, nonce and "
				 "list, and Keylime has no checkpoints");
	if (options->ak.path)
		status = part_load(&options->ak, "ak");
	if (status != CLI_OK)
		return status;
	r = file_read(options->keylime.path, BODY_LEN_MAX, &body.text,
		      &body.len);
	if (r < 0)
		return verify_complain(options->keylime.path, r);
	r = judge_body(&body);
	status = answer(&body, r == -EINVAL ? -EBADMSG : r);
	fini(&body);
	return status;
}
