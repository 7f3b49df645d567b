// SPDX-License-Identifier: MIT
/*
 * Envelopes: what is signed, written, read. Nothing of a payload is looked at before a
 * signature holds.
 */
#include "policy/dsse.h"
#include "base/base64.h"
#include "base/json_text.h"
#include "base/util.h"
#include "log/buffer.h"
#include "policy/dsse_key.h"

#include <errno.h>

static int put(struct imastage_buffer *text, const char *characters)
{
	return buffer_put(text, bytes_of_text(characters));
}

/* ---- what is signed ---------------------------------------------------------- */

int dsse_pae(const char *type, struct imastage_bytes payload,
	     struct imastage_buffer *pae)
{
	char len[32];
	int r;

	snprintf(len, sizeof(len), "DSSEv1 %zu ", strlen(type));
	r = put(pae, len);
	if (r == 0)
		r = put(pae, type);
	snprintf(len, sizeof(len), " %zu ", payload.len);
	if (r == 0)
		r = put(pae, len);
	return r < 0 ? r : buffer_put(pae, payload);
}

/* ---- writing ------------------------------------------------------------------- */

static int put_base64(struct imastage_buffer *text, struct imastage_bytes bytes)
{
	int r = buffer_reserve(text, text->len + BASE64_LEN(bytes.len));

	if (r < 0)
		return r;
	base64_encode(bytes, (char *)text->data + text->len);
	text->len += BASE64_LEN(bytes.len);
	return 0;
}

static int sign(const struct dsse_key *key, const char *type,
		struct imastage_bytes payload,
		uint8_t ret_signature[DSSE_SIGNATURE_MAX], size_t *ret_len)
{
	struct imastage_buffer pae = { 0 };
	int r = dsse_pae(type, payload, &pae);

	if (r == 0)
		r = dsse_key_sign(key, bytes_of(pae.data, pae.len),
				  ret_signature, ret_len);
	free(pae.data);
	return r;
}

int dsse_sign(const struct dsse_key *key, const char *type,
	      struct imastage_bytes payload, struct imastage_buffer *envelope)
{
	uint8_t signature[DSSE_SIGNATURE_MAX];
	size_t len;
	int r = key->signs ? sign(key, type, payload, signature, &len) :
			     -EINVAL;

	if (r == 0)
		r = put(envelope, "{\"payload\":\"");
	if (r == 0)
		r = put_base64(envelope, payload);
	if (r == 0)
		r = put(envelope, "\",\"payloadType\":\"");
	if (r == 0)
		r = put(envelope, type);
	if (r == 0)
		r = put(envelope, "\",\"signatures\":[{\"keyid\":\"");
	if (r == 0)
		r = put(envelope, key->id);
	if (r == 0)
		r = put(envelope, "\",\"sig\":\"");
	if (r == 0)
		r = put_base64(envelope, bytes_of(signature, len));
	return r < 0 ? r : put(envelope, "\"}]}\n");
}

/* ---- reading ------------------------------------------------------------------- */

struct envelope {
	struct imastage_bytes text;
	struct imastage_bytes payload, type, signatures; /* views of values */
	struct evidence_error *error;
};

static int refuse(const struct envelope *envelope, struct imastage_bytes at,
		  const char *reason)
{
	envelope->error->offset =
		at.data ? (size_t)(at.data - envelope->text.data) : 0;
	envelope->error->reason = reason;
	return -EBADMSG;
}

/* Both alphabets of RFC 4648 are DSSE's. */
static char usual(uint8_t c)
{
	return c == '-' ? '+' : c == '_' ? '/' : (char)c;
}

/* The bytes of the string @value, which is base64, in memory of the caller's. */
static int decode(const struct envelope *envelope, struct imastage_bytes value,
		  struct imastage_buffer *ret_bytes)
{
	struct imastage_bytes string;
	size_t nr = 0, at;
	uint8_t c;
	int r = json_text_string(value, &string);

	if (r < 0)
		return refuse(envelope, value, "a value is not a string");
	r = buffer_reserve(ret_bytes, string.len + 1);
	if (r < 0)
		return r;
	while ((r = json_text_character(&string, &c)) == 1)
		ret_bytes->data[nr++] = (uint8_t)usual(c);
	/* Where it is decoded to never passes where it comes from. */
	if (r == 0)
		r = base64_decode(bytes_of(ret_bytes->data, nr),
				  ret_bytes->data, &ret_bytes->len, &at);
	return r < 0 ? refuse(envelope, value, "a value is not base64") : 0;
}

