// SPDX-License-Identifier: MIT
/*
 * A policy as Keylime's JSON. What Keylime has words for is written in its words, so that it can
 * read the file; all else is in the member "imastage". A line for each name.
 */
#include "base/base64.h"
#include "base/hex.h"
#include "base/text.h"
#include "base/util.h"
#include "policy/image.h"
#include "policy/time.h"
#include "tool/json.h"

#include <errno.h>

#define LABEL_MAX 32 /* "verity:streebog512:" */
#define DIGEST_TEXT_LEN (LABEL_MAX + HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX))

struct write {
	const struct policy *policy;
	struct json json;
};

/* A digest that belongs to a package; @order keeps the order of names. */
struct member {
	uint32_t package;
	uint64_t order;
	struct policy_entry entry;
};

/* ---- digests --------------------------------------------------------------- */

/* Is it of the algorithm that Keylime's bare digests are of? */
static bool is_bare(const struct policy_entry *entry)
{
	uint8_t alg;

	return policy_algorithm_by_len(entry->digest.len, &alg) == 0 &&
	       alg == entry->alg;
}

/* @labelled: with the algorithm before it, where that does not follow from the length. */
static void put_digest(struct json *json, const struct policy_entry *entry,
		       bool labelled)
{
	char text[DIGEST_TEXT_LEN] = "";
	size_t len = 0;

	if (labelled && !is_bare(entry))
		len = (size_t)snprintf(
			text, LABEL_MAX,
			"%s%s:", entry->alg & POLICY_VERITY ? "verity:" : "",
			policy_algorithm_name(entry->alg));
	hex_encode(entry->digest, text + len);
	json_text(json, NULL, text);
}

/* Digests of @item that @wanted takes, in an array; nothing when there are none. */
static int put_item(struct json *json, struct policy_item item, bool labelled,
		    bool (*wanted)(const struct policy_entry *))
{
	struct policy_entry entry;
	bool open = false;
	int r;

	while ((r = policy_item_next(&item, &entry)) == 1) {
		if (!wanted(&entry))
			continue;
		if (!open) {
			json_newline(json);
			json_open_named(json, item.name, '[');
		}
		open = true;
		put_digest(json, &entry, labelled);
	}
	if (open)
		json_close(json, ']');
	return r;
}

static int put_space(struct write *write, const char *name,
		     enum policy_space space, bool labelled,
		     bool (*wanted)(const struct policy_entry *))
{
	struct policy_item item;
	uint64_t place = 0;
	int r;

	json_newline(&write->json);
	json_open(&write->json, name, '{');
	while ((r = policy_next(write->policy, &place, &item)) == 1) {
		if (item.space != space)
			continue;
		r = put_item(&write->json, item, labelled, wanted);
		if (r < 0)
			return r;
	}
	json_close(&write->json, '}');
	return r;
}

static void put_texts(struct write *write, const char *name,
		      enum policy_text kind)
{
	json_open(&write->json, name, '[');
	for (size_t i = 0; i < policy_nr_texts(write->policy, kind); i++)
		json_bytes(&write->json, NULL,
			   policy_text(write->policy, kind, i));
	json_close(&write->json, ']');
}

/* ---- keys ------------------------------------------------------------------ */

static int put_base64(struct json *json, struct imastage_bytes bytes)
{
	cleanup_free char *text = calloc(1, BASE64_LEN(bytes.len) + 1);

	if (!text)
		return -ENOMEM;
	base64_encode(bytes, text);
	json_text(json, NULL, text);
	return 0;
}

static int put_key_object(const struct policy *policy, FILE *file)
{
	struct json json;
	int r = 0;

	json_start(&json, file, '{');
	json_open(&json, "meta", '{');
	json_number(&json, "version", 1);
	json_close(&json, '}');
	json_open(&json, "keyids", '[');
	json_close(&json, ']');
	json_open(&json, "pubkeys", '[');
	for (size_t i = 0; r == 0 && i < policy_nr_texts(policy, POLICY_KEY);
	     i++)
		r = put_base64(&json, policy_text(policy, POLICY_KEY, i));
	json_close(&json, ']');
	json_close(&json, '}');
	return r;
}

