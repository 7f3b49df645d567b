// SPDX-License-Identifier: MIT
/*
 * imastage archive cat, export: records as the kernel had them, or in another
 * format.
 */
#include "base/bytes.h"
#include "base/output.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "list/convert.h"
#include "cmd/archive/range.h"

#include <errno.h>

/* ---- cat ------------------------------------------------------------------- */

struct cat {
	struct place place;
	struct range range;
	const char *path;
};

static int set_output(void *context, const char *value)
{
	((struct cat *)context)->path = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt cat_opts[] = {
	{ .text = "Where to:" },
	{ "output", 'o', "FILE",
	  "to FILE, which appears when it is whole (standard\noutput)",
	  set_output, "a file" },
	{ 0 },
};

static const struct command cat_command = {
	.synopsis = "[OPTION]...",
	.summary = "Writes archived records byte for byte as the kernel's "
		   "binary_runtime_measurements\nhad them. What is in the "
		   "kernel still is not part of it: see 'imastage mount'.\n",
};

static int write_records(struct range *range, FILE *file)
{
	struct imastage_record record;
	int r;

	while ((r = range_next(range, &record)) == 0)
		if (fwrite(record.raw.data, 1, record.raw.len, file) !=
		    record.raw.len)
			return errno ? -errno : -EIO;
	return r < 0 ? r : 0;
}

static int cat(struct cat *cat)
{
	struct output output;
	const char *name = cat->path ? cat->path : "standard output";
	int r = output_open(&output, cat->path);

	if (r == 0)
		r = write_records(&cat->range, output.file);
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	if (r < 0 && r != -EINTR && r != -EPIPE && !cat->range.failed)
		cli_error("%s: %s", name, path_strerror(r));
	range_say_gaps(&cat->range);
	return range_judge(&cat->range, r < 0 ? CLI_FAILED : CLI_OK);
}

int cmd_archive_cat(int argc, char **argv)
{
	struct cat c = { .range = RANGE_INIT };
	const struct opt_group groups[] = {
		{ range_opts, &c.range },
		{ cat_opts, &c },
		{ place_opts, &c.place },
	};
	int r = place_parse(&c.place, &cat_command, groups, 3, argc, argv);

	if (r == OPTS_HELP)
		return CLI_OK;
	if (r == CLI_OK)
		r = range_open(&c.range, &c.place);
	if (r == CLI_OK)
		r = cat(&c);
	range_close(&c.range);
	return r;
}

/* ---- export ---------------------------------------------------------------- */

static const struct command export_command = {
	.synopsis = "--to FORMAT [OPTION]...",
	.summary = "Writes archived records in another format.\n",
	.epilogue = convert_formats,
};

/* The kernel's byte order, as the first record has it. */
static int find_endian(struct range *range, struct input_options *options)
{
	struct archive_cursor *cursor;
	struct imastage_record record = { .endian = IMASTAGE_HOST };
	int r = archive_cursor_open(range->archive, range->boot.id, range->from,
				    &cursor);

	if (r == 0) {
		do
			r = archive_cursor_next(cursor, &record);
		while (r == ARCHIVE_GAP);
		archive_cursor_close(cursor);
	}
	options->endian = r == 0 ? record.endian : IMASTAGE_HOST;
	return r < 0 ? r : 0;
}

static int export(struct convert *c, struct range *range)
{
	int r = find_endian(range, &c->input_options);

	if (r < 0) {
		cli_error("boot %s: %s", range->boot.name, strerror(-r));
		return CLI_FAILED;
	}
	c->input_options.first_index = range->from;
	r = input_init_source(&c->input, &c->input_options, range_source(range),
			      range->boot.name);
	if (r == CLI_OK)
		r = convert_run(c);
	range_say_gaps(range);
	return range_judge(range, r);
}

int cmd_archive_export(int argc, char **argv)
{
	struct convert c = CONVERT_INIT;
	struct range range = RANGE_INIT;
	struct place place = { 0 };
	const struct opt_group groups[] = {
		{ convert_opts, &c },
		{ range_opts, &range },
		{ place_opts, &place },
	};
	int r = opts_parse_all(&export_command, groups, 3, argc, argv);

	if (r == CLI_OK)
		r = convert_check_options(&c);
	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	r = place_init(&place);
	if (r == CLI_OK)
		r = range_open(&range, &place);
	if (r == CLI_OK)
		r = export(&c, &range);
	convert_fini(&c);
	range_close(&range);
	return r;
}
