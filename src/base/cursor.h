/* SPDX-License-Identifier: MIT */
/*
 * A bounded reader. Every byte that comes from outside is read through one of
 * these, so that no parser does pointer arithmetic of its own.
 *
 * Invariant: offset <= bytes.len, whatever is asked for.
 *
 * Each cursor_read_*() returns 0 and moves on, or returns -ENODATA when fewer
 * bytes remain than it needs; then neither the cursor nor *ret_* has changed.
 * Copying the struct is the way to look ahead.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/bytes.h"
#include "base/endian.h"

struct cursor {
	struct bytes bytes; /* all there is to read */
	size_t offset; /* of the next byte to be read */
	enum endian endian; /* of the numbers in it */
};

void cursor_init(struct cursor *cursor, struct bytes bytes, enum endian endian);

static inline size_t cursor_offset(const struct cursor *cursor)
{
	return cursor->offset;
}

static inline size_t cursor_remaining(const struct cursor *cursor)
{
	return cursor->bytes.len - cursor->offset;
}

int cursor_read_u8(struct cursor *cursor, uint8_t *ret_value);
int cursor_read_u16(struct cursor *cursor, uint16_t *ret_value);
int cursor_read_u32(struct cursor *cursor, uint32_t *ret_value);
int cursor_read_u64(struct cursor *cursor, uint64_t *ret_value);

/* *ret_view looks at the same memory as the cursor. */
int cursor_read_bytes(struct cursor *cursor, size_t len,
		      struct bytes *ret_view);

/*
 * What was read since @start, an earlier copy of @cursor. Empty when @start
 * is not behind @cursor.
 */
struct bytes cursor_since(const struct cursor *cursor,
			  const struct cursor *start);

#endif
