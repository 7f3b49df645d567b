// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the staging core: the text of commands.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

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
	{ "S\n", true, { IMA_STAGING_STAGE_SNAPSHOT, 0, 0 } },
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
		"AA\n", "A1\n", "1A\n", "A\x20\n", " A\n", "a\n", "d\n", "s\n",
		"DD\n", "SS\n", "S1\n", "+1\n", "-1\n", " 1\n", "1\x20\n", "1\n\n", "\n1\n",
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
	expect_refused(test, "S\n", 2, false, -EINVAL);
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
	if (c == 'A' || c == 'D' || c == 'S')
		return staged;

	return c >= '1' && c <= '9';
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

static struct kunit_case text_test_cases[] = {
	KUNIT_CASE(parse_legal),
	KUNIT_CASE(parse_illegal_anywhere),
	KUNIT_CASE(parse_wrong_file),
	KUNIT_CASE(parse_overflow),
	KUNIT_CASE(parse_lengths),
	KUNIT_CASE(parse_every_byte),
	{}
};

static struct kunit_suite text_test_suite = {
	.name = "ima_staging_text",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = text_test_cases,
};

kunit_test_suite(text_test_suite);
