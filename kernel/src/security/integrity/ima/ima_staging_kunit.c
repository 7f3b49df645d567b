// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of the staging core: commands, lists, cursors, access, digests of
 * deleted records, the trailer for the next kernel.
 *
 * Every test has a measurement list of its own, with its own lock and counters;
 * the kernel's is never touched. The number of a record is its absolute index,
 * counted from 0, so that a list is right if its numbers are consecutive and
 * start where they should.
 */

#include <kunit/test.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#include "ima.h"
#include "ima_staging.h"

#define TEST_DIGEST_LEN	20

/**
 * struct fixture - a measurement list and one who works on it
 * @lock: its extend_lock
 * @list: its current list
 * @nr: records in @list
 * @len: bytes of @list and of what is staged
 * @hash: the one bucket of its hash table
 * @s: what is tested
 * @next: number of the next record
 * @f: a writer's file on the current list
 * @staged: the same writer's file on the staged list
 */
struct fixture {
	struct mutex lock;	/* all but the files */
	struct list_head list;
	atomic_long_t nr;
	unsigned long len;
	struct hlist_head hash;
	struct ima_staging s;
	u32 next;
	struct ima_staging_file f;
	struct ima_staging_file staged;
};

static struct ima_template_desc test_desc = {
	.name = "ima-test",
	.num_fields = 1,
};

static void put_number(u8 digest[TEST_DIGEST_LEN], u32 number)
{
	memset(digest, 0, TEST_DIGEST_LEN);
	put_unaligned_le32(number, digest);
}

/* Records differ in length, so that a wrong sum of lengths is seen. */
static struct ima_template_entry *new_entry(struct kunit *test, u32 number)
{
	u32 data_len = 1 + number % 13;
	struct ima_template_entry *entry;

	entry = kzalloc(struct_size(entry, template_data, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	entry->template_desc = &test_desc;
	entry->pcr = 10;
	entry->digests = kcalloc(1, sizeof(*entry->digests), GFP_KERNEL);
	entry->template_data[0].data = kzalloc(data_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry->digests);
	KUNIT_ASSERT_NOT_NULL(test, entry->template_data[0].data);
	put_number(entry->digests[0].digest, number);
	entry->template_data[0].len = data_len;
	entry->template_data_len = data_len;
	return entry;
}

static struct ima_queue_entry *new_record(struct kunit *test, u32 number)
{
	struct ima_queue_entry *qe;

	qe = kzalloc(struct_size(qe, digest, TEST_DIGEST_LEN), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, qe);
	INIT_HLIST_NODE(&qe->hnext);
	qe->entry = new_entry(test, number);
	qe->pcr = qe->entry->pcr;
	put_number(qe->digest, number);
	return qe;
}

/* What the kernel does for a measurement, without the PCR. */
static struct ima_queue_entry *append(struct kunit *test, bool hashed)
{
	struct fixture *fx = test->priv;
	struct ima_queue_entry *qe = new_record(test, fx->next++);

	mutex_lock(&fx->lock);
	list_add_tail_rcu(&qe->later, &fx->list);
	atomic_long_inc(&fx->nr);
	if (hashed)
		hlist_add_head_rcu(&qe->hnext, &fx->hash);
	if (fx->len != ULONG_MAX)
		fx->len += ima_binary_runtime_size(qe->entry);
	mutex_unlock(&fx->lock);
	return qe;
}

static void append_many(struct kunit *test, int nr)
{
	while (nr--)
		append(test, true);
}

/* The queue entry by which a duplicate of record @number is found. */
static struct ima_queue_entry *find_digest(struct kunit *test, u32 number)
{
	struct fixture *fx = test->priv;
	struct ima_queue_entry *qe, *found = NULL;
	u8 digest[TEST_DIGEST_LEN];

	put_number(digest, number);
	mutex_lock(&fx->lock);
	hlist_for_each_entry(qe, &fx->hash, hnext) {
		if (qe->pcr == 10 && !memcmp(qe->digest, digest, sizeof(digest)))
			found = qe;
	}
	mutex_unlock(&fx->lock);
	return found;
}

static int staging_test_init(struct kunit *test)
{
	struct fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);

	if (!fx)
		return -ENOMEM;

	mutex_init(&fx->lock);
	INIT_LIST_HEAD(&fx->list);
	INIT_HLIST_HEAD(&fx->hash);
	ima_staging_init(&fx->s, &fx->lock, &fx->list, &fx->nr, &fx->len);
	test->priv = fx;
	return 0;
}

static void free_records(struct list_head *list)
{
	struct ima_queue_entry *qe, *tmp;

	list_for_each_entry_safe(qe, tmp, list, later) {
		ima_free_template_entry(qe->entry);
		if (hlist_unhashed(&qe->hnext))
			kfree(qe);
	}
}

static void staging_test_exit(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct ima_queue_entry *qe;
	struct hlist_node *tmp;

	if (!fx)
		return;

	free_records(&fx->s.staged_list);
	free_records(&fx->list);
	hlist_for_each_entry_safe(qe, tmp, &fx->hash, hnext)
		kfree(qe);
}

static void open_writer(struct kunit *test)
{
	struct fixture *fx = test->priv;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &fx->f, false, true), 0);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &fx->staged, true, true),
			0);
}

