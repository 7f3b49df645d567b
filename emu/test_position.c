// SPDX-License-Identifier: MIT
/* Where reads go on after commands, for what clients do with one descriptor. */
#include "emu/position.h"
#include "lib/testing.h"

/* A read of FUSE at @offset that gets @len bytes: from where? */
static uint64_t read_at(struct position *position, uint64_t offset, size_t len)
{
	uint64_t from = position_begin_read(position, offset);

	position_end_read(position, len);
	return from;
}

TEST(without_commands_nothing_moves)
{
	struct position p = { 0 };

	assert_int_equal(read_at(&p, 0, 100), 0);
	assert_int_equal(read_at(&p, 100, 50), 100);
	assert_int_equal(read_at(&p, 2, 5), 2);
	assert_int_equal(read_at(&p, 1000, 0), 1000);
}

/* echo A; cat; echo D; cat */
TEST(one_descriptor_for_all)
{
	struct position p = { 0 };

	position_command(&p, 0, 2);
	assert_int_equal(read_at(&p, 2, 100), 0);
	assert_int_equal(read_at(&p, 102, 30), 100);
	assert_int_equal(read_at(&p, 132, 0), 130);
	position_command(&p, 132, 2);
	assert_int_equal(read_at(&p, 134, 0), 130);
}

/* cat; echo 5; cat */
TEST(read_then_trim)
{
	struct position p = { 0 };

	assert_int_equal(read_at(&p, 0, 70), 0);
	position_command(&p, 70, 2);
	assert_int_equal(read_at(&p, 72, 10), 70);
	assert_int_equal(read_at(&p, 82, 0), 80);
}

TEST(seeking_back_is_believed)
{
	struct position p = { 0 };

	position_command(&p, 0, 2);
	assert_int_equal(read_at(&p, 2, 100), 0);
	assert_int_equal(read_at(&p, 0, 10), 0);
	assert_int_equal(read_at(&p, 10, 10), 10);
	position_command(&p, 20, 2);
	assert_int_equal(read_at(&p, 22, 10), 20);
}

/* byte by byte past the offset that the command has left */
TEST(small_reads_from_the_start)
{
	struct position p = { 0 };

	position_command(&p, 0, 2);
	for (uint64_t offset = 0; offset < 6; offset++)
		assert_int_equal(read_at(&p, offset, 1), offset);
}

TEST(pread_does_not_disturb)
{
	struct position p = { 0 };

	position_command(&p, 0, 2);
	assert_int_equal(read_at(&p, 0, 65536), 0);
	assert_int_equal(read_at(&p, 65536, 0), 65536);
	assert_int_equal(read_at(&p, 2, 100), 0);
	assert_int_equal(read_at(&p, 40, 7), 40);
	assert_int_equal(read_at(&p, 102, 5), 100);
}

TEST(seek_then_command)
{
	struct position p = { 0 };

	position_command(&p, 0, 2);
	assert_int_equal(read_at(&p, 2, 10), 0);
	position_command(&p, 1000, 2);
	assert_int_equal(read_at(&p, 1002, 10), 1000);
}

TEST_MAIN(cmocka_unit_test(without_commands_nothing_moves),
	  cmocka_unit_test(one_descriptor_for_all),
	  cmocka_unit_test(read_then_trim),
	  cmocka_unit_test(seeking_back_is_believed),
	  cmocka_unit_test(small_reads_from_the_start),
	  cmocka_unit_test(pread_does_not_disturb),
	  cmocka_unit_test(seek_then_command))
