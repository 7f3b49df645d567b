// SPDX-License-Identifier: MIT
/*
 * Reading records from any place on. A cursor has one segment open at a time,
 * and asks the index again at the end of each: so it follows what a writer
 * appends, and what it has open stays readable while the writer compresses or
 * prunes it.
 */
#include "archive/store.h"
#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct archive_cursor {
	struct archive *archive;
	int64_t boot;
	uint64_t index; /* of the next record */
	struct row row; /* of the segment that is read */
	bool is_found; /* @row has the next record, and is not opened yet */
	struct segment_reader segment;
	struct imastage_reader *reader; /* owned; NULL: no segment is open */
	uint64_t origin; /* byte of the segment that @reader began with */
	uint64_t copied; /* byte up to which it was copied; 0: it is read */
	struct archive_gap gap; /* the last one met */
	bool has_passed; /* that gap, if it is at index and of unknown size */
	bool checks; /* segments against their digests */
	struct hash hash; /* if so, of what was read of the one that is open */
};

static void close_segment(struct archive_cursor *cursor)
{
	if (cursor->reader) {
		imastage_reader_free(cursor->reader);
		segment_reader_close(&cursor->segment);
	}
	cursor->reader = NULL;
	cursor->copied = 0;
}

void archive_cursor_close(struct archive_cursor *cursor)
{
	if (!cursor)
		return;
	close_segment(cursor);
	row_fini(&cursor->row);
	if (cursor->checks)
		hash_fini(&cursor->hash);
	free(cursor);
}

uint64_t archive_cursor_index(const struct archive_cursor *cursor)
{
	return cursor->index;
}

const struct archive_gap *
archive_cursor_gap(const struct archive_cursor *cursor)
{
	return &cursor->gap;
}

/* ---- finding the segment --------------------------------------------------- */

static ssize_t read_segment(void *context, void *data, size_t len)
{
	struct archive_cursor *cursor = context;
	ssize_t n = segment_read(&cursor->segment, data, len);
	int r = 0;

	if (n > 0 && cursor->checks)
		r = hash_update(&cursor->hash, bytes_of(data, (size_t)n));
	return r < 0 ? r : n;
}

static int open_reader(struct archive_cursor *cursor, size_t mark)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = cursor->row.is.endian,
		.first_index =
			cursor->row.is.first + mark * ARCHIVE_MARK_RECORDS,
	};
	struct imastage_source source = { read_segment, cursor };
	int r = cursor->checks ? hash_start(&cursor->hash) : 0;

	if (r == 0)
		r = imastage_reader_new(source, &options, &cursor->reader);
	cursor->origin = cursor->segment.offset;
	if (r < 0)
		segment_reader_close(&cursor->segment);
	return r;
}

static int check_row(struct archive_cursor *cursor)
{
	const char *reason = marks_check(&cursor->row);

	if (!reason && cursor->row.is.compressed)
		reason = frames_check(&cursor->row);
	if (!reason)
		return 0;
	say(cursor->archive->options.say, SAY_ERROR,
	    "%s: damaged: %s (boot %" PRId64 ", record %" PRIu64 ")",
	    cursor->archive->index.path, reason, cursor->boot,
	    cursor->row.is.first);
	return -EBADMSG;
}

/* The segment with the next record. IMASTAGE_END: there is none. */
static int find_row(struct archive_cursor *cursor)
{
	int r = index_segment_at(&cursor->archive->index, cursor->boot,
				 cursor->index, INDEX_MARKS | INDEX_FRAMES,
				 &cursor->row);

	if (r == 0 && cursor->index >= row_end(&cursor->row))
		r = IMASTAGE_END;
	return r == 0 ? check_row(cursor) : r;
}

static int open_file(struct archive_cursor *cursor)
{
	const struct archive_options *options = &cursor->archive->options;
	uint64_t before = cursor->index - cursor->row.is.first;
	size_t mark = cursor->checks ? 0 : before / ARCHIVE_MARK_RECORDS;
	int r = segment_reader_open(&cursor->segment, options->io, options->say,
				    options->dir, &cursor->row, mark);

	return r == 0 ? open_reader(cursor, mark) : r;
}

