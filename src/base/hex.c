// SPDX-License-Identifier: MIT
/*
 * Hexadecimal text. Independent of the locale.
 */
#include "base/hex.h"

#include <errno.h>

void hex_encode(struct imastage_bytes bytes, char *ret_text)
{
	hex_encode_bare(bytes, ret_text);
	ret_text[2 * bytes.len] = '\0';
}

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int hex_decode(struct imastage_bytes text, size_t capacity, uint8_t *ret_data,
	       size_t *ret_len)
{
	if (text.len % 2)
		return -EINVAL;
	if (text.len / 2 > capacity)
		return -ENOBUFS;
	for (size_t i = 0; i < text.len / 2; i++) {
		int high = digit_value(text.data[2 * i]);
		int low = digit_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret_data[i] = (uint8_t)(high << 4 | low);
	}
	*ret_len = text.len / 2;
	return 0;
}
