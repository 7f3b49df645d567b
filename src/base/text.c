// SPDX-License-Identifier: MIT
/*
 * Untrusted bytes on the way to people.
 */
#include "base/text.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"

#include <stdarg.h>

#define HEX_PIECE 256

/* Bytes of a character that begins with @first, 0 when none does. */
static size_t announced_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Not overlong, no surrogate, not above U+10FFFF: told by the second byte. */
static bool second_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second < 0xa0;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second < 0x90;
	default:
		return true;
	}
}

size_t text_utf8_len(struct imastage_bytes text)
{
	size_t len = text.len ? announced_len(text.data[0]) : 0;

	if (len == 0 || len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
	return len == 1 || second_fits(text.data[0], text.data[1]) ? len : 0;
}

bool text_is_utf8(struct imastage_bytes text)
{
	while (text.len > 0) {
		size_t len = text_utf8_len(text);

		if (len == 0)
			return false;
		text = bytes_skip(text, len);
	}
	return true;
}

static uint32_t decode(const uint8_t *data, size_t len)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = data[0] & masks[len];

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (data[i] & 0x3f);
	return code;
}

static bool is_control(uint32_t code)
{
	return code < ' ' || (code >= 0x7f && code < 0xa0);
}

static bool is_mark(uint32_t code)
{
	return code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

bool text_is_harmful(struct imastage_bytes text, uint32_t *ret_code,
		     size_t *ret_len)
{
	size_t len = text_utf8_len(text);
	uint32_t code = len ? decode(text.data, len) : 0xfffd;

	*ret_code = code;
	*ret_len = len ? len : 1;
	return !len || is_control(code) || is_mark(code);
}

void text_defuse(char *text)
{
	struct imastage_bytes left = bytes_of_text(text);
	uint32_t code;
	size_t len;

	for (; left.len; left = bytes_skip(left, len), text += len)
		if (text_is_harmful(left, &code, &len))
			memset(text, '?', len);
}

void text_print_line(FILE *file, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0) {
		text = NULL;
		fputs("(out of memory)\n", file);
		return;
	}
	text_defuse(text);
	fprintf(file, "%s\n", text);
}

void text_print_json(FILE *file, struct imastage_bytes json)
{
	uint32_t code;
	size_t len;

	for (; json.len; json = bytes_skip(json, len))
		if (text_is_harmful(json, &code, &len))
			fprintf(file, "\\u%04x", code);
		else
			fwrite_unlocked(json.data, 1, len, file);
}

void text_print(FILE *file, struct imastage_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (c >= ' ' && c < 0x7f && c != '\\')
			putc_unlocked(c, file);
		else
			fprintf(file, "\\x%02x", c);
	}
}

void text_print_hex(FILE *file, struct imastage_bytes bytes)
{
	char text[HEX_TEXT_LEN(HEX_PIECE)];

	while (bytes.len > 0) {
		struct imastage_bytes piece = bytes_first(bytes, HEX_PIECE);

		hex_encode(piece, text);
		fwrite_unlocked(text, 1, 2 * piece.len, file);
		bytes = bytes_skip(bytes, piece.len);
	}
}
