// SPDX-License-Identifier: MIT
/*
 * Counting in bounded memory: exact as long as it fits, and honest beyond.
 */
#include "list/tally.h"
#include "base/bytes.h"
#include "lib/testing.h"

static int add(struct tally *tally, unsigned int number, uint64_t nr_bytes)
{
	char name[16];

	snprintf(name, sizeof(name), "name%u", number);
	return tally_add(tally, bytes_of_text(name), nr_bytes);
}

TEST(counts_each_name)
{
	struct tally tally = { .memory_max = 1 << 24 };
	const struct tally_entry *top[3];

	for (unsigned int i = 0; i < 5000; i++)
		for (unsigned int k = 0; k <= i % 3; k++)
			assert_int_equal(add(&tally, i, i), 0);
	assert_int_equal(tally.nr, 5000);
	assert_int_equal(tally.nr_left_out, 0);
	assert_int_equal(tally_top(&tally, tally_fewer_bytes, 3, top), 3);
	assert_true(bytes_equal_text(top[0]->name, "name4997"));
	assert_int_equal(top[0]->nr_records, 3);
	assert_int_equal(top[0]->nr_bytes, 3 * 4997);
	assert_int_equal(tally_top(&tally, tally_fewer_records, 3, top), 3);
	assert_true(bytes_equal_text(top[0]->name, "name1001"));
	assert_int_equal(tally_top(&tally, tally_fewer_records, 0, top), 0);
	tally_fini(&tally);
}

TEST(an_empty_name_is_one)
{
	struct tally tally = { .memory_max = 1 << 20 };

	assert_int_equal(tally_add(&tally, bytes_of(NULL, 0), 1), 0);
	assert_int_equal(tally_add(&tally, bytes_of_text(""), 1), 0);
	assert_int_equal(tally.nr, 1);
	tally_fini(&tally);
}

TEST(says_what_did_not_fit)
{
	struct tally tally = { .memory_max = 1 << 18 };
	const struct tally_entry *top[1];

	for (unsigned int i = 0; i < 100000; i++) {
		assert_int_equal(add(&tally, i, 1), 0);
		assert_int_equal(add(&tally, 0, 1), 0);
	}
	assert_true(tally.nr > 100);
	assert_int_equal(tally.nr + tally.nr_left_out, 100000);
	assert_int_equal(tally_top(&tally, tally_fewer_records, 1, top), 1);
	assert_int_equal(top[0]->nr_records, 100001);
	tally_fini(&tally);
}

TEST(without_memory_all_is_left_out)
{
	struct tally tally = { 0 };
	struct seen seen = { 0 };

	assert_int_equal(add(&tally, 1, 1), 0);
	assert_int_equal(tally.nr_left_out, 1);
	assert_int_equal(seen_add(&seen, bytes_of_text("0123456789abcdef"), 1),
			 0);
	assert_int_equal(seen.nr_left_out, 1);
	tally_fini(&tally);
	seen_fini(&seen);
}

static int see(struct seen *seen, uint32_t number, uint32_t pcr)
{
	uint8_t digest[20] = { 0 };

	memcpy(digest + 4, &number, sizeof(number));
	return seen_add(seen, bytes_of(digest, sizeof(digest)), pcr);
}

TEST(finds_duplicates)
{
	struct seen seen = { .memory_max = 1 << 24 };

	for (uint32_t i = 0; i < 20000; i++)
		assert_int_equal(see(&seen, i, 10), 0);
	for (uint32_t i = 0; i < 20000; i++)
		assert_int_equal(see(&seen, i, 10), SEEN_BEFORE);
	assert_int_equal(see(&seen, 1, 11), 0);
	assert_int_equal(see(&seen, 0, 0), 0);
	assert_int_equal(see(&seen, 0, 0), SEEN_BEFORE);
	seen_fini(&seen);
}

TEST(says_which_were_not_kept)
{
	struct seen seen = { .memory_max = 1 << 14 };
	uint32_t nr_new = 0;

	for (uint32_t i = 0; i < 20000; i++)
		nr_new += see(&seen, i, 10) == 0;
	assert_int_equal(nr_new, 20000);
	assert_int_equal(seen.nr + seen.nr_left_out, 20000);
	assert_true(seen.nr >= 512 && seen.nr < 1024);
	assert_int_equal(see(&seen, 0, 10), SEEN_BEFORE);
	seen_fini(&seen);
}

TEST_MAIN(cmocka_unit_test(counts_each_name),
	  cmocka_unit_test(an_empty_name_is_one),
	  cmocka_unit_test(says_what_did_not_fit),
	  cmocka_unit_test(without_memory_all_is_left_out),
	  cmocka_unit_test(finds_duplicates),
	  cmocka_unit_test(says_which_were_not_kept))
