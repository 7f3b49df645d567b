// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the trailer for the next kernel: its format, what is in it, and
 * all that can be wrong with it.
 */

#include <kunit/test.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima.h"
#include "ima_staging.h"
#include "ima_staging_kunit.h"

enum {
	VERSION = 8,
	CRC = 12,
	LEN = 16,
	NR_DELETED = 24,
	NR_SNAPSHOTS = 32,
	NR_LEFT = 40,
	NR_DIGESTS = 48,
	HASH_ALGO = 56,
	DIGEST_LEN = 58,
};

/* The count before, which a refused trailer must leave alone. */
#define BEFORE		77

/* Room for the digests of all tests. */
#define ROOM		16384

static void seal(u8 *trailer, size_t len)
{
	put_unaligned_le32(0, trailer + CRC);
	put_unaligned_le32(~crc32_le(~0U, trailer, len), trailer + CRC);
}

/* Without digests. */
static void put_trailer(struct kunit *test, s64 nr_deleted,
			u8 trailer[IMA_STAGING_TRAILER_LEN])
{
	struct ima_staging_test *fx = test->priv;

	atomic64_set(&fx->s.nr_deleted, nr_deleted);
	KUNIT_EXPECT_EQ(test,
			ima_staging_put_trailer(&fx->s, trailer,
						IMA_STAGING_TRAILER_LEN, true),
			IMA_STAGING_TRAILER_LEN);
}

static void expect_trailer(struct kunit *test, const u8 *buf, size_t len,
			   int ret, s64 nr_deleted)
{
	struct ima_staging_restored digests = { BEFORE, BEFORE };
	struct ima_staging_test *fx = test->priv;

	atomic64_set(&fx->s.nr_deleted, BEFORE);
	KUNIT_EXPECT_EQ(test,
			ima_staging_get_trailer(&fx->s, buf, len, true, &digests),
			ret);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), nr_deleted);
	KUNIT_EXPECT_EQ(test, digests.nr, ret ? BEFORE : 0);
	KUNIT_EXPECT_EQ(test, digests.nr_left, ret ? BEFORE : 0);
}

/* The format, byte by byte: other kernels read it. */
static const u8 golden[IMA_STAGING_TRAILER_LEN + 2 * 17] = {
	'I', 'M', 'A', 'S', 'T', 'A', 'G', 'E',
	0x01, 0x00, 0x00, 0x00, 0xbf, 0x69, 0x8e, 0xc9,
	0x62, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x0a, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7,
	0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
	0x0b, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
	0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef,
};

/* A list by md5, the shortest hash there is. */
static void init_md5(struct ima_staging *s)
{
	static const siphash_key_t key = { { 1, 2 } };

	ima_digest_set_fini(&s->digests);
	ima_staging_init_digests(s, HASH_ALGO_MD5, 16, &key);
}

static void add_golden(struct kunit *test, struct ima_staging *s)
{
	const u8 *entry = golden + IMA_STAGING_TRAILER_LEN;
	static const u8 other[16];

	KUNIT_ASSERT_EQ(test, ima_digest_set_reserve(&s->digests, 3), 0);
	ima_digest_set_add(&s->digests, entry + 1, entry[0]);
	ima_digest_set_add(&s->digests, entry + 18, entry[17]);
	ima_digest_set_add(&s->digests, other, 10);
}

static void trailer_golden_written(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u8 trailer[sizeof(golden) + 16];

	init_md5(&fx->s);
	add_golden(test, &fx->s);
	atomic64_set(&fx->s.nr_deleted, 0x0123456789ab);
	fx->s.nr_snapshots = 3;
	KUNIT_EXPECT_EQ(test,
			ima_staging_put_trailer(&fx->s, trailer, sizeof(trailer),
						true),
			sizeof(golden));
	KUNIT_EXPECT_EQ(test, memcmp(trailer, golden, sizeof(golden)), 0);
}

