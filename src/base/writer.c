// SPDX-License-Identifier: MIT
/*
 * The bounded writer. writer_put_bytes() is the only place that compares a
 * length with the room left and the only one that writes.
 */
#include "base/writer.h"

#include <errno.h>

void writer_init(struct writer *writer, uint8_t *data, size_t capacity,
		 enum imastage_endian endian)
{
	*writer = (struct writer){ .data = data,
				   .capacity = capacity,
				   .endian = endian };
}

int writer_put_bytes(struct writer *writer, struct imastage_bytes bytes)
{
	if (bytes.len > writer->capacity - writer->len)
		return -ENOBUFS;
	if (bytes.len > 0)
		memcpy(writer->data + writer->len, bytes.data, bytes.len);
	writer->len += bytes.len;
	return 0;
}

static int put_number(struct writer *writer, uint64_t value, size_t len)
{
	uint8_t number[sizeof(value)];

	for (size_t i = 0; i < len; i++) {
		size_t at = writer->endian == IMASTAGE_BIG ? len - 1 - i : i;

		number[at] = (uint8_t)(value >> (8 * i));
	}
	return writer_put_bytes(writer, bytes_of(number, len));
}

int writer_put_u32(struct writer *writer, uint32_t value)
{
	return put_number(writer, value, sizeof(value));
}

int writer_put_u64(struct writer *writer, uint64_t value)
{
	return put_number(writer, value, sizeof(value));
}
