/* SPDX-License-Identifier: MIT */
/*
 * Small questions about a view of bytes (imastage/bytes.h).
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <imastage/bytes.h>
#include <string.h>

static inline struct imastage_bytes bytes_of(const void *data, size_t len)
{
	struct imastage_bytes bytes = { (const uint8_t *)data, len };

	return bytes;
}

/* The characters of @text, without the NUL that ends it. */
static inline struct imastage_bytes bytes_of_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

static inline bool bytes_equal(struct imastage_bytes a, struct imastage_bytes b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}

static inline bool bytes_equal_text(struct imastage_bytes bytes,
				    const char *text)
{
	return bytes_equal(bytes, bytes_of_text(text));
}

/* Position of the first byte of @value, or bytes.len when there is none. */
static inline size_t bytes_find(struct imastage_bytes bytes, uint8_t value)
{
	const uint8_t *at = bytes.len ? memchr(bytes.data, value, bytes.len) :
					NULL;

	return at ? (size_t)(at - bytes.data) : bytes.len;
}

/* The same for the last one. */
static inline size_t bytes_find_last(struct imastage_bytes bytes, uint8_t value)
{
	const uint8_t *at = bytes.len ? memrchr(bytes.data, value, bytes.len) :
					NULL;

	return at ? (size_t)(at - bytes.data) : bytes.len;
}

static inline bool bytes_contain(struct imastage_bytes bytes, uint8_t value)
{
	return bytes_find(bytes, value) < bytes.len;
}

/* The first @len bytes; all of them when there are fewer. */
static inline struct imastage_bytes bytes_first(struct imastage_bytes bytes,
						size_t len)
{
	return bytes_of(bytes.data, len < bytes.len ? len : bytes.len);
}

/* What remains without the first @len bytes; an empty view has no address. */
static inline struct imastage_bytes bytes_skip(struct imastage_bytes bytes,
					       size_t len)
{
	return len < bytes.len ? bytes_of(bytes.data + len, bytes.len - len) :
				 bytes_of(NULL, 0);
}

/* Does every byte have @value? True for an empty view. */
static inline bool bytes_are_all(struct imastage_bytes bytes, uint8_t value)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] != value)
			return false;
	return true;
}

#endif
