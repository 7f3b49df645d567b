// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the staging core: reading lists while they change, and who may
 * have them open.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#include "ima.h"
#include "ima_staging.h"
#include "ima_staging_kunit.h"

/*
 * Reading.
 */

/* From @pos on, @f shows @nr records, the first of which is @first. */
static void expect_read(struct kunit *test, struct ima_staging_file *f,
			u64 pos, u32 first, u32 nr)
{
	struct ima_queue_entry *qe = ima_staging_start(f, pos);
	u32 i;

	for (i = 0; i < nr && qe; i++) {
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(ima_record_digest(qe)),
				first + i);
		if (i + 1 < nr)
			qe = ima_staging_next(f);
	}
	KUNIT_EXPECT_EQ(test, i, nr);
	ima_staging_stop(f);
	KUNIT_EXPECT_FALSE(test, ima_staging_moved(f));
}

/* From @pos on, @f shows nothing. */
static void expect_end(struct kunit *test, struct ima_staging_file *f, u64 pos)
{
	KUNIT_EXPECT_NULL(test, ima_staging_start(f, pos));
	ima_staging_stop(f);
	KUNIT_EXPECT_FALSE(test, ima_staging_moved(f));
}

static void read_in_pieces(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	expect_read(test, &fx->f, 0, 0, 2);
	expect_read(test, &fx->f, 2, 2, 1);
	expect_read(test, &fx->f, 3, 3, 3);
	expect_end(test, &fx->f, 6);
	expect_end(test, &fx->f, 100);
	ima_staging_test_close_writer(test);
}

static void read_empty(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_open_writer(test);
	expect_end(test, &fx->f, 0);
	expect_end(test, &fx->staged, 0);
	expect_end(test, &fx->f, 3);
	ima_staging_test_append_many(test, 1);
	expect_read(test, &fx->f, 0, 0, 1);
	expect_end(test, &fx->staged, 0);
	ima_staging_test_close_writer(test);
}

/* next() at the end says so, and the cursor stays for what is appended. */
static void read_on_at_end(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_queue_entry *last;

	ima_staging_test_append_many(test, 2);
	ima_staging_test_open_writer(test);
	KUNIT_EXPECT_NOT_NULL(test, ima_staging_start(&fx->f, 1));
	KUNIT_EXPECT_NULL(test, ima_staging_next(&fx->f));
	KUNIT_EXPECT_NULL(test, ima_staging_next(&fx->f));
	last = ima_staging_test_append(test, true);
	KUNIT_EXPECT_PTR_EQ(test, ima_staging_next(&fx->f), last);
	ima_staging_stop(&fx->f);

	expect_end(test, &fx->f, 3);
	ima_staging_test_append_many(test, 2);
	expect_read(test, &fx->f, 3, 3, 2);
	expect_end(test, &fx->f, 5);
	ima_staging_test_close_writer(test);
}

static void read_backwards(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u32 pos;

	ima_staging_test_append_many(test, 5);
	ima_staging_test_open_writer(test);
	for (pos = 5; pos--;)
		expect_read(test, &fx->f, pos, pos, 1);
	expect_read(test, &fx->f, 4, 4, 1);
	expect_read(test, &fx->f, 0, 0, 5);
	expect_end(test, &fx->f, 5);
	expect_read(test, &fx->f, 4, 4, 1);
	ima_staging_test_close_writer(test);
}

/* Every command that moves records makes cursors invalid. */
static void read_after_cut(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 8);
	ima_staging_test_open_writer(test);
	expect_read(test, &fx->f, 0, 0, 4);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&fx->f));
	expect_read(test, &fx->f, 3, 6, 2);
	expect_read(test, &fx->staged, 0, 0, 3);
	expect_end(test, &fx->staged, 3);

	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&fx->f));
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&fx->staged));
	expect_end(test, &fx->staged, 0);
	expect_read(test, &fx->f, 4, 7, 1);

	EXPECT_COMMAND(test, &fx->f, "2\n", 0);
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&fx->f));
	expect_read(test, &fx->f, 0, 5, 3);
	expect_end(test, &fx->f, 3);
	ima_staging_test_close_writer(test);
}

/* A refused command leaves cursors valid. */
static void read_after_refusal(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	expect_read(test, &fx->f, 0, 0, 2);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "1:1\n", -EAGAIN);
	KUNIT_EXPECT_FALSE(test, ima_staging_moved(&fx->f));
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EACCES);
	EXPECT_COMMAND(test, &fx->f, "1\n", -ESTALE);
	KUNIT_EXPECT_FALSE(test, ima_staging_moved(&fx->f));
	expect_read(test, &fx->f, 2, 2, 1);
	ima_staging_test_close_writer(test);
}

/* Stage, read and delete again and again, on one descriptor. */
static void read_staged_again(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	u32 i;

	ima_staging_test_open_writer(test);
	for (i = 0; i < 4; i++) {
		ima_staging_test_append_many(test, 3);
		EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
		expect_read(test, &fx->staged, 0, 3 * i, 3);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		expect_end(test, &fx->staged, 0);
	}
	ima_staging_test_close_writer(test);
}

