// SPDX-License-Identifier: MIT
/* The bounded writer: byte orders, and that it never passes its end. */
#include "base/writer.h"
#include "lib/testing.h"

#include <errno.h>

TEST(writes_numbers_in_both_orders)
{
	static const uint8_t expected[] = { 4, 3, 2, 1, 1, 2, 3, 4, 8, 7, 6, 5,
					    4, 3, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct writer w;
	uint8_t data[24];

	writer_init(&w, data, sizeof(data), IMASTAGE_LITTLE);
	assert_int_equal(writer_put_u32(&w, 0x01020304), 0);
	w.endian = IMASTAGE_BIG;
	assert_int_equal(writer_put_u32(&w, 0x01020304), 0);
	w.endian = IMASTAGE_LITTLE;
	assert_int_equal(writer_put_u64(&w, 0x0102030405060708), 0);
	w.endian = IMASTAGE_BIG;
	assert_int_equal(writer_put_u64(&w, 0x0102030405060708), 0);
	assert_int_equal(writer_bytes(&w).len, sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

TEST(writes_nothing_when_there_is_no_room)
{
	uint8_t data[8] = { 0 };
	struct writer w;

	writer_init(&w, data, 3, IMASTAGE_LITTLE);
	assert_int_equal(writer_put_u32(&w, UINT32_MAX), -ENOBUFS);
	assert_int_equal(writer_put_u64(&w, UINT64_MAX), -ENOBUFS);
	assert_int_equal(writer_put_bytes(&w, bytes_of("abc", 3)), 0);
	assert_int_equal(writer_put_bytes(&w, bytes_of("d", 1)), -ENOBUFS);
	assert_int_equal(writer_put_bytes(&w, bytes_of(NULL, 0)), 0);
	assert_int_equal(w.len, 3);
	assert_memory_equal(data, "abc\0\0\0\0\0", sizeof(data));
}

TEST_MAIN(cmocka_unit_test(writes_numbers_in_both_orders),
	  cmocka_unit_test(writes_nothing_when_there_is_no_room))
