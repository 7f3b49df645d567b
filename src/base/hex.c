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

typedef uint8_t sixteen __attribute__((vector_size(16)));

static sixteen digits_of(sixteen halves)
{
	return halves + '0' + ((sixteen)(halves > 9) & ('a' - '9' - 1));
}

/*
 * Sixteen bytes at once, for lists in ASCII are mostly digests: the digits of all
 * upper halves, those of all lower ones, and then of each byte one after the other.
 */
static void encode_sixteen(const uint8_t *data, char *text)
{
	sixteen bytes, upper, lower, first, last;

	memcpy(&bytes, data, sizeof(bytes));
	upper = digits_of(bytes >> 4);
	lower = digits_of(bytes & 15);
	first = __builtin_shufflevector(upper, lower, 0, 16, 1, 17, 2, 18, 3,
					19, 4, 20, 5, 21, 6, 22, 7, 23);
	last = __builtin_shufflevector(upper, lower, 8, 24, 9, 25, 10, 26, 11,
				       27, 12, 28, 13, 29, 14, 30, 15, 31);
	memcpy(text, &first, sizeof(first));
	memcpy(text + sizeof(first), &last, sizeof(last));
}

/*
 * Four bytes at once, of what is left: first each half byte gets
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

	for (; bytes.len - i >= sizeof(sixteen); i += sizeof(sixteen))
		encode_sixteen(bytes.data + i, ret_text + 2 * i);
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
