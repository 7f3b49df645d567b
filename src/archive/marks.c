// SPDX-License-Identifier: MIT
#include "archive/marks.h"
#include "base/cursor.h"
#include "log/buffer.h"

#include <errno.h>

int marks_put(struct imastage_buffer *marks, const struct mark *mark)
{
	int r = buffer_put_u32(marks, (uint32_t)mark->binary, IMASTAGE_LITTLE);

	if (r == 0)
		r = buffer_put_u32(marks, (uint32_t)mark->ascii,
				   IMASTAGE_LITTLE);
	if (r < 0)
		marks->len -= marks->len % MARK_LEN;
	return r;
}

int frames_put(struct imastage_buffer *frames, uint64_t offset)
{
	return offset > UINT32_MAX ? -EFBIG :
				     buffer_put_u32(frames, (uint32_t)offset,
						    IMASTAGE_LITTLE);
}

/* 0 behind the end; who asks does not go there. */
static uint32_t get_u32(const struct imastage_buffer *buffer, size_t offset)
{
	struct imastage_bytes bytes = bytes_of(buffer->data, buffer->len);
	uint32_t value = 0;
	struct cursor c;

	cursor_init(&c, bytes_skip(bytes, offset), IMASTAGE_LITTLE);
	(void)cursor_read_u32(&c, &value);
	return value;
}

struct mark mark_get(const struct imastage_buffer *marks, size_t at)
{
	struct mark mark = {
		get_u32(marks, at * MARK_LEN),
		get_u32(marks, at * MARK_LEN + 4),
	};

	return mark;
}

uint64_t frame_get(const struct imastage_buffer *frames, size_t at)
{
	return get_u32(frames, at * FRAME_LEN);
}

/* ---- checking -------------------------------------------------------------- */

static const char *check_step(struct mark before, struct mark mark)
{
	if (mark.binary <
		    before.binary + ARCHIVE_MARK_RECORDS *
					    (uint64_t)ROW_RECORD_LEN_MIN ||
	    mark.ascii < before.ascii + ARCHIVE_MARK_RECORDS)
		return "marks of a segment do not ascend";
	return NULL;
}

/* All of them are looked at whenever a segment is opened, one after the other. */
static inline struct mark next_mark(struct cursor *c)
{
	uint32_t binary = 0, ascii = 0;
	struct mark mark;

	(void)cursor_read_u32(c, &binary);
	(void)cursor_read_u32(c, &ascii);
	mark.binary = binary;
	mark.ascii = ascii;
	return mark;
}

const char *marks_check(const struct row *row)
{
	size_t nr = marks_nr(&row->marks);
	struct mark mark, before;
	struct cursor c;

	if (row->marks.len % MARK_LEN || nr != row_nr_marks(row->is.count))
		return "a segment has not as many marks as its records need";
	cursor_init(&c, bytes_of(row->marks.data, row->marks.len),
		    IMASTAGE_LITTLE);
	mark = next_mark(&c);
	if (mark.binary || mark.ascii)
		return "a segment's first mark is not its start";
	for (size_t i = 1; i < nr; i++) {
		const char *reason;

		before = mark;
		mark = next_mark(&c);
		reason = check_step(before, mark);
		if (reason)
			return reason;
	}
	if (mark.binary >= row->is.bytes || mark.ascii >= row->is.ascii)
		return "a mark lies behind the end of its segment";
	return NULL;
}

const char *frames_check(const struct row *row)
{
	size_t nr = row->frames.len / FRAME_LEN;

	if (row->frames.len % FRAME_LEN || nr != row_nr_marks(row->is.count))
		return "a segment has not as many frames as marks";
	if (frame_get(&row->frames, 0))
		return "a segment's first frame is not its start";
	for (size_t i = 1; i < nr; i++)
		if (frame_get(&row->frames, i) <=
		    frame_get(&row->frames, i - 1))
			return "frames of a segment do not ascend";
	if (frame_get(&row->frames, nr - 1) >= row->is.stored_bytes)
		return "a frame lies behind the end of its file";
	return NULL;
}

/* ---- finding --------------------------------------------------------------- */

uint64_t position_of(const struct position *position,
		     const struct archive_place *place)
{
	uint64_t base = position->unit == ARCHIVE_BINARY ? place->binary :
							   place->ascii;
	uint64_t more, sum;

	if (position->unit == ARCHIVE_INDEX)
		return place->index;
	if (__builtin_mul_overflow(place->index, position->per_record, &more) ||
	    __builtin_add_overflow(base, more, &sum))
		return UINT64_MAX;
	return sum;
}

static struct archive_place place_of(const struct imastage_buffer *marks,
				     const struct archive_place *start,
				     size_t at)
{
	struct mark mark = mark_get(marks, at);
	struct archive_place place = {
		start->index + at * ARCHIVE_MARK_RECORDS,
		start->binary + mark.binary,
		start->ascii + mark.ascii,
	};

	return place;
}

struct archive_place marks_find(const struct imastage_buffer *marks,
				const struct archive_place *start,
				const struct position *position,
				uint64_t offset)
{
	size_t low = 0, high = marks_nr(marks) - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		struct archive_place place = place_of(marks, start, middle);

		if (position_of(position, &place) <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	return place_of(marks, start, low);
}
