// SPDX-License-Identifier: MIT
/*
 * The measuring side, as the kernel's ima_queue.c does it: look for a duplicate
 * and append, in one go under the lock.
 */

#include <unistd.h>

#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "fixture.h"
#include "tap.h"

#define DIGEST_LEN 20
#define PCR 10

static struct ima_template_desc desc = {
	.name = "ima-ng",
	.num_fields = 1,
};

void log_init(struct log *log, u64 max)
{
	*log = (struct log){ .max = max };
	log->rows = calloc(max, sizeof(*log->rows));
	must(log->rows, "no memory");
}

void log_fini(struct log *log)
{
	free(log->rows);
}

void fixture_init(struct fixture *fx, struct log *log)
{
	static const siphash_key_t key = { { 1, 2 } };

	memset(fx, 0, sizeof(*fx));
	mutex_init(&fx->lock);
	INIT_LIST_HEAD(&fx->list);
	ima_staging_init(&fx->s, &fx->lock, &fx->list, &fx->nr, &fx->len);
	ima_digest_set_init(&fx->s.digests, DIGEST_LEN, &key);
	fx->log = log;
}

static void free_list(struct list_head *list)
{
	struct ima_queue_entry *qe, *tmp;

	list_for_each_entry_safe(qe, tmp, list, later) {
		ima_free_template_entry(qe->entry);
		if (hlist_unhashed(&qe->hnext))
			kfree(qe);
	}
}

void fixture_fini(struct fixture *fx)
{
	struct ima_queue_entry *qe;
	struct hlist_node *tmp;

	free_list(&fx->s.staged_list);
	free_list(&fx->list);
	for (int i = 0; i < FIXTURE_BUCKETS; i++) {
		hlist_for_each_entry_safe(qe, tmp, &fx->hash[i], hnext)
			kfree(qe);
	}
	ima_digest_set_fini(&fx->s.digests);
	mutex_destroy(&fx->lock);
}

/* Blocks of memory that the digests of deleted records take. */
u64 fixture_set_blocks(const struct fixture *fx)
{
	const struct ima_digest_set *set = &fx->s.digests;

	return set->nr_chunks + set->nr_segments + (set->segments ? 1 : 0);
}

static void set_digest(u8 digest[DIGEST_LEN], u32 id)
{
	memset(digest, 0x5a, DIGEST_LEN);
	put_unaligned_le32(id, digest + DIGEST_LEN - 4);
}

/* Its length is up to the id, so that sums tell which records are in them. */
static struct ima_template_entry *entry_new(u32 id)
{
	u32 len = sizeof(id) + id % 61;
	struct ima_template_entry *entry;

	entry = kzalloc(struct_size(entry, template_data, 1), GFP_KERNEL);
	if (!entry)
		return NULL;

	entry->pcr = PCR;
	entry->template_desc = &desc;
	entry->template_data_len = len;
	entry->template_data[0].len = len;
	entry->template_data[0].data = kzalloc(len, GFP_KERNEL);
	entry->digests = kcalloc(1, sizeof(*entry->digests), GFP_KERNEL);
	if (!entry->template_data[0].data || !entry->digests) {
		ima_free_template_entry(entry);
		return NULL;
	}

	put_unaligned_le32(id, entry->template_data[0].data);
	set_digest(entry->digests[0].digest, id);
	return entry;
}

static struct ima_queue_entry *queue_entry_new(struct ima_template_entry *entry)
{
	struct ima_queue_entry *qe;

	qe = kmalloc(struct_size(qe, digest, DIGEST_LEN), GFP_KERNEL);
	if (!qe)
		return NULL;

	INIT_HLIST_NODE(&qe->hnext);
	qe->entry = entry;
	qe->pcr = entry->pcr;
	memcpy(qe->digest, entry->digests[0].digest, DIGEST_LEN);
	return qe;
}

/* Would a duplicate of it be found? Under the lock, as the kernel looks. */
bool fixture_is_known(struct fixture *fx, u32 id)
{
	struct ima_queue_entry *qe;
	u8 digest[DIGEST_LEN];

	set_digest(digest, id);
	hlist_for_each_entry_rcu(qe, &fx->hash[id % FIXTURE_BUCKETS], hnext) {
		if (qe->pcr == PCR && !memcmp(qe->digest, digest, DIGEST_LEN))
			return true;
	}
	return ima_digest_set_has(&fx->s.digests, digest, PCR);
}

