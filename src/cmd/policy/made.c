// SPDX-License-Identifier: MIT
/*
 * A policy that was made: written whole or not at all.
 */
#include "cmd/policy/made.h"
#include "base/bytes.h"
#include "base/output.h"
#include "cmd/policy/sources.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <errno.h>
#include <inttypes.h>

static int set_output(void *context, const char *value)
{
	((struct made *)context)->path = value;
	return *value ? 0 : -EINVAL;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct made *)context)->json = true;
	return 0;
}

static int set_incomplete(void *context, const char *value)
{
	(void)value;
	((struct made *)context)->incomplete = true;
	return 0;
}

const struct opt made_opts[] = {
	{ .text = "What is written:" },
	{ "output", 'o', "FILE", "the policy (standard output)", set_output,
	  "a file" },
	{ "incomplete", 0, NULL, "write it although something is missing in it",
	  set_incomplete, NULL },
	{ "json", 'j', NULL, "what was read, as JSON", set_json, NULL },
	{ 0 },
};

/* ---- the report ------------------------------------------------------------ */

static void put(const struct sources *sources, const struct policy *policy,
		const struct update_counts *changes, bool written, FILE *file)
{
	struct json json;

	json_start(&json, file, '{');
	json_boolean(&json, "whole", sources_are_whole(sources));
	json_boolean(&json, "written", written);
	sources_put(sources, &json);
	if (changes) {
		json_number(&json, "added", changes->nr_added);
		json_number(&json, "retired", changes->nr_retired);
		json_number(&json, "dropped", changes->nr_dropped);
		json_number(&json, "kept", changes->nr_kept);
		json_number(&json, "denied", changes->nr_denied);
	}
	json_number(&json, "paths", policy_nr_names(policy, POLICY_FILES));
	json_number(&json, "digests", policy_nr_digests(policy));
	json_hex(&json, "policy",
		 bytes_of(policy_hash(policy), POLICY_HASH_LEN));
	json_end(&json, '}');
}

static void print(const struct sources *sources, const struct policy *policy,
		  const struct update_counts *changes, FILE *file)
{
	sources_print(sources, file);
	if (changes)
		fprintf(file,
			"changes        %" PRIu64 " digests added, %" PRIu64
			" retired, %" PRIu64 " dropped, %" PRIu64 " kept\n",
			changes->nr_added, changes->nr_retired,
			changes->nr_dropped, changes->nr_kept);
	fprintf(file, "policy         %" PRIu64 " paths, %" PRIu64 " digests\n",
		policy_nr_names(policy, POLICY_FILES),
		policy_nr_digests(policy));
}

/* ---- the policy ------------------------------------------------------------ */

static int write_to(const char *path, const struct policy *policy)
{
	struct output output = { 0 };
	int r = output_open(&output, path);

	if (r < 0) {
		cli_error("%s: %s", path, path_strerror(r));
		return r;
	}
	r = policy_write(policy, NULL, output.file);
	if (r == 0 && output.place.name[0])
		r = output_commit(&output);
	output_fini(&output);
	if (r < 0)
		cli_error("%s: %s", path ? path : "standard output",
			  strerror(-r));
	return r;
}

static int finish(const struct made *made, const struct sources *sources,
		  const struct update_counts *changes,
		  const struct policy *policy)
{
	bool to_stdout = !made->path || !strcmp(made->path, "-");
	FILE *file = to_stdout ? stderr : stdout;
	bool write = made->incomplete || sources_are_whole(sources);
	int r = write ? write_to(made->path, policy) : 0;

	if (made->json)
		put(sources, policy, changes, write && r == 0, file);
	else
		print(sources, policy, changes, file);
	if (!write)
		cli_error(
			"the policy is not written, because something is missing; get it, or say "
			"--incomplete");
	return write && r == 0 ? CLI_OK : CLI_FAILED;
}

int made_finish(struct policy_builder *builder, struct policy **ret_policy)
{
	int r = policy_finish(builder, NULL, ret_policy);

	if (r == -E2BIG)
		cli_error(
			"a name has more than %d digests; make several policies",
			POLICY_DIGESTS_MAX);
	else if (r < 0)
		cli_error("%s", strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int made_write(const struct made *made, const struct sources *sources,
	       struct policy_builder *builder,
	       const struct update_counts *changes)
{
	struct policy *policy;
	int status = made_finish(builder, &policy);

	if (status != CLI_OK)
		return status;
	status = finish(made, sources, changes, policy);
	policy_free(policy);
	return status;
}
