// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A set of digests. See ima_digest_set.h.
 *
 * What must hold:
 *  - a digest that was added and not removed is found, at every instant between
 *    two changes;
 *  - adding and removing neither allocate nor free, and touch one bucket, or the
 *    two of a split;
 *  - of the chunks of a bucket, all but the first are full, and none is empty.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima_digest_set.h"

/* One object of the slab allocator, which packs eight of them into a page. */
#define CHUNK_LEN	512

/* Digests per bucket, on average: the more, the less is lost in first chunks. */
#define BUCKET_DIGESTS	48

/*
 * Chunks that adding one digest can take: two to split with before the old ones are
 * spare again, and one for itself.
 */
#define ADD_CHUNKS	3

/* An entry is the PCR (a byte, there are 24), then the digest. */
struct ima_digest_chunk {
	struct ima_digest_chunk *next;
	u16 nr;
	u8 entries[];
};

/**
 * ima_digest_set_init - make an empty set, which takes no memory
 * @set: what to initialize
 * @digest_len: bytes of each digest, at most 64
 * @key: random bytes
 */
void ima_digest_set_init(struct ima_digest_set *set, unsigned int digest_len,
			 const siphash_key_t *key)
{
	size_t room = CHUNK_LEN - offsetof(struct ima_digest_chunk, entries);

	memset(set, 0, sizeof(*set));
	set->key = *key;
	set->digest_len = digest_len;
	set->chunk_digests = room / (1 + digest_len);
}

/**
 * ima_digest_chunks_free - free what ima_digest_set_take_spare() took
 * @chunk: the chunks, or NULL
 */
void ima_digest_chunks_free(struct ima_digest_chunk *chunk)
{
	while (chunk) {
		struct ima_digest_chunk *next = chunk->next;

		kfree(chunk);
		chunk = next;
	}
}

static struct ima_digest_chunk **bucket_at(const struct ima_digest_set *set,
					   unsigned long i)
{
	return &set->segments[i / IMA_DIGEST_SET_SEGMENT_BUCKETS]
			     [i % IMA_DIGEST_SET_SEGMENT_BUCKETS];
}

/**
 * ima_digest_set_fini - free a set
 * @set: the set
 */
void ima_digest_set_fini(struct ima_digest_set *set)
{
	unsigned long i;

	for (i = 0; i < set->nr_buckets; i++)
		ima_digest_chunks_free(*bucket_at(set, i));
	for (i = 0; i < set->nr_segments; i++)
		kvfree(set->segments[i]);
	kfree(set->segments);
	ima_digest_chunks_free(set->spare);
}

static int reserve_segment(struct ima_digest_set *set)
{
	struct ima_digest_chunk **segment;

	if (!set->segments)
		set->segments = kcalloc(IMA_DIGEST_SET_SEGMENTS,
					sizeof(*set->segments), GFP_KERNEL);
	if (!set->segments)
		return -ENOMEM;

	segment = kvcalloc(IMA_DIGEST_SET_SEGMENT_BUCKETS, sizeof(*segment),
			   GFP_KERNEL);
	if (!segment)
		return -ENOMEM;

	set->segments[set->nr_segments++] = segment;
	return 0;
}

static int reserve_chunk(struct ima_digest_set *set)
{
	struct ima_digest_chunk *chunk = kmalloc(CHUNK_LEN, GFP_KERNEL);

	if (!chunk)
		return -ENOMEM;

	chunk->next = set->spare;
	set->spare = chunk;
	set->nr_spare++;
	set->nr_chunks++;
	return 0;
}

/* Are there as many buckets to come as @nr additions can make? */
static bool has_buckets(const struct ima_digest_set *set, unsigned int nr)
{
	if (set->nr_segments == IMA_DIGEST_SET_SEGMENTS)
		return true;

	return set->nr_buckets + nr <=
	       set->nr_segments * IMA_DIGEST_SET_SEGMENT_BUCKETS;
}

