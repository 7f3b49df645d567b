// SPDX-License-Identifier: MIT
/*
 * One walk over the text. Names are kept by a hash and their place; when an object is over, its names
 * are sorted by both, and those that are alike lie beside each other.
 */
#include "base/json_pull.h"
#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

struct json_pull_name {
	uint64_t hash; /* of what the name means */
	size_t at; /* of its first quote */
};

static int fail(struct json_pull *pull, size_t at, const char *reason)
{
	pull->error_at = at;
	pull->reason = reason;
	return -EBADMSG;
}

int json_pull_refuse(struct json_pull *pull, const char *reason)
{
	return fail(pull, pull->value_at, reason);
}

int json_pull_init(struct json_pull *ret_pull, struct imastage_bytes text)
{
	*ret_pull = (struct json_pull){ .text = text, .reason = "" };
	return text.len > JSON_PULL_LEN_MAX ?
		       fail(ret_pull, 0, "a text that is too long") :
		       0;
}

void json_pull_fini(struct json_pull *pull)
{
	free(pull->names);
	free(pull->decoded);
}

static uint8_t byte_at(const struct json_pull *pull, size_t at)
{
	return at < pull->text.len ? pull->text.data[at] : 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static size_t behind_space(const struct json_pull *pull)
{
	size_t at = pull->at;

	while (is_space(byte_at(pull, at)))
		at++;
	return at;
}

static void skip_space(struct json_pull *pull)
{
	pull->at = behind_space(pull);
}

char json_pull_peek(const struct json_pull *pull)
{
	uint8_t c = byte_at(pull, behind_space(pull));

	return c && strchr("{[\"-0123456789tfn", c) ? (char)c : 0;
}

/* ---- characters of strings -------------------------------------------------- */

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits at @at. Negative: they are none. */
static long read_four(const struct json_pull *pull, size_t at)
{
	long code = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = hex_value(byte_at(pull, at + i));

		if (value < 0)
			return -1;
		code = code << 4 | value;
	}
	return code;
}

