/* SPDX-License-Identifier: MIT */
/*
 * A bounded writer, the cursor's counterpart: fills memory of its caller and
 * never writes past it.
 *
 * Invariant: len <= capacity. Each writer_put_*() returns 0, or -ENOBUFS when
 * there is no room for all of it; then nothing has been written.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/bytes.h"

struct writer {
	uint8_t *data; /* owned by the caller */
	size_t capacity;
	size_t len; /* bytes written so far */
	enum imastage_endian endian; /* of the numbers to be written */
};

void writer_init(struct writer *writer, uint8_t *data, size_t capacity,
		 enum imastage_endian endian);

int writer_put_u32(struct writer *writer, uint32_t value);
int writer_put_u64(struct writer *writer, uint64_t value);
int writer_put_bytes(struct writer *writer, struct imastage_bytes bytes);

/* What was written so far. */
static inline struct imastage_bytes writer_bytes(const struct writer *writer)
{
	return bytes_of(writer->data, writer->len);
}

#endif
