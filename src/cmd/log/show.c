// SPDX-License-Identifier: MIT
/*
 * imastage log show: prints records.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "list/detail.h"
#include "list/filter.h"
#include "list/input.h"
#include "list/record.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>

enum form {
	FORM_TABLE, /* unless another is asked for */
	FORM_JSON,
	FORM_ASCII,
	FORM_COUNT
};

#define DIGEST_SHOWN 6 /* bytes in the table */
#define ALGORITHM_SHOWN 32
#define FILE_DIGEST_WIDTH 19 /* of "sha256:" and these bytes */

struct show {
	struct input_options input_options;
	struct filter filter;
	enum form form;
	bool full_digest;
	uint64_t nr_shown;
	struct input input;
	struct imastage_writer *writer; /* of FORM_ASCII, */
	enum imastage_bank writer_bank; /* for lists of this bank */
};

static int set_form(struct show *show, enum form form)
{
	if (show->form != FORM_TABLE && show->form != form)
		return cli_usage("--json, --ascii and --count exclude each "
				 "other");
	show->form = form;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	return set_form(context, FORM_JSON);
}

static int set_ascii(void *context, const char *value)
{
	(void)value;
	return set_form(context, FORM_ASCII);
}

static int set_count(void *context, const char *value)
{
	(void)value;
	return set_form(context, FORM_COUNT);
}

static int set_full(void *context, const char *value)
{
	(void)value;
	((struct show *)context)->full_digest = true;
	return 0;
}

static const struct opt show_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "a JSON object on a line for each record",
	  set_json, NULL },
	{ "ascii", 'a', NULL, "lines as the kernel prints them, byte for byte",
	  set_ascii, NULL },
	{ "count", 'c', NULL, "how many records there are, and nothing else",
	  set_count, NULL },
	{ "full", 0, NULL, "whole digests and texts in the table", set_full,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "Prints records of a measurement list. The FILEs are its "
		   "parts, in order.\n",
	.epilogue = "In the table bytes that are not printable ASCII, and "
		    "backslashes, are \\xNN.\n",
};

/* "sha256:d903c6382c0c", "-" where there is none. */
static void show_file_digest(const struct show *show,
			     const struct imastage_record *record)
{
	size_t len = show->full_digest ? IMASTAGE_DIGEST_MAX : DIGEST_SHOWN;
	struct imastage_bytes algorithm, digest;
	int width = 0;

	if (imastage_record_file_digest(record, &algorithm, &digest) < 0) {
		printf("%-*s ", FILE_DIGEST_WIDTH, "-");
		return;
	}
	digest = bytes_first(digest, len);
	algorithm = bytes_first(algorithm, ALGORITHM_SHOWN);
	text_print(stdout, algorithm);
	if (algorithm.len > 0)
		width = putchar(':') == ':' ? (int)algorithm.len + 1 : 0;
	text_print_hex(stdout, digest);
	width += (int)(2 * digest.len);
	printf("%*s ",
	       width < FILE_DIGEST_WIDTH ? FILE_DIGEST_WIDTH - width : 0, "");
}

static void show_row(const struct show *show,
		     const struct imastage_record *record, uint64_t index)
{
	char digest[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	size_t len = show->full_digest ? record->digest.len : DIGEST_SHOWN;

	if (show->nr_shown == 0)
		printf("%9s PCR %-10s %-*s %-*s EVENT\n", "INDEX", "TEMPLATE",
		       (int)(2 * len), "DIGEST", FILE_DIGEST_WIDTH,
		       "FILE DIGEST");
	hex_encode(bytes_first(record->digest, len), digest);
	printf("%9" PRIu64 " %3" PRIu32 " ", index, record->pcr);
	text_print(stdout, record->name);
	printf("%*s %s ",
	       record->name.len < 10 ? (int)(10 - record->name.len) : 0, "",
	       digest);
	show_file_digest(show, record);
	text_print(stdout, record_event_name(record));
	detail_print(stdout, record,
		     show->full_digest ? DETAIL_LEN_FULL : DETAIL_LEN);
	puts(imastage_record_is_violation(record) ? " (violation)" : "");
}

static int prepare_writer(struct show *show, enum imastage_bank bank)
{
	struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = bank,
	};

	if (show->writer && show->writer_bank == bank)
		return 0;
	imastage_writer_free(show->writer);
	show->writer = NULL;
	show->writer_bank = bank;
	return imastage_writer_new(imastage_sink_file(stdout), &options,
				   &show->writer);
}

static int show_ascii(struct show *show, const struct imastage_record *record,
		      uint64_t index)
{
	int r = prepare_writer(show, record->bank);

	if (r == 0)
		r = imastage_writer_put(show->writer, record);
	if (r == -EBADMSG)
		cli_error("%s: record %" PRIu64
			  " cannot be shown as ASCII: the kernel has no text "
			  "for its template; try --json",
			  input_path(&show->input), index);
	else if (r < 0 && !ferror(stdout))
		cli_error("%s", strerror(-r));
	return r;
}

static int show_record(struct show *show, const struct imastage_record *record,
		       uint64_t index)
{
	int r = 0;

	switch (show->form) {
	case FORM_JSON:
		record_print_json(stdout, record, index, show->input.offset);
		break;
	case FORM_ASCII:
		r = show_ascii(show, record, index);
		break;
	case FORM_TABLE:
		show_row(show, record, index);
		break;
	case FORM_COUNT:
		break;
	}
	show->nr_shown++;
	return r < 0 ? r : ferror(stdout) ? -EIO : 0;
}

static int show_records(struct show *show)
{
	struct imastage_record record;
	int r;

	while ((r = input_next(&show->input, &record)) == 0) {
		uint64_t index = input_index(&show->input);
		bool accepts;

		r = filter_accepts(&show->filter, &record, index, &accepts);
		if (r == 0 && accepts)
			r = show_record(show, &record, index);
		if (r < 0 || filter_is_done(&show->filter, index))
			break;
	}
	if (r >= 0 && show->form == FORM_COUNT)
		printf("%" PRIu64 "\n", show->nr_shown);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_log_show(int argc, char **argv)
{
	struct show show = { .filter = FILTER_NONE };
	const struct opt_group groups[] = {
		{ show_opts, &show },
		{ filter_opts, &show.filter },
		{ input_opts, &show.input_options },
	};
	char **args;
	int status = opts_parse(&command, groups, 3, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = input_init(&show.input, &show.input_options, args);
	if (status == CLI_OK)
		status = show_records(&show);
	input_fini(&show.input);
	imastage_writer_free(show.writer);
	filter_fini(&show.filter);
	return status;
}
