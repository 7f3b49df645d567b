// SPDX-License-Identifier: MIT
/*
 * imastage archive list: what is kept.
 */
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "tool/json.h"
#include "cmd/keeper/place.h"
#include "service/survey.h"
#include "service/words.h"

#include <errno.h>
#include <inttypes.h>

struct options {
	struct place place;
	const char *boot;
	bool json, segments;

	struct archive *archive;
	struct json out;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_segments(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->segments = true;
	return 0;
}

static int set_boot(void *context, const char *value)
{
	((struct options *)context)->boot = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt list_opts[] = {
	{ .text = "What is printed:" },
	{ "boot", 'b', "BOOT", "only this hard boot", set_boot,
	  "the name of a boot" },
	{ "segments", 'l', NULL, "its segments, too", set_segments, NULL },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Shows what is kept: a line for each hard boot, below it "
		   "what is missing.\n",
};

/* ---- for people ------------------------------------------------------------ */

static int print_segment(void *context, const struct archive_segment *segment)
{
	char bytes[WORDS_BYTES_LEN], stored[WORDS_BYTES_LEN];

	(void)context;
	printf("  segment %020" PRIu64 "  %8" PRIu64 " records %10s %10s%s\n",
	       segment->first, segment->count,
	       words_of_bytes(segment->bytes, bytes),
	       words_of_bytes(segment->stored_bytes, stored),
	       segment->compressed ? "  compressed" :
	       segment->sealed	   ? "  sealed" :
				     "");
	return 0;
}

static int print_gap(void *context, const struct archive_gap *gap)
{
	char missing[WORDS_GAP_LEN];

	(void)context;
	text_print_line(stdout, "  GAP: %s: %s", words_of_gap(gap, missing),
			gap->reason);
	return 0;
}

static int print_boot(struct options *options, const struct archive_boot *boot)
{
	char time[SURVEY_TIME_LEN], bytes[WORDS_BYTES_LEN];
	char stored[WORDS_BYTES_LEN], range[WORDS_RANGE_LEN];
	int r = 0;

	text_print_line(stdout,
			"%s  since %s  records %s  kernels %" PRIu64
			"  %s (%s on disk)",
			boot->name, survey_time(boot->created, time),
			words_of_range(boot->first, boot->end, range),
			boot->nr_kernels, words_of_bytes(boot->bytes, bytes),
			words_of_bytes(boot->stored_bytes, stored));
	if (options->segments)
		r = archive_each_segment(options->archive, boot->id,
					 print_segment, NULL);
	if (r == 0)
		r = archive_each_gap(options->archive, boot->id, print_gap,
				     NULL);
	return r;
}

/* ---- for programs ---------------------------------------------------------- */

static int put_segment(void *context, const struct archive_segment *segment)
{
	struct json *out = context;

	json_open(out, NULL, '{');
	json_number(out, "first", segment->first);
	json_number(out, "records", segment->count);
	json_number(out, "last", segment->first + segment->count - 1);
	json_number(out, "bytes", segment->bytes);
	json_number(out, "stored_bytes", segment->stored_bytes);
	json_boolean(out, "sealed", segment->sealed);
	json_boolean(out, "compressed", segment->compressed);
	json_hex(out, "sha256",
		 bytes_of(segment->sha256, sizeof(segment->sha256)));
	json_hex(out, "chain",
		 bytes_of(segment->chain, sizeof(segment->chain)));
	json_close(out, '}');
	return 0;
}

static int put_gap(void *context, const struct archive_gap *gap)
{
	struct json *out = context;

	json_open(out, NULL, '{');
	json_number(out, "first", gap->first);
	if (gap->count) {
		json_number(out, "count", gap->count);
		json_number(out, "last", gap->first + gap->count - 1);
	}
	json_text(out, "reason", gap->reason);
	json_close(out, '}');
	return 0;
}

static int put_boot(struct options *options, const struct archive_boot *boot)
{
	struct json *out = &options->out;
	char time[SURVEY_TIME_LEN];
	int r = 0;

	json_open(out, NULL, '{');
	json_text(out, "boot", boot->name);
	json_text(out, "created", survey_time(boot->created, time));
	json_text(out, "boot_id", boot->boot_id);
	if (boot->has_reset_count)
		json_number(out, "reset_count", boot->reset_count);
	if (boot->has_restart_count)
		json_number(out, "restart_count", boot->restart_count);
	json_number(out, "kernels", boot->nr_kernels);
	json_number(out, "records", boot->nr_records);
	json_number(out, "first", boot->first);
	json_number(out, "end", boot->end);
	if (boot->end > boot->first)
		json_number(out, "last", boot->end - 1);
	json_number(out, "bytes", boot->bytes);
	json_number(out, "stored_bytes", boot->stored_bytes);
	if (options->segments) {
		json_open(out, "segments", '[');
		r = archive_each_segment(options->archive, boot->id,
					 put_segment, out);
		json_close(out, ']');
	}
	json_open(out, "gaps", '[');
	if (r == 0)
		r = archive_each_gap(options->archive, boot->id, put_gap, out);
	json_close(out, ']');
	json_close(out, '}');
	return r;
}

/* ---- both ------------------------------------------------------------------ */

static int show_boot(void *context, const struct archive_boot *boot)
{
	struct options *options = context;

	return options->json ? put_boot(options, boot) :
			       print_boot(options, boot);
}

static int show(struct options *options)
{
	struct archive_boot boot;
	int r;

	if (options->boot) {
		r = place_find_boot(&options->place, options->archive,
				    options->boot, &boot);
		if (r < 0)
			return CLI_FAILED;
	}
	if (options->json) {
		json_start(&options->out, stdout, '{');
		json_open(&options->out, "boots", '[');
	}
	r = options->boot ?
		    show_boot(options, &boot) :
		    archive_each_boot(options->archive, show_boot, options);
	if (options->json) {
		json_close(&options->out, ']');
		json_end(&options->out, '}');
	}
	if (r < 0)
		cli_error("%s: %s", options->place.config.archive,
			  strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_archive_list(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ list_opts, &options },
		{ place_opts, &options.place },
	};
	int r = place_parse(&options.place, &command, groups, 2, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (place_open_archive(&options.place, &options.archive) < 0)
		return CLI_FAILED;
	r = show(&options);
	archive_close(options.archive);
	return r;
}
