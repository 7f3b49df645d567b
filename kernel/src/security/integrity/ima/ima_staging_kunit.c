// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the staging core: staging, deleting and trimming, and digests
 * of deleted records.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>

#include "ima.h"
#include "ima_staging.h"
#include "ima_staging_kunit.h"

/*
 * Staging, deleting, trimming.
 */

static void stage_all(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 5);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	ima_staging_test_expect_lists(test, 0, 5, 0);
	ima_staging_test_append_many(test, 2);
	ima_staging_test_expect_lists(test, 0, 5, 2);
	ima_staging_test_close_writer(test);
}

static void stage_first(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 5);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	ima_staging_test_expect_lists(test, 0, 1, 4);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	ima_staging_test_expect_lists(test, 1, 3, 1);
	ima_staging_test_append_many(test, 2);
	ima_staging_test_expect_lists(test, 1, 3, 3);
	ima_staging_test_close_writer(test);
}

/* As many as there are, one more, and the largest number of all. */
static void stage_no_fewer_than_all(struct kunit *test)
{
	static const char *const text[] = {
		"3\n", "4\n", "18446744073709551615\n",
	};
	struct ima_staging_test *fx = test->priv;
	size_t i;

	ima_staging_test_open_writer(test);
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		ima_staging_test_append_many(test, 3);
		EXPECT_COMMAND(test, &fx->staged, text[i], 0);
		ima_staging_test_expect_lists(test, 3 * i, 3, 0);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		ima_staging_test_expect_lists(test, 3 * i + 3, 0, 0);
	}
	ima_staging_test_close_writer(test);
}

static void stage_twice(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 4);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -EEXIST);
	ima_staging_test_expect_lists(test, 0, 2, 2);
	ima_staging_test_close_writer(test);
}

static void stage_error_order(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -ENOENT);
	ima_staging_test_append_many(test, 1);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);

	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);
	ima_staging_test_expect_lists(test, 0, 1, 0);
	ima_staging_test_close_writer(test);
}

static void stage_suspended(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -ENOENT);
	ima_staging_test_append_many(test, 3);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EACCES);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -EACCES);
	EXPECT_COMMAND(test, &fx->staged, "9\n", -EACCES);
	ima_staging_test_expect_lists(test, 0, 0, 3);
	ima_staging_test_close_writer(test);
}

static void delete_staged_only(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 5);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	ima_staging_test_append_many(test, 1);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	ima_staging_test_expect_lists(test, 3, 0, 3);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	ima_staging_test_expect_lists(test, 3, 0, 3);
	ima_staging_test_close_writer(test);
}

static void delete_suspended(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ESTALE);
	ima_staging_test_expect_lists(test, 0, 2, 1);
	ima_staging_test_close_writer(test);
}

static void delete_nothing_suspended(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	ima_staging_test_expect_lists(test, 0, 0, 3);
	ima_staging_test_close_writer(test);
}

static void trim_first(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	ima_staging_test_expect_lists(test, 1, 0, 5);
	EXPECT_COMMAND(test, &fx->f, "3\n", 0);
	ima_staging_test_expect_lists(test, 4, 0, 2);
	EXPECT_COMMAND(test, &fx->f, "2\n", 0);
	ima_staging_test_expect_lists(test, 6, 0, 0);
	ima_staging_test_append_many(test, 2);
	ima_staging_test_expect_lists(test, 6, 0, 2);
	ima_staging_test_close_writer(test);
}

static void trim_too_many(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", -ENOENT);
	ima_staging_test_append_many(test, 3);
	EXPECT_COMMAND(test, &fx->f, "4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "18446744073709551615\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "0:4\n", -ENOENT);
	ima_staging_test_expect_lists(test, 0, 0, 3);
	ima_staging_test_close_writer(test);
}

/* Newer records must not go before older ones. */
static void trim_while_staged(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "9\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "5:1\n", -EEXIST);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EEXIST);
	ima_staging_test_expect_lists(test, 0, 1, 2);
	ima_staging_test_close_writer(test);
}

static void trim_suspended(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "3\n", -ESTALE);
	EXPECT_COMMAND(test, &fx->f, "1\n", -ESTALE);
	EXPECT_COMMAND(test, &fx->f, "7:4\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "0:4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -ESTALE);
	ima_staging_test_expect_lists(test, 0, 0, 3);
	ima_staging_test_close_writer(test);
}

