// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the staging core: the text of commands, and the trailer for
 * the next kernel.
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

/*
 * Commands.
 */

struct legal {
	const char *text;
	bool staged;
	struct ima_staging_cmd cmd;
};

static const struct legal legal[] = {
	{ "A\n", true, { IMA_STAGING_STAGE, U64_MAX, 0 } },
	{ "D\n", true, { IMA_STAGING_DELETE, 0, 0 } },
	{ "1\n", true, { IMA_STAGING_STAGE, 1, 0 } },
	{ "9\n", true, { IMA_STAGING_STAGE, 9, 0 } },
	{ "0042\n", true, { IMA_STAGING_STAGE, 42, 0 } },
	{ "18446744073709551615\n", true, { IMA_STAGING_STAGE, U64_MAX, 0 } },
	{ "1\n", false, { IMA_STAGING_TRIM, 1, 0 } },
	{ "1234567890\n", false, { IMA_STAGING_TRIM, 1234567890, 0 } },
	{ "00000000000000000001\n", false, { IMA_STAGING_TRIM, 1, 0 } },
	{ "18446744073709551615\n", false, { IMA_STAGING_TRIM, U64_MAX, 0 } },
	{ "0:1\n", false, { IMA_STAGING_TRIM_GUARDED, 1, 0 } },
	{ "7:12\n", false, { IMA_STAGING_TRIM_GUARDED, 12, 7 } },
	{ "007:012\n", false, { IMA_STAGING_TRIM_GUARDED, 12, 7 } },
	{ "999999999999999999:9\n", false,
	  { IMA_STAGING_TRIM_GUARDED, 9, 999999999999999999 } },
	{ "1:999999999999999999\n", false,
	  { IMA_STAGING_TRIM_GUARDED, 999999999999999999, 1 } },
};

static void parse_legal(struct kunit *test)
{
	const struct legal *l;

	for (l = legal; l < legal + ARRAY_SIZE(legal); l++) {
		struct ima_staging_cmd cmd;

		memset(&cmd, 0xa5, sizeof(cmd));
		KUNIT_EXPECT_EQ_MSG(test,
				    ima_staging_parse(l->text, strlen(l->text),
						      l->staged, &cmd),
				    0, "%s", l->text);
		KUNIT_EXPECT_EQ_MSG(test, cmd.verb, l->cmd.verb, "%s", l->text);
		KUNIT_EXPECT_EQ_MSG(test, cmd.nr, l->cmd.nr, "%s", l->text);
		KUNIT_EXPECT_EQ_MSG(test, cmd.nr_deleted, l->cmd.nr_deleted,
				    "%s", l->text);
	}
}

/* It is refused with @ret, and the output is untouched. */
static void expect_refused(struct kunit *test, const char *text, size_t len,
			   bool staged, int ret)
{
	struct ima_staging_cmd cmd, before;

	memset(&cmd, 0xa5, sizeof(cmd));
	memset(&before, 0xa5, sizeof(before));
	KUNIT_EXPECT_EQ_MSG(test, ima_staging_parse(text, len, staged, &cmd),
			    ret, "%.*s", (int)len, text);
	KUNIT_EXPECT_EQ_MSG(test, memcmp(&cmd, &before, sizeof(cmd)), 0,
			    "%.*s", (int)len, text);
}

static void parse_illegal_anywhere(struct kunit *test)
{
	static const char *const text[] = {
		"", "\n", "1", "A", "\n\n", "0\n", "00\n", "000000\n",
		"AA\n", "A1\n", "1A\n", "A\x20\n", " A\n", "a\n", "d\n", "S\n",
		"DD\n", "+1\n", "-1\n", " 1\n", "1\x20\n", "1\n\n", "\n1\n",
		"0x1\n", "1.0\n", "1e1\n", "1\r\n", "1a\n", "1,2\n", ":\n",
		"::\n", ":1\n", "1:\n", "0:0\n", "5:0\n", "1:2:3\n", "1::2\n",
		":1:\n", "1: 2\n", "1 :2\n", "-1:2\n", "1:-2\n", "A:1\n",
		"1:A\n", "1:2", "12", "123456789012345678901\n",
		"00000000000000000000\n", "99999999999999999999x\n",
		"9999999999999999999x\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text); i++) {
		size_t len = strlen(text[i]);

		expect_refused(test, text[i], len, false, -EINVAL);
		expect_refused(test, text[i], len, true, -EINVAL);
	}
}