/*
 * A file that is not there any more was compressed or pruned since its row was
 * read: then the row has changed, too.
 */
static int open_segment(struct archive_cursor *cursor)
{
	int64_t id;
	bool compressed;
	int r;

	do {
		r = cursor->is_found ? 0 : find_row(cursor);
		cursor->is_found = false;
		if (r != 0)
			return r;
		r = open_file(cursor);
		if (r != -ENOENT)
			return r;
		id = cursor->row.id;
		compressed = cursor->row.is.compressed;
		r = find_row(cursor);
		if (r != 0)
			return r;
	} while (id != cursor->row.id ||
		 compressed != cursor->row.is.compressed);
	return say_errno(cursor->archive->options.say, -ENOENT, "%s",
			 cursor->segment.path.text);
}

/* Is there such a record, or will it be the next? */
static int check_index(struct archive_cursor *cursor)
{
	struct archive_place end;
	int r = find_row(cursor);

	cursor->is_found = r == 0;
	if (r != IMASTAGE_END)
		return r;
	r = archive_end_place(cursor->archive, cursor->boot, &end);
	return r == 0 && cursor->index > end.index ? -ERANGE : r;
}

int archive_cursor_open(struct archive *archive, int64_t boot, uint64_t index,
			struct archive_cursor **ret_cursor)
{
	struct archive_cursor *cursor = calloc(1, sizeof(*cursor));
	int r;

	if (!cursor)
		return -ENOMEM;
	cursor->archive = archive;
	cursor->boot = boot;
	cursor->index = index;
	r = check_index(cursor);
	if (r < 0)
		archive_cursor_close(cursor);
	else
		*ret_cursor = cursor;
	return r;
}

/* ---- gaps ------------------------------------------------------------------ */

/* It changed between two looks at the index: look again. */
#define AGAIN 3

/* No segment has the next record: why? */
static int explain(struct archive_cursor *cursor)
{
	struct archive_place end;
	struct index_base base;
	int r = index_get_base(&cursor->archive->index, cursor->boot, &base);

	if (r != 0) /* the boot itself is gone */
		return r == IMASTAGE_END ? -ESTALE : r;
	free(base.state.data);
	if (cursor->index < base.place.index)
		return -ESTALE;
	r = archive_end_place(cursor->archive, cursor->boot, &end);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	return cursor->index >= end.index ? IMASTAGE_END : AGAIN;
}

static int complain_hole(struct archive_cursor *cursor)
{
	say(cursor->archive->options.say, SAY_ERROR,
	    "%s: damaged: no segment has record %" PRIu64 " of boot %" PRId64,
	    cursor->archive->index.path, cursor->index, cursor->boot);
	return -EBADMSG;
}

/*
 * ARCHIVE_GAP when the next record is missing; then the cursor is behind it. None is
 * between two records of one segment.
 */
static int meet_gap(struct archive_cursor *cursor)
{
	struct archive_gap gap;
	int r;

	if (cursor->is_found && cursor->index > cursor->row.is.first)
		return 0;
	r = index_next_gap(&cursor->archive->index, cursor->boot, cursor->index,
			   &gap);

	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	if (gap.first > cursor->index)
		return 0;
	if (gap.count == 0 && cursor->has_passed)
		return 0;
	cursor->gap = gap;
	cursor->has_passed = gap.count == 0;
	if (gap.count)
		cursor->index = gap.first + gap.count;
	return ARCHIVE_GAP;
}

/* ---- reading --------------------------------------------------------------- */

static int complain(struct archive_cursor *cursor, int r)
{
	const struct imastage_error *error =
		imastage_reader_error(cursor->reader);

	if (error && error->reason)
		say(cursor->archive->options.say, SAY_ERROR,
		    "%s: record %" PRIu64 ": %s", cursor->segment.path.text,
		    error->index, error->reason);
	return r;
}

/* Reads up to the next record; what is before it is read over. */
static int read_record(struct archive_cursor *cursor,
		       struct imastage_record *ret_record)
{
	uint64_t at;
	int r;

