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

/* Enough for some splits, around each of which all is looked at. */
#define SOME		400

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

static bool remove_number(struct ima_digest_set *set, u32 number, u8 pcr)
{
	u8 digest[DIGEST_LEN_MAX];

	put_number(digest, set->digest_len, number);
	return ima_digest_set_remove(set, digest, pcr);
}

/* Of the chunks of a bucket only the first one is not full, and none is empty. */
static void expect_full_chunks(struct kunit *test,
			       const struct ima_digest_set *set)
{
	unsigned long nr_used = set->nr_chunks - set->nr_spare;

	KUNIT_ASSERT_TRUE(test, nr_used <= set->nr / set->chunk_digests +
						  set->nr_buckets);
	KUNIT_ASSERT_TRUE(test, nr_used * set->chunk_digests >= set->nr);
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
	for (nr = 0; nr < SOME; nr++) {
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
	ima_digest_chunks_free(ima_digest_set_take_spare(&set));
	KUNIT_EXPECT_EQ(test, set.nr_spare, 0);
	expect_numbers(test, &set, nr);
	ima_digest_set_fini(&set);
}

/* One at every size, so before and after every split; then it is back. */
static void remove_at_every_size(struct kunit *test)
{
	struct ima_digest_set set;
	u32 nr, i, gone;

	ima_digest_set_init(&set, 32, &test_key);
	for (nr = 1; nr <= SOME; nr++) {
		add(test, &set, nr - 1, 10);
		gone = nr * 17 / 3 % nr;
		KUNIT_ASSERT_TRUE(test, remove_number(&set, gone, 10));
		KUNIT_ASSERT_TRUE(test, !remove_number(&set, gone, 10));
		KUNIT_ASSERT_EQ(test, set.nr, nr - 1);
		expect_full_chunks(test, &set);
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_TRUE(test, has(&set, i, 10) == (i != gone));
		add(test, &set, gone, 10);
		expect_full_chunks(test, &set);
	}
	ima_digest_set_fini(&set);
}

/* The @i-th of all numbers up to MANY, in an order of no order. */
static u32 shuffled(u32 i)
{
	return i * 7919 % MANY;
}

static void remove_all(struct kunit *test, struct ima_digest_set *set)
{
	u32 i, j;

	for (i = 0; i < MANY; i++) {
		KUNIT_ASSERT_TRUE(test, remove_number(set, shuffled(i), 10));
		KUNIT_ASSERT_EQ(test, set->nr, MANY - 1 - i);
		expect_full_chunks(test, set);
		if (i % 997 && i < MANY - 3)
			continue;
		for (j = 0; j < MANY; j++)
			KUNIT_ASSERT_TRUE(test, has(set, shuffled(j), 10) ==
						(j > i));
	}
	KUNIT_EXPECT_EQ(test, set->nr_spare, set->nr_chunks);
}

/* Of every length; and what is empty then can be filled again. */
static void remove_all_in_any_order(struct kunit *test)
{
	static const unsigned int lengths[] = { 16, 32, 64 };
	struct ima_digest_set set;
	unsigned int i;
	u32 nr;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ima_digest_set_init(&set, lengths[i], &test_key);
		for (nr = 0; nr < MANY; nr++)
			add(test, &set, nr, 10);
		remove_all(test, &set);
		for (nr = 0; nr < SOME; nr++)
			add(test, &set, nr, 10);
		expect_numbers(test, &set, SOME);
		expect_full_chunks(test, &set);
		ima_digest_set_fini(&set);
	}
}

static void remove_what_is_not_there(struct kunit *test)
{
	struct ima_digest_set set;

	ima_digest_set_init(&set, 20, &test_key);
	KUNIT_EXPECT_FALSE(test, remove_number(&set, 1, 10));
	add(test, &set, 1, 10);
	KUNIT_EXPECT_FALSE(test, remove_number(&set, 2, 10));
	KUNIT_EXPECT_FALSE(test, remove_number(&set, 1, 11));
	KUNIT_EXPECT_EQ(test, set.nr, 1);
	KUNIT_EXPECT_TRUE(test, has(&set, 1, 10));

	/* What was added twice is there twice, and under each PCR. */
	add(test, &set, 1, 10);
	add(test, &set, 1, 11);
	KUNIT_EXPECT_TRUE(test, remove_number(&set, 1, 10));
	KUNIT_EXPECT_TRUE(test, has(&set, 1, 10));
	KUNIT_EXPECT_TRUE(test, remove_number(&set, 1, 10));
	KUNIT_EXPECT_FALSE(test, has(&set, 1, 10));
	KUNIT_EXPECT_FALSE(test, remove_number(&set, 1, 10));
	KUNIT_EXPECT_TRUE(test, has(&set, 1, 11));
	ima_digest_set_fini(&set);
}

