// SPDX-License-Identifier: MIT
/*
 * imastage policy explain: why a file is refused, and what would approve it.
 */
#include "cmd/cmd.h"
#include "cmd/policy/common.h"
#include "cmd/policy/explained.h"
#include "cmd/policy/load.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "list/input.h"
#include "policy/appraise.h"
#include "policy/time.h"
#include "tool/cli.h"
#include "tool/opts.h"
#include "tool/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

struct options {
	struct input_options input;
	const char *list, *digest;
	uint64_t at; /* seconds since 1970; 0: now */
	bool json;
};

static int set_list(void *context, const char *value)
{
	((struct options *)context)->list = value;
	return *value ? 0 : -EINVAL;
}

static int set_digest(void *context, const char *value)
{
	((struct options *)context)->digest = value;
	return *value ? 0 : -EINVAL;
}

static int set_at(void *context, const char *value)
{
	return policy_time_read(bytes_of_text(value),
				&((struct options *)context)->at);
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt explain_opts[] = {
	{ .text = "What is explained:" },
	{ "list", 0, "LIST",
	  "the records of this list that PATH or RECORD names", set_list,
	  "a file or folder" },
	{ "digest", 0, "DIGEST", "PATH with this digest, as sha256:0123...",
	  set_digest, "a hash and a digest" },
	{ "at", 0, "DATE", "judge as of this day (today)", set_at,
	  "a day like 2026-12-24" },
	{ "json", 'j', NULL, "an object on a line for each file", set_json,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... POLICY PATH|RECORD",
	.summary =
		"Says what a policy makes of a file: whether it is allowed and why, which package\n"
		"it is of, and the command that would approve it. The file is named by its path, or\n"
		"by the number of its record in --list.\n",
	.epilogue = "Exit status: 0 allowed, 3 refused.\n",
};

/* ---- records --------------------------------------------------------------- */

struct asked {
	const struct options *options;
	const struct policy *policy;
	const char *policy_path;
	struct policy_appraisal *appraisal;
	struct imastage_bytes path;
	uint64_t index;
	bool is_index;
	size_t nr_found, nr_refused;
};

static int explain(struct asked *asked, const struct imastage_record *record,
		   const uint64_t *index)
{
	struct explained explained = { .policy = asked->policy,
				       .policy_path = asked->policy_path,
				       .index = index };
	int r;

	r = policy_judge_record(asked->appraisal, record, &explained.reading,
				&explained.judgement);
	if (r == 0)
		r = explained_look_up(&explained);
	if (r < 0)
		return r;
	asked->nr_found++;
	asked->nr_refused += !explained_is_allowed(&explained);
	return explained_print(&explained, asked->options->json);
}

/* Keys that records have taught before serve those after them, so all are judged. */
static int take_record(struct asked *asked, struct input *input,
		       const struct imastage_record *record)
{
	struct policy_judgement judgement;
	struct policy_reading reading;
	struct imastage_bytes name;
	uint64_t index = input_index(input);
	bool wanted = asked->is_index ?
			      index == asked->index :
			      imastage_record_event_name(record, &name) == 0 &&
				      bytes_equal(name, asked->path);

	if (wanted)
		return explain(asked, record, &index);
	return policy_judge_record(asked->appraisal, record, &reading,
				   &judgement);
}

static int take_list(struct asked *asked)
{
	char *args[] = { (char *)(uintptr_t)asked->options->list, NULL };
	struct input input = { .fd = -1 };
	struct imastage_record record;
	int r = input_init(&input, &asked->options->input, args);

	if (r != CLI_OK) {
		input_fini(&input);
		return r;
	}
	while ((r = input_next(&input, &record)) == 0) {
		r = take_record(asked, &input, &record);
		if (r < 0) {
			cli_error("%s", strerror(-r));
			break;
		}
	}
	progress_clear();
	input_fini(&input);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

/* ---- a path alone ---------------------------------------------------------- */

/* A record of ima-ng, as the kernel would make it of this file. */
static int make_record(struct asked *asked, const char *digest,
		       struct explained_record *made)
{
	const char *colon = strrchr(digest, ':');
	size_t len;

	if (!colon || hex_decode(bytes_of_text(colon + 1), sizeof(made->digest),
				 made->digest, &len) < 0)
		return -EINVAL;
	return explained_make(made, bytes_of(digest, (size_t)(colon - digest)),
			      bytes_of(made->digest, len), asked->path);
}

static int take_path(struct asked *asked)
{
	struct explained_record made = { 0 };
	struct explained explained = { .policy = asked->policy,
				       .policy_path = asked->policy_path,
				       .is_path_alone = true };
	int r;

	explained.reading.path = asked->path;
	if (asked->options->digest) {
		r = make_record(asked, asked->options->digest, &made);
		if (r == 0)
			r = explain(asked, &made.record, NULL);
		explained_free(&made);
	} else {
		r = explained_look_up(&explained);
		asked->nr_found = 1;
		asked->nr_refused = r == 0 && !explained.found.nr_listed;
		if (r == 0)
			r = explained_print(&explained, asked->options->json);
	}
	if (r == -EINVAL)
		return cli_usage(
			"%s: not a hash and a digest, as of sha256:0123...",
			asked->options->digest);
	if (r < 0)
		cli_error("%s", strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static int answer(struct asked *asked, const char *what)
{
	int status;

	asked->path = bytes_of_text(what);
	asked->is_index = parse_number(what, UINT64_MAX, &asked->index) == 0;
	if (asked->is_index && !asked->options->list)
		return cli_usage(
			"%s: the number of a record, and no --list it is in",
			what);
	status = asked->options->list ? take_list(asked) : take_path(asked);
	if (status != CLI_OK)
		return status;
	if (!asked->nr_found) {
		cli_error("%s: no such record in %s", what,
			  asked->options->list);
		return CLI_FAILED;
	}
	return asked->nr_refused ? CLI_REJECTED : CLI_OK;
}

static int explain_by(const struct options *options, const char *path,
		      const char *what)
{
	uint64_t now = options->at ? options->at : (uint64_t)time(NULL);
	struct asked asked = { .options = options, .policy_path = path };
	struct policy *policy = NULL;
	int r, status = policy_load(path, NULL, &policy);

	if (status != CLI_OK)
		return status;
	asked.policy = policy;
	r = policy_appraisal_new(policy, NULL, now, &asked.appraisal);
	if (r == 0) {
		status = answer(&asked, what);
		policy_appraisal_free(asked.appraisal);
	} else {
		cli_error("%s: %s", path, strerror(-r));
		status = CLI_FAILED;
	}
	policy_free(policy);
	return status;
}

int cmd_policy_explain(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ explain_opts, &options },
	};
	char **args;
	int status = opts_parse(&command, groups, 1, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!args[0] || !args[1] || args[2])
		return cli_usage(
			"a policy, and a path or the number of a record: POLICY PATH|RECORD");
	if (options.list && options.digest)
		return cli_usage(
			"--list and --digest both say which digest; give one of them");
	return explain_by(&options, args[0], args[1]);
}
