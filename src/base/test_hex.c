// SPDX-License-Identifier: MIT
/* Hex text there and back, and what is refused. */
#include "base/hex.h"
#include "lib/testing.h"

#include <errno.h>

TEST(every_byte_goes_there_and_back)
{
	uint8_t all[256], back[256];
	char text[HEX_TEXT_LEN(256)];
	size_t len;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	hex_encode(bytes_of(all, sizeof(all)), text);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(
		hex_decode(bytes_of_text(text), sizeof(back), back, &len), 0);
	assert_int_equal(len, sizeof(all));
	assert_memory_equal(all, back, sizeof(all));
}

/* Of any length, for bytes are taken by sixteen, by four and one by one. */
TEST(any_length_is_encoded)
{
	char text[HEX_TEXT_LEN(70)], expected[HEX_TEXT_LEN(70)] = "";
	uint8_t data[70];

	for (size_t len = 0; len <= sizeof(data); len++) {
		hex_encode(bytes_of(data, len), text);
		assert_string_equal(text, expected);
		if (len == sizeof(data))
			break;
		data[len] = (uint8_t)(len * 151 + 9);
		snprintf(expected + 2 * len, 3, "%02x", data[len]);
	}
}

TEST(reads_upper_case)
{
	uint8_t data[2];
	size_t len;

	assert_int_equal(hex_decode(bytes_of_text("aBCd"), 2, data, &len), 0);
	assert_memory_equal(data, "\xab\xcd", 2);
}

TEST(refuses_what_is_not_hex)
{
	static const char *const texts[] = { "a",  "abc", "0x", " 0",	"0 ",
					     "g0", "0G",  "-1", "\3770" };
	uint8_t data[4];
	size_t len = 77;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(hex_decode(bytes_of_text(texts[i]),
					    sizeof(data), data, &len),
				 -EINVAL);
	assert_int_equal(hex_decode(bytes_of_text("0011223344"), 4, data, &len),
			 -ENOBUFS);
	assert_int_equal(len, 77);
}

TEST_MAIN(cmocka_unit_test(every_byte_goes_there_and_back),
	  cmocka_unit_test(any_length_is_encoded),
	  cmocka_unit_test(reads_upper_case),
	  cmocka_unit_test(refuses_what_is_not_hex))
