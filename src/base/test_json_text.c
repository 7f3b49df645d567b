// SPDX-License-Identifier: MIT
/*
 * JSON from anybody: what is JSON, what is not, and views of its values.
 */
#include "base/bytes.h"
#include "base/json_text.h"
#include "lib/testing.h"

#include <errno.h>

static int check(const char *text)
{
	return json_text_members(bytes_of_text(text), NULL, 0, NULL);
}

TEST(what_is_an_object)
{
	static const char *const good[] = {
		"{}",
		" { } ",
		"{\"\":\"\"}",
		"{\"a\":-12.5e+3,\"b\":0E1,\"c\":[true,false,null]}",
		"{\"a\\\"b\\\\\":\"\\u00e9\xc3\xa9\\/\\b\\f\\n\\r\\t\"}",
		"{\"a\" : {\"b\" : [ 1 , [ ] , { } ] } }\r\n\t",
		"{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":{}}}}}}}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (check(good[i]) < 0)
			fail_msg("%s", good[i]);
}

TEST(what_is_none)
{
	static const char *const bad[] = {
		"",
		" ",
		"1",
		"[]",
		"\"a\"",
		"{",
		"}",
		"{}}",
		"{}{}",
		"{},",
		"{a:1}",
		"{'a':1}",
		"{\"a\":'b'}",
		"{\"a\":1,}",
		"{,}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1 2}",
		"{\"a\":[1,]}",
		"{\"a\":[1}",
		"{\"a\":{1]}",
		"{\"a\":[}]",
		"{\"a\":NaN}",
		"{\"a\":Infinity}",
		"{\"a\":True}",
		"{\"a\":+1}",
		"{\"a\":.5}",
		"{\"a\":1.}",
		"{\"a\":1e}",
		"{\"a\":-}",
		"{\"a\":1}/* b */",
		"{/* b */}",
		"{}//",
		"{\"a\":\"b}",
		"{\"a\":\"b\\\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"\x1f\"}",
		"{\"a\":tru}",
		"{\"a\":1a}",
		"{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":{\"8\":[]}}}}}}}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (check(bad[i]) == 0)
			fail_msg("%s", bad[i]);
	assert_int_equal(json_text_members(bytes_of("{}\0", 3), NULL, 0, NULL),
			 -EBADMSG);
}

TEST(members_are_found_however_they_are_written)
{
	static const char *const keys[] = { "pcr", "digests", "none" };
	struct imastage_bytes values[3];

	assert_int_equal(
		json_text_members(bytes_of_text(
					  " {\"a\":{\"pcr\":1}, \"\\u0070cr\""
					  " : 10 ,\"digests\":[ 1 , 2 ] }"),
				  keys, 3, values),
		0);
	assert_true(bytes_equal_text(values[0], "10"));
	assert_true(bytes_equal_text(values[1], "[ 1 , 2 ]"));
	assert_int_equal(values[2].len, 0);
	assert_int_equal(
		json_text_members(bytes_of_text("{\"pcr\":1,\"p\\u0063r\":1}"),
				  keys, 3, values),
		-EBADMSG);
}

TEST(members_and_no_others)
{
	static const char *const keys[] = { "a", "b" };
	struct imastage_bytes values[2];

	assert_int_equal(json_text_only(bytes_of_text("{\"b\":1,\"a\":2}"),
					keys, 2, values),
			 0);
	assert_true(bytes_equal_text(values[0], "2"));
	assert_int_equal(
		json_text_only(bytes_of_text("{\"a\":2}"), keys, 2, values), 0);
	assert_int_equal(values[1].len, 0);
	assert_int_equal(json_text_only(bytes_of_text("{\"a\":2,\"A\":1}"),
					keys, 2, values),
			 -EBADMSG);
	assert_int_equal(json_text_only(bytes_of_text("{\"a\":2,\"a\":2}"),
					keys, 2, values),
			 -EBADMSG);
}

TEST(elements_one_after_the_other)
{
	struct imastage_bytes array = bytes_of_text("[ 1 , [2,3] ,\"]\"]");
	struct imastage_bytes none = bytes_of_text("[ ]"), element;
	static const char *const wanted[] = { "1", "[2,3]", "\"]\"" };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(json_text_element(&array, &element), 1);
		assert_true(bytes_equal_text(element, wanted[i]));
	}
	assert_int_equal(json_text_element(&array, &element), 0);
	assert_int_equal(json_text_element(&none, &element), 0);
}

static int read_number(const char *text, uint64_t *ret_number)
{
	return json_text_number(bytes_of_text(text), ret_number);
}

TEST(numbers)
{
	static const char *const bad[] = { "",
					   "-1",
					   "1.0",
					   "1e1",
					   " 1",
					   "a",
					   "18446744073709551616",
					   "99999999999999999999999999" };
	uint64_t number;

	assert_int_equal(read_number("18446744073709551615", &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(read_number("0", &number), 0);
	assert_int_equal(number, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(read_number(bad[i], &number), -EBADMSG);
}

TEST(characters)
{
	struct imastage_bytes string;
	uint8_t c;

	assert_int_equal(
		json_text_string(bytes_of_text("\"a\\u00FF\xc3\xbf\\n\""),
				 &string),
		0);
	assert_true(json_text_is(string, "a\xff\xff\n"));
	assert_false(json_text_is(string, "a\xff\xff"));
	assert_false(json_text_is(string, "a\xff\xff\nb"));
	for (const char *bad = "\\u0100 \xc4\x80 \\ud800 \xff \\x \\u00 \\";
	     *bad; bad++) {
		if (bad[0] == ' ')
			continue;
		string = bytes_first(bytes_of_text(bad), strcspn(bad, " "));
		assert_int_equal(json_text_character(&string, &c), -EBADMSG);
		bad += strcspn(bad, " ") - 1;
	}
	assert_int_equal(json_text_string(bytes_of_text("1"), &string),
			 -EBADMSG);
}

TEST(what_a_tree_would_weigh)
{
	assert_int_equal(json_text_weight(bytes_of_text("{}")), 17);
	assert_int_equal(
		json_text_weight(bytes_of_text("{\"a,[{\":[1,2],\"b\":3}")),
		1 + 2 * 16 + 4);
}

TEST_MAIN(cmocka_unit_test(what_is_an_object), cmocka_unit_test(what_is_none),
	  cmocka_unit_test(members_are_found_however_they_are_written),
	  cmocka_unit_test(members_and_no_others),
	  cmocka_unit_test(elements_one_after_the_other),
	  cmocka_unit_test(numbers), cmocka_unit_test(characters),
	  cmocka_unit_test(what_a_tree_would_weigh))
