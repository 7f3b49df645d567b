// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the KUnit tests of the staging core share: a measurement list, records
 * for it, one who works on it, and what is to be expected of it.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima.h"
#include "ima_staging.h"
#include "ima_staging_kunit.h"

#define TEST_DIGEST_LEN	20

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
struct ima_queue_entry *ima_staging_test_append(struct kunit *test, bool hashed)
{
	struct ima_staging_test *fx = test->priv;
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

void ima_staging_test_append_many(struct kunit *test, int nr)
{
	while (nr--)
		ima_staging_test_append(test, true);
}

/* The queue entry by which a duplicate of record @number is found. */
struct ima_queue_entry *ima_staging_test_find_digest(struct kunit *test,
						     u32 number)
{
	struct ima_staging_test *fx = test->priv;
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

/* Is the digest of record @number, now deleted, in the set? */
bool ima_staging_test_has_digest(struct kunit *test, u32 number)
{
	struct ima_staging_test *fx = test->priv;
	u8 digest[TEST_DIGEST_LEN];

	put_number(digest, number);
	return ima_digest_set_has(&fx->s.digests, digest, 10);
}

int ima_staging_test_init(struct kunit *test)
{
	static const siphash_key_t key;
	struct ima_staging_test *fx;

	fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	if (!fx)
		return -ENOMEM;

	mutex_init(&fx->lock);
	INIT_LIST_HEAD(&fx->list);
	INIT_HLIST_HEAD(&fx->hash);
	ima_staging_init(&fx->s, &fx->lock, &fx->list, &fx->nr, &fx->len);
	ima_digest_set_init(&fx->s.digests, TEST_DIGEST_LEN, &key);
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

void ima_staging_test_exit(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_queue_entry *qe;
	struct hlist_node *tmp;

	if (!fx)
		return;

	free_records(&fx->s.staged_list);
	free_records(&fx->list);
	hlist_for_each_entry_safe(qe, tmp, &fx->hash, hnext)
		kfree(qe);
	ima_digest_set_fini(&fx->s.digests);
}

void ima_staging_test_open_writer(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &fx->f, false, true), 0);
	KUNIT_ASSERT_EQ(test, ima_staging_open(&fx->s, &fx->staged, true, true),
			0);
}

void ima_staging_test_close_writer(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	ima_staging_release(&fx->f);
	ima_staging_release(&fx->staged);
}

int ima_staging_test_command(struct ima_staging_file *f, const char *text)
{
	struct ima_staging_cmd cmd;
	int ret;

	ret = ima_staging_parse(text, strlen(text), f->staged, &cmd);
	return ret ? ret : ima_staging_execute(f, &cmd);
}

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
void ima_staging_test_expect_lists(struct kunit *test, s64 nr_deleted,
				   long nr_staged, long nr_current)
{
	struct ima_staging_test *fx = test->priv;
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