/* @nr_copied different ones of the numbers up to SOME, with their PCRs. */
static void expect_copy(struct kunit *test, const struct ima_digest_set *set,
			const u8 *buf, u32 nr_copied)
{
	bool *seen = kunit_kzalloc(test, SOME, GFP_KERNEL);
	u8 digest[DIGEST_LEN_MAX];
	u32 i, number;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < nr_copied; i++) {
		const u8 *entry = buf + i * ima_digest_set_entry_len(set);

		number = get_unaligned_le32(entry + 1 + set->digest_len -
					    sizeof(number));
		KUNIT_ASSERT_TRUE(test, number < set->nr && !seen[number]);
		seen[number] = true;
		put_number(digest, set->digest_len, number);
		KUNIT_ASSERT_EQ(test, memcmp(entry + 1, digest,
					     set->digest_len), 0);
		KUNIT_ASSERT_EQ(test, entry[0], number % 24);
	}
}

/* All at every size, and nothing behind them. */
static void copy_at_every_size(struct kunit *test)
{
	struct ima_digest_set set;
	size_t room, len;
	u8 *buf;
	u32 nr;

	ima_digest_set_init(&set, 20, &test_key);
	room = (SOME + 1) * ima_digest_set_entry_len(&set);
	buf = kunit_kzalloc(test, room, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (nr = 0; nr <= SOME; nr++) {
		len = nr * ima_digest_set_entry_len(&set);
		buf[len] = 0x5a;
		KUNIT_ASSERT_EQ(test, ima_digest_set_copy(&set, buf, room), nr);
		KUNIT_ASSERT_EQ(test, buf[len], 0x5a);
		expect_copy(test, &set, buf, nr);
		if (nr < SOME)
			add(test, &set, nr, nr % 24);
	}
	ima_digest_set_fini(&set);
}

/* With room for fewer, there is never half a one. */
static void copy_what_fits(struct kunit *test)
{
	struct ima_digest_set set;
	size_t entry_len, room;
	u8 *buf;
	u32 nr;

	ima_digest_set_init(&set, 32, &test_key);
	entry_len = ima_digest_set_entry_len(&set);
	for (nr = 0; nr < SOME; nr++)
		add(test, &set, nr, nr % 24);
	buf = kunit_kzalloc(test, SOME * entry_len + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (room = 0; room <= SOME * entry_len; room += 8) {
		nr = room / entry_len;
		buf[nr * entry_len] = 0x5a;
		KUNIT_ASSERT_EQ(test, ima_digest_set_copy(&set, buf, room), nr);
		KUNIT_ASSERT_EQ(test, buf[nr * entry_len], 0x5a);
		expect_copy(test, &set, buf, nr);
	}
	ima_digest_set_fini(&set);
}

static void take_all_spare(struct kunit *test, struct ima_digest_set *set)
{
	unsigned long nr_used = set->nr_chunks - set->nr_spare;

	ima_digest_chunks_free(ima_digest_set_take_spare(set));
	KUNIT_ASSERT_EQ(test, set->nr_spare, 0);
	KUNIT_ASSERT_EQ(test, set->nr_chunks, nr_used);
	KUNIT_ASSERT_TRUE(test, !ima_digest_set_take_spare(set));
}

/* At every size, growing and shrinking: nothing else is lost. */
static void take_spare(struct kunit *test)
{
	struct ima_digest_set set;
	u32 nr;

	ima_digest_set_init(&set, 48, &test_key);
	take_all_spare(test, &set);
	KUNIT_EXPECT_EQ(test, ima_digest_set_bytes(&set), 0);
	for (nr = 0; nr < SOME; nr++) {
		add(test, &set, nr, 10);
		take_all_spare(test, &set);
		expect_full_chunks(test, &set);
	}
	expect_numbers(test, &set, SOME);
	while (nr--) {
		KUNIT_ASSERT_TRUE(test, remove_number(&set, nr, 10));
		take_all_spare(test, &set);
		expect_full_chunks(test, &set);
		expect_numbers(test, &set, nr);
	}
	KUNIT_EXPECT_EQ(test, set.nr_chunks, 0);
	add(test, &set, 0, 10);
	expect_numbers(test, &set, 1);
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
	ima_digest_chunks_free(ima_digest_set_take_spare(&set));
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
	KUNIT_CASE(remove_at_every_size),
	KUNIT_CASE(remove_all_in_any_order),
	KUNIT_CASE(remove_what_is_not_there),
	KUNIT_CASE(copy_at_every_size),
	KUNIT_CASE(copy_what_fits),
	KUNIT_CASE(take_spare),
	KUNIT_CASE(bytes_per_digest),
	{}
};

static struct kunit_suite digest_set_test_suite = {
	.name = "ima_staging_digests",
	.test_cases = digest_set_test_cases,
};

kunit_test_suite(digest_set_test_suite);
