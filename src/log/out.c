// SPDX-License-Identifier: MIT
/*
 * Writing to a sink in larger pieces.
 */
#include "log/out.h"
#include "base/bytes.h"
#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>

#define HEX_PIECE 256 /* bytes turned into hex at a time */

void out_init(struct out *out, struct imastage_sink sink)
{
	out->sink = sink;
	out->error = 0;
	out->len = 0;
	out->data = out->own;
	out->capacity = sizeof(out->own);
}

void out_begin_memory(struct out *out, void *data, size_t capacity)
{
	out->data = data;
	out->capacity = capacity;
}

ssize_t out_end_memory(struct out *out)
{
	ssize_t n = out->error ? out->error : (ssize_t)out->len;

	out_init(out, out->sink);
	return n;
}

static void hand_on(struct out *out, struct imastage_bytes bytes)
{
	if (out->data != out->own)
		out->error = -ENOBUFS;
	else if (out->error == 0 && bytes.len > 0)
		out->error = out->sink.write(out->sink.context, bytes.data,
					     bytes.len);
}

int out_flush(struct out *out)
{
	hand_on(out, bytes_of(out->data, out->len));
	out->len = 0;
	return out->error;
}

void out_long(struct out *out, struct imastage_bytes bytes)
{
	(void)out_flush(out);
	if (bytes.len > out->capacity)
		hand_on(out, bytes);
	else
		out_bytes(out, bytes);
}

void out_text(struct out *out, const char *text)
{
	out_bytes(out, bytes_of_text(text));
}

void out_hex(struct out *out, struct imastage_bytes bytes)
{
	while (bytes.len > 0) {
		struct imastage_bytes piece = bytes_first(bytes, HEX_PIECE);

		if (HEX_TEXT_LEN(piece.len) > out->capacity - out->len)
			(void)out_flush(out);
		if (HEX_TEXT_LEN(piece.len) > out->capacity)
			return;
		hex_encode(piece, (char *)out->data + out->len);
		out->len += 2 * piece.len;
		bytes = bytes_skip(bytes, piece.len);
	}
}

void out_number(struct out *out, uint64_t value, size_t len,
		enum imastage_endian endian)
{
	for (size_t i = 0; i < len; i++) {
		size_t at = endian == IMASTAGE_BIG ? len - 1 - i : i;

		out_byte(out, (uint8_t)(value >> (8 * at)));
	}
}

void out_decimal(struct out *out, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	out_text(out, text);
}
