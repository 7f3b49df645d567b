/* SPDX-License-Identifier: MIT */
/*
 * Writing to a sink in larger pieces, or to memory. Errors stick: whoever writes asks
 * once, at the flush, and nothing more is written after the first.
 */
#ifndef LOG_OUT_H
#define LOG_OUT_H

#include "base/bytes.h"

struct out {
	struct imastage_sink sink;
	int error; /* of the sink, once there was one */
	size_t len, capacity;
	uint8_t *data; /* @own, or somebody's */
	uint8_t own[4096];
};

void out_init(struct out *out, struct imastage_sink sink);

/*
 * From the first to the second, writes to @data and not to the sink; nothing may wait
 * to be flushed. Returns how many bytes that were, or -ENOBUFS: there was no room.
 */
void out_begin_memory(struct out *out, void *data, size_t capacity);
ssize_t out_end_memory(struct out *out);

/* Of @bytes that there is no room for. */
void out_long(struct out *out, struct imastage_bytes bytes);

/*
 * Room for @len bytes behind what is there, or NULL. What is put there counts once
 * out_took() says how much that was.
 */
static inline uint8_t *out_room(struct out *out, size_t len)
{
	return len <= out->capacity - out->len ? out->data + out->len : NULL;
}

static inline void out_took(struct out *out, size_t len)
{
	out->len += len;
}

/* Inline, for a record is some of these. */
static inline void out_bytes(struct out *out, struct imastage_bytes bytes)
{
	if (bytes.len > out->capacity - out->len) {
		out_long(out, bytes);
		return;
	}
	if (bytes.len > 0)
		memcpy(out->data + out->len, bytes.data, bytes.len);
	out->len += bytes.len;
}

static inline void out_byte(struct out *out, uint8_t byte)
{
	out_bytes(out, bytes_of(&byte, 1));
}

void out_text(struct out *out, const char *text);

/* In hexadecimal, lower case. */
void out_hex(struct out *out, struct imastage_bytes bytes);

/* The lowest @len bytes of @value; @len is 1, 2, 4 or 8. */
void out_number(struct out *out, uint64_t value, size_t len,
		enum imastage_endian endian);

/* In decimal. */
void out_decimal(struct out *out, uint64_t value);

/* Hands on what is there. Returns the first error since out_init(). */
int out_flush(struct out *out);

#endif
