// SPDX-License-Identifier: MIT
#include "archive/row.h"

#include <stdlib.h>

void row_fini(struct row *row)
{
	free(row->marks.data);
	free(row->frames.data);
	free(row->state.data);
	*row = (struct row){ 0 };
}

/* Numbers that are added up later stay far from overflowing. */
static bool is_sane(uint64_t number)
{
	return number <= INT64_MAX / 4;
}

const char *row_check(const struct row *row)
{
	const struct archive_segment *is = &row->is;

	if (is->boot <= 0 || !is_sane(is->first) || !is_sane(is->count) ||
	    !is_sane(is->binary_start) || !is_sane(is->ascii_start))
		return "a number is out of range";
	if (is->count == 0)
		return "a segment has no records";
	if (is->bytes > ROW_BYTES_MAX || is->stored_bytes > ROW_BYTES_MAX)
		return "a segment is too long";
	if (is->bytes / ROW_RECORD_LEN_MIN < is->count)
		return "a segment has more records than its bytes can hold";
	if (is->ascii / 4 > is->bytes || is->ascii < is->count)
		return "a segment cannot have that length in ASCII";
	if (!is->compressed && is->stored_bytes != is->bytes)
		return "a segment that is not compressed has two lengths";
	return NULL;
}
