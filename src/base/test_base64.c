// SPDX-License-Identifier: MIT
/*
 * Base64: the vectors of RFC 4648, section 10, and everything that is not exactly it.
 */
#include "base/base64.h"
#include "base/bytes.h"
#include "lib/testing.h"

#include <errno.h>

#define ALL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static int decode(const char *text, char ret_data[64], size_t *ret_at)
{
	size_t len;
	int r = base64_decode(bytes_of_text(text), (uint8_t *)ret_data, &len,
			      ret_at);

	if (r == 0)
		ret_data[len] = '\0';
	return r;
}

static void encode(const char *bytes, char ret_text[64])
{
	base64_encode(bytes_of_text(bytes), ret_text);
	ret_text[BASE64_LEN(strlen(bytes))] = '\0';
}

TEST(the_vectors)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
	};
	char data[64];
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_int_equal(decode(vectors[i][0], data, &at), 0);
		assert_string_equal(data, vectors[i][1]);
		encode(vectors[i][1], data);
		assert_string_equal(data, vectors[i][0]);
	}
}

TEST(every_character)
{
	char data[64], text[64];
	size_t at;

	assert_int_equal(decode(ALL, data, &at), 0);
	assert_memory_equal(data, "\x00\x10\x83\x10\x51\x87", 6);
	assert_memory_equal(data + 45, "\xf3\xdf\xbf", 3);
	base64_encode(bytes_of(data, 48), text);
	assert_memory_equal(text, ALL, 64);
}

TEST(what_is_not_exactly_it)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{ "Zg", 2 },	   { "Zg=", 3 },      { "Zg==\n", 5 },
		{ "Zh==", 1 },	   { "Zm9=", 2 },     { "====", 0 },
		{ "Zg==Zg==", 2 }, { "Zm9v Zm9", 4 }, { "Zm-v", 2 },
		{ "Z===", 1 },	   { "Zm9vZ", 5 },
	};
	char data[64];
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decode(cases[i].text, data, &at), -EINVAL);
		assert_int_equal(at, cases[i].at);
	}
	assert_int_equal(base64_decode(bytes_of("Zm\0v", 4), (uint8_t *)data,
				       &at, &at),
			 -EINVAL);
}

TEST_MAIN(cmocka_unit_test(the_vectors), cmocka_unit_test(every_character),
	  cmocka_unit_test(what_is_not_exactly_it))
