// SPDX-License-Identifier: MIT
/*
 * Python's regular expressions, rewritten for PCRE2: one walk over the text. Whatever the two
 * write alike is copied, and PCRE2 says what is wrong with it; escapes, counts and
 * sets are written so that PCRE2 reads what Python reads.
 */
#include "policy/regex.h"
#include "base/bytes.h"
#include "base/text.h"
#include "log/buffer.h"

#include <errno.h>

#define DEPTH_MAX 200 /* of groups in each other */
#define COUNT_DIGITS_MAX 5
#define NAME_LEN_MAX 32

struct rewrite {
	struct imastage_bytes in;
	size_t at;
	struct imastage_buffer *out;
	struct policy_error *error;
	unsigned int nr_groups; /* begun so far */
	size_t depth;
	unsigned int open[DEPTH_MAX]; /* their numbers; 0: of no number */
	bool repeatable; /* a count may follow */
};

/* ---- small steps ----------------------------------------------------------- */

static int fail(struct rewrite *rewrite, size_t at, const char *reason)
{
	rewrite->error->offset = at;
	snprintf(rewrite->error->reason, sizeof(rewrite->error->reason), "%s",
		 reason);
	return -EBADMSG;
}

/* The byte @ahead of the next one; 0 behind the end. */
static uint8_t peek(const struct rewrite *rewrite, size_t ahead)
{
	size_t left = rewrite->in.len - rewrite->at;

	return ahead < left ? rewrite->in.data[rewrite->at + ahead] : 0;
}

static bool at_end(const struct rewrite *rewrite)
{
	return rewrite->at == rewrite->in.len;
}

static int put(struct rewrite *rewrite, const char *text)
{
	return buffer_put(rewrite->out, bytes_of_text(text));
}

/* Copies the next @len bytes. */
static int copy(struct rewrite *rewrite, size_t len)
{
	struct imastage_bytes bytes =
		bytes_first(bytes_skip(rewrite->in, rewrite->at), len);

	rewrite->at += bytes.len;
	return buffer_put(rewrite->out, bytes);
}

