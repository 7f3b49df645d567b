// SPDX-License-Identifier: MIT
/*
 * The bounded reader. take() is the only place that compares a length with
 * what remains and the only one that moves the offset.
 */
#include "base/cursor.h"

#include <errno.h>

void cursor_init(struct cursor *cursor, struct bytes bytes, enum endian endian)
{
	*cursor = (struct cursor){ .bytes = bytes, .endian = endian };
}

static int take(struct cursor *cursor, size_t len, struct bytes *ret_view)
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
static int take_number(struct cursor *cursor, size_t len, uint64_t *ret_value)
{
	struct bytes view;
	uint64_t value = 0;
	int r;

	r = take(cursor, len, &view);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++) {
		size_t at = cursor->endian == ENDIAN_BIG ? i : len - 1 - i;

		value = value << 8 | view.data[at];
	}
	*ret_value = value;
	return 0;
}

#define DEFINE_CURSOR_READ(name, type)                                   \
	int cursor_read_##name(struct cursor *cursor, type *ret_value)   \
	{                                                                \
		uint64_t value;                                          \
		int r = take_number(cursor, sizeof(*ret_value), &value); \
                                                                         \
		if (r == 0)                                              \
			*ret_value = (type)value;                        \
		return r;                                                \
	}

DEFINE_CURSOR_READ(u8, uint8_t)
DEFINE_CURSOR_READ(u16, uint16_t)
DEFINE_CURSOR_READ(u32, uint32_t)
DEFINE_CURSOR_READ(u64, uint64_t)

int cursor_read_bytes(struct cursor *cursor, size_t len, struct bytes *ret_view)
{
	return take(cursor, len, ret_view);
}

struct bytes cursor_since(const struct cursor *cursor,
			  const struct cursor *start)
{
	struct cursor from = *start;
	struct bytes view = { 0 };

	if (start->offset < cursor->offset)
		(void)take(&from, cursor->offset - start->offset, &view);
	return view;
}