static void close_writer(struct kunit *test)
{
	struct fixture *fx = test->priv;

	ima_staging_release(&fx->f);
	ima_staging_release(&fx->staged);
}

static int command(struct ima_staging_file *f, const char *text)
{
	struct ima_staging_cmd cmd;
	int ret;

	ret = ima_staging_parse(text, strlen(text), f->staged, &cmd);
	return ret ? ret : ima_staging_execute(f, &cmd);
}

/* A macro, so that a failure names the line of the test. */
#define EXPECT_COMMAND(test, f, text, ret)				\
	KUNIT_EXPECT_EQ(test, command(f, text), ret)

/* @list holds @nr records, consecutive from @first on; returns their bytes. */
static unsigned long expect_list(struct kunit *test, struct list_head *list,
				 u32 first, long nr)
{
	struct ima_queue_entry *qe;
	unsigned long len = 0;

	list_for_each_entry(qe, list, later) {
		KUNIT_EXPECT_EQ(test, first++, get_unaligned_le32(qe->digest));
		len += ima_binary_runtime_size(qe->entry);
		nr--;
	}
	KUNIT_EXPECT_EQ(test, nr, 0L);
	return len;
}

/* The lists, all counts and all lengths are what these three numbers say. */
static void expect_lists(struct kunit *test, s64 nr_deleted, long nr_staged,
			 long nr_current)
{
	struct fixture *fx = test->priv;
	unsigned long staged_len, current_len;

	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), nr_deleted);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&fx->s.nr_staged), nr_staged);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&fx->nr), nr_current);

	staged_len = expect_list(test, &fx->s.staged_list, nr_deleted,
				 nr_staged);
	current_len = expect_list(test, &fx->list, nr_deleted + nr_staged,
				  nr_current);
	KUNIT_EXPECT_EQ(test, fx->len, staged_len + current_len);
	if (nr_staged)
		KUNIT_EXPECT_EQ(test, fx->s.staged_len, staged_len);
}

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
 * Staging, deleting, trimming.
 */

static void stage_all(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 5);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	expect_lists(test, 0, 5, 0);
	append_many(test, 2);
	expect_lists(test, 0, 5, 2);
	close_writer(test);
}

static void stage_first(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 5);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	expect_lists(test, 0, 1, 4);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	expect_lists(test, 1, 3, 1);
	append_many(test, 2);
	expect_lists(test, 1, 3, 3);
	close_writer(test);
}

