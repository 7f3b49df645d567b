// SPDX-License-Identifier: MIT
/*
 * JSON by RFC 8259: what is taken, what is refused and where, what strings mean.
 */
#include "base/bytes.h"
#include "base/json_pull.h"
#include "base/util.h"
#include "lib/testing.h"

#include <errno.h>

static int skip_all(struct imastage_bytes text, size_t *ret_at)
{
	struct json_pull pull;
	int r = json_pull_init(&pull, text);

	if (r == 0)
		r = json_pull_skip(&pull);
	if (r == 0)
		r = json_pull_end(&pull);
	*ret_at = pull.error_at;
	json_pull_fini(&pull);
	return r;
}

TEST(takes_json)
{
	static const char *const texts[] = {
		"0",
		" -1.5e+3 ",
		"[]",
		"{}",
		"[1,[2,{\"a\":3}],true,false,null]",
		"{\"a\":1,\"b\":{\"a\":1}}",
		"\"\\ud83d\\ude00\\u0000\\/\"",
		"\"\xf0\x9f\x98\x80\"",
		"123456789012345678901234567890",
		"\t\r\n[\n]\n",
	};
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (skip_all(bytes_of_text(texts[i]), &at) != 0)
			fail_msg("%s, at %zu", texts[i], at);
}

TEST(refuses_what_is_none)
{
	static const struct {
		const char *text;
		size_t at;
	} table[] = {
		{ "", 0 },
		{ "[1,]", 3 },
		{ "[1 2]", 3 },
		{ "{\"a\":1,}", 7 },
		{ "{\"a\"1}", 4 },
		{ "{a:1}", 1 },
		{ "01", 0 },
		{ "1.", 0 },
		{ ".5", 0 },
		{ "1e", 0 },
		{ "+1", 0 },
		{ "NaN", 0 },
		{ "nul", 0 },
		{ "[", 1 },
		{ "\"a", 2 },
		{ "\"\n\"", 1 },
		{ "\"\\x\"", 1 },
		{ "\"\\ud800\"", 1 },
		{ "\"\\udc00\"", 1 },
		{ "\"\\ud800\\u0041\"", 1 },
		{ "\"\\u12g4\"", 1 },
		{ "\"\xff\"", 1 },
		{ "\"\xed\xa0\x80\"", 1 },
		{ "\xef\xbb\xbf{}", 0 },
		{ "1 1", 2 },
		{ "'a'", 0 },
		{ "[/**/]", 1 },
		{ "{\"a\":1,\"a\":2}", 7 },
		{ "{\"a\":1,\"b\":2,\"\\u0061\":3}", 13 },
		{ "[{\"x\":{\"\":1,\"\":2}}]", 12 },
	};
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (skip_all(bytes_of_text(table[i].text), &at) != -EBADMSG ||
		    at != table[i].at)
			fail_msg("%s: at %zu", table[i].text, at);
}

TEST(is_bounded_in_depth)
{
	char text[2 * JSON_PULL_DEPTH_MAX + 3];
	size_t at, nr = JSON_PULL_DEPTH_MAX;

	memset(text, '[', nr + 1);
	memset(text + nr, ']', nr);
	assert_int_equal(skip_all(bytes_of(text, 2 * nr), &at), 0);
	memset(text, '[', nr + 1);
	memset(text + nr + 1, ']', nr + 1);
	assert_int_equal(skip_all(bytes_of(text, 2 * nr + 2), &at), -EBADMSG);
	assert_int_equal(at, nr);
}

TEST(says_what_strings_mean)
{
	static const char text[] =
		"[\"plain\",\"a\\n\\u00e4\xc3\xa4\\ud83d\\ude00\",\"\\u0000\"]";
	static const struct imastage_bytes meant[] = {
		{ (const uint8_t *)"plain", 5 },
		{ (const uint8_t *)"a\n\xc3\xa4\xc3\xa4\xf0\x9f\x98\x80", 10 },
		{ (const uint8_t *)"", 1 },
	};
	struct imastage_bytes string;
	struct json_pull pull;

	assert_int_equal(json_pull_init(&pull, bytes_of_text(text)), 0);
	assert_int_equal(json_pull_open(&pull, '['), 0);
	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		assert_int_equal(json_pull_element(&pull), 1);
		assert_int_equal(json_pull_string(&pull, &string), 0);
		assert_true(bytes_equal(string, meant[i]));
	}
	assert_int_equal(json_pull_element(&pull), 0);
	assert_int_equal(json_pull_end(&pull), 0);
	json_pull_fini(&pull);
}

/* Names whose hash is the same are told apart; @nr of them, then the first again. */
TEST(finds_one_name_among_many)
{
	cleanup_free char *text = NULL;
	size_t len = 0, at, nr = 5000;
	FILE *file = open_memstream(&text, &len);

	fputc('{', file);
	for (size_t i = 0; i < nr; i++)
		fprintf(file, "\"%zu\":1,", i);
	fputs("\"\\u0030\":1}", file);
	fclose(file);
	assert_int_equal(skip_all(bytes_of(text, len), &at), -EBADMSG);
	assert_int_equal(at, len - strlen("\"\\u0030\":1}"));
}

TEST(is_bounded_in_names)
{
	static const char text[] = "{\"a\":{\"b\":0},\"c\":0,\"d\":0}";
	struct json_pull pull;

	for (size_t max = 1; max <= 4; max++) {
		assert_int_equal(json_pull_init(&pull, bytes_of_text(text)), 0);
		pull.names_max = max;
		assert_int_equal(json_pull_skip(&pull), max < 3 ? -EBADMSG : 0);
		if (max < 3)
			assert_int_equal(pull.error_at, max == 1 ? 6 : 19);
		json_pull_fini(&pull);
	}
}

/* As much memory as the longest string, and not more for several. */
TEST(strings_with_escapes_share_memory)
{
	static const char text[] =
		"[\"\\n\",\"\\nabc\",\"\\\"\",\"\\\\\",\"abc\\n\"]";
	struct imastage_bytes string = { 0 };
	struct json_pull pull;

	assert_int_equal(json_pull_init(&pull, bytes_of_text(text)), 0);
	assert_int_equal(json_pull_open(&pull, '['), 0);
	while (json_pull_element(&pull) == 1)
		assert_int_equal(json_pull_string(&pull, &string), 0);
	assert_true(bytes_equal_text(string, "abc\n"));
	assert_int_equal(pull.decoded_capacity, strlen("\\nabc") + 4);
	assert_int_equal(json_pull_end(&pull), 0);
	json_pull_fini(&pull);
}

static int number_of(const char *text, uint64_t *ret_number)
{
	struct json_pull pull;
	int r = json_pull_init(&pull, bytes_of_text(text));

	if (r == 0)
		r = json_pull_number(&pull, ret_number);
	json_pull_fini(&pull);
	return r;
}

TEST(numbers_are_whole_and_fit)
{
	static const char *const none[] = {
		"1.0", "1e2", "-1", "-0", "18446744073709551616", "01", "true"
	};
	uint64_t number;

	assert_int_equal(number_of("18446744073709551615", &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(number_of("0", &number), 0);
	assert_true(number == 0);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(number_of(none[i], &number), -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(takes_json), cmocka_unit_test(refuses_what_is_none),
	  cmocka_unit_test(is_bounded_in_depth),
	  cmocka_unit_test(is_bounded_in_names),
	  cmocka_unit_test(strings_with_escapes_share_memory),
	  cmocka_unit_test(says_what_strings_mean),
	  cmocka_unit_test(finds_one_name_among_many),
	  cmocka_unit_test(numbers_are_whole_and_fit))