static size_t encode(long code, uint8_t *ret)
{
	if (code < 0x80) {
		ret[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		ret[0] = (uint8_t)(0xc0 | code >> 6);
		ret[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		ret[0] = (uint8_t)(0xe0 | code >> 12);
		ret[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		ret[2] = (uint8_t)(0x80 | (code & 0x3f));
		return 3;
	}
	ret[0] = (uint8_t)(0xf0 | code >> 18);
	ret[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
	ret[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	ret[3] = (uint8_t)(0x80 | (code & 0x3f));
	return 4;
}

/* "\u" is at *at. The number of bytes in @ret; 0: it is no character. */
static size_t unescape_number(const struct json_pull *pull, size_t *at,
			      uint8_t ret[4])
{
	long code = read_four(pull, *at + 2), low;

	*at += 6;
	if (code < 0 || (code >= 0xdc00 && code < 0xe000))
		return 0;
	if (code < 0xd800 || code >= 0xe000)
		return encode(code, ret);
	low = byte_at(pull, *at) == '\\' && byte_at(pull, *at + 1) == 'u' ?
		      read_four(pull, *at + 2) :
		      -1;
	*at += 6;
	if (low < 0xdc00 || low >= 0xe000)
		return 0;
	return encode(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), ret);
}

/*
 * The character at *at of a string, which is put behind. 0 bytes: it is the quote at the end,
 * or there is none.
 */
static size_t take_character(const struct json_pull *pull, size_t *at,
			     uint8_t ret[4])
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint8_t c = byte_at(pull, *at);
	const char *found;
	size_t len;

	if (c >= 0x80) {
		len = text_utf8_len(bytes_skip(pull->text, *at));
		memcpy(ret, pull->text.data + *at, len);
		*at += len;
		return len;
	}
	if (c < ' ' || c == '"')
		return 0;
	if (c != '\\') {
		ret[0] = c;
		(*at)++;
		return 1;
	}
	c = byte_at(pull, *at + 1);
	if (c == 'u')
		return unescape_number(pull, at, ret);
	found = c ? strchr(letters, c) : NULL;
	if (!found)
		return 0;
	ret[0] = (uint8_t)meant[found - letters];
	*at += 2;
	return 1;
}

/* ---- strings --------------------------------------------------------------- */

/* Where what is plain ASCII ends: most strings have nothing else. */
static size_t plain_end(const struct json_pull *pull, size_t at)
{
	while (at < pull->text.len && pull->text.data[at] >= ' ' &&
	       pull->text.data[at] < 0x80 && pull->text.data[at] != '"' &&
	       pull->text.data[at] != '\\')
		at++;
	return at;
}

static int reserve(struct json_pull *pull, size_t capacity)
{
	uint8_t *decoded;

	if (capacity <= pull->decoded_capacity)
		return 0;
	decoded = realloc(pull->decoded, capacity);
	if (!decoded)
		return -ENOMEM;
	pull->decoded = decoded;
	pull->decoded_capacity = capacity;
	return 0;
}

static const char *wrong_character(const struct json_pull *pull, size_t at)
{
	if (at >= pull->text.len)
		return "a string that does not end";
	if (pull->text.data[at] < ' ')
		return "a control character in a string";
	if (pull->text.data[at] >= 0x80)
		return "not UTF-8";
	return "an escape of no character, or half of one";
}

/* Where the string ends that has @at in it, or the text. */
static size_t string_end(const struct json_pull *pull, size_t at)
{
	while (at < pull->text.len && pull->text.data[at] != '"')
		at += 1 + (pull->text.data[at] == '\\');
	return at < pull->text.len ? at : pull->text.len;
}

/* From @at on, behind the quote, with what was plain already. */
static int decode(struct json_pull *pull, size_t start, size_t at,
		  struct imastage_bytes *ret_string)
{
	size_t len = at - start, wrong = at, one;
	/* No character means more bytes than it is written with, and none more than 4. */
	int r = reserve(pull, string_end(pull, at) - start + 4);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(pull->decoded, pull->text.data + start, len);
	while ((one = take_character(pull, &at, pull->decoded + len)) > 0) {
		len += one;
		wrong = at;
	}
	if (byte_at(pull, wrong) != '"')
		r = fail(pull, wrong, wrong_character(pull, wrong));
	if (r < 0)
		return r;
	pull->at = wrong + 1;
	*ret_string = bytes_of(pull->decoded, len);
	return 0;
}

static int take_string(struct json_pull *pull,
		       struct imastage_bytes *ret_string)
{
	size_t start, at;

	skip_space(pull);
	pull->value_at = pull->at;
	if (byte_at(pull, pull->at) != '"')
		return fail(pull, pull->at, "not a string");
	start = pull->at + 1;
	at = plain_end(pull, start);
	if (byte_at(pull, at) != '"')
		return decode(pull, start, at, ret_string);
	pull->at = at + 1;
	*ret_string = bytes_of(pull->text.data + start, at - start);
	return 0;
}

int json_pull_string(struct json_pull *pull, struct imastage_bytes *ret_string)
{
	return take_string(pull, ret_string);
}

/* ---- names that are there twice ------------------------------------------------ */

static uint64_t hash_of(struct imastage_bytes name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int keep_name(struct json_pull *pull, struct imastage_bytes name,
		     size_t at)
{
	size_t capacity = pull->capacity ? 2 * pull->capacity : 64;

	if (pull->names_max && pull->nr_names == pull->names_max)
		return fail(pull, at, "too many names");
	if (pull->nr_names == pull->capacity) {
		struct json_pull_name *names =
			reallocarray(pull->names, capacity, sizeof(*names));

		if (!names)
			return -ENOMEM;
		pull->names = names;
		pull->capacity = capacity;
	}
	pull->names[pull->nr_names++] =
		(struct json_pull_name){ hash_of(name), at };
	return 0;
}

/* Both are strings that were decoded before. */
static int compare_strings(const struct json_pull *pull, size_t a, size_t b)
{
	uint8_t x[4], y[4];
	size_t nr_x, nr_y;

	for (a++, b++;;) {
		int r;

		nr_x = take_character(pull, &a, x);
		nr_y = take_character(pull, &b, y);
		if (nr_x == 0 || nr_y == 0)
			return (nr_x > 0) - (nr_y > 0);
		r = memcmp(x, y, nr_x < nr_y ? nr_x : nr_y);
		if (r != 0 || nr_x != nr_y)
			return r ? r : (nr_x > nr_y) - (nr_x < nr_y);
	}
}

static int compare_names(const void *a, const void *b, void *context)
{
	const struct json_pull_name *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return compare_strings(context, x->at, y->at);
}

static int check_names(struct json_pull *pull, size_t first)
{
	struct json_pull_name *names;
	size_t nr = pull->nr_names - first;

	pull->nr_names = first;
	if (nr < 2)
		return 0;
	names = pull->names + first;
	qsort_r(names, nr, sizeof(*names), compare_names, pull);
	for (size_t i = 1; i < nr; i++)
		if (compare_names(&names[i - 1], &names[i], pull) == 0)
			return fail(pull,
				    names[i].at > names[i - 1].at ?
					    names[i].at :
					    names[i - 1].at,
				    "a name that is there twice");
	return 0;
}

/* ---- objects and arrays -------------------------------------------------------- */

int json_pull_open(struct json_pull *pull, char bracket)
{
	skip_space(pull);
	pull->value_at = pull->at;
	if (byte_at(pull, pull->at) != (uint8_t)bracket)
		return fail(pull, pull->at,
			    bracket == '{' ? "not an object" : "not an array");
	if (pull->depth == JSON_PULL_DEPTH_MAX)
		return fail(pull, pull->at, "nested too deeply");
	pull->closing[pull->depth] = bracket == '{' ? '}' : ']';
	pull->first_name[pull->depth++] = pull->nr_names;
	pull->fresh = true;
	pull->at++;
	return 0;
}

/* 1: another one follows. */
static int go_on(struct json_pull *pull)
{
	size_t depth = pull->depth - 1;

	skip_space(pull);
	if (byte_at(pull, pull->at) == (uint8_t)pull->closing[depth]) {
		pull->at++;
		pull->depth = depth;
		pull->fresh = false;
		return pull->closing[depth] == '}' ?
			       check_names(pull, pull->first_name[depth]) :
			       0;
	}
	if (!pull->fresh) {
		if (byte_at(pull, pull->at) != ',')
			return fail(pull, pull->at, "neither comma nor end");
		pull->at++;
	}
	pull->fresh = false;
	return 1;
}

int json_pull_member(struct json_pull *pull, struct imastage_bytes *ret_name)
{
	int r = go_on(pull);

	if (r <= 0)
		return r;
	r = take_string(pull, ret_name);
	if (r == 0)
		r = keep_name(pull, *ret_name, pull->value_at);
	if (r < 0)
		return r;
	skip_space(pull);
	if (byte_at(pull, pull->at) != ':')
		return fail(pull, pull->at, "no colon behind a name");
	pull->at++;
	return 1;
}

int json_pull_element(struct json_pull *pull)
{
	return go_on(pull);
}

/* ---- numbers and words ----------------------------------------------------------- */

static size_t digits_len(const struct json_pull *pull, size_t at)
{
	size_t len = 0;

	while (byte_at(pull, at + len) >= '0' && byte_at(pull, at + len) <= '9')
		len++;
	return len;
}

/* Where the number at @at ends; 0: it is none. *ret_whole: digits alone. */
static size_t number_end(const struct json_pull *pull, size_t at,
			 bool *ret_whole)
{
	bool minus = byte_at(pull, at) == '-';
	size_t len = digits_len(pull, at + minus);

	*ret_whole = !minus;
	if (len == 0 || (len > 1 && byte_at(pull, at + minus) == '0'))
		return 0;
	at += minus + len;
	if (byte_at(pull, at) == '.') {
		*ret_whole = false;
		len = digits_len(pull, at + 1);
		if (len == 0)
			return 0;
		at += 1 + len;
	}
	if ((byte_at(pull, at) | 0x20) == 'e') {
		uint8_t sign = byte_at(pull, ++at);

		*ret_whole = false;
		at += sign == '+' || sign == '-';
		len = digits_len(pull, at);
		at += len;
	}
	return len > 0 ? at : 0;
}

int json_pull_number(struct json_pull *pull, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t end;
	bool whole;

	skip_space(pull);
	pull->value_at = pull->at;
	end = number_end(pull, pull->at, &whole);
	if (end == 0 || !whole)
		return fail(pull, pull->at, "not a whole number");
	for (; pull->at < end; pull->at++) {
		uint64_t digit = (uint64_t)(byte_at(pull, pull->at) - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return fail(pull, pull->value_at,
				    "a number that is too large");
		number = 10 * number + digit;
	}
	*ret_number = number;
	return 0;
}

int json_pull_word(struct json_pull *pull, const char *word)
{
	size_t len = strlen(word);

	skip_space(pull);
	pull->value_at = pull->at;
	if (!bytes_equal_text(
		    bytes_first(bytes_skip(pull->text, pull->at), len), word))
		return fail(pull, pull->at, "another value than is due");
	pull->at += len;
	return 0;
}

/* ---- what nobody reads ------------------------------------------------------------ */

static int skip_plain(struct json_pull *pull)
{
	char c = json_pull_peek(pull);
	struct imastage_bytes string;
	size_t end;
	bool whole;

	if (c == '"')
		return take_string(pull, &string);
	if (c == 't' || c == 'f' || c == 'n')
		return json_pull_word(pull, c == 't' ? "true" :
					    c == 'f' ? "false" :
						       "null");
	skip_space(pull);
	pull->value_at = pull->at;
	end = number_end(pull, pull->at, &whole);
	if (end == 0)
		return fail(pull, pull->at, "no value");
	pull->at = end;
	return 0;
}

int json_pull_skip(struct json_pull *pull)
{
	size_t depth = pull->depth;
	struct imastage_bytes name;
	int r = 1;

	/* 1: a value comes next. */
	while (r >= 0) {
		char c = json_pull_peek(pull);

		if (r == 1) {
			r = c == '{' || c == '[' ? json_pull_open(pull, c) :
						   skip_plain(pull);
			if (r < 0)
				return r;
		}
		if (pull->depth == depth)
			return 0;
		r = pull->closing[pull->depth - 1] == '}' ?
			    json_pull_member(pull, &name) :
			    json_pull_element(pull);
	}
	return r;
}

int json_pull_end(struct json_pull *pull)
{
	skip_space(pull);
	return pull->at == pull->text.len ?
		       0 :
		       fail(pull, pull->at, "something behind the end");
}
