/* SPDX-License-Identifier: MIT */
/*
 * A bounded reader. Every byte that comes from outside is read through one of
 * these, so that no parser does pointer arithmetic of its own.
 *
 * Invariant: offset <= bytes.len, whatever is asked for.
 *
 * Each cursor_read_*() returns 0 and moves on, or returns -ENODATA when fewer
 * bytes remain than it needs; then neither the cursor nor *ret_* has changed.
 * Copying the struct is the way to look ahead. All of it is inline: parsing is
 * a dozen of these calls for each of millions of records.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/bytes.h"

#include <errno.h>

struct cursor {
	struct imastage_bytes bytes; /* all there is to read */
	size_t offset; /* of the next byte to be read */
	enum imastage_endian endian; /* of the numbers in it */
};

static inline void cursor_init(struct cursor *cursor,
			       struct imastage_bytes bytes,
			       enum imastage_endian endian)
{
	cursor->bytes = bytes;
	cursor->offset = 0;
	cursor->endian = endian;
}

static inline size_t cursor_offset(const struct cursor *cursor)
{
	return cursor->offset;
}

static inline size_t cursor_remaining(const struct cursor *cursor)
{
	return cursor->bytes.len - cursor->offset;
}

/*
 * *ret_view looks at the same memory as the cursor. The only place that
 * compares a length with what remains and the only one that moves the offset.
 */
static inline int cursor_read_bytes(struct cursor *cursor, size_t len,
				    struct imastage_bytes *ret_view)
{
	if (len > cursor_remaining(cursor))
		return -ENODATA;
	/* An empty view is NULL: adding 0 to a NULL pointer is undefined. */
	*ret_view =
		bytes_of(len ? cursor->bytes.data + cursor->offset : NULL, len);
	cursor->offset += len;
	return 0;
}

/* @len: at most the 8 bytes of the result */
static inline int cursor_read_number(struct cursor *cursor, size_t len,
				     uint64_t *ret_value)
{
	struct imastage_bytes view;
	uint64_t value = 0;
	int r;

	r = cursor_read_bytes(cursor, len, &view);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++) {
		size_t at = cursor->endian == IMASTAGE_BIG ? i : len - 1 - i;

		value = value << 8 | view.data[at];
	}
	*ret_value = value;
	return 0;
}

static inline int cursor_read_u8(struct cursor *cursor, uint8_t *ret_value)
{
	struct imastage_bytes view;
	int r = cursor_read_bytes(cursor, 1, &view);

	if (r == 0)
		*ret_value = view.data[0];
	return r;
}

/* Numbers of a fixed size are loaded at once, and swapped if need be. */
#define DEFINE_CURSOR_READ(bits)                                         \
	static inline int cursor_read_u##bits(struct cursor *cursor,     \
					      uint##bits##_t *ret_value) \
	{                                                                \
		struct imastage_bytes view;                              \
		uint##bits##_t value;                                    \
		int r = cursor_read_bytes(cursor, sizeof(value), &view); \
                                                                         \
		if (r < 0)                                               \
			return r;                                        \
		memcpy(&value, view.data, sizeof(value));                \
		if (cursor->endian != IMASTAGE_HOST)                     \
			value = __builtin_bswap##bits(value);            \
		*ret_value = value;                                      \
		return 0;                                                \
	}

DEFINE_CURSOR_READ(16)
DEFINE_CURSOR_READ(32)
DEFINE_CURSOR_READ(64)

/* What was read since the offset was @start. Empty when that is not before it now. */
static inline struct imastage_bytes cursor_since(const struct cursor *cursor,
						 size_t start)
{
	if (start >= cursor->offset)
		return bytes_of(NULL, 0);
	return bytes_of(cursor->bytes.data + start, cursor->offset - start);
}

#endif