	do {
		at = imastage_reader_index(cursor->reader);
		r = imastage_reader_next(cursor->reader, ret_record);
	} while (r == 0 && at < cursor->index);
	if (r == IMASTAGE_END) {
		say(cursor->archive->options.say, SAY_ERROR,
		    "%s: has no record %" PRIu64, cursor->segment.path.text,
		    at);
		return -EBADMSG;
	}
	if (r < 0)
		return complain(cursor, r);
	cursor->index++;
	cursor->has_passed = false;
	return 0;
}

/* All of it was read: is it what was archived? */
static int end_segment(struct archive_cursor *cursor)
{
	uint8_t sha256[ARCHIVE_SHA256_LEN];
	int r = cursor->checks ? hash_end(&cursor->hash, sha256) : 0;

	if (r == 0 && cursor->checks &&
	    memcmp(sha256, cursor->row.is.sha256, sizeof(sha256)) != 0) {
		say(cursor->archive->options.say, SAY_ERROR,
		    "%s: its bytes are not those that were archived",
		    cursor->segment.path.text);
		r = -EBADMSG;
	}
	close_segment(cursor);
	return r;
}

/* Opens the segment that has the next record, or says why there is none. */
static int move_on(struct archive_cursor *cursor)
{
	int r = meet_gap(cursor);

	if (r == 0)
		r = open_segment(cursor);
	return r == IMASTAGE_END ? explain(cursor) : r;
}

/* More often than this no writer gets in between. */
#define MOVES_MAX 100

int archive_cursor_next(struct archive_cursor *cursor,
			struct imastage_record *ret_record)
{
	int r = 0;

	if (cursor->copied)
		return -EINVAL;
	if (cursor->reader && cursor->index >= row_end(&cursor->row))
		r = end_segment(cursor);
	if (r < 0)
		return r;
	for (int i = 0; !cursor->reader && i < MOVES_MAX; i++) {
		r = move_on(cursor);
		if (r != 0 && r != AGAIN)
			return r;
	}
	if (!cursor->reader)
		return complain_hole(cursor);
	r = read_record(cursor, ret_record);
	if (r < 0)
		close_segment(cursor);
	return r;
}

int archive_cursor_check(struct archive_cursor *cursor)
{
	int r = hash_init(&cursor->hash, IMASTAGE_SHA256);

	cursor->checks = r == 0;
	return r;
}

int archive_cursor_finish(struct archive_cursor *cursor)
{
	struct imastage_record record;
	int r = 0;

	while (r == 0 && cursor->reader &&
	       cursor->index < row_end(&cursor->row))
		r = archive_cursor_next(cursor, &record);
	return r == 0 && cursor->reader ? end_segment(cursor) : r;
}

/* ---- bytes ----------------------------------------------------------------- */

/* The reader has given the record before the next, so it knows where that begins. */
static uint64_t copy_from(const struct archive_cursor *cursor)
{
	return cursor->copied ?
		       cursor->copied :
		       cursor->origin + imastage_reader_offset(cursor->reader);
}

ssize_t archive_cursor_copy(struct archive_cursor *cursor, void *data,
			    size_t len)
{
	uint64_t from;
	ssize_t n;

	if (len == 0 || !cursor->reader || cursor->segment.zstd ||
	    cursor->checks || cursor->index >= row_end(&cursor->row))
		return 0;
	from = copy_from(cursor);
	n = segment_read_at(&cursor->segment, from, data, len);
	if (n <= 0)
		return n;
	cursor->copied = from + (uint64_t)n;
	if (cursor->copied == cursor->row.is.bytes) {
		cursor->index = row_end(&cursor->row);
		close_segment(cursor);
	}
	return n;
}

size_t archive_cursor_show(struct archive_cursor *cursor, void *data,
			   size_t len)
{
	size_t n;

	if (!cursor->reader || cursor->copied || cursor->checks)
		return 0;
	n = imastage_reader_show(cursor->reader, row_end(&cursor->row), data,
				 len);
	if (n > 0)
		cursor->has_passed = false;
	cursor->index = imastage_reader_index(cursor->reader);
	return n;
}
