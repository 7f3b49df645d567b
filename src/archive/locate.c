// SPDX-License-Identifier: MIT
/*
 * From an offset in a list to a record near it, in O(log n): by bisection, over
 * segments and then over the marks of one.
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

static bool is_before(const struct row *row, const struct position *position,
		      uint64_t offset)
{
	struct archive_place place = start_of(row);

	return position_of(position, &place) <= offset;
}

/*
 * The last segment that begins at or before @offset, and not behind @high. The
 * bisection is over indices: between two steps segments may come and go.
 */
static int bisect(struct archive *archive, int64_t boot,
		  const struct position *position, uint64_t offset,
		  uint64_t high, struct row *row)
{
	uint64_t low = 0;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		int r = index_segment_at(&archive->index, boot, middle, 0, row);

		if (r < 0)
			return r;
		if (r == IMASTAGE_END || is_before(row, position, offset))
			low = middle;
		else
			high = row->is.first ? row->is.first - 1 : 0;
	}
	return index_segment_at(&archive->index, boot, low, INDEX_MARKS, row);
}

/* IMASTAGE_END: none begins there. Often it is the last one. */
static int find_segment(struct archive *archive, int64_t boot,
			const struct position *position, uint64_t offset,
			struct row *row)
{
	uint64_t at = position->unit == ARCHIVE_INDEX ? offset : INT64_MAX;
	int r = index_segment_at(&archive->index, boot, at, INDEX_MARKS, row);

	if (r == 0 && !is_before(row, position, offset))
		r = bisect(archive, boot, position, offset, row->is.first, row);
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
