// SPDX-License-Identifier: MIT
/*
 * Reader of test data written as text.
 */
#include "lib/hexfile.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>

#define TEXT_LEN_MAX ((size_t)16 << 20)

/* Reads up to and with the character @end; -EINVAL if it never comes. */
static int read_until(struct cursor *c, uint8_t end,
		      struct imastage_bytes *ret_view)
{
	size_t start = cursor_offset(c);
	uint8_t character;

	while (cursor_read_u8(c, &character) == 0) {
		if (character == end) {
			*ret_view = cursor_since(c, start);
			*ret_view = bytes_first(*ret_view, ret_view->len - 1);
			return 0;
		}
	}
	return -EINVAL;
}

static int read_byte(struct cursor *c, uint8_t *ret_data, size_t *len)
{
	struct imastage_bytes digits;
	size_t one;
	int r;

	r = cursor_read_bytes(c, 2, &digits);
	if (r == 0)
		r = hex_decode(digits, 1, &ret_data[*len], &one);
	if (r < 0)
		return -EINVAL;
	*len += one;
	return 0;
}

static int read_item(struct cursor *c, uint8_t *ret_data, size_t *len)
{
	struct cursor start = *c;
	struct imastage_bytes view;
	uint8_t first;
	int r;

	r = cursor_read_u8(c, &first);
	if (r < 0 || isspace(first))
		return r;
	if (first == '#')
		return read_until(c, '\n', &view);
	if (first == '"') {
		r = read_until(c, '"', &view);
		if (r == 0 && view.len > 0)
			memcpy(ret_data + *len, view.data, view.len);
		if (r == 0)
			*len += view.len;
		return r;
	}
	*c = start;
	return read_byte(c, ret_data, len);
}

int hexfile_parse(struct imastage_bytes text, uint8_t *ret_data,
		  size_t *ret_len)
{
	struct cursor c;
	size_t len = 0;

	cursor_init(&c, text, IMASTAGE_HOST);
	while (cursor_remaining(&c) > 0) {
		int r = read_item(&c, ret_data, &len);

		if (r < 0)
			return r;
	}
	*ret_len = len;
	return 0;
}

int hexfile_read(const char *path, uint8_t **ret_data, size_t *ret_len)
{
	cleanup_free uint8_t *text = NULL;
	cleanup_free uint8_t *data = NULL;
	size_t text_len, len;
	int r;

	r = file_read(path, TEXT_LEN_MAX, &text, &text_len);
	if (r < 0)
		return r;
	data = malloc(text_len + 1);
	if (!data)
		return -ENOMEM;
	r = hexfile_parse(bytes_of(text, text_len), data, &len);
	if (r < 0)
		return r;
	*ret_data = data;
	*ret_len = len;
	data = NULL;
	return 0;
}
