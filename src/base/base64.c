// SPDX-License-Identifier: MIT
/*
 * Base64, read and written.
 */
#include "base/base64.h"
#include "base/bytes.h"

#include <errno.h>

#define GROUP 4

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- writing --------------------------------------------------------------- */

/* One to three bytes. */
static void encode_group(struct imastage_bytes group, char *ret_text)
{
	uint32_t word = 0;

	for (size_t i = 0; i < group.len; i++)
		word |= (uint32_t)group.data[i] << (16 - 8 * i);
	for (size_t i = 0; i < GROUP; i++)
		ret_text[i] = i <= group.len ?
				      alphabet[word >> (18 - 6 * i) & 63] :
				      '=';
}

void base64_encode(struct imastage_bytes bytes, char *ret_text)
{
	for (; bytes.len > 0; ret_text += GROUP) {
		encode_group(bytes_first(bytes, 3), ret_text);
		bytes = bytes_skip(bytes, 3);
	}
}

/* ---- reading --------------------------------------------------------------- */

/* The six bits of a character; -1 for none. */
static int bits_of(uint8_t character)
{
	const char *at = character ? strchr(alphabet, character) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* How many of the characters that end all of it are padding: 0, 1 or 2. */
static size_t padding_of(struct imastage_bytes text)
{
	size_t nr = 0;

	while (nr < 2 && nr < text.len && text.data[text.len - 1 - nr] == '=')
		nr++;
	return nr;
}

/*
 * A group of @nr characters (2 to 4) without its padding. Returns how many are good: fewer
 * than @nr when one of them is not.
 */
static size_t decode_group(const uint8_t *text, size_t nr, uint8_t *ret_data)
{
	uint32_t word = 0;

	for (size_t i = 0; i < nr; i++) {
		int bits = bits_of(text[i]);

		if (bits < 0)
			return i;
		word |= (uint32_t)bits << (18 - 6 * i);
	}
	if (word & ((1u << (8 * (GROUP - nr))) - 1))
		return nr - 1;
	for (size_t i = 0; i + 1 < nr; i++)
		ret_data[i] = (uint8_t)(word >> (16 - 8 * i));
	return nr;
}

int base64_decode(struct imastage_bytes text, uint8_t *ret_data,
		  size_t *ret_len, size_t *ret_at)
{
	size_t padding = padding_of(text), len = 0;

	*ret_at = text.len;
	if (text.len % GROUP)
		return -EINVAL;
	for (size_t at = 0; at < text.len; at += GROUP) {
		size_t nr = at + GROUP < text.len ? GROUP : GROUP - padding;
		size_t good = decode_group(text.data + at, nr, ret_data + len);

		if (good < nr) {
			*ret_at = at + good;
			return -EINVAL;
		}
		len += nr - 1;
	}
	*ret_len = len;
	return 0;
}