/* Two descriptors of one writer on the same list each have their cursor. */
static void read_two_descriptors(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f;

	ima_staging_test_append_many(test, 6);
	ima_staging_test_open_writer(test);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f, false, true), 0);
	expect_read(test, &fx->f, 0, 0, 5);
	expect_read(test, &f, 0, 0, 1);
	expect_read(test, &fx->f, 5, 5, 1);
	expect_read(test, &f, 1, 1, 3);

	EXPECT_COMMAND(test, &f, "4\n", 0);
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&fx->f));
	expect_read(test, &fx->f, 1, 5, 1);
	KUNIT_EXPECT_TRUE(test, ima_staging_moved(&f));
	expect_read(test, &f, 0, 4, 2);
	ima_staging_release(&f);
	ima_staging_test_close_writer(test);
}

/* What was opened after a cut is not of before it. */
static void read_opened_after_cut(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f;

	ima_staging_test_append_many(test, 3);
	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	ima_staging_test_close_writer(test);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f, false, false), 0);
	KUNIT_EXPECT_FALSE(test, ima_staging_moved(&f));
	expect_read(test, &f, 0, 1, 2);
	ima_staging_release(&f);
}

/*
 * Access.
 */

/* An open() by another task: one that runs work. */
struct other_open {
	struct work_struct work;
	struct ima_staging *s;
	struct ima_staging_file *f;
	bool write;
	int ret;
};

static void other_open_fn(struct work_struct *work)
{
	struct other_open *o = container_of(work, struct other_open, work);

	o->ret = ima_staging_open(o->s, o->f, false, o->write);
}

static int open_by_other(struct ima_staging *s, struct ima_staging_file *f,
			 bool write)
{
	struct other_open o = { .s = s, .f = f, .write = write };

	INIT_WORK_ONSTACK(&o.work, other_open_fn);
	schedule_work(&o.work);
	flush_work(&o.work);
	destroy_work_on_stack(&o.work);
	return o.ret;
}

static void access_many_readers(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f[3], w;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f[0], false, false), 0);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f[1], true, false), 0);
	KUNIT_ASSERT_EQ(test, open_by_other(&fx->s, &f[2], false), 0);

	/* A writer has to wait for the last of them, be it its own. */
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &w, false, true), -EBUSY);
	ima_staging_release(&f[2]);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &w, false, true), -EBUSY);
	ima_staging_release(&f[0]);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &w, true, true), -EBUSY);
	ima_staging_release(&f[1]);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &w, true, true), 0);
	ima_staging_release(&w);
}

static void access_one_writer(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f, w;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &w, true, true), 0);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &f, true, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &f, false, false),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, open_by_other(&fx->s, &f, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, open_by_other(&fx->s, &f, true), -EBUSY);
	ima_staging_release(&w);

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f, false, false), 0);
	ima_staging_release(&f);
}

static void access_writer_again(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f[2], other;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f[0], true, true), 0);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f[1], false, true), 0);

	/* The first one closed, the second one still stands against all. */
	ima_staging_release(&f[0]);
	KUNIT_EXPECT_EQ(test, open_by_other(&fx->s, &other, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &other, true, false),
			-EBUSY);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &f[0], true, true), 0);
	ima_staging_release(&f[1]);
	ima_staging_release(&f[0]);
	KUNIT_ASSERT_EQ(test, open_by_other(&fx->s, &other, true), 0);
	ima_staging_release(&other);
}

/* A descriptor may be closed by another task than the one that opened it. */
static void access_released_by_other(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file mine, other;

	KUNIT_ASSERT_EQ(test, open_by_other(&fx->s, &other, true), 0);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &mine, true, true),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &mine, true, false),
			-EBUSY);
	ima_staging_release(&other);
	KUNIT_EXPECT_NULL(test, fx->s.writer);

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &mine, true, true), 0);
	ima_staging_release(&mine);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &mine, true, false), 0);
	ima_staging_release(&mine);
}

/* It also works for whom it was passed to. */
static void access_passed_on(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file other;

	ima_staging_test_append_many(test, 3);
	KUNIT_ASSERT_EQ(test, open_by_other(&fx->s, &other, true), 0);
	EXPECT_COMMAND(test, &other, "2\n", 0);
	ima_staging_test_expect_lists(test, 2, 0, 1);
	ima_staging_release(&other);
}

/* Nothing is left open by an open that failed. */
static void access_refused(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_staging_file f, r;
	int i;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &r, true, false), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, ima_staging_open(&fx->s, &f, true, true),
				-EBUSY);
	KUNIT_EXPECT_EQ(test, fx->s.nr_readers, 1U);
	KUNIT_EXPECT_EQ(test, fx->s.nr_writers, 0U);
	KUNIT_EXPECT_NULL(test, fx->s.writer);
	ima_staging_release(&r);
}

static struct kunit_case files_test_cases[] = {
	KUNIT_CASE(read_in_pieces),
	KUNIT_CASE(read_empty),
	KUNIT_CASE(read_on_at_end),
	KUNIT_CASE(read_backwards),
	KUNIT_CASE(read_after_cut),
	KUNIT_CASE(read_after_refusal),
	KUNIT_CASE(read_staged_again),
	KUNIT_CASE(read_two_descriptors),
	KUNIT_CASE(read_opened_after_cut),
	KUNIT_CASE(access_many_readers),
	KUNIT_CASE(access_one_writer),
	KUNIT_CASE(access_writer_again),
	KUNIT_CASE(access_released_by_other),
	KUNIT_CASE(access_passed_on),
	KUNIT_CASE(access_refused),
	{}
};

static struct kunit_suite files_test_suite = {
	.name = "ima_staging_files",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = files_test_cases,
};

kunit_test_suite(files_test_suite);
