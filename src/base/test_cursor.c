// SPDX-License-Identifier: MIT
/* The bounded reader: values, both byte orders, every way to run out. */
#include "base/cursor.h"
#include "lib/testing.h"

#include <errno.h>

static const uint8_t data[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
				0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8 };

static struct cursor cursor_over(size_t len, enum imastage_endian endian)
{
	struct cursor cursor;

	cursor_init(&cursor, bytes_of(data, len), endian);
	return cursor;
}

TEST(reads_little_endian_numbers)
{
	struct cursor c = cursor_over(sizeof(data), IMASTAGE_LITTLE);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	assert_int_equal(cursor_read_u8(&c, &u8), 0);
	assert_int_equal(u8, 0x01);
	assert_int_equal(cursor_read_u16(&c, &u16), 0);
	assert_int_equal(u16, 0x0302);
	assert_int_equal(cursor_read_u32(&c, &u32), 0);
	assert_int_equal(u32, 0x07060504);
	assert_int_equal(cursor_read_u64(&c, &u64), 0);
	assert_true(u64 == 0xf7f6f5f4f3f2f108);
	assert_int_equal(cursor_offset(&c), 15);
	assert_int_equal(cursor_remaining(&c), 1);
}

TEST(reads_big_endian_numbers)
{
	struct cursor c = cursor_over(sizeof(data), IMASTAGE_BIG);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	assert_int_equal(cursor_read_u16(&c, &u16), 0);
	assert_int_equal(u16, 0x0102);
	assert_int_equal(cursor_read_u32(&c, &u32), 0);
	assert_int_equal(u32, 0x03040506);
	assert_int_equal(cursor_read_u64(&c, &u64), 0);
	assert_true(u64 == 0x0708f1f2f3f4f5f6);
}

TEST(host_order_is_this_machines)
{
	struct cursor c = cursor_over(4, IMASTAGE_HOST);
	uint32_t expected, u32;

	memcpy(&expected, data, sizeof(expected));
	assert_int_equal(cursor_read_u32(&c, &u32), 0);
	assert_int_equal(u32, expected);
}

TEST(changes_nothing_when_bytes_run_out)
{
	uint8_t u8 = 0xaa;
	uint16_t u16 = 0xaaaa;
	uint32_t u32 = 0xaaaaaaaa;
	uint64_t u64 = 0xaaaaaaaaaaaaaaaa;
	struct imastage_bytes view = { .len = 77 };

	for (size_t len = 0; len < sizeof(u64); len++) {
		struct cursor c = cursor_over(len, IMASTAGE_LITTLE);

		if (len < sizeof(u8))
			assert_int_equal(cursor_read_u8(&c, &u8), -ENODATA);
		if (len < sizeof(u16))
			assert_int_equal(cursor_read_u16(&c, &u16), -ENODATA);
		if (len < sizeof(u32))
			assert_int_equal(cursor_read_u32(&c, &u32), -ENODATA);
		assert_int_equal(cursor_read_u64(&c, &u64), -ENODATA);
		assert_int_equal(cursor_read_bytes(&c, len + 1, &view),
				 -ENODATA);
		assert_int_equal(cursor_offset(&c), 0);
	}
	assert_int_equal(u8, 0xaa);
	assert_int_equal(u16, 0xaaaa);
	assert_int_equal(u32, 0xaaaaaaaa);
	assert_true(u64 == 0xaaaaaaaaaaaaaaaa);
	assert_int_equal(view.len, 77);
}

TEST(lengths_near_the_largest_do_not_overflow)
{
	struct cursor c = cursor_over(8, IMASTAGE_LITTLE);
	struct imastage_bytes view;
	uint32_t u32;

	assert_int_equal(cursor_read_u32(&c, &u32), 0);
	for (size_t back = 0; back < 16; back++)
		assert_int_equal(cursor_read_bytes(&c, SIZE_MAX - back, &view),
				 -ENODATA);
	assert_int_equal(cursor_offset(&c), 4);
}

TEST(views_look_at_the_same_memory)
{
	struct cursor c = cursor_over(sizeof(data), IMASTAGE_LITTLE);
	struct imastage_bytes view;

	assert_int_equal(cursor_read_bytes(&c, 3, &view), 0);
	assert_ptr_equal(view.data, data);
	assert_int_equal(cursor_read_bytes(&c, 13, &view), 0);
	assert_ptr_equal(view.data, data + 3);
	assert_int_equal(view.len, 13);
	assert_int_equal(cursor_read_bytes(&c, 0, &view), 0);
	assert_int_equal(view.len, 0);
	assert_int_equal(cursor_read_bytes(&c, 1, &view), -ENODATA);
}

TEST(an_empty_cursor_can_be_over_nothing)
{
	struct imastage_bytes view = { .len = 77 };
	struct cursor c;

	cursor_init(&c, bytes_of(NULL, 0), IMASTAGE_LITTLE);
	assert_int_equal(cursor_read_bytes(&c, 0, &view), 0);
	assert_int_equal(view.len, 0);
	assert_int_equal(cursor_read_bytes(&c, 1, &view), -ENODATA);
}

TEST(since_gives_what_was_read)
{
	struct cursor c = cursor_over(sizeof(data), IMASTAGE_LITTLE);
	size_t start;
	uint16_t u16;

	assert_int_equal(cursor_read_u16(&c, &u16), 0);
	start = cursor_offset(&c);
	assert_int_equal(cursor_since(&c, start).len, 0);
	assert_int_equal(cursor_read_u16(&c, &u16), 0);
	assert_ptr_equal(cursor_since(&c, start).data, data + 2);
	assert_int_equal(cursor_since(&c, start).len, 2);
	assert_int_equal(cursor_since(&c, start + 3).len, 0);
}

TEST_MAIN(cmocka_unit_test(reads_little_endian_numbers),
	  cmocka_unit_test(reads_big_endian_numbers),
	  cmocka_unit_test(host_order_is_this_machines),
	  cmocka_unit_test(changes_nothing_when_bytes_run_out),
	  cmocka_unit_test(lengths_near_the_largest_do_not_overflow),
	  cmocka_unit_test(views_look_at_the_same_memory),
	  cmocka_unit_test(an_empty_cursor_can_be_over_nothing),
	  cmocka_unit_test(since_gives_what_was_read))
