/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A set of digests, each with its PCR: of all measurement records by which
 * duplicates are found, be they in memory or deleted.
 *
 * It is exact, costs about 40 bytes for a sha256 digest, and never has to be
 * rebuilt: adding takes a bounded number of steps at any size, and so do looking
 * up and removing. Allocating is a step of its own: what can fail comes before
 * anything is changed.
 *
 * Linear hashing: there are @nr_buckets buckets, and one more is made for every
 * so many digests by splitting the next one in turn. A bucket is a chain of
 * chunks, full but for the first one:
 *
 *	segments[]		segment			bucket
 *	+---+	+--------+	+-------+  +-------+
 *	| --+-->|	 |	| nr    |  | full  |
 *	|   |	|      --+----->| next -+->|	   |
 *	:   :	:        :	| ##... |  | ##### |
 *	+---+	+--------+	+-------+  +-------+
 *
 * Locking is up to the caller: whatever changes the set excludes all else (in
 * IMA, by the lock under which records are added).
 */
#ifndef _SECURITY_IMA_DIGEST_SET_H
#define _SECURITY_IMA_DIGEST_SET_H

#include <linux/siphash.h>
#include <linux/types.h>

struct ima_digest_chunk;

/* 1024 segments of 4096 buckets: 200 million digests before buckets get long. */
#define IMA_DIGEST_SET_SEGMENTS		1024
#define IMA_DIGEST_SET_SEGMENT_BUCKETS	4096

struct ima_digest_set {
	/** @key: makes it hard to aim at one bucket */
	siphash_key_t key;
	/** @digest_len: bytes of every digest */
	unsigned int digest_len;
	/** @chunk_digests: how many fit into a chunk */
	unsigned int chunk_digests;
	/** @nr: digests in the set */
	unsigned long nr;
	/** @nr_buckets: buckets in use; 0 before anything was added */
	unsigned long nr_buckets;
	/** @nr_chunks: chunks allocated, spare ones included */
	unsigned long nr_chunks;
	/** @nr_segments: segments allocated */
	unsigned long nr_segments;
	/** @segments: the buckets, in arrays of their own (owned) */
	struct ima_digest_chunk ***segments;
	/** @spare: chunks for adding (owned) */
	struct ima_digest_chunk *spare;
	/** @nr_spare: how many */
	unsigned long nr_spare;
};

void ima_digest_set_init(struct ima_digest_set *set, unsigned int digest_len,
			 const siphash_key_t *key);
void ima_digest_set_fini(struct ima_digest_set *set);
int ima_digest_set_reserve(struct ima_digest_set *set, unsigned int nr);
struct ima_digest_chunk *ima_digest_set_take_spare(struct ima_digest_set *set);
void ima_digest_chunks_free(struct ima_digest_chunk *chunk);
void ima_digest_set_add(struct ima_digest_set *set, const u8 *digest, u8 pcr);
bool ima_digest_set_remove(struct ima_digest_set *set, const u8 *digest, u8 pcr);
bool ima_digest_set_has(const struct ima_digest_set *set, const u8 *digest,
			u8 pcr);
unsigned long ima_digest_set_copy(const struct ima_digest_set *set, u8 *ret_buf,
				  size_t len);
size_t ima_digest_set_bytes(const struct ima_digest_set *set);

/* Bytes of a digest as ima_digest_set_copy() writes it. */
static inline size_t
ima_digest_set_entry_len(const struct ima_digest_set *set)
{
	return 1 + set->digest_len;
}

#endif /* _SECURITY_IMA_DIGEST_SET_H */
