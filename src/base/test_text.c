// SPDX-License-Identifier: MIT
/*
 * Untrusted bytes: what is UTF-8, and what reaches a terminal or JSON.
 */
#include "base/text.h"
#include "base/bytes.h"
#include "tool/json.h"
#include "lib/testing.h"

static void assert_printed(const char *wanted,
			   void (*print)(FILE *file, const char *text),
			   const char *text)
{
	cleanup_free char *printed = NULL;
	size_t len;
	FILE *file = open_memstream(&printed, &len);

	assert_non_null(file);
	print(file, text);
	fclose(file);
	assert_string_equal(printed, wanted);
}

static void print_text(FILE *file, const char *text)
{
	text_print(file, bytes_of_text(text));
}

static void print_json(FILE *file, const char *text)
{
	struct json json;

	json_start(&json, file, '{');
	json_bytes(&json, "a", bytes_of_text(text));
	json_end(&json, '}');
}

TEST(knows_utf8)
{
	static const char *const good[] = { "",
					    "a",
					    "\xc3\xbc",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x98\x80",
					    "\xed\x9f\xbf",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"\x80",
		"\xc3",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xed\xa0\x80",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"a\xe2\x82",
		"\xe2\x28\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(text_is_utf8(bytes_of_text(good[i])));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_is_utf8(bytes_of_text(bad[i])));
}

TEST(no_byte_reaches_a_terminal_as_control)
{
	assert_printed("a b~", print_text, "a b~");
	assert_printed("\\x1b[2J\\x0a\\x5c\\xc3\\xbc\\x7f", print_text,
		       "\x1b[2J\n\\\xc3\xbc\x7f");
}

TEST(json_keeps_utf8_and_says_the_rest_in_hex)
{
	assert_printed("{\"a\":\"x\\\"\\\\\xc3\xbc\\u000a\"}\n", print_json,
		       "x\"\\\xc3\xbc\n");
	assert_printed("{\"a\":\"x\xef\xbf\xbd\",\"a_hex\":\"78ff\"}\n",
		       print_json, "x\xff");
}

TEST(characters_that_terminals_obey_are_defused)
{
	char text[] = "a\n\x1b[2J\x7f\xc2\x9b\xd8\x9c\xe2\x80\x8e"
		      "\xe2\x80\xae\xe2\x80\xa8\xe2\x81\xa6\x9b!";
	char fine[] = "\xc2\xa0\xc3\xa9\xe2\x80\x8d\xe2\x80\xa7"
		      "\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xf0\x9f\x98\x80";
	char same[sizeof(fine)];

	text_defuse(text);
	assert_string_equal(text, "a??[2J"
				  "??????????????????"
				  "!");
	memcpy(same, fine, sizeof(fine));
	text_defuse(fine);
	assert_string_equal(fine, same);
}

static void print_as_json(FILE *file, const char *text)
{
	text_print_json(file, bytes_of_text(text));
}

TEST(json_of_others_is_made_harmless_and_stays_the_same)
{
	assert_printed("{\"a\\n\":[\"\\u009b2J\\u202e\xc3\xbc"
		       "\\u2028\\u007f\\ufffd\"]}",
		       print_as_json,
		       "{\"a\\n\":[\"\xc2\x9b"
		       "2J\xe2\x80\xae\xc3\xbc"
		       "\xe2\x80\xa8\x7f\x9b\"]}");
}

static void print_line(FILE *file, const char *text)
{
	text_print_line(file, "%s: %d", text, 7);
}

TEST(a_line_is_one_whatever_is_in_it)
{
	assert_printed("a?b??\xc3\xbc: 7\n", print_line,
		       "a\nb\xc2\x9b\xc3\xbc");
}

TEST_MAIN(cmocka_unit_test(json_of_others_is_made_harmless_and_stays_the_same),
	  cmocka_unit_test(a_line_is_one_whatever_is_in_it),
	  cmocka_unit_test(characters_that_terminals_obey_are_defused),
	  cmocka_unit_test(knows_utf8),
	  cmocka_unit_test(no_byte_reaches_a_terminal_as_control),
	  cmocka_unit_test(json_keeps_utf8_and_says_the_rest_in_hex))