static void trailer_golden_read(struct kunit *test)
{
	const u8 *entry = golden + IMA_STAGING_TRAILER_LEN;
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_restored digests;

	init_md5(&fx->s);
	KUNIT_EXPECT_EQ(test,
			ima_staging_get_trailer(&fx->s, golden, sizeof(golden),
						true, &digests),
			0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), 0x0123456789ab);
	KUNIT_EXPECT_EQ(test, fx->s.nr_snapshots, 3);
	KUNIT_EXPECT_EQ(test, digests.nr, 2);
	KUNIT_EXPECT_EQ(test, digests.nr_left, 1);
	KUNIT_EXPECT_TRUE(test, ima_staging_has_digest(&fx->s, entry + 1, 10));
	KUNIT_EXPECT_TRUE(test, ima_staging_has_digest(&fx->s, entry + 18, 11));
	KUNIT_EXPECT_FALSE(test, ima_staging_has_digest(&fx->s, entry + 18, 10));
}

static void trailer_round_trip(struct kunit *test)
{
	static const s64 nr[] = { 0, 1, 255, 256, U32_MAX, S64_MAX - 1, S64_MAX };
	u8 trailer[IMA_STAGING_TRAILER_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		put_trailer(test, nr[i], trailer);
		expect_trailer(test, trailer, sizeof(trailer), 0, nr[i]);
	}
}

static void trailer_absent(struct kunit *test)
{
	u8 buf[128] = { 0 };

	expect_trailer(test, buf, 0, -ENOENT, BEFORE);
	expect_trailer(test, buf, sizeof(buf), -ENOENT, BEFORE);
	memset(buf, 0xff, sizeof(buf));
	expect_trailer(test, buf, sizeof(buf), -ENOENT, BEFORE);
}

/* Whole in the magic, and part of what follows: damaged, not absent. */
static void trailer_cut_short(struct kunit *test)
{
	size_t len;

	for (len = 0; len < sizeof(golden); len++)
		expect_trailer(test, golden, len, len < 8 ? -ENOENT : -EINVAL,
			       BEFORE);
}