static int queue(struct fixture *fx, struct ima_template_entry *entry,
		 bool hashed)
{
	u32 id = get_unaligned_le32(entry->template_data[0].data);
	struct ima_queue_entry *qe = queue_entry_new(entry);

	if (!qe)
		return -ENOMEM;

	list_add_tail_rcu(&qe->later, &fx->list);
	if (fx->pause_us)
		usleep(fx->pause_us);
	atomic_long_inc(&fx->nr);
	if (hashed)
		hlist_add_head_rcu(&qe->hnext, &fx->hash[id % FIXTURE_BUCKETS]);
	fx->len += ima_binary_runtime_size(entry);
	return 0;
}

/* Under the lock, whoever holds it, no record is counted twice or not at all. */
static void check_counts(struct fixture *fx)
{
	u64 nr = atomic64_read(&fx->s.nr_deleted) +
		 atomic_long_read(&fx->s.nr_staged) + atomic_long_read(&fx->nr);

	lockdep_assert_held(&fx->lock);
	must(nr == fx->log->nr, "%llu records counted of %llu", nr,
	     fx->log->nr);
}

static int append_locked(struct fixture *fx, struct ima_template_entry *entry,
			 u32 id, bool hashed)
{
	struct log *log = fx->log;
	int ret;

	check_counts(fx);
	if (fx->s.suspended)
		return -EACCES;
	if (hashed && fixture_is_known(fx, id))
		return -EEXIST;
	if (log->nr == log->max)
		return -ENOSPC;

	log->rows[log->nr] = (struct log_row){
		.id = id,
		.hashed = hashed,
		.nr_deleted = atomic64_read(&fx->s.nr_deleted),
	};
	ret = queue(fx, entry, hashed);
	if (!ret)
		log->nr++;
	return ret;
}

/* Not a duplicate of anything if not @hashed, as violations are. */
int fixture_append(struct fixture *fx, u32 id, bool hashed)
{
	struct ima_template_entry *entry = entry_new(id);
	int ret;

	if (!entry)
		return -ENOMEM;

	mutex_lock(&fx->lock);
	ret = append_locked(fx, entry, id, hashed);
	mutex_unlock(&fx->lock);
	if (ret)
		ima_free_template_entry(entry);
	return ret;
}

/* A record of the kernel before: in the log already, and not hashed. */
int fixture_restore(struct fixture *fx, u32 id)
{
	struct ima_template_entry *entry = entry_new(id);
	int ret;

	if (!entry)
		return -ENOMEM;

	mutex_lock(&fx->lock);
	ret = queue(fx, entry, false);
	mutex_unlock(&fx->lock);
	if (ret)
		ima_free_template_entry(entry);
	return ret;
}

u32 record_id(const struct ima_queue_entry *qe)
{
	return get_unaligned_le32(qe->entry->template_data[0].data);
}

/* @qe is the record of that absolute index. */
void record_check(struct fixture *fx, const struct ima_queue_entry *qe,
		  u64 index)
{
	must(record_id(qe) == fx->log->rows[index].id,
	     "record %llu is %u, not %u", index, record_id(qe),
	     fx->log->rows[index].id);
}

static unsigned long check_list(struct fixture *fx, struct list_head *list,
				u64 first, u64 nr)
{
	struct ima_queue_entry *qe;
	unsigned long len = 0;
	u64 i = 0;

	list_for_each_entry(qe, list, later) {
		must(i < nr, "more than %llu records", nr);
		record_check(fx, qe, first + i++);
		len += ima_binary_runtime_size(qe->entry);
	}
	must(i == nr, "%llu records instead of %llu", i, nr);
	return len;
}

/*
 * While nobody cuts: lists, counts and lengths are as they must be if so many
 * are deleted and staged.
 */
void fixture_check(struct fixture *fx, u64 nr_deleted, u64 nr_staged)
{
	unsigned long staged_len, current_len;
	u64 nr_current;

	mutex_lock(&fx->lock);
	nr_current = fx->log->nr - nr_deleted - nr_staged;
	must((u64)atomic64_read(&fx->s.nr_deleted) == nr_deleted, "deleted");
	must((u64)atomic_long_read(&fx->s.nr_staged) == nr_staged, "staged");
	must((u64)atomic_long_read(&fx->nr) == nr_current, "current");

	staged_len = check_list(fx, &fx->s.staged_list, nr_deleted, nr_staged);
	current_len =
		check_list(fx, &fx->list, nr_deleted + nr_staged, nr_current);
	must(fx->len == staged_len + current_len, "%lu, not %lu + %lu bytes",
	     fx->len, staged_len, current_len);
	must(!nr_staged || fx->s.staged_len == staged_len,
	     "%lu, not %lu bytes staged", fx->s.staged_len, staged_len);
	mutex_unlock(&fx->lock);
}