/* As many as there are, one more, and the largest number of all. */
static void stage_no_fewer_than_all(struct kunit *test)
{
	static const char *const text[] = {
		"3\n", "4\n", "18446744073709551615\n",
	};
	struct fixture *fx = test->priv;
	size_t i;

	open_writer(test);
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		append_many(test, 3);
		EXPECT_COMMAND(test, &fx->staged, text[i], 0);
		expect_lists(test, 3 * i, 3, 0);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		expect_lists(test, 3 * i + 3, 0, 0);
	}
	close_writer(test);
}

static void stage_twice(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 4);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -EEXIST);
	expect_lists(test, 0, 2, 2);
	close_writer(test);
}

static void stage_error_order(struct kunit *test)
{
	struct fixture *fx = test->priv;

	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -ENOENT);
	append_many(test, 1);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);

	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EEXIST);
	expect_lists(test, 0, 1, 0);
	close_writer(test);
}

static void stage_suspended(struct kunit *test)
{
	struct fixture *fx = test->priv;

	open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -ENOENT);
	append_many(test, 3);
	EXPECT_COMMAND(test, &fx->staged, "A\n", -EACCES);
	EXPECT_COMMAND(test, &fx->staged, "1\n", -EACCES);
	EXPECT_COMMAND(test, &fx->staged, "9\n", -EACCES);
	expect_lists(test, 0, 0, 3);
	close_writer(test);
}

static void delete_staged_only(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 5);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	append_many(test, 1);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	expect_lists(test, 3, 0, 3);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	expect_lists(test, 3, 0, 3);
	close_writer(test);
}

static void delete_suspended(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 3);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ESTALE);
	expect_lists(test, 0, 2, 1);
	close_writer(test);
}

static void delete_nothing_suspended(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 3);
	open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "D\n", -ENOENT);
	expect_lists(test, 0, 0, 3);
	close_writer(test);
}

static void trim_first(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 6);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	expect_lists(test, 1, 0, 5);
	EXPECT_COMMAND(test, &fx->f, "3\n", 0);
	expect_lists(test, 4, 0, 2);
	EXPECT_COMMAND(test, &fx->f, "2\n", 0);
	expect_lists(test, 6, 0, 0);
	append_many(test, 2);
	expect_lists(test, 6, 0, 2);
	close_writer(test);
}

static void trim_too_many(struct kunit *test)
{
	struct fixture *fx = test->priv;

	open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", -ENOENT);
	append_many(test, 3);
	EXPECT_COMMAND(test, &fx->f, "4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "18446744073709551615\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "0:4\n", -ENOENT);
	expect_lists(test, 0, 0, 3);
	close_writer(test);
}

/* Newer records must not go before older ones. */
static void trim_while_staged(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 3);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "9\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "5:1\n", -EEXIST);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EEXIST);
	expect_lists(test, 0, 1, 2);
	close_writer(test);
}

static void trim_suspended(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 3);
	open_writer(test);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "3\n", -ESTALE);
	EXPECT_COMMAND(test, &fx->f, "1\n", -ESTALE);
	EXPECT_COMMAND(test, &fx->f, "7:4\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "0:4\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -ESTALE);
	expect_lists(test, 0, 0, 3);
	close_writer(test);
}

static void trim_guarded(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 6);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1:2\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "1:7\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "0:2\n", 0);
	EXPECT_COMMAND(test, &fx->f, "0:2\n", -EAGAIN);
	expect_lists(test, 2, 0, 4);
	EXPECT_COMMAND(test, &fx->f, "2:5\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "2:4\n", 0);
	EXPECT_COMMAND(test, &fx->f, "2:4\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "6:1\n", -ENOENT);
	expect_lists(test, 6, 0, 0);
	close_writer(test);
}

/* What is staged and deleted counts for the guard, too. */
static void trim_guarded_after_delete(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 6);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "0:1\n", -EAGAIN);
	EXPECT_COMMAND(test, &fx->f, "2:1\n", 0);
	expect_lists(test, 3, 0, 3);
	close_writer(test);
}

