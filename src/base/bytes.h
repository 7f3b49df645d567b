/* SPDX-License-Identifier: MIT */
/*
 * A view of bytes that somebody else owns. Copying the struct copies the view,
 * never the bytes; a view is valid as long as what it looks at.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data; /* may be NULL when len is 0 */
	size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ .data = data, .len = len };
}

/* The characters of @text, without the NUL that ends it. */
static inline struct bytes bytes_of_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}

static inline bool bytes_equal_text(struct bytes bytes, const char *text)
{
	return bytes_equal(bytes, bytes_of_text(text));
}

static inline bool bytes_contain(struct bytes bytes, uint8_t value)
{
	return bytes.len > 0 && memchr(bytes.data, value, bytes.len);
}

/* Does every byte have @value? True for an empty view. */
static inline bool bytes_are_all(struct bytes bytes, uint8_t value)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] != value)
			return false;
	return true;
}

#endif
