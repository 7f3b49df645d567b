// SPDX-License-Identifier: MIT
/*
 * imastage policy check: what a policy allows though nobody may have meant it.
 */
#include "base/text.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/policy/check.h"
#include "cmd/policy/common.h"
#include "policy/exclude.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#define SAMPLE_MAX 9000

static int set_strict(void *context, const char *value)
{
	(void)value;
	((struct policy_options *)context)->strict = true;
	return 0;
}

static int set_list(void *context, const char *value)
{
	((struct policy_options *)context)->list = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt opts[] = {
	{ "list", 0, "LIST",
	  "what comes of the records of this list, and which of them\n"
	  "each exclude takes",
	  set_list, "a file or folder" },
	POLICY_JSON_OPT,
	{ "strict", 0, NULL, "what is found is exit status 3", set_strict,
	  NULL },
	POLICY_KEY_OPT,
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... POLICY",
	.summary = "Looks for what a policy allows by mistake: excludes that "
		   "take more than they say or\nfolders that anybody writes "
		   "to, weak digests, names that no kernel writes.\n",
};

void check_find(struct check *check, const char *id,
		struct imastage_bytes subject, const char *meaning,
		const char *more)
{
	check->nr++;
	if (check->json) {
		json_open(check->json, NULL, '{');
		json_text(check->json, "id", id);
		if (subject.len > 0)
			json_bytes(check->json, "subject", subject);
		json_text(check->json, "meaning", meaning);
		if (more)
			json_text(check->json, "text", more);
		json_close(check->json, '}');
		return;
	}
	printf("%s: ", id);
	if (subject.len > 0) {
		text_print(stdout, subject);
		fputs(": ", stdout);
	}
	text_print_line(stdout, "%s%s%s", meaning, more ? ": " : "",
			more ? more : "");
}

/* ---- excludes -------------------------------------------------------------- */

static const char *const writable[] = {
	"/tmp/x",	"/var/tmp/x",	    "/dev/shm/x",
	"/home/user/x", "/run/user/1000/x",
};

static bool takes(const struct policy_exclude *exclude, const char *path)
{
	return policy_exclude_match(exclude, bytes_of_text(path)) == 1;
}

/* "/tmp" takes "/tmpfoo". */
static void check_end(struct check *check, const struct policy_exclude *exclude,
		      struct imastage_bytes text)
{
	char sample[SAMPLE_MAX];
	bool whole;
	struct imastage_bytes prefix = policy_exclude_prefix(exclude, &whole);

	if (prefix.len == 0 || prefix.data[prefix.len - 1] == '/' ||
	    prefix.len > SAMPLE_MAX - 8)
		return;
	snprintf(sample, sizeof(sample), "%.*sfoo", (int)prefix.len,
		 (const char *)prefix.data);
	if (takes(exclude, sample))
		check_find(check, "exclude.prefix", text,
			   "it takes more than it says; end it with / or $",
			   sample);
}

static void check_exclude(struct check *check,
			  const struct policy_exclude *exclude,
			  struct imastage_bytes text)
{
	if (takes(exclude, "/usr/bin/x") && takes(exclude, "/a")) {
		check_find(check, "exclude.all", text, "it takes every path",
			   NULL);
		return;
	}
	check_end(check, exclude, text);
	for (size_t i = 0; i < ARRAY_SIZE(writable); i++) {
		if (!takes(exclude, writable[i]))
			continue;
		check_find(check, "exclude.writable", text,
			   "it takes a folder that users write to",
			   writable[i]);
		return;
	}
}

static int check_excludes(struct check *check, const struct policy *policy)
{
	for (size_t i = 0; i < policy_nr_texts(policy, POLICY_EXCLUDE); i++) {
		struct imastage_bytes text =
			policy_text(policy, POLICY_EXCLUDE, i);
		struct policy_exclude *exclude;
		struct policy_error error;
		int r = policy_exclude_new(text, &exclude, &error);

		if (r < 0)
			return r;
		check_exclude(check, exclude, text);
		policy_exclude_free(exclude);
	}
	return 0;
}

/* ---- digests --------------------------------------------------------------- */

struct counts {
	uint64_t weak, blank, retired, denied;
};

static int count_digest(const struct policy *policy,
			const struct policy_entry *entry, uint64_t now,
			struct counts *counts)
{
	uint64_t retires = policy_package_of(policy, entry->package).retires;
	struct policy_item item;
	int r = policy_find_digest(policy, POLICY_DENIED, entry->alg,
				   entry->digest, &item);

	counts->weak += policy_algorithm_is_weak(entry->alg);
	counts->retired += retires > 0 && now >= retires;
	counts->denied += r == 1;
	return r < 0 ? r : 0;
}

static int count_item(const struct policy *policy, struct policy_item item,
		      uint64_t now, struct counts *counts)
{
	struct policy_entry entry;
	int r;

	if (policy_names_digests(item.space))
		return 0;
	counts->blank += item.space == POLICY_FILES &&
			 bytes_contain(item.name, ' ');
	while ((r = policy_item_next(&item, &entry)) == 1) {
		r = count_digest(policy, &entry, now, counts);
		if (r < 0)
			return r;
	}
	return r;
}

static void find_number(struct check *check, const char *id, uint64_t number,
			const char *meaning)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (number > 0)
		check_find(check, id, bytes_of(NULL, 0), meaning, text);
}

