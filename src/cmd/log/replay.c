// SPDX-License-Identifier: MIT
/*
 * imastage log replay: computes PCR values and compares them.
 */
#include "base/bytes.h"
#include "base/output.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "cmd/cmd.h"
#include "tool/parse.h"
#include "list/replay.h"

#include <errno.h>

#define STATE_LEN_MAX ((size_t)1 << 20)

struct options {
	struct input_options input;
	struct target target;
	uint64_t drop;
	bool from_snapshot;
	bool whole;
	bool json;
	uint64_t nr_threads;
	const char *save;
	const char *resume;
};

static int set_drop(void *context, const char *value)
{
	return parse_number(value, UINT64_MAX - 1,
			    &((struct options *)context)->drop);
}

static int set_from_snapshot(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->from_snapshot = true;
	return 0;
}

static int set_save(void *context, const char *value)
{
	((struct options *)context)->save = value;
	return 0;
}

static int set_resume(void *context, const char *value)
{
	((struct options *)context)->resume = value;
	return 0;
}

static int set_whole(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->whole = true;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_threads(void *context, const char *value)
{
	return parse_number(value, IMASTAGE_THREADS_MAX,
			    &((struct options *)context)->nr_threads);
}

static const struct opt replay_opts[] = {
	{ .text = "From where:" },
	{ "from-snapshot", 0, NULL,
	  "start at the first snapshot_aggregate with the values\n"
	  "in it; later ones must agree",
	  set_from_snapshot, NULL },
	{ "save", 0, "FILE",
	  "keep where the replay stands; with --until-match where\n"
	  "it arrived",
	  set_save, "a file" },
	{ "resume", 0, "FILE", "go on from there; the list continues it",
	  set_resume, "a file of --save" },
	{ "whole", 0, NULL,
	  "the list begins where it did before: skip what was\nreplayed",
	  set_whole, NULL },
	{ "drop", 'd', "K", "leave out record K, as if it had been lost",
	  set_drop, "a record's index" },
	{ .text = "How:" },
	{ "json", 'j', NULL, "the result as one JSON object", set_json, NULL },
	{ "threads", 0, "N", "hash on N threads (1)", set_threads,
	  "a number up to 16" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [FILE]...",
	.summary =
		"Says what the TPM's PCRs hold after a measurement list, and "
		"compares.\nThe FILEs are its parts, in order. The digest in "
		"each record is always compared\nwith the record's data.\n",
	.epilogue = "Exit status: 0 all is as it should be, 1 it could not be "
		    "done, 2 wrong usage,\n3 the list is not what was "
		    "expected.\n",
};

static int load(struct options *options, struct imastage_replay **ret_replay)
{
	cleanup_free uint8_t *data = NULL;
	const char *reason = NULL;
	size_t len;
	int r = given_read(options->resume, "state", STATE_LEN_MAX, &data,
			   &len);

	if (r != CLI_OK)
		return r;
	r = imastage_replay_load(bytes_of(data, len), &reason, ret_replay);
	if (r < 0) {
		cli_error("%s: %s", options->resume,
			  reason ? reason : strerror(-r));
		return CLI_FAILED;
	}
	return CLI_OK;
}

static int save(const struct options *options,
		const struct imastage_replay *replay)
{
	struct output output;
	int r = output_open(&output, options->save);

	if (r == 0)
		r = imastage_replay_save(replay,
					 imastage_sink_file(output.file));
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	if (r < 0)
		cli_error("%s: %s", options->save, path_strerror(r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static bool is_slow(const struct options *options)
{
	return options->from_snapshot || options->drop != REPLAY_DROP_NONE;
}

/* What does not go together. */
static int check_options(const struct options *o)
{
	if (o->from_snapshot && (o->resume || o->target.starts.nr))
		return cli_usage("--from-snapshot has its own start: no "
				 "--start, no --resume");
	if (o->whole && !o->resume)
		return cli_usage("--whole needs --resume");
	if (is_slow(o) && (o->save || o->whole))
		return cli_usage("--drop and --from-snapshot do not go with "
				 "--save or --whole");
	return CLI_OK;
}

/* A replay that goes on counts from where it was. */
static void continue_index(struct options *options, struct replay_run *run)
{
	uint64_t nr = imastage_replay_nr_records(run->replay);

	if (options->whole)
		run->skip = nr;
	else if (options->input.first_index == 0)
		options->input.first_index = nr;
}

static int prepare(struct options *options, struct replay_run *run)
{
	int r = check_options(options);

	if (r == CLI_OK && options->resume)
		r = load(options, &run->replay);
	if (r == CLI_OK)
		r = target_complete(&options->target, run->replay);
	if (r == CLI_OK && run->replay)
		continue_index(options, run);
	if (r == CLI_OK && options->save && options->target.has_quote)
		options->target.window = 0;
	if (r == CLI_OK &&
	    target_make(&options->target, &run->replay, &run->align) < 0)
		r = CLI_USAGE;
	return r;
}

static int replay(struct options *options, struct replay_run *run, char **args)
{
	int r = input_init(run->input, &options->input, args);

	if (r != CLI_OK)
		return r;
	if (replay_judge(run,
			 is_slow(options) ? replay_run_slowly : replay_run) < 0)
		return CLI_FAILED;
	progress_clear();
	replay_report(run, options->json);
	if (!replay_accepts(run))
		return CLI_REJECTED;
	return options->save ? save(options, run->replay) : CLI_OK;
}

int cmd_log_replay(int argc, char **argv)
{
	struct options options = { .drop = REPLAY_DROP_NONE };
	struct input input = { .fd = -1 };
	struct replay_run run = { .input = &input, .target = &options.target };
	const struct opt_group groups[] = {
		{ target_opts, &options.target },
		{ target_until_opts, &options.target },
		{ target_quote_opts, &options.target },
		{ replay_opts, &options },
		{ input_opts, &options.input },
	};
	char **args;
	int status;

	target_init(&options.target);
	status = opts_parse(&command, groups, 5, argc, argv, &args);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	run.drop = options.drop;
	run.from_snapshot = options.from_snapshot;
	run.nr_threads = (unsigned int)options.nr_threads;
	status = prepare(&options, &run);
	run.stop = options.save && options.target.until;
	if (status == CLI_OK)
		status = replay(&options, &run, args);
	input_fini(&input);
	imastage_align_free(run.align);
	imastage_replay_free(run.replay);
	return status;
}
