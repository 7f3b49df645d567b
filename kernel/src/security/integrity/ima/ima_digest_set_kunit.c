// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the set of digests: what was added is found and nothing else,
 * with digests of every length, around every split, whatever the digests are.
 *
 * A digest is made from a number, of which the lowest bits come first; so digests
 * of consecutive numbers differ in the first byte, others only in the last one.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima_digest_set.h"

#define DIGEST_LEN_MAX	64

/* Enough for some hundred splits. */
#define MANY		10000

static const siphash_key_t test_key = { { 0x0706050403020100ULL,
					  0x0f0e0d0c0b0a0908ULL } };

static void put_number(u8 digest[DIGEST_LEN_MAX], unsigned int len, u32 number)
{
	memset(digest, 0, DIGEST_LEN_MAX);
	put_unaligned_le32(number, digest + len - sizeof(number));
}

static void add(struct kunit *test, struct ima_digest_set *set, u32 number,
		u8 pcr)
{
	u8 digest[DIGEST_LEN_MAX];

	put_number(digest, set->digest_len, number);
	KUNIT_ASSERT_EQ(test, ima_digest_set_reserve(set, 1), 0);
	ima_digest_set_add(set, digest, pcr);
}

static bool has(const struct ima_digest_set *set, u32 number, u8 pcr)
{
	u8 digest[DIGEST_LEN_MAX];

	put_number(digest, set->digest_len, number);
	return ima_digest_set_has(set, digest, pcr);
}

/* The numbers from 0 up to @nr are there, the @nr behind them are not. */
static void expect_numbers(struct kunit *test, const struct ima_digest_set *set,
			   u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_TRUE_MSG(test, has(set, i, 10), "%u of %u", i, nr);
		KUNIT_ASSERT_TRUE_MSG(test, !has(set, nr + i, 10), "%u of %u",
				      nr + i, nr);
	}
}

static void empty_set(struct kunit *test)
{
	struct ima_digest_set set;

	ima_digest_set_init(&set, 32, &test_key);
	KUNIT_EXPECT_FALSE(test, has(&set, 0, 10));
	KUNIT_EXPECT_EQ(test, ima_digest_set_bytes(&set), 0);
	KUNIT_EXPECT_EQ(test, ima_digest_set_reserve(&set, 1), 0);
	KUNIT_EXPECT_FALSE(test, has(&set, 0, 10));
	ima_digest_set_fini(&set);
}

/* At every size, so before and after every split. */
static void every_size(struct kunit *test)
{
	struct ima_digest_set set;
	u32 nr;

	ima_digest_set_init(&set, 32, &test_key);
	for (nr = 0; nr < 400; nr++) {
		expect_numbers(test, &set, nr);
		add(test, &set, nr, 10);
		KUNIT_ASSERT_EQ(test, set.nr, nr + 1);
	}
	KUNIT_EXPECT_TRUE(test, set.nr_buckets > 7);
	ima_digest_set_fini(&set);
}

static void many_of_every_length(struct kunit *test)
{
	static const unsigned int lengths[] = { 16, 20, 32, 48, 64 };
	struct ima_digest_set set;
	unsigned int i;
	u32 nr;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ima_digest_set_init(&set, lengths[i], &test_key);
		for (nr = 0; nr < MANY; nr++)
			add(test, &set, nr, 10);
		expect_numbers(test, &set, MANY);
		ima_digest_set_fini(&set);
	}
}

static void pcrs_differ(struct kunit *test)
{
	struct ima_digest_set set;
	u32 nr;

	ima_digest_set_init(&set, 20, &test_key);
	for (nr = 0; nr < 500; nr++)
		add(test, &set, nr, nr % 24);
	for (nr = 0; nr < 500; nr++) {
		KUNIT_ASSERT_TRUE(test, has(&set, nr, nr % 24));
		KUNIT_ASSERT_TRUE(test, !has(&set, nr, (nr + 1) % 24));
	}

	add(test, &set, 7, 8);
	KUNIT_EXPECT_TRUE(test, has(&set, 7, 7));
	KUNIT_EXPECT_TRUE(test, has(&set, 7, 8));
	ima_digest_set_fini(&set);
}

/* All in one bucket for ever: it is slow, and right. */
static void same_digest(struct kunit *test)
{
	struct ima_digest_set set;
	u32 i;

	ima_digest_set_init(&set, 32, &test_key);
	for (i = 0; i < 1000; i++)
		add(test, &set, 5, 10);
	KUNIT_EXPECT_TRUE(test, has(&set, 5, 10));
	KUNIT_EXPECT_FALSE(test, has(&set, 6, 10));
	ima_digest_set_fini(&set);
}

/* What was reserved is enough, and what was not needed can be given back. */
static void reserve_in_batches(struct kunit *test)
{
	struct ima_digest_set set;
	u8 digest[DIGEST_LEN_MAX];
	u32 nr = 0;

	ima_digest_set_init(&set, 64, &test_key);
	while (nr < MANY) {
		u32 end = nr + 64;

		KUNIT_ASSERT_EQ(test, ima_digest_set_reserve(&set, 64), 0);
		for (; nr < end; nr++) {
			put_number(digest, set.digest_len, nr);
			ima_digest_set_add(&set, digest, 10);
		}
	}
	ima_digest_set_release(&set);
	KUNIT_EXPECT_EQ(test, set.nr_spare, 0);
	expect_numbers(test, &set, nr);
	ima_digest_set_fini(&set);
}

/* Everything included, but for what a small set cannot make up for. */
static void bytes_per_digest(struct kunit *test)
{
	struct ima_digest_set set;
	u32 nr;

	ima_digest_set_init(&set, 32, &test_key);
	for (nr = 0; nr < 100000; nr++)
		add(test, &set, nr, 10);
	ima_digest_set_release(&set);
	KUNIT_EXPECT_TRUE(test, ima_digest_set_bytes(&set) <= 48UL * nr);
	ima_digest_set_fini(&set);
}

static struct kunit_case digest_set_test_cases[] = {
	KUNIT_CASE(empty_set),
	KUNIT_CASE(every_size),
	KUNIT_CASE(many_of_every_length),
	KUNIT_CASE(pcrs_differ),
	KUNIT_CASE(same_digest),
	KUNIT_CASE(reserve_in_batches),
	KUNIT_CASE(bytes_per_digest),
	{}
};

static struct kunit_suite digest_set_test_suite = {
	.name = "ima_staging_digests",
	.test_cases = digest_set_test_cases,
};

kunit_test_suite(digest_set_test_suite);
