/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A set of digests, each with its PCR, that only ever grows: what is left of
 * measurement records once they are deleted, so that duplicates are still found.
 *
 * It is exact, costs about 40 bytes for a sha256 digest, and never has to be
 * rebuilt: adding takes a bounded number of steps at any size, and so does
 * looking up. Allocating is a step of its own, for whoever adds to do before
 * taking the lock that the others wait for.
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
 * Locking is up to the caller: looking up and adding exclude each other (in IMA,
 * by the lock under which records are added); reserving excludes adding.
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
	/** @nr_buckets: buckets in use; 0 before anything was reserved */
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
void ima_digest_set_release(struct ima_digest_set *set);
void ima_digest_set_add(struct ima_digest_set *set, const u8 *digest, u8 pcr);
bool ima_digest_set_has(const struct ima_digest_set *set, const u8 *digest,
			u8 pcr);
size_t ima_digest_set_bytes(const struct ima_digest_set *set);

#endif /* _SECURITY_IMA_DIGEST_SET_H */
