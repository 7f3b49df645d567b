// SPDX-License-Identifier: MIT
/*
 * The member "imastage" of a policy:
 *
 *	{"version":1,"violations":"fail","weak_digests":"refuse","require":"either",
 *	"withheld":"fail",
 *	"files":{PATH:[DIGEST]},
 *	"packages":[{"name":TEXT,"version":TEXT,"retires":"2027-01-31","files":{PATH:[DIGEST]}}],
 *	"deny":{DIGEST:WHY},"withheld_digests":[DIGEST]}
 *
 * All but the version may be missing. Nothing else may be there.
 */
#include "base/util.h"
#include "log/buffer.h"
#include "policy/read_private.h"
#include "policy/time.h"

#include <errno.h>

static int read_version(struct reading *reading)
{
	uint64_t version;
	int r = json_pull_number(&reading->pull, &version);

	return r == 0 && version != 1 ?
		       refuse(reading, "a version that is not known") :
		       r;
}

/* One of two words. */
static int read_switch(struct reading *reading, const char *no, const char *yes,
		       bool *ret_switch)
{
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	if (r < 0)
		return r;
	*ret_switch = bytes_equal_text(text, yes);
	return *ret_switch || bytes_equal_text(text, no) ?
		       0 :
		       refuse(reading, "a word that is not known");
}

static int read_violations(struct reading *reading)
{
	return read_switch(reading, "fail", "warn",
			   &reading->switches.violations_warn);
}

static int read_weak(struct reading *reading)
{
	return read_switch(reading, "refuse", "allow",
			   &reading->switches.weak_allowed);
}

static int read_require(struct reading *reading)
{
	return read_switch(reading, "either", "both",
			   &reading->switches.require_both);
}

static int read_withheld(struct reading *reading)
{
	return read_switch(reading, "fail", "warn",
			   &reading->switches.withheld_warn);
}

static int read_files(struct reading *reading)
{
	return read_space(reading, POLICY_FILES, true, 0);
}

/* ---- packages --------------------------------------------------------------- */

struct package {
	bool has_name;
	uint8_t name[POLICY_WORD_LEN_MAX], version[POLICY_WORD_LEN_MAX];
	struct policy_package is;
	struct imastage_bytes files; /* read once the rest is known */
};

static int read_word(struct reading *reading, uint8_t *memory,
		     struct imastage_bytes *ret_word)
{
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	if (r < 0)
		return r;
	if (text.len > POLICY_WORD_LEN_MAX || bytes_contain(text, '\0'))
		return refuse(reading, "a text that is too long or has a NUL");
	if (text.len > 0)
		memcpy(memory, text.data, text.len);
	*ret_word = bytes_of(memory, text.len);
	return 0;
}

static int read_retires(struct reading *reading, uint64_t *ret_seconds)
{
	struct imastage_bytes text;
	int r = json_pull_string(&reading->pull, &text);

	if (r < 0)
		return r;
	return policy_time_read(text, ret_seconds) == 0 ?
		       0 :
		       refuse(reading, "no day, as 2027-01-31 is one");
}

static int skip_files(struct reading *reading, struct imastage_bytes *ret_files)
{
	struct json_pull *pull = &reading->pull;
	size_t start;
	int r;

	(void)json_pull_peek(pull);
	start = pull->at;
	r = json_pull_skip(pull);
	*ret_files = bytes_of(pull->text.data + start, pull->at - start);
	return r;
}

static int read_part(struct reading *reading, struct imastage_bytes name,
		     struct package *package)
{
	if (bytes_equal_text(name, "name")) {
		package->has_name = true;
		return read_word(reading, package->name, &package->is.name);
	}
	if (bytes_equal_text(name, "version"))
		return read_word(reading, package->version,
				 &package->is.version);
	if (bytes_equal_text(name, "retires"))
		return read_retires(reading, &package->is.retires);
	if (bytes_equal_text(name, "files"))
		return skip_files(reading, &package->files);
	return refuse(reading, "a member that is not known");
}

/* The text of an object, whose errors are of the whole text. */
static int read_files_of(struct reading *reading, struct imastage_bytes files,
			 uint32_t package)
{
	struct json_pull whole = reading->pull;
	size_t start = (size_t)(files.data - whole.text.data);
	int r = json_pull_init(&reading->pull, files);

	if (r == 0)
		r = read_space(reading, POLICY_FILES, true, package);
	if (r < 0) {
		whole.error_at = start + reading->pull.error_at;
		whole.reason = reading->pull.reason;
	}
	json_pull_fini(&reading->pull);
	reading->pull = whole;
	return r;
}

static int read_package(struct reading *reading)
{
	struct package package = { 0 };
	struct imastage_bytes name;
	uint32_t number = 0;
	int r = json_pull_open(&reading->pull, '{');

	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1)
		r = read_part(reading, name, &package);
	if (r == 0 && (!package.has_name || !package.files.data))
		r = refuse(reading, "a package needs a name and files");
	if (r == 0)
		r = read_added(reading,
			       policy_add_package(reading->builder, &package.is,
						  &number));
	return r < 0 ? r : read_files_of(reading, package.files, number);
}

static int read_packages(struct reading *reading)
{
	int r = json_pull_open(&reading->pull, '[');

	while (r == 0 && (r = json_pull_element(&reading->pull)) == 1)
		r = read_package(reading);
	return r;
}

/* ---- what is denied ------------------------------------------------------------ */

static int read_denied(struct reading *reading, struct imastage_bytes name)
{
	uint8_t memory[POLICY_WORD_LEN_MAX];
	struct policy_entry entry = { .space = POLICY_DENIED };
	struct policy_package why = { 0 };
	int r = read_digest_name(reading, name, &entry.alg);

	if (r == 0)
		r = read_word(reading, memory, &why.name);
	if (r == 0)
		r = policy_add_package(reading->builder, &why, &entry.package);
	if (r < 0)
		return read_added(reading, r);
	entry.digest = bytes_of(reading->digest, reading->digest_len);
	return read_added(reading, policy_add(reading->builder, &entry));
}

static int read_deny(struct reading *reading)
{
	struct imastage_bytes name;
	int r = json_pull_open(&reading->pull, '{');

	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1)
		r = read_denied(reading, name);
	return r;
}

/* ---- what is withheld ---------------------------------------------------------- */

static int read_withheld_digests(struct reading *reading)
{
	struct policy_entry entry = { .space = POLICY_WITHHELD };
	int r = json_pull_open(&reading->pull, '[');

	while (r == 0 && (r = json_pull_element(&reading->pull)) == 1) {
		r = read_digest(reading, true, &entry.alg);
		if (r == 0 && entry.alg & POLICY_VERITY)
			r = refuse(reading, "no digest of a template");
		entry.digest = bytes_of(reading->digest, reading->digest_len);
		if (r == 0)
			r = read_added(reading,
				       policy_add(reading->builder, &entry));
	}
	return r;
}

int read_ours(struct reading *reading)
{
	static const struct member members[] = {
		{ "version", read_version, true },
		{ "violations", read_violations, false },
		{ "weak_digests", read_weak, false },
		{ "require", read_require, false },
		{ "withheld", read_withheld, false },
		{ "files", read_files, false },
		{ "packages", read_packages, false },
		{ "deny", read_deny, false },
		{ "withheld_digests", read_withheld_digests, false },
	};

	return read_members(reading, members, ARRAY_SIZE(members), true);
}
