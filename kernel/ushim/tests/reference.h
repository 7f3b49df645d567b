/* SPDX-License-Identifier: MIT */
/* The commands and the trailer, understood in another way than the core does. */
#ifndef USHIM_TESTS_REFERENCE_H
#define USHIM_TESTS_REFERENCE_H

#include "ima_staging.h"

/**
 * struct reference_trailer - what a trailer says
 * @nr_deleted: records deleted
 * @nr_snapshots: snapshots attempted
 * @nr_left: digests that did not fit
 * @nr: digests that are there
 * @hash_algo: their algorithm
 * @digest_len: bytes of one
 * @digests: the first one, its PCR before it
 */
struct reference_trailer {
	u64 nr_deleted;
	u64 nr_snapshots;
	u64 nr_left;
	u64 nr;
	unsigned int hash_algo;
	unsigned int digest_len;
	const u8 *digests;
};

int reference_parse(const char *text, size_t len, bool staged,
		    struct ima_staging_cmd *ret_cmd);
int reference_get_trailer(const void *buf, size_t len,
			  struct reference_trailer *ret);

#endif