/* JSON in a string of JSON. */
static int put_keys(struct write *write)
{
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *file;
	int r;

	if (policy_nr_texts(write->policy, POLICY_KEY) == 0) {
		json_text(&write->json, "verification-keys", "");
		return 0;
	}
	file = open_memstream(&text, &len);
	if (!file)
		return -ENOMEM;
	r = put_key_object(write->policy, file);
	if (fclose(file) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		json_text(&write->json, "verification-keys", text);
	return r;
}

/* ---- what Keylime has no words for ------------------------------------------ */

static bool is_keylimes(const struct policy_entry *entry)
{
	return is_bare(entry);
}

static bool is_ours_alone(const struct policy_entry *entry)
{
	return !is_bare(entry) && entry->package == 0;
}

static bool is_any(const struct policy_entry *entry)
{
	(void)entry;
	return true;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Those of files that have a package, by it. @members: room for all digests. */
static int collect(const struct policy *policy, struct member *members,
		   size_t *ret_nr)
{
	struct policy_item item;
	uint64_t place = 0;
	size_t nr = 0;
	int r;

	while ((r = policy_next(policy, &place, &item)) == 1) {
		while (nr < policy_nr_digests(policy) &&
		       (r = policy_item_next(&item, &members[nr].entry)) == 1) {
			if (item.space != POLICY_FILES ||
			    members[nr].entry.package == 0)
				continue;
			members[nr].package = members[nr].entry.package;
			members[nr].order = nr;
			nr++;
		}
		if (r < 0)
			return r;
	}
	qsort(members, nr, sizeof(*members), compare_members);
	*ret_nr = nr;
	return r;
}

static void put_files(struct json *json, const struct member *members,
		      size_t nr)
{
	json_open(json, "files", '{');
	for (size_t i = 0; i < nr; i++) {
		const struct policy_entry *entry = &members[i].entry;

		if (i == 0 ||
		    !bytes_equal(members[i - 1].entry.name, entry->name)) {
			json_newline(json);
			json_open_named(json, entry->name, '[');
		}
		put_digest(json, entry, true);
		if (i + 1 == nr ||
		    !bytes_equal(members[i + 1].entry.name, entry->name))
			json_close(json, ']');
	}
	json_close(json, '}');
}

static void put_package(struct write *write, const struct member *members,
			size_t nr)
{
	struct policy_package package =
		policy_package_of(write->policy, members->package);
	char date[POLICY_TIME_LEN + 1];
	struct json *json = &write->json;

	json_newline(json);
	json_open(json, NULL, '{');
	json_bytes(json, "name", package.name);
	json_bytes(json, "version", package.version);
	if (package.retires > 0) {
		policy_time_write(package.retires, date);
		json_text(json, "retires", date);
	}
	put_files(json, members, nr);
	json_close(json, '}');
}

static int put_packages(struct write *write)
{
	cleanup_free struct member *members =
		calloc(policy_nr_digests(write->policy) + 1, sizeof(*members));
	size_t nr = 0, len;
	int r = members ? collect(write->policy, members, &nr) : -ENOMEM;

	if (r < 0)
		return r;
	json_newline(&write->json);
	json_open(&write->json, "packages", '[');
	for (size_t i = 0; i < nr; i += len) {
		for (len = 1; i + len < nr &&
			      members[i + len].package == members[i].package;)
			len++;
		put_package(write, members + i, len);
	}
	json_close(&write->json, ']');
	return 0;
}

/* "sha256:0123..." */
static void name_digest(const struct policy_entry *entry,
			char ret_text[DIGEST_TEXT_LEN])
{
	int len = snprintf(ret_text, LABEL_MAX,
			   "%s%s:", entry->alg & POLICY_VERITY ? "verity:" : "",
			   policy_algorithm_name(entry->alg));

	hex_encode(entry->digest, ret_text + len);
}

static int put_withheld(struct write *write)
{
	char text[DIGEST_TEXT_LEN];
	struct policy_entry entry;
	struct policy_item item;
	uint64_t place = 0;
	int r;

	json_newline(&write->json);
	json_open(&write->json, "withheld_digests", '[');
	while ((r = policy_next(write->policy, &place, &item)) == 1) {
		if (item.space != POLICY_WITHHELD ||
		    policy_item_next(&item, &entry) != 1)
			continue;
		name_digest(&entry, text);
		json_newline(&write->json);
		json_text(&write->json, NULL, text);
	}
	json_close(&write->json, ']');
	return r;
}

static int put_denied(struct write *write)
{
	struct json *json = &write->json;
	struct policy_entry entry;
	struct policy_item item;
	uint64_t place = 0;
	char text[DIGEST_TEXT_LEN];
	int r;

	json_newline(json);
	json_open(json, "deny", '{');
	while ((r = policy_next(write->policy, &place, &item)) == 1) {
		if (item.space != POLICY_DENIED ||
		    policy_item_next(&item, &entry) != 1)
			continue;
		name_digest(&entry, text);
		json_newline(json);
		json_text_named(
			json, bytes_of_text(text),
			policy_package_of(write->policy, entry.package).name);
	}
	json_close(json, '}');
	return r;
}

static int put_ours(struct write *write)
{
	const struct policy_switches *is = policy_switches(write->policy);
	struct json *json = &write->json;
	int r;

	json_newline(json);
	json_open(json, "imastage", '{');
	json_number(json, "version", 1);
	json_text(json, "violations", is->violations_warn ? "warn" : "fail");
	json_text(json, "weak_digests", is->weak_allowed ? "allow" : "refuse");
	json_text(json, "require", is->require_both ? "both" : "either");
	json_text(json, "withheld", is->withheld_warn ? "warn" : "fail");
	r = put_space(write, "files", POLICY_FILES, true, is_ours_alone);
	if (r == 0)
		r = put_packages(write);
	if (r == 0)
		r = put_denied(write);
	if (r == 0)
		r = put_withheld(write);
	json_close(json, '}');
	return r;
}

/* ---- all of it ------------------------------------------------------------- */

static void put_meta(struct write *write, const char *timestamp)
{
	struct json *json = &write->json;

	json_open(json, "meta", '{');
	json_number(json, "version", 1);
	json_number(json, "generator", 0);
	if (timestamp)
		json_text(json, "timestamp", timestamp);
	json_close(json, '}');
	json_number(json, "release", 0);
}

static void put_ima(struct write *write)
{
	struct json *json = &write->json;

	json_newline(json);
	json_open(json, "ima", '{');
	put_texts(write, "ignored_keyrings", POLICY_IGNORED_KEYRING);
	json_text(json, "log_hash_alg", "sha1");
	json_plain(json, "dm_policy", "null");
	json_close(json, '}');
}

static int put_keylimes(struct write *write)
{
	int r = put_space(write, "digests", POLICY_FILES, false, is_keylimes);

	if (r < 0)
		return r;
	json_newline(&write->json);
	put_texts(write, "excludes", POLICY_EXCLUDE);
	r = put_space(write, "keyrings", POLICY_KEYRINGS, false, is_any);
	if (r < 0)
		return r;
	put_ima(write);
	r = put_space(write, "ima-buf", POLICY_BUFFERS, false, is_any);
	if (r < 0)
		return r;
	json_newline(&write->json);
	return put_keys(write);
}

int policy_write(const struct policy *policy, const char *timestamp, FILE *file)
{
	struct write write = { .policy = policy };
	int r;

	json_start(&write.json, file, '{');
	put_meta(&write, timestamp);
	r = put_keylimes(&write);
	if (r == 0)
		r = put_ours(&write);
	json_end(&write.json, '}');
	return r == 0 && ferror(file) ? -EIO : r;
}
