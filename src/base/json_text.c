// SPDX-License-Identifier: MIT
/*
 * JSON without memory. A value is taken off the front of a text by what it starts
 * with; objects and arrays are taken off piece by piece, as deep as JSON_DEPTH_MAX.
 */
#include "base/json_text.h"
#include "base/bytes.h"
#include "base/hex.h"

#include <errno.h>

static uint8_t first_of(struct imastage_bytes text)
{
	return text.len > 0 ? text.data[0] : '\0';
}

static void skip_space(struct imastage_bytes *text)
{
	size_t at = 0;

	while (at < text->len &&
	       (text->data[at] == ' ' || text->data[at] == '\n' ||
		text->data[at] == '\t' || text->data[at] == '\r'))
		at++;
	*text = bytes_skip(*text, at);
}

/* Takes @c off, and the white space behind it. */
static bool take(struct imastage_bytes *text, uint8_t c)
{
	if (first_of(*text) != c)
		return false;
	*text = bytes_skip(*text, 1);
	skip_space(text);
	return true;
}

/* ---- strings --------------------------------------------------------------- */

/* Where the string that @text starts with is over, quotes included; 0: nowhere. */
static size_t string_len(struct imastage_bytes text)
{
	for (size_t at = 1; at < text.len; at++) {
		if (text.data[at] == '"')
			return at + 1;
		if (text.data[at] < ' ')
			return 0;
		at += text.data[at] == '\\';
	}
	return 0;
}

/* Behind "\u". */
static int take_number(struct imastage_bytes *string, uint8_t *ret_character)
{
	uint8_t code[2];
	size_t len;

	if (hex_decode(bytes_first(*string, 4), sizeof(code), code, &len) < 0 ||
	    len != sizeof(code) || code[0] > 0)
		return -EBADMSG;
	*string = bytes_skip(*string, 4);
	*ret_character = code[1];
	return 1;
}

static int take_escaped(struct imastage_bytes *string, uint8_t *ret_character)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	uint8_t c = first_of(*string);
	const char *found = c ? strchr(letters, c) : NULL;

	*string = bytes_skip(*string, 1);
	if (c == 'u')
		return take_number(string, ret_character);
	if (!found)
		return -EBADMSG;
	*ret_character = (uint8_t)meant[found - letters];
	return 1;
}

/* UTF-8 of two bytes is 110000xx 10xxxxxx up to U+00FF. */
int json_text_character(struct imastage_bytes *string, uint8_t *ret_character)
{
	uint8_t c = first_of(*string), second;

	if (string->len == 0)
		return 0;
	*string = bytes_skip(*string, 1);
	if (c == '\\')
		return take_escaped(string, ret_character);
	if (c >= 0x80) {
		second = first_of(*string);
		if ((c & 0xfe) != 0xc2 || (second & 0xc0) != 0x80)
			return -EBADMSG;
		*string = bytes_skip(*string, 1);
		c = (uint8_t)(c << 6 | (second & 0x3f));
	}
	*ret_character = c;
	return 1;
}

bool json_text_is(struct imastage_bytes string, const char *text)
{
	uint8_t c;

	for (; *text; text++)
		if (json_text_character(&string, &c) != 1 ||
		    c != (uint8_t)*text)
			return false;
	return string.len == 0;
}

int json_text_string(struct imastage_bytes value,
		     struct imastage_bytes *ret_string)
{
	if (first_of(value) != '"' || string_len(value) != value.len)
		return -EBADMSG;
	*ret_string = bytes_of(value.data + 1, value.len - 2);
	return 0;
}

/* ---- numbers and words ------------------------------------------------------ */

static size_t digits_len(struct imastage_bytes text, size_t at)
{
	size_t from = at;

	while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
		at++;
	return at - from;
}

static bool is_at(struct imastage_bytes text, size_t at, char a, char b)
{
	return at < text.len && (text.data[at] == a || text.data[at] == b);
}

/* -12.5e+3, as far as it goes; 0: not at all. */
static size_t number_len(struct imastage_bytes text)
{
	size_t at = is_at(text, 0, '-', '-'), len = digits_len(text, at);

	if (len == 0)
		return 0;
	at += len;
	if (is_at(text, at, '.', '.')) {
		len = digits_len(text, at + 1);
		if (len == 0)
			return 0;
		at += 1 + len;
	}
	if (is_at(text, at, 'e', 'E')) {
		at += 1 + is_at(text, at + 1, '+', '-');
		len = digits_len(text, at);
		if (len == 0)
			return 0;
		at += len;
	}
	return at;
}

static size_t word_len(struct imastage_bytes text)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++)
		if (bytes_equal_text(bytes_first(text, strlen(words[i])),
				     words[i]))
			return strlen(words[i]);
	return number_len(text);
}