static int check_digests(struct check *check, const struct policy *policy)
{
	struct counts counts = { 0 };
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(policy, &place, &item)) == 1) {
		r = count_item(policy, item, (uint64_t)time(NULL), &counts);
		if (r < 0)
			return r;
	}
	find_number(check, "digest.weak", counts.weak,
		    "digests are by SHA-1 or MD5, which can be forged");
	find_number(check, "name.blank", counts.blank,
		    "names have a blank, for which kernels write _");
	find_number(check, "digest.retired", counts.retired,
		    "digests are past the day up to which they are listed");
	find_number(check, "digest.denied", counts.denied,
		    "digests are listed and denied");
	return r;
}

static void check_switches(struct check *check, const struct policy *policy)
{
	const struct policy_switches *is = policy_switches(policy);

	if (is->violations_warn)
		check_find(check, "switch.violations", bytes_of(NULL, 0),
			   "violations only warn", NULL);
	if (is->withheld_warn)
		check_find(check, "switch.withheld", bytes_of(NULL, 0),
			   "what a machine withholds only warns", NULL);
	if (is->weak_allowed)
		check_find(check, "switch.weak", bytes_of(NULL, 0),
			   "SHA-1 and MD5 approve files", NULL);
}

/* ---- all of it ------------------------------------------------------------- */

static int check_all(struct check *check, const struct policy *policy)
{
	int r = check_excludes(check, policy);

	if (r == 0)
		r = check_digests(check, policy);
	if (r == 0)
		check_switches(check, policy);
	return r;
}

static int run(const struct policy *policy,
	       const struct policy_options *options)
{
	struct json json = { 0 };
	struct check check = { .json = options->json ? &json : NULL };
	int r, status = CLI_OK;

	if (options->json) {
		json_start(&json, stdout, '{');
		json_number(&json, "version", 1);
		json_open(&json, "findings", '[');
	}
	r = check_all(&check, policy);
	if (r == 0 && options->list)
		status = check_list(&check, policy, options->list);
	if (options->json) {
		json_close(&json, ']');
		json_boolean(&json, "complete", r == 0 && status == CLI_OK);
		json_end(&json, '}');
	} else if (r == 0 && status == CLI_OK && check.nr == 0)
		puts("nothing found");
	if (r < 0) {
		cli_error("it could not be checked: %s", strerror(-r));
		return CLI_FAILED;
	}
	if (status != CLI_OK)
		return status;
	return check.nr > 0 && options->strict ? CLI_REJECTED : CLI_OK;
}

int cmd_policy_check(int argc, char **argv)
{
	static struct policy_options options;
	struct policy *policy = NULL;
	int status =
		policy_begin(&command, opts, argc, argv, 1, &options, &policy);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = run(policy, &options);
	policy_end(&options, 1, &policy);
	return status;
}