/* With as much behind it as makes longer lengths possible. */
static void trailer_flipped_bit(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u8 buf[2 * sizeof(golden)] = { 0 };
	unsigned int bit;

	memcpy(buf, golden, sizeof(golden));
	for (bit = 0; bit < 8 * sizeof(golden); bit++) {
		int ret = bit < 64 ? -ENOENT : -EINVAL;

		buf[bit / 8] ^= 1 << bit % 8;
		expect_trailer(test, buf, sizeof(golden), ret, BEFORE);
		expect_trailer(test, buf, sizeof(buf), ret, BEFORE);
		buf[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 0);
}

static void expect_sealed_false(struct kunit *test, u8 *trailer)
{
	seal(trailer, sizeof(golden));
	expect_trailer(test, trailer, sizeof(golden), -EINVAL, BEFORE);
	memcpy(trailer, golden, sizeof(golden));
}

/* Sealed as it should be, and yet not to be believed. */
static void trailer_false(struct kunit *test)
{
	u8 trailer[sizeof(golden)];

	memcpy(trailer, golden, sizeof(golden));
	put_unaligned_le32(0, trailer + VERSION);
	expect_sealed_false(test, trailer);
	put_unaligned_le64((u64)S64_MAX + 1, trailer + NR_DELETED);
	expect_sealed_false(test, trailer);
	put_unaligned_le64(U64_MAX, trailer + NR_DELETED);
	expect_sealed_false(test, trailer);
	put_unaligned_le64(U64_MAX, trailer + NR_LEFT);
	expect_sealed_false(test, trailer);
	put_unaligned_le64(3, trailer + NR_DIGESTS);
	expect_sealed_false(test, trailer);
	put_unaligned_le64(U64_MAX, trailer + NR_DIGESTS);
	expect_sealed_false(test, trailer);
	/* 17 times this is 17 more than 2^64. */
	put_unaligned_le64(U64_MAX / 17 + 2, trailer + NR_DIGESTS);
	expect_sealed_false(test, trailer);
	put_unaligned_le16(17, trailer + DIGEST_LEN);
	expect_sealed_false(test, trailer);
	put_unaligned_le16(U16_MAX, trailer + DIGEST_LEN);
	expect_sealed_false(test, trailer);
}

/* Shorter than this version, longer than the buffer, longer than anything. */
static void trailer_false_length(struct kunit *test)
{
	static const u64 lens[] = {
		0, 1, 8, 20, IMA_STAGING_TRAILER_LEN - 1,
		IMA_STAGING_TRAILER_LEN + 1, 128, S32_MAX, U32_MAX, S64_MAX,
		U64_MAX,
	};
	u8 trailer[IMA_STAGING_TRAILER_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		put_trailer(test, 5, trailer);
		put_unaligned_le64(lens[i], trailer + LEN);
		seal(trailer, sizeof(trailer));
		expect_trailer(test, trailer, sizeof(trailer), -EINVAL, BEFORE);
	}
}

/* A later version appends: what it means here stays, and all is checked. */
static void trailer_of_later_version(struct kunit *test)
{
	u8 buf[IMA_STAGING_TRAILER_LEN + 32];
	size_t len = IMA_STAGING_TRAILER_LEN + 16;

	put_trailer(test, 5, buf);
	memset(buf + IMA_STAGING_TRAILER_LEN, 0x5a, 16);
	memset(buf + len, 0xff, 16);
	put_unaligned_le32(2, buf + VERSION);
	put_unaligned_le64(len, buf + LEN);
	seal(buf, len);
	expect_trailer(test, buf, len, 0, 5);
	expect_trailer(test, buf, sizeof(buf), 0, 5);
	expect_trailer(test, buf, len - 1, -EINVAL, BEFORE);
	buf[len - 1] ^= 1;
	expect_trailer(test, buf, len, -EINVAL, BEFORE);
}

static void trailer_unaligned(struct kunit *test)
{
	u8 buf[IMA_STAGING_TRAILER_LEN + 8];
	int i;

	for (i = 1; i < 8; i++) {
		put_trailer(test, 1000 + i, buf + i);
		expect_trailer(test, buf + i, IMA_STAGING_TRAILER_LEN, 0,
			       1000 + i);
	}
}

/*
 * Digests.
 */

/* @nr records hashed and @nr / 2 of them deleted; returns the trailer's length. */
static size_t put_digests(struct kunit *test, int nr, u8 *ret_buf, size_t room)
{
	struct ima_staging_test *fx = test->priv;
	char text[16];
	size_t len;

	ima_staging_test_append_many(test, nr);
	ima_staging_test_open_writer(test);
	scnprintf(text, sizeof(text), "%d\n", nr / 2);
	EXPECT_COMMAND(test, &fx->f, text, 0);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	ima_staging_test_close_writer(test);
	ima_staging_suspend(&fx->s);
	len = ima_staging_put_trailer(&fx->s, ret_buf, room, true);
	KUNIT_ASSERT_TRUE(test, len <= room);
	return len;
}

/* The list of the next kernel takes the place of this one's. */
static void next_kernel(struct kunit *test)
{
	ima_staging_test_exit(test);
	KUNIT_ASSERT_EQ(test, ima_staging_test_init(test), 0);
}

static struct ima_staging_restored get_digests(struct kunit *test, const u8 *buf,
					       size_t len, bool digests)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_restored ret = {};

	KUNIT_EXPECT_EQ(test,
			ima_staging_get_trailer(&fx->s, buf, len, digests, &ret),
			0);
	return ret;
}

/* Of deleted records, and of no others. */
static void digests_of_deleted(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	struct ima_staging_restored digests;
	struct ima_staging_test *fx;
	size_t len;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = put_digests(test, 200, buf, ROOM);
	next_kernel(test);
	digests = get_digests(test, buf, len, true);
	KUNIT_EXPECT_EQ(test, digests.nr, 100);
	KUNIT_EXPECT_EQ(test, digests.nr_left, 0);
	for (i = 0; i < 200; i++)
		KUNIT_ASSERT_EQ(test, ima_staging_test_has_digest(test, i),
				i < 100);
	fx = test->priv;
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 100);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), 100);
}