static int read_envelope(struct envelope *envelope)
{
	static const char *const keys[] = { "payload", "payloadType",
					    "signatures" };
	struct imastage_bytes values[3];

	if (envelope->text.len > DSSE_LEN_MAX)
		return refuse(envelope, bytes_of(NULL, 0), "it is too long");
	if (json_text_members(envelope->text, keys, 3, values) < 0)
		return refuse(envelope, bytes_of(NULL, 0),
			      "it is not a JSON object, or has a member twice");
	for (size_t i = 0; i < 3; i++)
		if (values[i].len == 0)
			return refuse(envelope, bytes_of(NULL, 0),
				      "a member is missing");
	envelope->payload = values[0];
	envelope->signatures = values[2];
	if (json_text_string(values[1], &envelope->type) < 0)
		return refuse(envelope, values[1], "its type is not a string");
	if (values[2].data[0] != '[')
		return refuse(envelope, values[2],
			      "its signatures are not an array");
	return 0;
}

/* 1: one of @keys made it. */
static int check_signature(const struct envelope *envelope,
			   struct imastage_bytes element,
			   const struct dsse_keys *keys,
			   struct imastage_bytes pae, const char **ret_key)
{
	static const char *const names[] = { "keyid", "sig" };
	struct imastage_buffer signature = { 0 };
	struct imastage_bytes values[2];
	int r;

	if (json_text_members(element, names, 2, values) < 0 ||
	    values[1].len == 0)
		return refuse(envelope, element, "a signature has no sig");
	r = decode(envelope, values[1], &signature);
	for (size_t i = 0; r == 0 && i < keys->nr; i++) {
		r = dsse_key_check(keys->of[i], pae,
				   bytes_of(signature.data, signature.len));
		if (r == 1 && ret_key)
			*ret_key = keys->of[i]->id;
	}
	free(signature.data);
	return r;
}

static int check_signatures(const struct envelope *envelope,
			    const struct dsse_keys *keys,
			    struct imastage_bytes pae, const char **ret_key)
{
	struct imastage_bytes rest = envelope->signatures, element;
	size_t nr = 0;
	int found = 0, r;

	while ((r = json_text_element(&rest, &element)) == 1) {
		if (++nr > DSSE_SIGNATURES_MAX)
			return refuse(envelope, element,
				      "it has more signatures than 8");
		r = check_signature(envelope, element, keys, pae, ret_key);
		if (r < 0)
			return r;
		found |= r;
	}
	return found ? 0 : DSSE_UNSIGNED;
}

static int check(const struct envelope *envelope, const char *type,
		 const struct dsse_keys *keys, struct imastage_bytes payload,
		 const char **ret_key)
{
	struct imastage_buffer pae = { 0 };
	int r = dsse_pae(type, payload, &pae);

	if (r == 0)
		r = check_signatures(envelope, keys,
				     bytes_of(pae.data, pae.len), ret_key);
	free(pae.data);
	return r;
}

static int read_payload(struct envelope *envelope, const char *type,
			struct imastage_buffer *ret_payload)
{
	int r = read_envelope(envelope);

	if (r == 0 && !json_text_is(envelope->type, type))
		r = DSSE_OTHER_TYPE;
	return r == 0 ? decode(envelope, envelope->payload, ret_payload) : r;
}

int dsse_open_unchecked(struct imastage_bytes text, const char *type,
			struct imastage_buffer *ret_payload,
			struct evidence_error *ret_error)
{
	struct envelope envelope = { .text = text, .error = ret_error };
	struct imastage_buffer payload = { 0 };
	int r = read_payload(&envelope, type, &payload);

	if (r == 0)
		*ret_payload = payload;
	else
		free(payload.data);
	return r;
}

int dsse_open(struct imastage_bytes text, const char *type,
	      const struct dsse_keys *keys, struct imastage_buffer *ret_payload,
	      const char **ret_key, struct evidence_error *ret_error)
{
	struct envelope envelope = { .text = text, .error = ret_error };
	struct imastage_buffer payload = { 0 };
	int r = read_payload(&envelope, type, &payload);

	if (r == 0)
		r = check(&envelope, type, keys,
			  bytes_of(payload.data, payload.len), ret_key);
	if (r == 0)
		*ret_payload = payload;
	else
		free(payload.data);
	return r;
}
