// SPDX-License-Identifier: MIT
/*
 * From an offset in a list to a record near it: to a segment by guessing where it
 * would be if all records were alike, to a mark of it by bisection. Records of one
 * list are alike, so that one guess or two find the segment, however long the
 * list; every third step halves what is left, so that no list takes more than O(log n).
 */
#include "archive/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static int get_base(struct archive *archive, int64_t boot,
		    struct archive_place *ret_place)
{
	struct index_base base;
	int r = index_get_base(&archive->index, boot, &base);

	if (r != 0)
		return r == IMASTAGE_END ? -ENOENT : r;
	free(base.state.data);
	*ret_place = base.place;
	return 0;
}

int archive_end_place(struct archive *archive, int64_t boot,
		      struct archive_place *ret_place)
{
	struct archive_place place;
	struct archive_gap gap;
	struct row row = { 0 };
	int r = index_segment_at(&archive->index, boot, INT64_MAX, 0, &row);

	if (r == 0)
		place = place_behind(&row.is);
	else if (r == IMASTAGE_END)
		r = get_base(archive, boot, &place);
	row_fini(&row);
	if (r == 0)
		r = index_next_gap(&archive->index, boot, place.index, &gap);
	if (r == 0)
		place = place_behind_gap(&place, &gap);
	if (r < 0)
		return r;
	*ret_place = place;
	return 0;
}

static struct archive_place start_of(const struct row *row)
{
	struct archive_place place = {
		row->is.first,
		row->is.binary_start,
		row->is.ascii_start,
	};

	return place;
}

/* What is still looked through, and where in the list that begins and ends. */
struct range {
	uint64_t low, high; /* indices of records */
	uint64_t low_at, high_at; /* where these begin, of what is asked for */
	unsigned int steps; /* done; every third halves instead of guessing */
};

static bool is_before(const struct row *row, const struct position *position,
		      uint64_t offset)
{
	struct archive_place place = start_of(row);

	return position_of(position, &place) <= offset;
}

static bool is_behind(const struct row *row, const struct position *position,
		      uint64_t offset)
{
	struct archive_place place = place_behind(&row->is);

	return position_of(position, &place) <= offset;
}

/* More than low, and no more than high. */
static uint64_t guess(const struct range *range, uint64_t offset)
{
	uint64_t width = range->high - range->low;
	uint64_t len = range->high_at - range->low_at;
	uint64_t part;

	if (range->steps % 3 == 2 || offset <= range->low_at ||
	    offset >= range->high_at)
		return range->low + (width + 1) / 2;
	part = (uint64_t)((double)(offset - range->low_at) / (double)len *
			  (double)width);
	return range->low + (part < 1 ? 1 : part > width ? width : part);
}

/* The segment that begins with or before the record @middle is @row. */
static void go_on_behind(struct range *range, const struct row *row,
			 const struct position *position, uint64_t middle)
{
	struct archive_place place = place_behind(&row->is);

	range->low = middle;
	if (place.index - 1 > middle && place.index - 1 <= range->high) {
		range->low = place.index - 1;
		range->low_at = position_of(position, &place);
	}
}

static void go_on_before(struct range *range, const struct row *row,
			 const struct position *position)
{
	struct archive_place place = start_of(row);

	range->high = place.index ? place.index - 1 : 0;
	range->high_at = position_of(position, &place);
}

/*
 * The last segment that begins at or before @offset, and not behind the one that
 * is in *row, which does not. Between two steps segments may come and go: what
 * is kept of them is the index alone.
 */
static int search(struct archive *archive, int64_t boot,
		  const struct position *position, uint64_t offset,
		  struct row *row)
{
	struct range range = { 0 };

	go_on_before(&range, row, position);
	while (range.low < range.high) {
		uint64_t middle = guess(&range, offset);
		int r = index_segment_at(&archive->index, boot, middle,
					 INDEX_MARKS, row);

		if (r < 0)
			return r;
		range.steps++;
		if (r == IMASTAGE_END)
			range.low = middle;
		else if (!is_before(row, position, offset))
			go_on_before(&range, row, position);
		else if (!is_behind(row, position, offset))
			return 0;
		else
			go_on_behind(&range, row, position, middle);
	}
	return index_segment_at(&archive->index, boot, range.low, INDEX_MARKS,
				row);
}

/* IMASTAGE_END: none begins there. Often it is the last one. */
static int find_segment(struct archive *archive, int64_t boot,
			const struct position *position, uint64_t offset,
			struct row *row)
{
	uint64_t at = position->unit == ARCHIVE_INDEX ? offset : INT64_MAX;
	int r = index_segment_at(&archive->index, boot, at, INDEX_MARKS, row);

	if (r == 0 && !is_before(row, position, offset))
		r = search(archive, boot, position, offset, row);
	if (r == 0 && !is_before(row, position, offset))
		return IMASTAGE_END;
	return r;
}

/* Before the first segment: where what is kept begins, or gone. */
static int locate_start(struct archive *archive, int64_t boot,
			const struct position *position, uint64_t offset,
			struct archive_place *ret_place)
{
	struct archive_place place;
	int r = get_base(archive, boot, &place);

	if (r < 0)
		return r;
	if (position_of(position, &place) > offset)
		return -ESTALE;
	*ret_place = place;
	return 0;
}

static int locate_in(struct archive *archive, const struct row *row,
		     const struct position *position, uint64_t offset,
		     struct archive_place *ret_place)
{
	struct archive_place start = start_of(row);
	const char *reason = marks_check(row);

	if (reason) {
		say(archive->options.say, SAY_ERROR,
		    "%s: damaged: %s (boot %" PRId64 ", record %" PRIu64 ")",
		    archive->index.path, reason, row->is.boot, row->is.first);
		return -EBADMSG;
	}
	*ret_place = marks_find(&row->marks, &start, position, offset);
	return 0;
}

int archive_locate(struct archive *archive, int64_t boot,
		   enum archive_unit unit, uint64_t per_record, uint64_t offset,
		   struct archive_place *ret_place)
{
	const struct position position = { unit, per_record };
	struct row row = { 0 };
	int r = find_segment(archive, boot, &position, offset, &row);

	if (r == 0)
		r = locate_in(archive, &row, &position, offset, ret_place);
	else if (r == IMASTAGE_END)
		r = locate_start(archive, boot, &position, offset, ret_place);
	row_fini(&row);
	return r;
}