/* As many as there is room for, to the byte; and the next kernel is told. */
static void digests_that_fit(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	size_t entry_len = ima_digest_set_entry_len(&fx->s.digests);
	u8 *buf = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	struct ima_staging_restored digests;
	u32 nr, i, nr_found;
	size_t room, len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (nr = 0; nr <= 20; nr += 5) {
		room = IMA_STAGING_TRAILER_LEN + nr * entry_len;
		room += nr ? 0 : entry_len - 1;
		buf[room] = 0x5a;
		len = put_digests(test, 40, buf, room);
		KUNIT_EXPECT_EQ(test, buf[room], 0x5a);
		next_kernel(test);
		digests = get_digests(test, buf, len, true);
		KUNIT_EXPECT_EQ(test, digests.nr, nr);
		KUNIT_EXPECT_EQ(test, digests.nr_left, 20 - nr);
		for (i = 0, nr_found = 0; i < 40; i++)
			nr_found += ima_staging_test_has_digest(test, i);
		KUNIT_EXPECT_EQ(test, nr_found, nr);
		next_kernel(test);
	}
}

/* Not wanted, or of no use: the counts are taken over all the same. */
static void digests_not_taken(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	struct ima_staging_restored digests;
	struct ima_staging_test *fx;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = put_digests(test, 20, buf, ROOM);
	next_kernel(test);
	digests = get_digests(test, buf, len, false);
	KUNIT_EXPECT_EQ(test, digests.nr, 0);
	KUNIT_EXPECT_EQ(test, digests.nr_left, 10);

	put_unaligned_le16(HASH_ALGO_MD4, buf + HASH_ALGO);
	seal(buf, len);
	digests = get_digests(test, buf, len, true);
	KUNIT_EXPECT_EQ(test, digests.nr, 0);
	KUNIT_EXPECT_EQ(test, digests.nr_left, 10);
	fx = test->priv;
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), 10);
}

static void digests_not_given(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u8 buf[IMA_STAGING_TRAILER_LEN];

	ima_staging_test_append_many(test, 3);
	ima_staging_suspend(&fx->s);
	KUNIT_EXPECT_EQ(test,
			ima_staging_put_trailer(&fx->s, buf, sizeof(buf), false),
			sizeof(buf));
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf + NR_LEFT), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(buf + NR_DIGESTS), 0);
}

/* What restored records have brought is not added again. */
static void digests_known_already(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	struct ima_staging_restored digests;
	struct ima_staging_test *fx;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = put_digests(test, 20, buf, ROOM);
	next_kernel(test);
	ima_staging_test_append_many(test, 4);
	digests = get_digests(test, buf, len, true);
	KUNIT_EXPECT_EQ(test, digests.nr, 10);
	fx = test->priv;
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 10);
}

static struct kunit_case trailer_test_cases[] = {
	KUNIT_CASE(trailer_golden_written),
	KUNIT_CASE(trailer_golden_read),
	KUNIT_CASE(trailer_round_trip),
	KUNIT_CASE(trailer_absent),
	KUNIT_CASE(trailer_cut_short),
	KUNIT_CASE(trailer_flipped_bit),
	KUNIT_CASE(trailer_false),
	KUNIT_CASE(trailer_false_length),
	KUNIT_CASE(trailer_of_later_version),
	KUNIT_CASE(trailer_unaligned),
	KUNIT_CASE(digests_of_deleted),
	KUNIT_CASE(digests_that_fit),
	KUNIT_CASE(digests_not_taken),
	KUNIT_CASE(digests_not_given),
	KUNIT_CASE(digests_known_already),
	{}
};

static struct kunit_suite trailer_test_suite = {
	.name = "ima_staging_trailer",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = trailer_test_cases,
};

kunit_test_suite(trailer_test_suite);