/* A character by its number. */
static int put_code(struct rewrite *rewrite, uint32_t code)
{
	char text[16];

	snprintf(text, sizeof(text), "\\x{%x}", code);
	return put(rewrite, text);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_octal(uint8_t c)
{
	return c >= '0' && c <= '7';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- escapes --------------------------------------------------------------- */

/* Exactly @nr hex digits, behind the backslash and its letter. */
static int take_hex(struct rewrite *rewrite, size_t nr)
{
	uint32_t code = 0;

	for (size_t i = 0; i < nr; i++) {
		int value = hex_value(peek(rewrite, 2 + i));

		if (value < 0)
			return fail(rewrite, rewrite->at,
				    "an escape with too few hex digits");
		code = code << 4 | (uint32_t)value;
	}
	if (code > 0x10ffff)
		return fail(rewrite, rewrite->at, "an escape for no character");
	rewrite->at += 2 + nr;
	return put_code(rewrite, code);
}

/* Up to @max octal digits behind the backslash. */
static int take_octal(struct rewrite *rewrite, size_t max)
{
	uint32_t code = 0;
	size_t nr = 0;

	for (; nr < max && is_octal(peek(rewrite, 1 + nr)); nr++)
		code = code << 3 | (uint32_t)(peek(rewrite, 1 + nr) - '0');
	if (code > 0377)
		return fail(rewrite, rewrite->at,
			    "an octal escape above \\377");
	rewrite->at += 1 + nr;
	return put_code(rewrite, code);
}

static bool is_open(const struct rewrite *rewrite, unsigned int group)
{
	for (size_t i = 0; i < rewrite->depth; i++)
		if (rewrite->open[i] == group)
			return true;
	return false;
}

/* "\1" to "\99", of a group that is over. */
static int take_reference(struct rewrite *rewrite)
{
	unsigned int group = peek(rewrite, 1) - (unsigned int)'0';
	size_t len = 2;
	char text[16];

	if (is_digit(peek(rewrite, 2))) {
		group = group * 10 + peek(rewrite, 2) - (unsigned int)'0';
		len = 3;
	}
	if (group > rewrite->nr_groups || is_open(rewrite, group))
		return fail(rewrite, rewrite->at,
			    "a reference to no group that is over");
	rewrite->at += len;
	snprintf(text, sizeof(text), "\\g{%u}", group);
	return put(rewrite, text);
}

static int take_digits(struct rewrite *rewrite)
{
	bool three = is_octal(peek(rewrite, 1)) && is_octal(peek(rewrite, 2)) &&
		     is_octal(peek(rewrite, 3));

	if (peek(rewrite, 1) == '0' || three)
		return take_octal(rewrite, 3);
	return take_reference(rewrite);
}

/* What both in and outside of a set means one character, or a kind of them. */
static int take_common(struct rewrite *rewrite)
{
	static const char letters[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
	uint8_t c = peek(rewrite, 1);
	const char *found = is_letter(c) ? strchr(letters, c) : NULL;

	if (found) {
		rewrite->at += 2;
		return put_code(rewrite, (uint8_t)codes[found - letters]);
	}
	if (c == 'x')
		return take_hex(rewrite, 2);
	if (c == 'u' || c == 'U')
		return take_hex(rewrite, c == 'u' ? 4 : 8);
	if (is_letter(c) && !strchr("dDsSwW", c))
		return fail(rewrite, rewrite->at,
			    "an escape that Python does not know");
	if (c < 0x80)
		return copy(rewrite, 2);
	rewrite->at++;
	return copy(rewrite, 1);
}

static int take_escape(struct rewrite *rewrite)
{
	uint8_t c = peek(rewrite, 1);

	if (rewrite->at + 1 == rewrite->in.len)
		return fail(rewrite, rewrite->at, "a backslash at the end");
	rewrite->repeatable = true;
	if (is_digit(c))
		return take_digits(rewrite);
	if (c != 'A' && c != 'Z' && c != 'b' && c != 'B')
		return take_common(rewrite);
	rewrite->repeatable = false;
	if (c != 'Z')
		return copy(rewrite, 2);
	rewrite->at += 2;
	return put(rewrite, "\\z");
}

/* ---- sets ------------------------------------------------------------------ */

static int take_set_escape(struct rewrite *rewrite)
{
	uint8_t c = peek(rewrite, 1);

	if (is_octal(c))
		return take_octal(rewrite, 3);
	if (is_digit(c))
		return fail(rewrite, rewrite->at,
			    "an escape that Python does not know");
	if (c != 'b')
		return take_common(rewrite);
	rewrite->at += 2;
	return put_code(rewrite, '\b');
}

/* A bracket in it is a character: there are no classes of POSIX in Python. */
static int take_in_set(struct rewrite *rewrite)
{
	if (peek(rewrite, 0) == '\\')
		return take_set_escape(rewrite);
	if (peek(rewrite, 0) != '[')
		return copy(rewrite, 1);
	rewrite->at++;
	return put(rewrite, "\\[");
}

static int take_set(struct rewrite *rewrite)
{
	size_t start = rewrite->at, first;
	int r = copy(rewrite, peek(rewrite, 1) == '^' ? 2 : 1);

	first = rewrite->at;
	while (r == 0 && !at_end(rewrite) &&
	       (peek(rewrite, 0) != ']' || rewrite->at == first))
		r = take_in_set(rewrite);
	if (r < 0)
		return r;
	if (at_end(rewrite))
		return fail(rewrite, start, "a set that does not end");
	rewrite->repeatable = true;
	return copy(rewrite, 1);
}

/* ---- counts ---------------------------------------------------------------- */

/* Behind a count: the fewest, or what is never given back. */
static int take_manner(struct rewrite *rewrite)
{
	rewrite->repeatable = false;
	return peek(rewrite, 0) == '?' || peek(rewrite, 0) == '+' ?
		       copy(rewrite, 1) :
		       0;
}

static int check_repeatable(struct rewrite *rewrite)
{
	return rewrite->repeatable ?
		       0 :
		       fail(rewrite, rewrite->at, "nothing to repeat");
}

static int take_count(struct rewrite *rewrite)
{
	int r = check_repeatable(rewrite);

	if (r == 0)
		r = copy(rewrite, 1);
	return r < 0 ? r : take_manner(rewrite);
}

static size_t digits_len(const struct rewrite *rewrite, size_t ahead)
{
	size_t len = 0;

	while (is_digit(peek(rewrite, ahead + len)))
		len++;
	return len;
}

/* "{2}", "{2,}", "{,5}"; anything else begins with a brace that is a character. */
static int take_braces(struct rewrite *rewrite)
{
	size_t low = digits_len(rewrite, 1), high = 0, len = 1 + low;
	bool comma = peek(rewrite, len) == ',';
	int r;

	if (comma) {
		high = digits_len(rewrite, len + 1);
		len += 1 + high;
	}
	if (peek(rewrite, len) != '}' || len == 1) {
		rewrite->at++;
		rewrite->repeatable = true;
		return put(rewrite, "\\{");
	}
	r = check_repeatable(rewrite);
	if (r == 0 && (low > COUNT_DIGITS_MAX || high > COUNT_DIGITS_MAX))
		r = fail(rewrite, rewrite->at, "a count that is too large");
	if (r == 0)
		r = copy(rewrite, 1);
	if (r == 0 && low == 0)
		r = put(rewrite, "0");
	if (r == 0)
		r = copy(rewrite, len);
	return r < 0 ? r : take_manner(rewrite);
}

/* ---- groups ---------------------------------------------------------------- */

/* Copies what opens it, @len bytes. @number: of it, or 0. */
static int open_group(struct rewrite *rewrite, size_t len, unsigned int number)
{
	if (rewrite->depth == DEPTH_MAX)
		return fail(rewrite, rewrite->at, "too many groups in others");
	rewrite->open[rewrite->depth++] = number;
	rewrite->repeatable = false;
	return copy(rewrite, len);
}

/* "(?P<name>" */
static int open_named(struct rewrite *rewrite)
{
	size_t len = 4;

	while (is_letter(peek(rewrite, len)) || peek(rewrite, len) == '_' ||
	       (len > 4 && is_digit(peek(rewrite, len))))
		len++;
	if (peek(rewrite, 3) != '<' || len == 4 || len > 4 + NAME_LEN_MAX ||
	    peek(rewrite, len) != '>')
		return fail(rewrite, rewrite->at,
			    "a group's name that is none, or a reference by "
			    "name");
	return open_group(rewrite, len + 1, ++rewrite->nr_groups);
}

/* "(?(1)" */
static int open_conditional(struct rewrite *rewrite)
{
	size_t len = digits_len(rewrite, 3);

	if (len == 0 || len > 2 || peek(rewrite, 3 + len) != ')')
		return fail(rewrite, rewrite->at,
			    "a condition that is no group's number");
	return open_group(rewrite, 4 + len, 0);
}

static int skip_comment(struct rewrite *rewrite)
{
	size_t start = rewrite->at;

	while (!at_end(rewrite) && peek(rewrite, 0) != ')')
		rewrite->at++;
	if (at_end(rewrite))
		return fail(rewrite, start, "a comment that does not end");
	rewrite->at++;
	return 0;
}

/* "(?i:", "(?s:", "(?is:" */
static int open_with_flags(struct rewrite *rewrite)
{
	size_t len = 2;

	while (peek(rewrite, len) == 'i' || peek(rewrite, len) == 's')
		len++;
	if (len == 2 || len > 4 || peek(rewrite, len) != ':')
		return fail(rewrite, rewrite->at,
			    "a group of a kind that is not taken");
	return open_group(rewrite, len + 1, 0);
}

static int open_special(struct rewrite *rewrite)
{
	switch (peek(rewrite, 2)) {
	case ':':
	case '=':
	case '!':
	case '>':
		return open_group(rewrite, 3, 0);
	case '<':
		if (peek(rewrite, 3) != '=' && peek(rewrite, 3) != '!')
			return fail(rewrite, rewrite->at,
				    "a group that Python does not know");
		return open_group(rewrite, 4, 0);
	case 'P':
		return open_named(rewrite);
	case '(':
		return open_conditional(rewrite);
	case '#':
		return skip_comment(rewrite);
	default:
		return open_with_flags(rewrite);
	}
}

static int take_open(struct rewrite *rewrite)
{
	if (peek(rewrite, 1) == '*')
		return fail(rewrite, rewrite->at,
			    "a verb, which Python does not know");
	if (peek(rewrite, 1) == '?')
		return open_special(rewrite);
	return open_group(rewrite, 1, ++rewrite->nr_groups);
}

static int take_close(struct rewrite *rewrite)
{
	if (rewrite->depth == 0)
		return fail(rewrite, rewrite->at,
			    "a parenthesis that closes nothing");
	rewrite->depth--;
	rewrite->repeatable = true;
	return copy(rewrite, 1);
}

/* ---- the walk -------------------------------------------------------------- */

static int take_one(struct rewrite *rewrite)
{
	uint8_t c = peek(rewrite, 0);

	switch (c) {
	case '\\':
		return take_escape(rewrite);
	case '[':
		return take_set(rewrite);
	case '(':
		return take_open(rewrite);
	case ')':
		return take_close(rewrite);
	case '*':
	case '+':
	case '?':
		return take_count(rewrite);
	case '{':
		return take_braces(rewrite);
	default:
		rewrite->repeatable = c != '|' && c != '^' && c != '$';
		return copy(rewrite, 1);
	}
}

int regex_rewrite(struct imastage_bytes pattern,
		  struct imastage_buffer *rewritten,
		  struct policy_error *ret_error)
{
	struct rewrite rewrite = { .in = pattern,
				   .out = rewritten,
				   .error = ret_error };
	int r = 0;

	if (pattern.len == 0)
		return fail(&rewrite, 0,
			    "an empty expression excludes everything");
	if (pattern.len > POLICY_TEXT_LEN_MAX)
		return fail(&rewrite, 0, "an expression that is too long");
	if (!text_is_utf8(pattern))
		return fail(&rewrite, 0, "not UTF-8");
	while (r == 0 && !at_end(&rewrite))
		r = take_one(&rewrite);
	if (r == 0 && rewrite.depth > 0)
		r = fail(&rewrite, pattern.len, "a group that does not end");
	return r;
}

/* ---- what each match begins with --------------------------------------------- */

/* Where a set that begins at @at is over. */
static size_t set_end(struct imastage_bytes pattern, size_t at)
{
	size_t first;

	at += at + 1 < pattern.len && pattern.data[at + 1] == '^' ? 2 : 1;
	first = at;
	while (at < pattern.len && (pattern.data[at] != ']' || at == first))
		at += pattern.data[at] == '\\' ? 2 : 1;
	return at;
}

/* Is there one of several expressions to be chosen, outside of all groups? */
static bool has_choice(struct imastage_bytes pattern)
{
	size_t depth = 0;

	for (size_t at = 0; at < pattern.len; at++) {
		uint8_t c = pattern.data[at];

		if (c == '\\')
			at++;
		else if (c == '[')
			at = set_end(pattern, at);
		else if (c == '|' && depth == 0)
			return true;
		depth += c == '(';
		depth -= c == ')' && depth > 0;
	}
	return false;
}

/* Bytes of the plain character that @left starts with, a backslash included; 0: none. */
static size_t plain_len(struct imastage_bytes left)
{
	uint8_t c = left.len > 1 ? left.data[1] : 0;

	if (left.len == 0)
		return 0;
	if (left.data[0] == '\\')
		return left.len > 1 && c < 0x80 && !is_letter(c) &&
				       !is_digit(c) ?
			       2 :
			       0;
	return strchr("[(){}*+?|^$.", left.data[0]) ? 0 : text_utf8_len(left);
}

/* Is what follows a count that may be zero? */
static bool is_optional(struct imastage_bytes left)
{
	return left.len > 0 && (left.data[0] == '*' || left.data[0] == '?' ||
				left.data[0] == '{');
}

int regex_prefix(struct imastage_bytes pattern, struct imastage_buffer *prefix,
		 bool *ret_whole)
{
	struct imastage_bytes left = pattern;
	size_t len;
	int r = 0;

	*ret_whole = false;
	if (has_choice(pattern))
		return 0;
	if (left.len > 0 && left.data[0] == '^')
		left = bytes_skip(left, 1);
	while (r == 0 && (len = plain_len(left)) > 0 &&
	       !is_optional(bytes_skip(left, len))) {
		size_t escape = left.data[0] == '\\';

		r = buffer_put(prefix,
			       bytes_of(left.data + escape, len - escape));
		left = bytes_skip(left, len);
	}
	*ret_whole = left.len == 0 || bytes_equal_text(left, ".*");
	return r;
}
