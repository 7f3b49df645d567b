// SPDX-License-Identifier: MIT
/*
 * Keylime's runtime policy, read strictly. What Keylime's schema refuses is refused; so is
 * what two readers could understand differently, and everything unknown in the member that is
 * ours. Other members that are not known are passed over, as Keylime does.
 */
#include "policy/read.h"
#include "base/base64.h"
#include "base/json_pull.h"
#include "base/json_text.h"
#include "base/util.h"
#include "log/buffer.h"
#include "log/hash.h"
#include "policy/exclude.h"
#include "policy/read_private.h"

#include <errno.h>

/* ---- digests --------------------------------------------------------------- */

static bool is_lower_hex(struct imastage_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i] || !strchr("0123456789abcdef", text.data[i]))
			return false;
	return true;
}

/* "HEX", or "ALGORITHM:HEX" where that is taken. */
static int split_digest(struct reading *reading, struct imastage_bytes text,
			bool labelled, uint8_t *ret_alg)
{
	size_t colon = bytes_find_last(text, ':');
	struct imastage_bytes hex = text;
	int r;

	if (labelled && colon < text.len)
		hex = bytes_skip(text, colon + 1);
	if (hex.len == 0 || hex.len % 2 != 0 || !is_lower_hex(hex) ||
	    hex.len > 2 * IMASTAGE_DIGEST_MAX)
		return refuse(reading,
			      "not a digest in lower-case hexadecimal");
	r = hex.len == text.len ?
		    policy_algorithm_by_len(hex.len / 2, ret_alg) :
		    policy_algorithm_by_name(bytes_first(text, colon), ret_alg);
	if (r < 0 || policy_algorithm_len(*ret_alg) != hex.len / 2)
		return refuse(reading, "no digest of its algorithm's length");
	(void)hex_decode(hex, sizeof(reading->digest), reading->digest,
			 &reading->digest_len);
	return 0;
}

int read_digest(struct reading *reading, bool labelled, uint8_t *ret_alg)
{
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	return r < 0 ? r : split_digest(reading, text, labelled, ret_alg);
}

int read_digest_name(struct reading *reading, struct imastage_bytes name,
		     uint8_t *ret_alg)
{
	return split_digest(reading, name, true, ret_alg);
}

int read_added(struct reading *reading, int r)
{
	if (r == -EINVAL)
		return refuse(reading,
			      "a name that is empty, too long or has a NUL");
	return r == -E2BIG ? refuse(reading, "too many of them") : r;
}

/* The view of a name is gone with the next call. */
static int keep_name(struct reading *reading, struct imastage_bytes name)
{
	reading->name.len = 0;
	if (name.len > POLICY_NAME_LEN_MAX)
		return refuse(reading,
			      "a name that is empty, too long or has a NUL");
	return buffer_put(&reading->name, name);
}

static int read_digests_of(struct reading *reading, enum policy_space space,
			   bool labelled, uint32_t package)
{
	struct policy_entry entry = {
		.space = space,
		.name = bytes_of(reading->name.data, reading->name.len),
		.package = package,
	};
	size_t nr = 0;
	int r = json_pull_open(&reading->pull, '[');

	while (r == 0 && (r = json_pull_element(&reading->pull)) == 1) {
		r = read_digest(reading, labelled, &entry.alg);
		if (r < 0)
			return r;
		if (nr++ == POLICY_DIGESTS_MAX)
			return refuse(reading, "too many digests of one name");
		entry.digest = bytes_of(reading->digest, reading->digest_len);
		r = read_added(reading, policy_add(reading->builder, &entry));
	}
	if (r == 0 && nr == 0 && space == POLICY_FILES)
		return refuse(reading, "a path without a digest");
	return r;
}

int read_space(struct reading *reading, enum policy_space space, bool labelled,
	       uint32_t package)
{
	struct imastage_bytes name;
	int r = json_pull_open(&reading->pull, '{');

	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1) {
		r = keep_name(reading, name);
		if (r == 0)
			r = read_digests_of(reading, space, labelled, package);
	}
	return r;
}

/* ---- Keylime's members ------------------------------------------------------- */

static int read_version(struct reading *reading)
{
	uint64_t version;
	int r = json_pull_number(&reading->pull, &version);

	return r == 0 && version != 1 ?
		       refuse(reading, "not version 1 of a runtime policy") :
		       r;
}

static int read_generator(struct reading *reading)
{
	uint64_t generator;
	int r = json_pull_number(&reading->pull, &generator);

	return r == 0 && generator > 3 ?
		       refuse(reading, "a generator that is not known") :
		       r;
}

static int read_timestamp(struct reading *reading)
{
	struct imastage_bytes text;

	return json_pull_string(&reading->pull, &text);
}

static int read_meta(struct reading *reading)
{
	static const struct member members[] = {
		{ "version", read_version, true },
		{ "generator", read_generator, true },
		{ "timestamp", read_timestamp, false },
	};

	return read_members(reading, members, ARRAY_SIZE(members), false);
}

static int read_release(struct reading *reading)
{
	uint64_t release;

	return json_pull_number(&reading->pull, &release);
}

