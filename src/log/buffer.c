// SPDX-License-Identifier: MIT
/*
 * Growing memory, and the sinks that are there for every program.
 */
#include "log/buffer.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/writer.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256

int buffer_reserve(struct imastage_buffer *buffer, size_t capacity)
{
	size_t grown = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
	uint8_t *data;

	if (capacity <= buffer->capacity)
		return 0;
	while (grown < capacity)
		grown = grown > SIZE_MAX / 2 ? capacity : grown * 2;
	data = realloc(buffer->data, grown);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = grown;
	return 0;
}

/* Room for @len more bytes. */
static int reserve_more(struct imastage_buffer *buffer, size_t len)
{
	if (len > SIZE_MAX - buffer->len)
		return -ENOMEM;
	return buffer_reserve(buffer, buffer->len + len);
}

int buffer_put(struct imastage_buffer *buffer, struct imastage_bytes bytes)
{
	int r = reserve_more(buffer, bytes.len);

	if (r < 0)
		return r;
	if (bytes.len > 0)
		memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
	buffer->len += bytes.len;
	return 0;
}

static void encode_u32(uint8_t number[4], uint32_t value,
		       enum imastage_endian endian)
{
	struct writer writer;

	writer_init(&writer, number, 4, endian);
	(void)writer_put_u32(&writer, value);
}

int buffer_put_u32(struct imastage_buffer *buffer, uint32_t value,
		   enum imastage_endian endian)
{
	uint8_t number[4];

	encode_u32(number, value, endian);
	return buffer_put(buffer, bytes_of(number, sizeof(number)));
}

void buffer_set_u32(struct imastage_buffer *buffer, size_t offset,
		    uint32_t value, enum imastage_endian endian)
{
	encode_u32(buffer->data + offset, value, endian);
}

int buffer_put_hex(struct imastage_buffer *buffer, struct imastage_bytes hex)
{
	size_t len;
	int r;

	/* One digit needs no room: there may be no memory to point into. */
	if (hex.len % 2)
		return -EINVAL;
	if (hex.len == 0)
		return 0;
	r = reserve_more(buffer, hex.len / 2);
	if (r == 0)
		r = hex_decode(hex, hex.len / 2, buffer->data + buffer->len,
			       &len);
	if (r == 0)
		buffer->len += len;
	return r;
}

static int write_buffer(void *context, const void *data, size_t len)
{
	return buffer_put(context, bytes_of(data, len));
}

struct imastage_sink imastage_sink_buffer(struct imastage_buffer *buffer)
{
	struct imastage_sink sink = { write_buffer, buffer };

	return sink;
}

static int write_file(void *context, const void *data, size_t len)
{
	errno = 0;
	if (len == 0 || fwrite(data, 1, len, context) == len)
		return 0;
	return errno ? -errno : -EIO;
}

struct imastage_sink imastage_sink_file(FILE *file)
{
	struct imastage_sink sink = { write_file, file };

	return sink;
}
