// SPDX-License-Identifier: MIT
/*
 * What is shown of measured buffers: what text is, and certificates that lie about
 * their lengths.
 */
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/file.h"
#include "list/detail.h"
#include "lib/testing.h"

/* A certificate of tests/golden: what is before the key, and a name. */
#define NAME "A key of \x1b[31mred"

static void assert_text(const char *bytes, size_t len, const char *expected)
{
	struct imastage_bytes text = { NULL, 0 };

	assert_int_equal(detail_is_text(bytes_of(bytes, len), &text),
			 expected != NULL);
	if (expected)
		assert_true(bytes_equal_text(text, expected));
}

TEST(text_is_printable_and_may_end_in_nuls)
{
	assert_text("a=1;\n\t\r", 7, "a=1;\n\t\r");
	assert_text("a\0\0", 3, "a");
	assert_text("a\0b", 3, NULL);
	assert_text("\0", 1, NULL);
	assert_text("", 0, NULL);
	assert_text("\x1b[m", 3, NULL);
	assert_text("\xc3\xa4", 2, NULL);
	assert_text("\x7f", 1, NULL);
}

/* The buffer of the golden list's certificate; the list must be freed. */
static struct imastage_bytes find_certificate(uint8_t **ret_list)
{
	struct imastage_bytes name, buffer;
	struct imastage_reader *reader;
	struct imastage_record record;
	size_t len;

	assert_int_equal(hexfile_read(TEST_DATA "/golden/critical-data.hex",
				      ret_list, &len),
			 0);
	assert_int_equal(imastage_reader_new_memory(bytes_of(*ret_list, len),
						    NULL, &reader),
			 0);
	do {
		assert_int_equal(imastage_reader_next(reader, &record), 0);
		assert_int_equal(imastage_record_event_name(&record, &name), 0);
	} while (!bytes_equal_text(name, ".builtin_trusted_keys"));
	assert_int_equal(imastage_record_find(&record, "buf", &buffer), 0);
	imastage_reader_free(reader);
	return buffer;
}

/*
 * Found wherever the bytes behind it are cut off or changed; never beyond the bytes
 * there are, which sanitizers see.
 */
TEST(a_certificate_that_is_damaged_has_no_name_or_some)
{
	uint8_t *list, *copy;
	struct imastage_bytes der = find_certificate(&list), name;

	assert_true(detail_certificate_name(der, &name));
	assert_true(bytes_equal_text(name, NAME));
	for (size_t len = 0; len < der.len; len++) {
		copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, der.data, len);
		assert_false(
			detail_certificate_name(bytes_of(copy, len), &name));
		free(copy);
	}
	copy = malloc(der.len);
	assert_non_null(copy);
	for (size_t at = 0; at < 140 * 256; at++) {
		memcpy(copy, der.data, der.len);
		copy[at / 256] = (uint8_t)at;
		if (detail_certificate_name(bytes_of(copy, der.len), &name))
			assert_true(name.len <= der.len);
	}
	free(copy);
	free(list);
}

TEST(lengths_of_a_certificate_are_bounded)
{
	static const struct imastage_bytes bad[] = {
		{ (const uint8_t *)"\x30\x80\x30\x80", 4 },
		{ (const uint8_t *)"\x30\x85\1\1\1\1\1\1", 8 },
		{ (const uint8_t *)"\x30\x84\xff\xff\xff\xff\x30", 7 },
		{ (const uint8_t *)"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff",
		  10 },
		{ (const uint8_t *)"\x31\x00", 2 },
	};
	struct imastage_bytes name;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(detail_certificate_name(bad[i], &name));
}

TEST_MAIN(cmocka_unit_test(text_is_printable_and_may_end_in_nuls),
	  cmocka_unit_test(a_certificate_that_is_damaged_has_no_name_or_some),
	  cmocka_unit_test(lengths_of_a_certificate_are_bounded))
