/* SPDX-License-Identifier: MIT */
/*
 * Growing memory (struct imastage_buffer) from the inside.
 */
#ifndef LOG_BUFFER_H
#define LOG_BUFFER_H

#include <imastage/bytes.h>

/* Room for @capacity bytes in all, doubling at least. -ENOMEM. */
int buffer_reserve(struct imastage_buffer *buffer, size_t capacity);

/* Appends. -ENOMEM, with nothing appended. */
int buffer_put(struct imastage_buffer *buffer, struct imastage_bytes bytes);
int buffer_put_u32(struct imastage_buffer *buffer, uint32_t value,
		   enum imastage_endian endian);

/* Gives the number at @offset, which was put before, its final value. */
void buffer_set_u32(struct imastage_buffer *buffer, size_t offset,
		    uint32_t value, enum imastage_endian endian);

/* Appends what @hex says in hexadecimal. -EINVAL when it is not. */
int buffer_put_hex(struct imastage_buffer *buffer, struct imastage_bytes hex);

#endif