static void many_rounds(struct kunit *test)
{
	struct fixture *fx = test->priv;
	int i;

	open_writer(test);
	for (i = 0; i < 10; i++) {
		append_many(test, 7);
		expect_lists(test, 6 * i, 0, 7 + i);
		EXPECT_COMMAND(test, &fx->staged, "4\n", 0);
		expect_lists(test, 6 * i, 4, 3 + i);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		expect_lists(test, 6 * i + 4, 0, 3 + i);
		EXPECT_COMMAND(test, &fx->f, "2\n", 0);
		expect_lists(test, 6 * i + 6, 0, 1 + i);
	}
	close_writer(test);
}

/* Without kexec nobody counts bytes, and staging does not start to. */
static void uncounted_bytes(struct kunit *test)
{
	struct fixture *fx = test->priv;

	fx->len = ULONG_MAX;
	append_many(test, 6);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	KUNIT_EXPECT_EQ(test, fx->len, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fx->s.nr_deleted), 6);
	close_writer(test);
}

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
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(qe->digest),
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
	struct fixture *fx = test->priv;

	append_many(test, 6);
	open_writer(test);
	expect_read(test, &fx->f, 0, 0, 2);
	expect_read(test, &fx->f, 2, 2, 1);
	expect_read(test, &fx->f, 3, 3, 3);
	expect_end(test, &fx->f, 6);
	expect_end(test, &fx->f, 100);
	close_writer(test);
}

static void read_empty(struct kunit *test)
{
	struct fixture *fx = test->priv;

	open_writer(test);
	expect_end(test, &fx->f, 0);
	expect_end(test, &fx->staged, 0);
	expect_end(test, &fx->f, 3);
	append_many(test, 1);
	expect_read(test, &fx->f, 0, 0, 1);
	expect_end(test, &fx->staged, 0);
	close_writer(test);
}

/* next() at the end says so, and the cursor stays for what is appended. */
static void read_on_at_end(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct ima_queue_entry *last;

	append_many(test, 2);
	open_writer(test);
	KUNIT_EXPECT_NOT_NULL(test, ima_staging_start(&fx->f, 1));
	KUNIT_EXPECT_NULL(test, ima_staging_next(&fx->f));
	KUNIT_EXPECT_NULL(test, ima_staging_next(&fx->f));
	last = append(test, true);
	KUNIT_EXPECT_PTR_EQ(test, ima_staging_next(&fx->f), last);
	ima_staging_stop(&fx->f);

	expect_end(test, &fx->f, 3);
	append_many(test, 2);
	expect_read(test, &fx->f, 3, 3, 2);
	expect_end(test, &fx->f, 5);
	close_writer(test);
}

static void read_backwards(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u32 pos;

	append_many(test, 5);
	open_writer(test);
	for (pos = 5; pos--;)
		expect_read(test, &fx->f, pos, pos, 1);
	expect_read(test, &fx->f, 4, 4, 1);
	expect_read(test, &fx->f, 0, 0, 5);
	expect_end(test, &fx->f, 5);
	expect_read(test, &fx->f, 4, 4, 1);
	close_writer(test);
}

/* Every command that moves records makes cursors invalid. */
static void read_after_cut(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 8);
	open_writer(test);
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
	close_writer(test);
}

/* A refused command leaves cursors valid. */
static void read_after_refusal(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append_many(test, 3);
	open_writer(test);
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
	close_writer(test);
}

/* Stage, read and delete again and again, on one descriptor. */
static void read_staged_again(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u32 i;

	open_writer(test);
	for (i = 0; i < 4; i++) {
		append_many(test, 3);
		EXPECT_COMMAND(test, &fx->staged, "A\n", 0);
		expect_read(test, &fx->staged, 0, 3 * i, 3);
		EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
		expect_end(test, &fx->staged, 0);
	}
	close_writer(test);
}

/* Two descriptors of one writer on the same list each have their cursor. */
static void read_two_descriptors(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct ima_staging_file f;

	append_many(test, 6);
	open_writer(test);
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
	close_writer(test);
}