static void trim_guarded(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1:2\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "1:7\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "0:2\n", 0);
	EXPECT_COMMAND(test, &fx->f, "0:2\n", -EAGAIN);
	ima_staging_test_expect_lists(test, 2, 0, 4);
	EXPECT_COMMAND(test, &fx->f, "2:5\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "2:4\n", 0);
	EXPECT_COMMAND(test, &fx->f, "2:4\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "6:1\n", -ENOENT);
	ima_staging_test_expect_lists(test, 6, 0, 0);
	ima_staging_test_close_writer(test);
}

/* What is staged and deleted counts for the guard, too. */
static void trim_guarded_after_delete(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "2:1\n", 0);
	ima_staging_test_expect_lists(test, 3, 0, 3);
	ima_staging_test_close_writer(test);
}

static void many_rounds(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	int i;

	ima_staging_test_open_writer(test);
	for (i = 0; i < 10; i++) {
		ima_staging_test_append_many(test, 7);
		ima_staging_test_expect_lists(test, 6 * i, 0, 7 + i);
		EXPECT_COMMAND(test, &fx->staged, "4\n", 0);
		ima_staging_test_expect_lists(test, 6 * i, 4, 3 + i);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		ima_staging_test_expect_lists(test, 6 * i + 4, 0, 3 + i);
		EXPECT_COMMAND(test, &fx->f, "2\n", 0);
		ima_staging_test_expect_lists(test, 6 * i + 6, 0, 1 + i);
	}
	ima_staging_test_close_writer(test);
}

/* Without kexec nobody counts bytes, and staging does not start to. */
static void uncounted_bytes(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	fx->len = ULONG_MAX;
	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	KUNIT_EXPECT_EQ(test, fx->len, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), 6);
	ima_staging_test_close_writer(test);
}

/*
 * Digests of deleted records.
 */

static void digests_are_kept(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u32 number;

	ima_staging_test_append_many(test, 4);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	ima_staging_test_expect_lists(test, 3, 0, 1);

	for (number = 0; number < 4; number++)
		KUNIT_EXPECT_TRUE(test,
				  ima_staging_test_has_digest(test, number));
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 4);
	ima_staging_test_close_writer(test);
}

/* Violations are not, for one. */
static void digests_of_unhashed(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append(test, false);
	ima_staging_test_append(test, true);
	ima_staging_test_append(test, false);
	ima_staging_test_append(test, false);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	ima_staging_test_expect_lists(test, 4, 0, 0);
	KUNIT_EXPECT_FALSE(test, ima_staging_test_has_digest(test, 0));
	KUNIT_EXPECT_TRUE(test, ima_staging_test_has_digest(test, 1));
	KUNIT_EXPECT_FALSE(test, ima_staging_test_has_digest(test, 2));
	KUNIT_EXPECT_FALSE(test, ima_staging_test_has_digest(test, 3));
	ima_staging_test_close_writer(test);
}

/* All of the deleted, however many, and none of the others are forgotten. */
static void digests_are_flushed(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u32 number;

	fx->s.flush_digests = true;
	ima_staging_test_append_many(test, 200);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "150\n", 0);
	ima_staging_test_append(test, false);
	KUNIT_EXPECT_TRUE(test, ima_staging_test_has_digest(test, 0));
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	ima_staging_test_expect_lists(test, 150, 0, 51);

	for (number = 0; number < 200; number++)
		KUNIT_EXPECT_EQ_MSG(test,
				    ima_staging_test_has_digest(test, number),
				    number >= 150, "record %u", number);
	KUNIT_EXPECT_EQ(test, fx->s.digests.nr, 50);
	ima_staging_test_close_writer(test);
}

static void flush_refuses_trim(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	fx->s.flush_digests = true;
	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->f, "9\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->f, "5:1\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	ima_staging_test_expect_lists(test, 0, 1, 2);
	ima_staging_test_close_writer(test);
}

static struct kunit_case staging_test_cases[] = {
	KUNIT_CASE(stage_all),
	KUNIT_CASE(stage_first),
	KUNIT_CASE(stage_no_fewer_than_all),
	KUNIT_CASE(stage_twice),
	KUNIT_CASE(stage_error_order),
	KUNIT_CASE(stage_suspended),
	KUNIT_CASE(delete_staged_only),
	KUNIT_CASE(delete_suspended),
	KUNIT_CASE(delete_nothing_suspended),
	KUNIT_CASE(trim_first),
	KUNIT_CASE(trim_too_many),
	KUNIT_CASE(trim_while_staged),
	KUNIT_CASE(trim_suspended),
	KUNIT_CASE(trim_guarded),
	KUNIT_CASE(trim_guarded_after_delete),
	KUNIT_CASE(many_rounds),
	KUNIT_CASE(uncounted_bytes),
	KUNIT_CASE(digests_are_kept),
	KUNIT_CASE(digests_of_unhashed),
	KUNIT_CASE(digests_are_flushed),
	KUNIT_CASE(flush_refuses_trim),
	{}
};

static struct kunit_suite staging_test_suite = {
	.name = "ima_staging",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = staging_test_cases,
};

kunit_test_suite(staging_test_suite);
