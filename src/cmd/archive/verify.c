// SPDX-License-Identifier: MIT
/*
 * imastage archive verify: is it what was put into it?
 */
#include "base/text.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "tool/json.h"
#include "cmd/keeper/place.h"
#include "tool/progress.h"

#include <errno.h>
#include <inttypes.h>

struct options {
	struct place place;
	const char *boot;
	enum progress_mode progress;
	bool json;

	struct json out;
	uint64_t nr_findings, nr_bytes;
};

static int set_boot(void *context, const char *value)
{
	((struct options *)context)->boot = value;
	return *value ? 0 : -EINVAL;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_progress(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->progress = PROGRESS_ALWAYS;
	return 0;
}

static int set_no_progress(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->progress = PROGRESS_NEVER;
	return 0;
}

static const struct opt verify_opts[] = {
	{ .text = "What is checked and printed:" },
	{ "boot", 'b', "BOOT", "only this hard boot", set_boot,
	  "the name of a boot" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ "progress", 0, NULL,
	  "show progress, even if standard error is no terminal", set_progress,
	  NULL },
	{ "no-progress", 0, NULL, "never show it", set_no_progress, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Reads every byte of the archive: digests, the chain of "
		   "segments, each record, PCR\nvalues, the index. Works "
		   "while the keeper appends.\n",
	.epilogue = "Exit status: 0 all is as it was put, 3 something is not: "
		    "each finding is a line\nwith file, record and byte.\n",
};

static int progress(void *context, uint64_t done, uint64_t total)
{
	struct options *options = context;

	options->nr_bytes = done;
	progress_update(0, done, total);
	return cli_interrupted() ? -EINTR : 0;
}

static int report(void *context, const struct archive_finding *finding)
{
	struct options *options = context;

	progress_clear();
	options->nr_findings++;
	if (options->json) {
		json_open(&options->out, NULL, '{');
		if (finding->boot)
			json_text(&options->out, "boot", finding->boot);
		json_text(&options->out, "file", finding->file);
		json_number(&options->out, "record", finding->index);
		json_number(&options->out, "offset", finding->offset);
		json_text(&options->out, "error", finding->text);
		json_close(&options->out, '}');
	} else if (finding->boot) {
		text_print_line(stdout,
				"%s: record %" PRIu64 " at byte %" PRIu64
				": %s",
				finding->file, finding->index, finding->offset,
				finding->text);
	} else {
		text_print_line(stdout, "%s: %s", finding->file, finding->text);
	}
	return 0;
}

static int verify(struct options *options, struct archive *archive,
		  int64_t boot)
{
	struct archive_verify_options how = {
		.boot = boot,
		.progress = progress,
		.report = report,
		.context = options,
	};
	int r;

	progress_start(options->progress);
	if (options->json) {
		json_start(&options->out, stdout, '{');
		json_open(&options->out, "findings", '[');
	}
	r = archive_verify(archive, &how);
	progress_clear();
	if (options->json) {
		json_close(&options->out, ']');
		json_number(&options->out, "bytes", options->nr_bytes);
		json_boolean(&options->out, "ok", r == 0);
		json_end(&options->out, '}');
	} else if (r == 0) {
		printf("all is as it was put: %" PRIu64 " bytes checked\n",
		       options->nr_bytes);
	}
	if (r < 0 && r != -EINTR)
		cli_error("%s: %s", options->place.config.archive,
			  strerror(-r));
	return r < 0 ? CLI_FAILED : r > 0 ? CLI_REJECTED : CLI_OK;
}

int cmd_archive_verify(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ verify_opts, &options },
		{ place_opts, &options.place },
	};
	struct archive_boot boot = { .id = 0 };
	struct archive *archive;
	int r = place_parse(&options.place, &command, groups, 2, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (place_open_archive(&options.place, &archive) < 0)
		return CLI_FAILED;
	if (options.boot &&
	    place_find_boot(&options.place, archive, options.boot, &boot) < 0)
		r = CLI_FAILED;
	else
		r = verify(&options, archive, boot.id);
	archive_close(archive);
	return r;
}