/**
 * ima_digest_set_reserve - allocate what adding will take
 * @set: the set
 * @nr: digests that will be added, at most IMA_DIGEST_SET_SEGMENT_BUCKETS - 1
 *
 * May sleep. What is not needed is kept for the next, or taken out by
 * ima_digest_set_take_spare().
 *
 * Return: 0: adding @nr digests cannot fail; -ENOMEM: nothing may be added, what
 * was reserved is kept.
 */
int ima_digest_set_reserve(struct ima_digest_set *set, unsigned int nr)
{
	if (!has_buckets(set, nr + 1) && reserve_segment(set))
		return -ENOMEM;

	while (set->nr_spare < (unsigned long)nr * ADD_CHUNKS) {
		if (reserve_chunk(set))
			return -ENOMEM;
	}
	return 0;
}

/**
 * ima_digest_set_take_spare - take out what was reserved, or is left by removing
 * @set: the set
 *
 * Return: chunks to be freed with ima_digest_chunks_free(), which needs no lock.
 */
struct ima_digest_chunk *ima_digest_set_take_spare(struct ima_digest_set *set)
{
	struct ima_digest_chunk *chunk = set->spare;

	set->spare = NULL;
	set->nr_chunks -= set->nr_spare;
	set->nr_spare = 0;
	return chunk;
}

static struct ima_digest_chunk *take_spare(struct ima_digest_set *set)
{
	struct ima_digest_chunk *chunk = set->spare;

	set->spare = chunk->next;
	set->nr_spare--;
	return chunk;
}

static void put_spare(struct ima_digest_set *set, struct ima_digest_chunk *chunk)
{
	chunk->next = set->spare;
	set->spare = chunk;
	set->nr_spare++;
}

static u64 hash_of(const struct ima_digest_set *set, const u8 *digest)
{
	return siphash(digest, set->digest_len, &set->key);
}

static unsigned long bucket_of(const struct ima_digest_set *set, u64 hash)
{
	unsigned long mask = roundup_pow_of_two(set->nr_buckets) - 1;
	unsigned long i = hash & mask;

	return i < set->nr_buckets ? i : i & (mask >> 1);
}

static u8 *entry_at(const struct ima_digest_set *set,
		    const struct ima_digest_chunk *chunk, unsigned int i)
{
	return (u8 *)chunk->entries + i * (1 + set->digest_len);
}

static void add_to(struct ima_digest_set *set, struct ima_digest_chunk **bucket,
		   const u8 *digest, u8 pcr)
{
	struct ima_digest_chunk *chunk = *bucket;
	u8 *entry;

	if (!chunk || chunk->nr == set->chunk_digests) {
		chunk = take_spare(set);
		chunk->nr = 0;
		chunk->next = *bucket;
		*bucket = chunk;
	}

	entry = entry_at(set, chunk, chunk->nr++);
	entry[0] = pcr;
	memcpy(entry + 1, digest, set->digest_len);
}

/* Distribute the digests of the next bucket in turn over itself and a new one. */
static void split_bucket(struct ima_digest_set *set)
{
	unsigned long new = set->nr_buckets++;
	unsigned long old = new - rounddown_pow_of_two(new);
	struct ima_digest_chunk *chunk = *bucket_at(set, old);

	*bucket_at(set, old) = NULL;
	*bucket_at(set, new) = NULL;
	while (chunk) {
		struct ima_digest_chunk *next = chunk->next;
		unsigned int i;

		for (i = 0; i < chunk->nr; i++) {
			const u8 *entry = entry_at(set, chunk, i);
			u64 hash = hash_of(set, entry + 1);

			add_to(set, bucket_at(set, bucket_of(set, hash)),
			       entry + 1, entry[0]);
		}
		put_spare(set, chunk);
		chunk = next;
	}
}

/**
 * ima_digest_set_add - add a digest
 * @set: the set, with as many digests reserved as are added
 * @digest: the digest
 * @pcr: its PCR
 *
 * Does not look whether it is there already: then it is there twice.
 */
