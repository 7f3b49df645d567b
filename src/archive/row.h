/* SPDX-License-Identifier: MIT */
/*
 * The row of a segment: what the index says of it, checked.
 */
#ifndef ARCHIVE_ROW_H
#define ARCHIVE_ROW_H

#include "archive/archive.h"

/* No record is shorter: PCR, digest, and a name and data of one byte and none. */
#define ROW_RECORD_LEN_MIN (4 + 20 + 4 + 1 + 4)

/* A segment is sealed by the record that makes it as long as it may be. */
#define ROW_BYTES_MAX (ARCHIVE_SEGMENT_LEN_MAX + IMASTAGE_RECORD_LEN_MAX)

/*
 * What holds for each that comes from the index: first + count does not
 * overflow an int64_t, nor do binary_start and ascii_start with what follows; count
 * is not 0; bytes are enough for count records and no more than
 * ROW_BYTES_MAX; blobs are empty or as long as the count needs.
 */
struct row {
	int64_t id; /* 0: not in the index */
	struct archive_segment is;
	struct imastage_buffer marks; /* owned; see marks.h */
	struct imastage_buffer frames; /* owned; empty unless compressed */
	struct imastage_buffer state; /* owned; of the replay, empty: unknown */
};

void row_fini(struct row *row);

static inline uint64_t row_end(const struct row *row)
{
	return row->is.first + row->is.count;
}

/* How many marks a segment of @count records has. */
static inline uint64_t row_nr_marks(uint64_t count)
{
	return (count + ARCHIVE_MARK_RECORDS - 1) / ARCHIVE_MARK_RECORDS;
}

/* NULL when all of the above holds, but for blobs; else what does not. */
const char *row_check(const struct row *row);

#endif
