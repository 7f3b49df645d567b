/* SPDX-License-Identifier: MIT */
/*
 * Marks: where every 256th record of a segment is. In the index they are a
 * blob: for each mark, beginning with the first record's,
 *	u32	its byte in the segment
 *	u32	its byte in the segment in ASCII
 * and in a blob of their own, for a compressed segment,
 *	u32	byte in the file where the frame begins that begins with it
 * all little-endian. docs/format-archive.md says the same to others.
 */
#ifndef ARCHIVE_MARKS_H
#define ARCHIVE_MARKS_H

#include "archive/row.h"

#define MARK_LEN 8
#define FRAME_LEN 4

struct mark {
	uint64_t binary, ascii; /* counted from the start of the segment */
};

/* -ENOMEM. */
int marks_put(struct imastage_buffer *marks, const struct mark *mark);
int frames_put(struct imastage_buffer *frames, uint64_t offset);

/* @at: less than how many there are */
struct mark mark_get(const struct imastage_buffer *marks, size_t at);
uint64_t frame_get(const struct imastage_buffer *frames, size_t at);

static inline size_t marks_nr(const struct imastage_buffer *marks)
{
	return marks->len / MARK_LEN;
}

/*
 * NULL when the marks of @row are as many as it needs, ascend by at least what
 * 256 records take, and stay below its lengths; else what is wrong. The same
 * for its frames.
 */
const char *marks_check(const struct row *row);
const char *frames_check(const struct row *row);

/* Where a list is asked for: see archive_locate(). */
struct position {
	enum archive_unit unit;
	uint64_t per_record;
};

/* Of @place in the list; UINT64_MAX when it is more than that. */
uint64_t position_of(const struct position *position,
		     const struct archive_place *place);

/*
 * The last mark that is at or before @offset, of a segment that begins at
 * @start, which is. Marks must not be empty.
 */
struct archive_place marks_find(const struct imastage_buffer *marks,
				const struct archive_place *start,
				const struct position *position,
				uint64_t offset);

#endif
