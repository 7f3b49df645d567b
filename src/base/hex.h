/* SPDX-License-Identifier: MIT */
/*
 * Bytes as hexadecimal text. Written in lower case, read in either.
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/bytes.h"

/* Characters of hex_encode()'s result, with the NUL that ends it. */
#define HEX_TEXT_LEN(len) (2 * (len) + 1)

/* ---- writing: inline, for a list in ASCII is mostly digests --------------------- */

typedef uint8_t hex_sixteen __attribute__((vector_size(16)));

static inline hex_sixteen hex_digits_of(hex_sixteen halves)
{
	return halves + '0' + ((hex_sixteen)(halves > 9) & ('a' - '9' - 1));
}

/*
 * Sixteen bytes at once: the digits of all upper halves, those of all lower ones, and
 * then of each byte one after the other.
 */
static inline void hex_encode_sixteen(const uint8_t *data, char *text)
{
	hex_sixteen bytes, upper, lower, first, last;

	memcpy(&bytes, data, sizeof(bytes));
	upper = hex_digits_of(bytes >> 4);
	lower = hex_digits_of(bytes & 15);
	first = __builtin_shufflevector(upper, lower, 0, 16, 1, 17, 2, 18, 3,
					19, 4, 20, 5, 21, 6, 22, 7, 23);
	last = __builtin_shufflevector(upper, lower, 8, 24, 9, 25, 10, 26, 11,
				       27, 12, 28, 13, 29, 14, 30, 15, 31);
	memcpy(text, &first, sizeof(first));
	memcpy(text + sizeof(first), &last, sizeof(last));
}

#define HEX_IN_EACH_BYTE(value) (0x0101010101010101u * (uint64_t)(value))

/*
 * Four bytes at once, of what is left: first each half byte gets
 * a byte of its own, in the order of the text; then all eight become digits, where
 * adding 6 tells those above 9 by their fifth bit.
 */
static inline void hex_encode_four(const uint8_t *data, char *text)
{
	uint64_t x = 0, above;

	for (unsigned int i = 0; i < 4; i++)
		x |= (uint64_t)data[i] << (16 * i);
	x = (x >> 4 | x << 8) & HEX_IN_EACH_BYTE(15);
	above = (x + HEX_IN_EACH_BYTE(6)) >> 4 & HEX_IN_EACH_BYTE(1);
	x += HEX_IN_EACH_BYTE('0') + above * ('a' - '9' - 1);
	if (IMASTAGE_HOST != IMASTAGE_LITTLE)
		x = __builtin_bswap64(x);
	memcpy(text, &x, sizeof(x));
}

/* @ret_text: 2 * bytes.len characters, and no NUL behind them */
static inline void hex_encode_bare(struct imastage_bytes bytes, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	size_t i = 0;

	for (; bytes.len - i >= sizeof(hex_sixteen); i += sizeof(hex_sixteen))
		hex_encode_sixteen(bytes.data + i, ret_text + 2 * i);
	for (; bytes.len - i >= 4; i += 4)
		hex_encode_four(bytes.data + i, ret_text + 2 * i);
	for (; i < bytes.len; i++) {
		ret_text[2 * i] = digits[bytes.data[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
}

/* @ret_text: HEX_TEXT_LEN(bytes.len) characters, owned by the caller */
void hex_encode(struct imastage_bytes bytes, char *ret_text);

/* ---- reading ------------------------------------------------------------------ */

/*
 * @text must be hex digits and nothing else, an even number of them.
 * Returns -EINVAL when it is not, -ENOBUFS when the result needs more than
 * @capacity bytes. *ret_data may be overwritten in part on failure,
 * *ret_len is not.
 */
int hex_decode(struct imastage_bytes text, size_t capacity, uint8_t *ret_data,
	       size_t *ret_len);

#endif