int json_text_number(struct imastage_bytes value, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (value.len == 0 || digits_len(value, 0) != value.len)
		return -EBADMSG;
	for (size_t i = 0; i < value.len; i++) {
		uint64_t digit = (uint64_t)(value.data[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return -EBADMSG;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return 0;
}

/* ---- objects and arrays ------------------------------------------------------ */

static int take_value(struct imastage_bytes *text, unsigned int depth,
		      struct imastage_bytes *ret_value);

/* "key": value */
static int take_member(struct imastage_bytes *text, unsigned int depth,
		       struct imastage_bytes *ret_key,
		       struct imastage_bytes *ret_value)
{
	size_t len = first_of(*text) == '"' ? string_len(*text) : 0;

	if (len == 0)
		return -EBADMSG;
	*ret_key = bytes_of(text->data + 1, len - 2);
	*text = bytes_skip(*text, len);
	skip_space(text);
	return take(text, ':') ? take_value(text, depth, ret_value) : -EBADMSG;
}

/* Takes what an object or array has behind its first bracket, which was '[' or '{'. */
static int take_rest(struct imastage_bytes *text, uint8_t open,
		     unsigned int depth)
{
	uint8_t close = open == '{' ? '}' : ']';
	struct imastage_bytes key, value;
	int r;

	if (take(text, close))
		return 0;
	do {
		r = open == '{' ? take_member(text, depth, &key, &value) :
				  take_value(text, depth, &value);
		if (r < 0)
			return r;
	} while (take(text, ','));
	return take(text, close) ? 0 : -EBADMSG;
}

/* Takes a value and the white space behind it; the view is without that. */
static int take_value(struct imastage_bytes *text, unsigned int depth,
		      struct imastage_bytes *ret_value)
{
	const uint8_t *start = text->data;
	uint8_t c = first_of(*text);
	size_t len;

	if (c == '{' || c == '[') {
		struct imastage_bytes all = *text;

		if (depth == 0)
			return -EBADMSG;
		(void)take(text, c);
		if (take_rest(text, c, depth - 1) < 0)
			return -EBADMSG;
		len = all.len - text->len;
		while (start[len - 1] != '}' && start[len - 1] != ']')
			len--;
		*ret_value = bytes_of(start, len);
		return 0;
	}
	len = c == '"' ? string_len(*text) : word_len(*text);
	if (len == 0)
		return -EBADMSG;
	*ret_value = bytes_of(start, len);
	*text = bytes_skip(*text, len);
	skip_space(text);
	return 0;
}

/* 1: it is one of @keys. */
static int keep_member(struct imastage_bytes key, struct imastage_bytes value,
		       const char *const *keys, size_t nr,
		       struct imastage_bytes *values)
{
	int r = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!json_text_is(key, keys[i]))
			continue;
		if (values[i].len > 0)
			return -EBADMSG;
		values[i] = value;
		r = 1;
	}
	return r;
}

/* @nr_others: of members that are none of @keys */
static int take_members(struct imastage_bytes text, const char *const *keys,
			size_t nr, struct imastage_bytes *ret_values,
			size_t *nr_others)
{
	struct imastage_bytes key, value;
	int r = 0;

	skip_space(&text);
	for (size_t i = 0; i < nr; i++)
		ret_values[i] = bytes_of(NULL, 0);
	if (!take(&text, '{'))
		return -EBADMSG;
	if (take(&text, '}'))
		return text.len == 0 ? 0 : -EBADMSG;
	do {
		r = take_member(&text, JSON_DEPTH_MAX - 1, &key, &value);
		if (r == 0)
			r = keep_member(key, value, keys, nr, ret_values);
		if (r < 0)
			return r;
		*nr_others += r == 0;
	} while (take(&text, ','));
	return take(&text, '}') && text.len == 0 ? 0 : -EBADMSG;
}

int json_text_members(struct imastage_bytes text, const char *const *keys,
		      size_t nr, struct imastage_bytes *ret_values)
{
	size_t nr_others = 0;

	return take_members(text, keys, nr, ret_values, &nr_others);
}

int json_text_only(struct imastage_bytes text, const char *const *keys,
		   size_t nr, struct imastage_bytes *ret_values)
{
	size_t nr_others = 0;
	int r = take_members(text, keys, nr, ret_values, &nr_others);

	return r == 0 && nr_others > 0 ? -EBADMSG : r;
}

int json_text_element(struct imastage_bytes *text,
		      struct imastage_bytes *ret_element)
{
	bool first = take(text, '[');

	if (first ? take(text, ']') : !take(text, ','))
		return first || take(text, ']') ? 0 : -EBADMSG;
	return take_value(text, JSON_DEPTH_MAX - 1, ret_element) < 0 ?
		       -EBADMSG :
		       1;
}

/* ---- for those who make a tree of it ------------------------------------------- */

static size_t weight_of(uint8_t c)
{
	if (c == '{' || c == '[')
		return JSON_WEIGHT_OF_BRACKETS;
	return c == ',' || c == ':';
}

size_t json_text_weight(struct imastage_bytes text)
{
	size_t weight = 1, at = 0;

	while (at < text.len) {
		size_t len = text.data[at] == '"' ?
				     string_len(bytes_skip(text, at)) :
				     0;

		weight += weight_of(text.data[at]);
		at += len ? len : 1;
	}
	return weight;
}