static void parse_wrong_file(struct kunit *test)
{
	expect_refused(test, "A\n", 2, false, -EINVAL);
	expect_refused(test, "D\n", 2, false, -EINVAL);
	expect_refused(test, "0:1\n", 4, true, -EINVAL);
	expect_refused(test, "7:12\n", 5, true, -EINVAL);
}

static void parse_overflow(struct kunit *test)
{
	static const char *const text[] = {
		"18446744073709551616\n", "18446744073709551620\n",
		"18446744073709551999\n", "20000000000000000000\n",
		"36893488147419103233\n", "99999999999999999999\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text); i++) {
		expect_refused(test, text[i], 21, false, -ERANGE);
		expect_refused(test, text[i], 21, true, -ERANGE);
	}
}

/* Every length there may be, and those around; nothing behind is looked at. */
static void parse_lengths(struct kunit *test)
{
	struct ima_staging_cmd cmd;
	char text[24];
	size_t len;

	for (len = 0; len <= 23; len++) {
		memset(text, '1', sizeof(text));
		if (len)
			text[len - 1] = '\n';
		if (len < 2 || len > 21) {
			expect_refused(test, text, len, false, -EINVAL);
			expect_refused(test, text, len, true, -EINVAL);
			continue;
		}
		KUNIT_EXPECT_EQ(test, ima_staging_parse(text, len, true, &cmd),
				0);
		expect_refused(test, text, len - 1, true, -EINVAL);
	}
}

static bool is_command(char c, bool staged)
{
	return (c >= '1' && c <= '9') || (staged && (c == 'A' || c == 'D'));
}

/* Every byte, alone and in the middle of a number. */
static void parse_every_byte(struct kunit *test)
{
	struct ima_staging_cmd cmd;
	int i, staged;

	for (i = 0; i < 256; i++) {
		char alone[] = { i, '\n' };
		char middle[] = { '1', i, '1', '\n' };
		bool good = i >= '0' && i <= '9';

		for (staged = 0; staged < 2; staged++) {
			KUNIT_EXPECT_EQ_MSG(test,
					    !ima_staging_parse(alone, 2, staged,
							       &cmd),
					    is_command(i, staged), "%d", i);
			KUNIT_EXPECT_EQ_MSG(test,
					    !ima_staging_parse(middle, 4,
							       staged, &cmd),
					    good || (i == ':' && !staged),
					    "%d", i);
		}
	}
}

/*
 * The trailer.
 */

enum {
	VERSION = 8,
	LEN = 12,
	CRC = 16,
	NR_DELETED = 24,
};

/* The count before, which a refused trailer must leave alone. */
#define BEFORE	77

static void seal(u8 *trailer, size_t len)
{
	put_unaligned_le32(0, trailer + CRC);
	put_unaligned_le32(~crc32_le(~0U, trailer, len), trailer + CRC);
}

static void put_trailer(struct kunit *test, s64 nr_deleted,
			u8 trailer[IMA_STAGING_TRAILER_LEN])
{
	struct ima_staging_test *fx = test->priv;

	atomic64_set(&fx->s.nr_deleted, nr_deleted);
	ima_staging_put_trailer(&fx->s, trailer);
}

static void expect_trailer(struct kunit *test, const u8 *buf, size_t len,
			   int ret, s64 nr_deleted)
{
	struct ima_staging_test *fx = test->priv;

	atomic64_set(&fx->s.nr_deleted, BEFORE);
	KUNIT_EXPECT_EQ(test, ima_staging_get_trailer(&fx->s, buf, len), ret);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), nr_deleted);
}

/* The format, byte by byte: other kernels read it. */
static void trailer_golden(struct kunit *test)
{
	static const u8 golden[IMA_STAGING_TRAILER_LEN] = {
		'I', 'M', 'A', 'S', 'T', 'A', 'G', 'E',
		0x01, 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00,
		0x85, 0x4b, 0x23, 0x40, 0x00, 0x00, 0x00, 0x00,
		0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x00, 0x00,
	};
	u8 trailer[IMA_STAGING_TRAILER_LEN];

	put_trailer(test, 0x0123456789ab, trailer);
	KUNIT_EXPECT_EQ(test, memcmp(trailer, golden, sizeof(golden)), 0);
	expect_trailer(test, golden, sizeof(golden), 0, 0x0123456789ab);
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
	u8 buf[64] = { 0 };

	expect_trailer(test, buf, 0, -ENOENT, BEFORE);
	expect_trailer(test, buf, sizeof(buf), -ENOENT, BEFORE);
	memset(buf, 0xff, sizeof(buf));
	expect_trailer(test, buf, sizeof(buf), -ENOENT, BEFORE);
}

