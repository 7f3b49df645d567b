// SPDX-License-Identifier: MIT
/*
 * For comparison only: a set of digests in the old form. See ima_digest_set.h
 * here, and the file of the same name in kernel/src.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima.h"

/* Of the templates that are measured most, ima-ng. */
#define NR_FIELDS 2

/*
 * Of the sizes that kmalloc() would give, but in pages of their own: else what is
 * freed of a record would keep pages that are shared with what stays. So this is
 * the least that the old form can keep.
 */
static struct kmem_cache *queue_entries, *template_entries, *digest_arrays;

/* The queue entry as it is without staging. */
struct ima_digest_chunk {
	struct hlist_node hnext;
	struct list_head later;
	struct ima_template_entry *entry;
};

static unsigned int nr_digests(void)
{
	return NR_BANKS(ima_tpm_chip) + ima_extra_slots;
}

static size_t queue_entry_len(void)
{
	return kmalloc_size_roundup(sizeof(struct ima_digest_chunk));
}

static size_t template_entry_len(void)
{
	return kmalloc_size_roundup(struct_size_t(struct ima_template_entry,
						  template_data, NR_FIELDS));
}

static size_t digests_len(void)
{
	return kmalloc_size_roundup(nr_digests() * sizeof(struct tpm_digest));
}

static struct kmem_cache *make_cache(const char *name, size_t size)
{
	return kmem_cache_create(name, size, 0, SLAB_NO_MERGE | SLAB_PANIC,
				 NULL);
}

static void make_caches(void)
{
	if (queue_entries)
		return;

	queue_entries = make_cache("ima_old_queue", queue_entry_len());
	template_entries = make_cache("ima_old_entry", template_entry_len());
	digest_arrays = make_cache("ima_old_digests", digests_len());
}

static u8 *digest_of(const struct ima_digest_chunk *qe)
{
	return qe->entry->digests[ima_hash_algo_idx].digest;
}

void ima_digest_set_init(struct ima_digest_set *set, unsigned int digest_len,
			 const siphash_key_t *key)
{
	memset(set, 0, sizeof(*set));
	set->digest_len = digest_len;
}

static void free_one(struct ima_digest_chunk *qe)
{
	if (qe->entry && qe->entry->digests)
		kmem_cache_free(digest_arrays, qe->entry->digests);
	if (qe->entry)
		kmem_cache_free(template_entries, qe->entry);
	kmem_cache_free(queue_entries, qe);
}

void ima_digest_chunks_free(struct ima_digest_chunk *qe)
{
	while (qe) {
		struct hlist_node *next = qe->hnext.next;

		free_one(qe);
		qe = hlist_entry_safe(next, struct ima_digest_chunk, hnext);
	}
}

static struct ima_digest_chunk *first_of(const struct hlist_head *head)
{
	return hlist_entry_safe(head->first, struct ima_digest_chunk, hnext);
}

void ima_digest_set_fini(struct ima_digest_set *set)
{
	unsigned long i;

	for (i = 0; i < set->nr_buckets; i++)
		ima_digest_chunks_free(first_of(&set->buckets[i]));
	ima_digest_chunks_free(first_of(&set->spare));
	kfree(set->buckets);
}

static void put_spare(struct ima_digest_set *set, struct ima_digest_chunk *qe)
{
	hlist_add_head(&qe->hnext, &set->spare);
	set->nr_spare++;
}

static int reserve_one(struct ima_digest_set *set)
{
	struct ima_digest_chunk *qe;

	qe = kmem_cache_zalloc(queue_entries, GFP_KERNEL);
	if (!qe)
		return -ENOMEM;

	qe->entry = kmem_cache_zalloc(template_entries, GFP_KERNEL);
	if (!qe->entry)
		goto err_free;

	qe->entry->digests = kmem_cache_zalloc(digest_arrays, GFP_KERNEL);
	if (!qe->entry->digests)
		goto err_free;

	put_spare(set, qe);
	return 0;

err_free:
	free_one(qe);
	return -ENOMEM;
}

int ima_digest_set_reserve(struct ima_digest_set *set, unsigned int nr)
{
	make_caches();
	if (!set->buckets) {
		set->buckets = kcalloc(IMA_MEASURE_HTABLE_SIZE,
				       sizeof(*set->buckets), GFP_KERNEL);
		if (!set->buckets)
			return -ENOMEM;
		set->nr_buckets = IMA_MEASURE_HTABLE_SIZE;
	}

	while (set->nr_spare < nr) {
		if (reserve_one(set))
			return -ENOMEM;
	}
	return 0;
}

struct ima_digest_chunk *ima_digest_set_take_spare(struct ima_digest_set *set)
{
	struct ima_digest_chunk *qe = first_of(&set->spare);

	INIT_HLIST_HEAD(&set->spare);
	set->nr_spare = 0;
	return qe;
}

/* As ima_hash_key() does: two bytes of the digest. */
static struct hlist_head *bucket_of(const struct ima_digest_set *set,
				    const u8 *digest)
{
	unsigned int key = digest[0] | digest[1] << 8;

	return &set->buckets[key % IMA_MEASURE_HTABLE_SIZE];
}

void ima_digest_set_add(struct ima_digest_set *set, const u8 *digest, u8 pcr)
{
	struct ima_digest_chunk *qe = first_of(&set->spare);

	hlist_del(&qe->hnext);
	set->nr_spare--;
	qe->entry->pcr = pcr;
	memcpy(digest_of(qe), digest, set->digest_len);
	hlist_add_head(&qe->hnext, bucket_of(set, digest));
	set->nr++;
}

static struct ima_digest_chunk *find(const struct ima_digest_set *set,
				     const u8 *digest, u8 pcr)
{
	struct ima_digest_chunk *qe;

	if (!set->nr)
		return NULL;

	hlist_for_each_entry(qe, bucket_of(set, digest), hnext) {
		if (!memcmp(digest_of(qe), digest, set->digest_len) &&
		    qe->entry->pcr == pcr)
			return qe;
	}
	return NULL;
}

bool ima_digest_set_has(const struct ima_digest_set *set, const u8 *digest,
			u8 pcr)
{
	return find(set, digest, pcr);
}

bool ima_digest_set_remove(struct ima_digest_set *set, const u8 *digest, u8 pcr)
{
	struct ima_digest_chunk *qe = find(set, digest, pcr);

	if (!qe)
		return false;

	hlist_del(&qe->hnext);
	put_spare(set, qe);
	set->nr--;
	return true;
}

unsigned long ima_digest_set_copy(const struct ima_digest_set *set, u8 *ret_buf,
				  size_t len)
{
	size_t entry_len = ima_digest_set_entry_len(set);
	unsigned long room = len / entry_len, nr = 0, i;
	struct ima_digest_chunk *qe;

	for (i = 0; i < set->nr_buckets; i++) {
		hlist_for_each_entry(qe, &set->buckets[i], hnext) {
			if (nr == room)
				return nr;
			ret_buf[nr * entry_len] = qe->entry->pcr;
			memcpy(ret_buf + nr++ * entry_len + 1, digest_of(qe),
			       set->digest_len);
		}
	}
	return nr;
}

size_t ima_digest_set_bytes(const struct ima_digest_set *set)
{
	size_t each = queue_entry_len() + template_entry_len() + digests_len();

	return set->nr_buckets * sizeof(*set->buckets) +
	       (set->nr + set->nr_spare) * each;
}
