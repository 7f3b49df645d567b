// SPDX-License-Identifier: MIT
/* Growing memory. See out.h. */

#include "emu/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

static uint8_t *make_room(struct out *out, size_t len)
{
	if (len > out->room - out->len) {
		out->room = 2 * (out->len + len) + 256;
		out->data = realloc(out->data, out->room);
		if (!out->data)
			abort();
	}
	out->len += len;
	return out->data + out->len - len;
}

void emu_out_fini(struct out *out)
{
	free(out->data);
	*out = (struct out){ 0 };
}

void emu_out_bytes(struct out *out, const void *data, size_t len)
{
	if (len)
		memcpy(make_room(out, len), data, len);
}

void emu_out_u32(struct out *out, uint32_t value)
{
	emu_out_bytes(out, &value, sizeof(value));
}

void emu_out_hex(struct out *out, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = data;
	uint8_t *to;

	if (!len)
		return;
	for (to = make_room(out, 2 * len); len; len--, from++) {
		*to++ = digits[*from >> 4];
		*to++ = digits[*from & 15];
	}
}

/* For short texts: what is longer than TEXT_MAX is cut off. */
void emu_out_text(struct out *out, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len > 0)
		emu_out_bytes(out, text, len < TEXT_MAX ? len : TEXT_MAX - 1);
}
