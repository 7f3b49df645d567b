// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the KUnit tests of the staging core share: a measurement list, records
 * for it, one who works on it, and what is to be expected of it.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima.h"
#include "ima_staging.h"
#include "ima_staging_kunit.h"

static struct ima_template_desc test_desc = {
	.name = "ima-test",
	.num_fields = 1,
};

static struct ima_template_desc buf_desc = {
	.name = "ima-buf",
	.num_fields = 3,
};

/* Of IMA's hash, whatever that is here. */
static void put_number(u8 digest[IMA_STAGING_TEST_DIGEST_LEN], u32 number)
{
	memset(digest, 0, IMA_STAGING_TEST_DIGEST_LEN);
	put_unaligned_le32(number, digest);
	digest[4] = 0xd1;
}

static void set_field(struct kunit *test, struct ima_template_entry *entry,
		      int i, const void *data, u32 len)
{
	struct ima_field_data *field = &entry->template_data[i];

	field->data = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, field->data);
	memcpy(field->data, data, len);
	field->len = len;
	entry->template_data_len += sizeof(len) + len;
}

/* A template entry as the kernel makes it, which the test frees. */
static struct ima_template_entry *new_entry(struct kunit *test,
					    struct ima_template_desc *desc,
					    u32 number)
{
	int nr_digests = max(ima_hash_algo_idx, ima_sha1_idx) + 1;
	struct ima_template_entry *entry;

	entry = kunit_kzalloc(test, struct_size(entry, template_data,
						desc->num_fields), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	entry->template_desc = desc;
	entry->pcr = 10;
	entry->digests = kunit_kzalloc(test,
				       nr_digests * sizeof(*entry->digests),
				       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry->digests);
	put_number(entry->digests[ima_sha1_idx].digest, ~number);
	put_number(entry->digests[ima_hash_algo_idx].digest, number);
	return entry;
}

/* What the kernel does for a measurement, without the PCR. */
static struct ima_queue_entry *append(struct kunit *test,
				      struct ima_template_entry *entry,
				      bool hashed)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_queue_entry *qe = ima_record_new(entry);

	KUNIT_ASSERT_NOT_NULL(test, qe);
	mutex_lock(&fx->lock);
	KUNIT_EXPECT_EQ(test, ima_staging_reserve_digest(&fx->s), 0);
	list_add_tail_rcu(&qe->later, &fx->list);
	atomic_long_inc(&fx->nr);
	if (hashed)
		ima_staging_add_digest(&fx->s, qe);
	if (fx->len != ULONG_MAX)
		fx->len += ima_binary_runtime_size(qe->template_desc,
						   qe->template_data_len);
	mutex_unlock(&fx->lock);
	return qe;
}

/* Records differ in length, so that a wrong sum of lengths is seen. */
struct ima_queue_entry *ima_staging_test_append(struct kunit *test, bool hashed)
{
	static const u8 data[13];
	struct ima_staging_test *fx = test->priv;
	struct ima_template_entry *entry;

	entry = new_entry(test, &test_desc, fx->next);
	set_field(test, entry, 0, data, 1 + fx->next++ % sizeof(data));
	return append(test, entry, hashed);
}

/* A record of the template that a snapshot_aggregate has. */
struct ima_queue_entry *ima_staging_test_append_buf(struct kunit *test,
						    const char *event,
						    const char *text)
{
	struct ima_staging_test *fx = test->priv;
	struct ima_template_entry *entry;

	entry = new_entry(test, &buf_desc, fx->next++);
	set_field(test, entry, 0, "sha1:", 6);
	set_field(test, entry, 1, event, strlen(event) + 1);
	set_field(test, entry, 2, text, strlen(text));
	return append(test, entry, true);
}

void ima_staging_test_append_many(struct kunit *test, int nr)
{
	while (nr--)
		ima_staging_test_append(test, true);
}

/* Would a duplicate of record @number be found? */
bool ima_staging_test_has_digest(struct kunit *test, u32 number)
{
	struct ima_staging_test *fx = test->priv;
	u8 digest[IMA_STAGING_TEST_DIGEST_LEN];

	put_number(digest, number);
	return ima_staging_has_digest(&fx->s, digest, 10);
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
	ima_staging_init(&fx->s, &fx->lock, &fx->list, &fx->nr, &fx->len);
	ima_staging_init_digests(&fx->s, ima_hash_algo,
				 hash_digest_size[ima_hash_algo], &key);
	test->priv = fx;
	return 0;
}

void ima_staging_test_exit(struct kunit *test)
{
	struct ima_staging_test *fx = test->priv;

	if (fx)
		ima_staging_fini(&fx->s);
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
		KUNIT_EXPECT_EQ(test, first++,
				get_unaligned_le32(ima_record_digest(qe)));
		len += ima_binary_runtime_size(qe->template_desc,
					       qe->template_data_len);
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