static int read_files(struct reading *reading)
{
	return read_space(reading, POLICY_FILES, false, 0);
}

static int read_keyrings(struct reading *reading)
{
	return read_space(reading, POLICY_KEYRINGS, false, 0);
}

static int read_buffers(struct reading *reading)
{
	return read_space(reading, POLICY_BUFFERS, false, 0);
}

/* What is wrong with an expression is in the error; its place is that of the string. */
static int add_exclude(struct reading *reading, struct imastage_bytes text)
{
	struct policy_exclude *exclude;
	int r = policy_exclude_new(text, &exclude, reading->error);

	if (r == -EBADMSG) {
		reading->error->offset = reading->pull.value_at;
		reading->said = true;
	}
	if (r < 0)
		return r;
	policy_exclude_free(exclude);
	return policy_add_text(reading->builder, POLICY_EXCLUDE, text);
}

static int read_texts(struct reading *reading, enum policy_text kind)
{
	struct imastage_bytes text;
	int r = json_pull_open(&reading->pull, '[');

	while (r == 0 && (r = json_pull_element(&reading->pull)) == 1) {
		r = json_pull_string(&reading->pull, &text);
		if (r == 0 && kind == POLICY_EXCLUDE)
			r = add_exclude(reading, text);
		else if (r == 0)
			r = policy_add_text(reading->builder, kind, text);
		r = read_added(reading, r);
	}
	return r;
}

static int read_excludes(struct reading *reading)
{
	return read_texts(reading, POLICY_EXCLUDE);
}

static int read_ignored(struct reading *reading)
{
	return read_texts(reading, POLICY_IGNORED_KEYRING);
}

/* Looked at, and not needed: a list says itself which digests it has. */
static int read_log_hash(struct reading *reading)
{
	static const char *const names[] = { "sha1", "sha256", "sha384",
					     "sha512" };
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bytes_equal_text(text, names[i]))
			return 0;
	return refuse(reading, "an algorithm that is not known");
}

static int read_dm_policy(struct reading *reading)
{
	return json_pull_word(&reading->pull, "null");
}

static int read_ima(struct reading *reading)
{
	static const struct member members[] = {
		{ "ignored_keyrings", read_ignored, true },
		{ "log_hash_alg", read_log_hash, true },
		{ "dm_policy", read_dm_policy, false },
	};

	return read_members(reading, members, ARRAY_SIZE(members), false);
}

static int read_keys(struct reading *reading)
{
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	return r < 0 || text.len == 0 ? r : read_key_text(reading, text);
}

static int refuse_old(struct reading *reading)
{
	return refuse(reading, "an allowlist from before runtime policies: "
			       "convert it by Keylime's tools");
}

static int refuse_signed(struct reading *reading)
{
	return refuse(reading, "a signed policy, and no key to check it by");
}

static const struct member top[] = {
	{ "meta", read_meta, true },
	{ "release", read_release, true },
	{ "digests", read_files, true },
	{ "excludes", read_excludes, true },
	{ "keyrings", read_keyrings, true },
	{ "ima", read_ima, true },
	{ "ima-buf", read_buffers, true },
	{ "verification-keys", read_keys, true },
	{ "imastage", read_ours, false },
	{ "hashes", refuse_old, false },
	{ "payload", refuse_signed, false },
};

/* ---- objects ---------------------------------------------------------------- */

int refuse(struct reading *reading, const char *reason)
{
	return json_pull_refuse(&reading->pull, reason);
}

static int missing(struct reading *reading, size_t at, const char *name)
{
	reading->error->offset = at;
	snprintf(reading->error->reason, sizeof(reading->error->reason),
		 "the member '%s' is missing", name);
	reading->said = true;
	return -EBADMSG;
}

/* A name that is there twice is refused at the end of the object. */
static int read_member(struct reading *reading, struct imastage_bytes name,
		       const struct member *members, size_t nr, bool only,
		       uint32_t *seen)
{
	for (size_t i = 0; i < nr; i++) {
		if (!bytes_equal_text(name, members[i].name))
			continue;
		if (*seen & 1u << i)
			return refuse(reading, "a name that is there twice");
		*seen |= 1u << i;
		return members[i].read(reading);
	}
	return only ? refuse(reading, "a member that is not known") :
		      json_pull_skip(&reading->pull);
}

int read_members(struct reading *reading, const struct member *members,
		 size_t nr, bool only)
{
	struct imastage_bytes name;
	uint32_t seen = 0;
	int r = json_pull_open(&reading->pull, '{');
	size_t start = reading->pull.value_at;

	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1)
		r = read_member(reading, name, members, nr, only, &seen);
	for (size_t i = 0; r == 0 && i < nr; i++)
		if (members[i].required && !(seen & 1u << i))
			r = missing(reading, start, members[i].name);
	return r;
}

/* ---- a text ------------------------------------------------------------------ */

