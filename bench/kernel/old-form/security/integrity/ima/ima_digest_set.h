/* SPDX-License-Identifier: MIT */
/*
 * For comparison only: the set of digests in the form in which the first
 * implementation of staging kept them. Takes the place of the file of the same
 * name in kernel/src; see there for what the functions do.
 *
 * What is kept of a record is what finding duplicates led to there:
 *
 *	buckets[1024]	queue entry		template entry		digests
 *	+---+		+---------------+	+---------------+	+------+
 *	|   |		| hash chain	|	| PCR ...	|	| bank |
 *	| --+---------->| list	        |   +-->| digests ------+------>| bank |
 *	|   |		| entry --------+---+	| two fields	|	|  :   |
 *	+---+		+---------------+	+---------------+	+------+
 *
 * The fields' data is not there: it was freed.
 */
#ifndef _SECURITY_IMA_DIGEST_SET_H
#define _SECURITY_IMA_DIGEST_SET_H

#include <linux/list.h>
#include <linux/siphash.h>
#include <linux/types.h>

struct ima_digest_chunk;

struct ima_digest_set {
	/** @digest_len: bytes of every digest */
	unsigned int digest_len;
	/** @nr: digests in the set */
	unsigned long nr;
	/** @nr_buckets: 1024, once something was reserved */
	unsigned long nr_buckets;
	/** @buckets: chains of queue entries (owned) */
	struct hlist_head *buckets;
	/** @spare: for adding (owned) */
	struct hlist_head spare;
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
bool ima_digest_set_remove(struct ima_digest_set *set, const u8 *digest,
			   u8 pcr);
bool ima_digest_set_has(const struct ima_digest_set *set, const u8 *digest,
			u8 pcr);
unsigned long ima_digest_set_copy(const struct ima_digest_set *set, u8 *ret_buf,
				  size_t len);
size_t ima_digest_set_bytes(const struct ima_digest_set *set);

/* Bytes of a digest as ima_digest_set_copy() writes it. */
static inline size_t ima_digest_set_entry_len(const struct ima_digest_set *set)
{
	return 1 + set->digest_len;
}

#endif /* _SECURITY_IMA_DIGEST_SET_H */
