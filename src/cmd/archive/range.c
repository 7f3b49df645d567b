// SPDX-License-Identifier: MIT
/*
 * Records of an archive from one index to another.
 */
#include "cmd/archive/range.h"
#include "base/bytes.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/parse.h"
#include "service/words.h"

#include <errno.h>
#include <inttypes.h>

static int set_boot(void *context, const char *value)
{
	((struct range *)context)->boot_name = value;
	return *value ? 0 : -EINVAL;
}

/* An open end is as if it were left out: the archive's. */
static int set_index(void *context, const char *value)
{
	struct range *range = context;

	range->has_index = strncmp(value, "..", 2) != 0;
	return parse_range(value, &range->from, &range->to);
}

static int set_skip_gaps(void *context, const char *value)
{
	(void)value;
	((struct range *)context)->skip_gaps = true;
	return 0;
}

const struct opt range_opts[] = {
	{ .text = "Which records:" },
	{ "boot", 'b', "BOOT", "of this hard boot (the last one)", set_boot,
	  "the name of a boot" },
	{ "index", 'i', "A..B",
	  "with these indices, A and B included; either may be\nleft out",
	  set_index, WANTED_RANGE },
	{ "skip-gaps", 0, NULL, "go on behind records that are missing",
	  set_skip_gaps, NULL },
	{ 0 },
};

static int complain(struct range *range, int r)
{
	char there[WORDS_RANGE_LEN];

	range->failed = r;
	if (r == -ESTALE)
		cli_error("boot %s: record %" PRIu64
			  " was pruned; the oldest is %" PRIu64,
			  range->boot.name, range->next, range->boot.first);
	else if (r == -ERANGE)
		cli_error("boot %s: record %" PRIu64
			  " is not archived; there are %s",
			  range->boot.name, range->next,
			  words_of_range(range->boot.first, range->boot.end,
					 there));
	else
		cli_error("boot %s: record %" PRIu64 ": %s", range->boot.name,
			  range->next, strerror(-r));
	return r;
}

/* Is it what was archived that is wrong, not the reading of it? */
static bool is_damage(int r)
{
	return r == -EBADMSG || r == -ENODATA || r == -ENOENT ||
	       r == -EMSGSIZE || r == -ELOOP || r == -EISDIR || r == -EINVAL;
}

static int fail_reading(struct range *range, int r)
{
	range->damaged = is_damage(r);
	return complain(range, r);
}

/* Nothing more is wanted of the segment, but whether it is right. */
static int finish(struct range *range)
{
	int r = archive_cursor_finish(range->cursor);

	return r < 0 ? fail_reading(range, r) : IMASTAGE_END;
}

int range_open(struct range *range, const struct place *place)
{
	int r = place_open_archive(place, &range->archive);

	if (r == 0)
		r = place_find_boot(place, range->archive, range->boot_name,
				    &range->boot);
	if (r < 0)
		return CLI_FAILED;
	if (!range->has_index)
		range->from = range->boot.first;
	range->next = range->from;
	if (range->from < range->boot.first)
		r = -ESTALE;
	else
		r = archive_cursor_open(range->archive, range->boot.id,
					range->from, &range->cursor);
	if (r == 0)
		r = archive_cursor_check(range->cursor);
	return r < 0 ? complain(range, r), CLI_FAILED : CLI_OK;
}

void range_close(struct range *range)
{
	archive_cursor_close(range->cursor);
	archive_close(range->archive);
}

static int refuse_gap(struct range *range, const struct archive_gap *gap)
{
	char missing[WORDS_GAP_LEN];

	cli_error("boot %s: %s (%s); --skip-gaps goes on behind them",
		  range->boot.name, words_of_gap(gap, missing), gap->reason);
	range->failed = -ENODATA;
	return -ENODATA;
}

int range_next(struct range *range, struct imastage_record *ret_record)
{
	int r;

	for (;;) {
		range->next = archive_cursor_index(range->cursor);
		if (range->next > range->to)
			return finish(range);
		if (cli_interrupted())
			return -EINTR;
		r = archive_cursor_next(range->cursor, ret_record);
		if (r == IMASTAGE_END && range->to != UINT64_MAX)
			r = -ERANGE;
		if (r < 0)
			return fail_reading(range, r);
		if (r != ARCHIVE_GAP)
			return r;
		if (!range->skip_gaps)
			return refuse_gap(range,
					  archive_cursor_gap(range->cursor));
		range->nr_gaps++;
		range->nr_missing += archive_cursor_gap(range->cursor)->count;
	}
}

static ssize_t read_range(void *context, void *data, size_t len)
{
	struct range *range = context;
	struct imastage_bytes left = { 0 };

	if (range->has_record)
		left = bytes_skip(range->record.raw, range->used);
	if (left.len == 0) {
		int r = range_next(range, &range->record);

		range->has_record = r == 0;
		range->used = 0;
		if (r != 0)
			return r < 0 ? r : 0;
		left = range->record.raw;
	}
	left = bytes_first(left, len);
	memcpy(data, left.data, left.len);
	range->used += left.len;
	return (ssize_t)left.len;
}

struct imastage_source range_source(struct range *range)
{
	struct imastage_source source = { read_range, range };

	return source;
}

static int report(void *context, const struct archive_finding *finding)
{
	(void)context;
	cli_error("%s: record %" PRIu64 " at byte %" PRIu64 ": %s",
		  finding->file, finding->index, finding->offset,
		  finding->text);
	return 0;
}

int range_judge(struct range *range, int status)
{
	const struct archive_verify_options options = {
		.boot = range->boot.id,
		.from = range->from,
		.end = range->next + 1,
		.report = report,
	};

	if (!range->damaged && range->failed)
		return CLI_FAILED;
	if (!range->damaged)
		return status == CLI_OK && range->nr_gaps ? CLI_REJECTED :
							    status;
	return archive_verify(range->archive, &options) > 0 ? CLI_REJECTED :
							      CLI_FAILED;
}

void range_say_gaps(const struct range *range)
{
	if (range->nr_gaps)
		cli_error("note: skipped %" PRIu64 " gaps, %" PRIu64
			  " records at least are missing",
			  range->nr_gaps, range->nr_missing);
}