static int read_all(struct reading *reading, struct imastage_bytes text)
{
	int r = text.len > POLICY_LEN_MAX ? -EBADMSG : 0;

	if (r < 0) {
		reading->pull.reason = "it is too long";
		return r;
	}
	r = json_pull_init(&reading->pull, text);
	if (r == 0)
		r = policy_keys_new(NULL, &reading->keys);
	if (r == 0)
		r = read_members(reading, top, ARRAY_SIZE(top), false);
	return r == 0 ? json_pull_end(&reading->pull) : r;
}

int policy_read_into(struct imastage_bytes text, struct policy_builder *builder,
		     struct policy_error *ret_error)
{
	struct reading reading = { .builder = builder, .error = ret_error };
	int r = read_all(&reading, text);

	if (r == 0)
		policy_set_switches(builder, &reading.switches);
	if (r == -EBADMSG && !reading.said) {
		ret_error->offset = reading.pull.error_at;
		snprintf(ret_error->reason, sizeof(ret_error->reason), "%s",
			 reading.pull.reason);
	}
	policy_keys_free(reading.keys);
	json_pull_fini(&reading.pull);
	free(reading.name.data);
	return r;
}

static int hash_of(struct imastage_bytes text,
		   uint8_t ret_hash[POLICY_HASH_LEN])
{
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_two(&hash, text, bytes_of(NULL, 0), ret_hash);
	hash_fini(&hash);
	return r;
}

static int finish(struct policy_builder *builder, struct imastage_bytes text,
		  struct policy **ret_policy, struct policy_error *error)
{
	uint8_t hash[POLICY_HASH_LEN];
	int r = hash_of(text, hash);

	if (r == 0)
		r = policy_finish(builder, hash, ret_policy);
	if (r != -E2BIG)
		return r;
	error->offset = 0;
	snprintf(error->reason, sizeof(error->reason),
		 "more than %d digests of one name", POLICY_DIGESTS_MAX);
	return -EBADMSG;
}

static int read_plain(struct imastage_bytes text, struct policy **ret_policy,
		      struct policy_error *error)
{
	struct policy_builder *builder;
	int r = policy_builder_new(&builder);

	if (r < 0)
		return r;
	r = policy_read_into(text, builder, error);
	if (r == 0)
		r = finish(builder, text, ret_policy, error);
	policy_builder_free(builder);
	return r;
}

/* ---- a signed one -------------------------------------------------------------- */

static int say(struct policy_error *error, const char *reason)
{
	error->offset = 0;
	snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -EBADMSG;
}

/* @keys: NULL for a signature that need not hold. */
static int read_signed(struct imastage_bytes text, const struct dsse_keys *keys,
		       struct policy **ret_policy, struct policy_error *error)
{
	struct imastage_buffer payload = { 0 };
	struct evidence_error why = { 0 };
	int r = keys ? dsse_open(text, POLICY_PAYLOAD_TYPE, keys, &payload,
				 NULL, &why) :
		       dsse_open_unchecked(text, POLICY_PAYLOAD_TYPE, &payload,
					   &why);

	if (r == DSSE_UNSIGNED)
		r = say(error, "signed by none of the keys given");
	else if (r == DSSE_OTHER_TYPE)
		r = say(error, "it was signed as something else than a policy");
	else if (r == -EBADMSG) {
		(void)say(error, "not a signed policy: ");
		strncat(error->reason, why.reason,
			sizeof(error->reason) - strlen(error->reason) - 1);
		error->offset = why.offset;
	}
	if (r == 0)
		r = read_plain(bytes_of(payload.data, payload.len), ret_policy,
			       error);
	free(payload.data);
	return r;
}

int policy_read(struct imastage_bytes text, const struct dsse_keys *keys,
		struct policy **ret_policy, struct policy_error *ret_error)
{
	return keys && keys->nr > 0 ?
		       read_signed(text, keys, ret_policy, ret_error) :
		       read_plain(text, ret_policy, ret_error);
}

/* ---- one that came with the evidence ------------------------------------------- */

static bool has_payload(struct imastage_bytes text)
{
	static const char *const names[] = { "payload" };
	struct imastage_bytes value;

	return json_text_members(text, names, 1, &value) == 0 && value.len > 0;
}

static int read_sent(struct imastage_bytes text, const struct dsse_keys *keys,
		     struct policy **ret_policy, bool *ret_unchecked,
		     struct policy_error *error)
{
	bool unchecked = (!keys || keys->nr == 0) && has_payload(text);
	int r = unchecked ? read_signed(text, NULL, ret_policy, error) :
			    policy_read(text, keys, ret_policy, error);

	if (r == 0)
		*ret_unchecked = unchecked;
	return r;
}

int policy_read_sent(struct imastage_bytes text, const struct dsse_keys *keys,
		     struct policy **ret_policy, bool *ret_unchecked,
		     struct policy_error *ret_error)
{
	cleanup_free uint8_t *data = malloc(BASE64_DATA_MAX(text.len) + 1);
	size_t len, at;

	if (!data)
		return -ENOMEM;
	/* No JSON object is base64. */
	if (text.len > 0 && base64_decode(text, data, &len, &at) == 0)
		text = bytes_of(data, len);
	return read_sent(text, keys, ret_policy, ret_unchecked, ret_error);
}