/* What was opened after a cut is not of before it. */
static void read_opened_after_cut(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct ima_staging_file f;

	append_many(test, 3);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	close_writer(test);
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
	struct fixture *fx = test->priv;
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
	struct fixture *fx = test->priv;
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
	struct fixture *fx = test->priv;
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
	struct fixture *fx = test->priv;
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
	struct fixture *fx = test->priv;
	struct ima_staging_file other;

	append_many(test, 3);
	KUNIT_ASSERT_EQ(test, open_by_other(&fx->s, &other, true), 0);
	EXPECT_COMMAND(test, &other, "2\n", 0);
	expect_lists(test, 2, 0, 1);
	ima_staging_release(&other);
}

/* Nothing is left open by an open that failed. */
static void access_refused(struct kunit *test)
{
	struct fixture *fx = test->priv;
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

/*
 * Digests of deleted records.
 */

static void digests_are_kept(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct ima_queue_entry *qe;
	u32 number;

	append_many(test, 4);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "2\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	expect_lists(test, 3, 0, 1);

	for (number = 0; number < 4; number++) {
		qe = find_digest(test, number);
		KUNIT_ASSERT_NOT_NULL(test, qe);
		KUNIT_EXPECT_EQ(test, !qe->entry, number < 3);
	}
	close_writer(test);
}

/* Violations and records of the kernel before are in no hash table. */
static void digests_of_unhashed(struct kunit *test)
{
	struct fixture *fx = test->priv;

	append(test, false);
	append(test, true);
	append(test, false);
	append(test, false);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "3\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	expect_lists(test, 4, 0, 0);
	KUNIT_EXPECT_NULL(test, find_digest(test, 0));
	KUNIT_EXPECT_NOT_NULL(test, find_digest(test, 1));
	KUNIT_EXPECT_NULL(test, find_digest(test, 2));
	KUNIT_EXPECT_NULL(test, find_digest(test, 3));
	close_writer(test);
}

/* All of the deleted, however many, and none of the others are forgotten. */
static void digests_are_flushed(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u32 number;

	fx->s.flush_digests = true;
	append_many(test, 200);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "150\n", 0);
	append(test, false);
	KUNIT_EXPECT_NOT_NULL(test, find_digest(test, 0));
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);
	expect_lists(test, 150, 0, 51);

	for (number = 0; number < 200; number++)
		KUNIT_EXPECT_EQ_MSG(test, !find_digest(test, number),
				    number < 150, "record %u", number);
	close_writer(test);
}

static void flush_refuses_trim(struct kunit *test)
{
	struct fixture *fx = test->priv;

	fx->s.flush_digests = true;
	append_many(test, 3);
	open_writer(test);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->f, "9\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->f, "5:1\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->staged, "1\n", 0);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->f, "1\n", -EINVAL);
	expect_lists(test, 0, 1, 2);
	close_writer(test);
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
	struct fixture *fx = test->priv;

	atomic64_set(&fx->s.nr_deleted, nr_deleted);
	ima_staging_put_trailer(&fx->s, trailer);
}

static void expect_trailer(struct kunit *test, const u8 *buf, size_t len,
			   int ret, s64 nr_deleted)
{
	struct fixture *fx = test->priv;

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

static struct kunit_case staging_test_cases[] = {
	KUNIT_CASE(parse_legal),
	KUNIT_CASE(parse_illegal_anywhere),
	KUNIT_CASE(parse_wrong_file),
	KUNIT_CASE(parse_overflow),
	KUNIT_CASE(parse_lengths),
	KUNIT_CASE(parse_every_byte),
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
	KUNIT_CASE(digests_are_kept),
	KUNIT_CASE(digests_of_unhashed),
	KUNIT_CASE(digests_are_flushed),
	KUNIT_CASE(flush_refuses_trim),
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

static struct kunit_suite staging_test_suite = {
	.name = "ima_staging",
	.init = staging_test_init,
	.exit = staging_test_exit,
	.test_cases = staging_test_cases,
};

kunit_test_suite(staging_test_suite);
