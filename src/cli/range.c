// SPDX-License-Identifier: MIT
/*
 * Records of an archive from one index to another.
 */
#include "cli/range.h"
#include "base/bytes.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/parse.h"

#include <errno.h>
#include <inttypes.h>

static int set_boot(void *context, const char *value)
{
	((struct range *)context)->boot_name = value;
	return *value ? 0 : -EINVAL;
}

static int set_from(void *context, const char *value)
{
	((struct range *)context)->has_from = true;
	return parse_number(value, INT64_MAX, &((struct range *)context)->from);
}

static int set_to(void *context, const char *value)
{
	return parse_number(value, INT64_MAX, &((struct range *)context)->to);
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
	{ "from", 0, "N", "from record N on (the oldest that is kept)",
	  set_from, "a record's index" },
	{ "up-to", 0, "M", "to record M, it included (the last one)", set_to,
	  "a record's index" },
	{ "skip-gaps", 0, NULL, "go on behind records that are missing",
	  set_skip_gaps, NULL },
	{ 0 },
};

static int complain(struct range *range, int r)
{
	range->failed = r;
	if (r == -ESTALE)
		cli_error("boot %s: record %" PRIu64
			  " was pruned; the oldest is %" PRIu64,
			  range->boot.name, range->next, range->boot.first);
	else if (r == -ERANGE)
		cli_error("boot %s: record %" PRIu64
			  " is behind the end, %" PRIu64,
			  range->boot.name, range->from, range->boot.end);
	else
		cli_error("boot %s: record %" PRIu64 ": %s", range->boot.name,
			  range->next, strerror(-r));
	return r;
}

int range_open(struct range *range, const struct place *place)
{
	int r = place_open_archive(place, &range->archive);

	if (r == 0)
		r = place_find_boot(place, range->archive, range->boot_name,
				    &range->boot);
	if (r < 0)
		return CLI_FAILED;
	if (!range->has_from)
		range->from = range->boot.first;
	range->next = range->from;
	if (range->from < range->boot.first)
		r = -ESTALE;
	else
		r = archive_cursor_open(range->archive, range->boot.id,
					range->from, &range->cursor);
	return r < 0 ? complain(range, r), CLI_FAILED : CLI_OK;
}

void range_close(struct range *range)
{
	archive_cursor_close(range->cursor);
	archive_close(range->archive);
}

static int refuse_gap(struct range *range, const struct archive_gap *gap)
{
	char count[32] = "an unknown number of";

	if (gap->count)
		snprintf(count, sizeof(count), "%" PRIu64, gap->count);
	cli_error("boot %s: %s records are missing from record %" PRIu64
		  " on (%s); --skip-gaps goes on behind them",
		  range->boot.name, count, gap->first, gap->reason);
	range->failed = -ENODATA;
	return -ENODATA;
}

int range_next(struct range *range, struct imastage_record *ret_record)
{
	int r;

	for (;;) {
		range->next = archive_cursor_index(range->cursor);
		if (range->next > range->to)
			return IMASTAGE_END;
		if (cli_interrupted())
			return -EINTR;
		r = archive_cursor_next(range->cursor, ret_record);
		if (r < 0)
			return complain(range, r);
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

void range_say_gaps(const struct range *range)
{
	if (range->nr_gaps)
		cli_error("note: skipped %" PRIu64 " gaps, %" PRIu64
			  " records at least are missing",
			  range->nr_gaps, range->nr_missing);
}
