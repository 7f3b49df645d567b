// SPDX-License-Identifier: MIT
/*
 * imastage archive evidence: what the keeper's own quote proves of a hard boot, in a file.
 */
#include "attest/self.h"
#include "base/output.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/words.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

struct options {
	struct place place;
	const char *boot, *dir;
	uint64_t from;
	struct withheld_prefixes withhold;
	bool has_from, pack, json;
};

struct work {
	const struct options *options;
	struct archive *archive;
	struct archive_boot boot;
	struct attest_records *records;
	struct attest_evidence evidence;
	struct attest_chain chain;
	struct attest_file file;
	int64_t time; /* of the quote */
	unsigned int nr_quotes;
	char path[PATH_MAX];
};

/* ---- options --------------------------------------------------------------- */

static int set_boot(void *context, const char *value)
{
	((struct options *)context)->boot = value;
	return *value ? 0 : -EINVAL;
}

static int set_dir(void *context, const char *value)
{
	((struct options *)context)->dir = value;
	return *value ? 0 : -EINVAL;
}

static int set_from(void *context, const char *value)
{
	struct options *options = context;

	options->has_from = true;
	return parse_number(value, INT64_MAX, &options->from);
}

static int set_withhold(void *context, const char *value)
{
	return withheld_prefixes_add(&((struct options *)context)->withhold,
				     value);
}

static int set_pack(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->pack = true;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt evidence_opts[] = {
	{ .text = "The evidence:" },
	{ "boot", 'b', "BOOT", "of this hard boot (the last one)", set_boot,
	  "the name of a boot" },
	{ "from", 'f', "N",
	  "records from this index on (the oldest that is kept)", set_from,
	  "the index of a record" },
	{ "output", 'o', "DIR",
	  "the folder for the file history-BOOT.evidence (this one)", set_dir,
	  "a folder" },
	{ "withhold", 0, "PATH",
	  "of files at or below PATH, show template digests and not what\n"
	  "was measured; may be repeated",
	  set_withhold, WITHHELD_WANTED },
	{ "compress", 'z', NULL, "in a frame of zstd", set_pack, NULL },
	{ "json", 'j', NULL, "say what was done as one JSON object", set_json,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Writes the newest quote that the keeper has made of a hard "
		   "boot, with the records that it\nproves, as a file for a "
		   "verifier: so what was measured before a reboot is "
		   "proved.\n",
	.epilogue = "Exit status: 0 it is written, 3 records are missing, 1 "
		    "another failure.\n",
};

/* ---- the quote ------------------------------------------------------------- */

static int take_quote(void *context, const struct archive_quote *quote)
{
	struct work *work = context;

	work->nr_quotes++;
	work->time = quote->created;
	return self_quote_evidence(quote, &work->evidence, &work->chain);
}

static int find_quote(struct work *work)
{
	int r = archive_each_quote(work->archive, work->boot.id, take_quote,
				   work);

	if (r == 0 && work->nr_quotes)
		return CLI_OK;
	if (r < 0)
		cli_error("boot %s: its quotes cannot be read: %s",
			  work->boot.name, strerror(-r));
	else
		cli_error("boot %s: the keeper has made no quote of it; it "
			  "makes them when there is an attestation key: "
			  "'imastage ak create'",
			  work->boot.name);
	return CLI_FAILED;
}

/* ---- writing --------------------------------------------------------------- */

static int choose_first(struct work *work)
{
	const struct options *options = work->options;
	uint64_t first = options->has_from ? options->from : work->boot.first;

	work->file.first = first;
	if (first >= work->boot.first && first <= work->evidence.end)
		return CLI_OK;
	cli_error("boot %s: record %" PRIu64 " is asked for, the oldest that "
		  "is left is %" PRIu64 ", and the quote proves %" PRIu64
		  " records",
		  work->boot.name, first, work->boot.first, work->evidence.end);
	return CLI_FAILED;
}

static int write_to(struct work *work, struct output *output)
{
	int r = attest_write(work->records, &work->evidence, &work->file,
			     imastage_sink_file(output->file));

	if (r == 0 && cli_interrupted())
		r = -EINTR;
	return r == 0 ? output_commit(output) : r;
}

static int write_file(struct work *work)
{
	struct output output;
	int r = output_open(&output, work->path);

	if (r == 0) {
		r = write_to(work, &output);
		output_fini(&output);
	}
	if (r < 0 && r != -EINTR && r != -ENODATA)
		cli_error("%s: %s", work->path, path_strerror(r));
	return r == 0 ? CLI_OK : r == -ENODATA ? CLI_REJECTED : CLI_FAILED;
}

static int make(struct work *work)
{
	const struct options *options = work->options;
	int status = choose_first(work);

	if (status != CLI_OK)
		return status;
	if (attest_records_archived(work->archive, &work->boot,
				    place_say_of(&options->place),
				    &work->records) < 0) {
		cli_error("%s", strerror(ENOMEM));
		return CLI_FAILED;
	}
	work->file.kind = MANIFEST_HISTORY;
	work->file.chain = &work->chain;
	work->file.pack = options->pack;
	work->file.withhold = options->withhold;
	status = write_file(work);
	attest_records_close(work->records);
	return status;
}

static void print(const struct work *work)
{
	char there[WORDS_RANGE_LEN], when[SURVEY_TIME_LEN];
	struct json json;

	if (!work->options->json) {
		printf("%s: the quote of %s proves records %s", work->path,
		       survey_time(work->time, when),
		       words_of_range(work->file.first, work->evidence.end,
				      there));
		if (work->file.nr_withheld)
			printf(", %" PRIu64 " are withheld",
			       work->file.nr_withheld);
		putchar('\n');
		return;
	}
	json_start(&json, stdout, '{');
	json_text(&json, "file", work->path);
	json_text(&json, "kind", "history");
	json_text(&json, "boot", work->boot.name);
	json_number(&json, "first", work->file.first);
	json_number(&json, "records", work->file.nr_records);
	json_number(&json, "next", work->evidence.end);
	json_number(&json, "withheld", work->file.nr_withheld);
	json_number(&json, "unproved", work->boot.end - work->evidence.end);
	json_text(&json, "time", survey_time(work->time, when));
	json_end(&json, '}');
}

static int run(const struct options *options, struct work *work)
{
	const struct place *place = &options->place;
	int r = place_open_archive(place, &work->archive), status;

	if (r == 0)
		r = place_find_boot(place, work->archive, options->boot,
				    &work->boot);
	if (r < 0)
		return CLI_FAILED;
	if (snprintf(work->path, sizeof(work->path), "%s/history-%s.evidence",
		     options->dir ? options->dir : ".",
		     work->boot.name) >= (int)sizeof(work->path)) {
		cli_error("%s: too long", options->dir);
		return CLI_FAILED;
	}
	status = find_quote(work);
	if (status == CLI_OK)
		status = make(work);
	if (status == CLI_OK)
		print(work);
	return status;
}

int cmd_archive_evidence(int argc, char **argv)
{
	struct options options = { 0 };
	struct work work = { .options = &options };
	const struct opt_group groups[] = {
		{ evidence_opts, &options },
		{ place_opts, &options.place },
	};
	int status =
		place_parse(&options.place, &command, groups, 2, argc, argv);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = run(&options, &work);
	archive_close(work.archive);
	return status;
}
