// SPDX-License-Identifier: MIT
/*
 * Hexadecimal text. Independent of the locale.
 */
#include "base/hex.h"

#include <errno.h>

#define IN_EACH_BYTE(value) (0x0101010101010101u * (uint64_t)(value))

static uint64_t little(uint64_t value)
{
	return IMASTAGE_HOST == IMASTAGE_LITTLE ? value :
						  __builtin_bswap64(value);
}

/*
 * Four bytes at once, for lists are mostly digests: first each half byte gets
 * a byte of its own, in the order of the text; then all eight become digits, where
 * adding 6 tells those above 9 by their fifth bit.
 */
static void encode_four(const uint8_t *data, char *text)
{
	uint64_t x = 0, above;

	for (unsigned int i = 0; i < 4; i++)
		x |= (uint64_t)data[i] << (16 * i);
	x = (x >> 4 | x << 8) & IN_EACH_BYTE(15);
	above = (x + IN_EACH_BYTE(6)) >> 4 & IN_EACH_BYTE(1);
	x = little(x + IN_EACH_BYTE('0') + above * ('a' - '9' - 1));
	memcpy(text, &x, sizeof(x));
}

static void encode_one(uint8_t byte, char *text)
{
	static const char digits[] = "0123456789abcdef";

	text[0] = digits[byte >> 4];
	text[1] = digits[byte & 15];
}

void hex_encode(struct imastage_bytes bytes, char *ret_text)
{
	size_t i = 0;

	for (; bytes.len - i >= 4; i += 4)
		encode_four(bytes.data + i, ret_text + 2 * i);
	for (; i < bytes.len; i++)
		encode_one(bytes.data[i], ret_text + 2 * i);
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