/* Whole in the magic, and part of what follows: damaged, not absent. */
static void trailer_cut_short(struct kunit *test)
{
	u8 trailer[IMA_STAGING_TRAILER_LEN];
	size_t len;

	put_trailer(test, 5, trailer);
	for (len = 0; len < sizeof(trailer); len++)
		expect_trailer(test, trailer, len, len < 8 ? -ENOENT : -EINVAL,
			       BEFORE);
}

/* With as much behind it as makes longer lengths possible. */
static void trailer_flipped_bit(struct kunit *test)
{
	u8 buf[4 * IMA_STAGING_TRAILER_LEN];
	unsigned int bit;

	memset(buf, 0, sizeof(buf));
	put_trailer(test, 5, buf);
	for (bit = 0; bit < 8 * IMA_STAGING_TRAILER_LEN; bit++) {
		int ret = bit < 64 ? -ENOENT : -EINVAL;

		buf[bit / 8] ^= 1 << bit % 8;
		expect_trailer(test, buf, IMA_STAGING_TRAILER_LEN, ret, BEFORE);
		expect_trailer(test, buf, sizeof(buf), ret, BEFORE);
		buf[bit / 8] ^= 1 << bit % 8;
	}
	expect_trailer(test, buf, sizeof(buf), 0, 5);
}

/* Sealed as it should be, and yet not to be believed. */
static void trailer_false(struct kunit *test)
{
	u8 trailer[IMA_STAGING_TRAILER_LEN];

	put_trailer(test, 5, trailer);
	put_unaligned_le32(0, trailer + VERSION);
	seal(trailer, sizeof(trailer));
	expect_trailer(test, trailer, sizeof(trailer), -EINVAL, BEFORE);

	put_trailer(test, 5, trailer);
	put_unaligned_le64((u64)S64_MAX + 1, trailer + NR_DELETED);
	seal(trailer, sizeof(trailer));
	expect_trailer(test, trailer, sizeof(trailer), -EINVAL, BEFORE);

	put_unaligned_le64(U64_MAX, trailer + NR_DELETED);
	seal(trailer, sizeof(trailer));
	expect_trailer(test, trailer, sizeof(trailer), -EINVAL, BEFORE);
}

/* Shorter than this version, longer than the buffer, longer than anything. */
static void trailer_false_length(struct kunit *test)
{
	static const u32 lens[] = {
		0, 1, 8, 20, 31, IMA_STAGING_TRAILER_LEN + 1, 64, S32_MAX,
		U32_MAX,
	};
	u8 trailer[IMA_STAGING_TRAILER_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		put_trailer(test, 5, trailer);
		put_unaligned_le32(lens[i], trailer + LEN);
		seal(trailer, sizeof(trailer));
		expect_trailer(test, trailer, sizeof(trailer), -EINVAL, BEFORE);
	}
}

/* A later version appends: what it means here stays, and all is checked. */
static void trailer_of_later_version(struct kunit *test)
{
	u8 buf[48 + 16];

	put_trailer(test, 5, buf);
	memset(buf + IMA_STAGING_TRAILER_LEN, 0x5a, 16);
	memset(buf + 48, 0xff, 16);
	put_unaligned_le32(2, buf + VERSION);
	put_unaligned_le32(48, buf + LEN);
	seal(buf, 48);
	expect_trailer(test, buf, 48, 0, 5);
	expect_trailer(test, buf, sizeof(buf), 0, 5);
	expect_trailer(test, buf, 47, -EINVAL, BEFORE);
	buf[47] ^= 1;
	expect_trailer(test, buf, 48, -EINVAL, BEFORE);
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

static struct kunit_case text_test_cases[] = {
	KUNIT_CASE(parse_legal),
	KUNIT_CASE(parse_illegal_anywhere),
	KUNIT_CASE(parse_wrong_file),
	KUNIT_CASE(parse_overflow),
	KUNIT_CASE(parse_lengths),
	KUNIT_CASE(parse_every_byte),
	KUNIT_CASE(trailer_golden),
	KUNIT_CASE(trailer_round_trip),
	KUNIT_CASE(trailer_absent),
	KUNIT_CASE(trailer_cut_short),
	KUNIT_CASE(trailer_flipped_bit),
	KUNIT_CASE(trailer_false),
	KUNIT_CASE(trailer_false_length),
	KUNIT_CASE(trailer_of_later_version),
	KUNIT_CASE(trailer_unaligned),
	{}
};

static struct kunit_suite text_test_suite = {
	.name = "ima_staging_text",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = text_test_cases,
};

kunit_test_suite(text_test_suite);