void ima_digest_set_add(struct ima_digest_set *set, const u8 *digest, u8 pcr)
{
	unsigned long most = set->nr_segments * IMA_DIGEST_SET_SEGMENT_BUCKETS;

	if (set->nr >= set->nr_buckets * BUCKET_DIGESTS &&
	    set->nr_buckets < most) {
		if (set->nr_buckets)
			split_bucket(set);
		else
			set->nr_buckets = 1;
	}

	add_to(set, bucket_at(set, bucket_of(set, hash_of(set, digest))),
	       digest, pcr);
	WRITE_ONCE(set->nr, set->nr + 1);
}

/* Where a digest is, in which chunk of which bucket; NULL: it is not there. */
static u8 *find(const struct ima_digest_set *set, const u8 *digest, u8 pcr,
		struct ima_digest_chunk ***ret_bucket)
{
	struct ima_digest_chunk *chunk;
	unsigned int i;

	if (!set->nr)
		return NULL;

	*ret_bucket = bucket_at(set, bucket_of(set, hash_of(set, digest)));
	for (chunk = **ret_bucket; chunk; chunk = chunk->next) {
		for (i = 0; i < chunk->nr; i++) {
			u8 *entry = entry_at(set, chunk, i);

			if (!memcmp(entry + 1, digest, set->digest_len) &&
			    entry[0] == pcr)
				return entry;
		}
	}
	return NULL;
}

/**
 * ima_digest_set_has - look a digest up
 * @set: the set
 * @digest: the digest
 * @pcr: its PCR
 *
 * Return: whether it is there, with that PCR.
 */
bool ima_digest_set_has(const struct ima_digest_set *set, const u8 *digest,
			u8 pcr)
{
	struct ima_digest_chunk **bucket;

	return find(set, digest, pcr, &bucket);
}

/**
 * ima_digest_set_remove - remove a digest
 * @set: the set
 * @digest: the digest
 * @pcr: its PCR
 *
 * Buckets stay as many as there are; a chunk that is left empty becomes a spare.
 *
 * Return: whether it was there. If it was there twice, it still is once.
 */
bool ima_digest_set_remove(struct ima_digest_set *set, const u8 *digest, u8 pcr)
{
	struct ima_digest_chunk **bucket, *first;
	u8 *entry = find(set, digest, pcr, &bucket);

	if (!entry)
		return false;

	/* The last of the first chunk fills the gap. */
	first = *bucket;
	memmove(entry, entry_at(set, first, --first->nr),
		ima_digest_set_entry_len(set));
	if (!first->nr) {
		*bucket = first->next;
		put_spare(set, first);
	}
	WRITE_ONCE(set->nr, set->nr - 1);
	return true;
}

/**
 * ima_digest_set_copy - write digests one behind the other
 * @set: the set
 * @ret_buf: where to: for each digest its PCR (a byte) and the digest
 * @len: room there, in bytes
 *
 * Return: how many were written: all, or as many as there is room for.
 */
unsigned long ima_digest_set_copy(const struct ima_digest_set *set, u8 *ret_buf,
				  size_t len)
{
	size_t entry_len = ima_digest_set_entry_len(set);
	unsigned long room = len / entry_len, nr = 0, i;
	const struct ima_digest_chunk *chunk;

	for (i = 0; i < set->nr_buckets; i++) {
		for (chunk = *bucket_at(set, i); chunk; chunk = chunk->next) {
			unsigned long n = min_t(unsigned long, chunk->nr,
						room - nr);

			memcpy(ret_buf + nr * entry_len, chunk->entries,
			       n * entry_len);
			nr += n;
		}
	}
	return nr;
}

/**
 * ima_digest_set_bytes - how much memory does a set take?
 * @set: the set
 *
 * Return: all that it has allocated, in bytes.
 */
size_t ima_digest_set_bytes(const struct ima_digest_set *set)
{
	size_t segment = IMA_DIGEST_SET_SEGMENT_BUCKETS * sizeof(void *);

	return (set->segments ? IMA_DIGEST_SET_SEGMENTS * sizeof(void *) : 0) +
	       set->nr_segments * segment + set->nr_chunks * CHUNK_LEN;
}
