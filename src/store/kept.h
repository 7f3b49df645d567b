/* SPDX-License-Identifier: MIT */
/*
 * The rounds of which the store keeps the evidence. docs/verifier-store.md says which these
 * are.
 */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include "store/store.h"

#define STORE_NAME_MAX 191 /* of a file that is kept */

struct store_kept {
	uint64_t id; /* ascends */
	char name[STORE_NAME_MAX + 1];
	uint8_t sha256[32];
	uint64_t bytes;

	/* The verdict at that time. */
	uint64_t made; /* in seconds since 1970 */
	enum verify_result result;
	uint32_t resets;
	uint64_t first, next; /* records that it proved */
	bool has_policy;
	uint8_t policy[VERIFY_RECORD_LEN];
	struct imastage_buffer outcomes; /* owned; outcomes.h */
};

/* The first round of @machine behind that of @after (0: the first). STORE_UNKNOWN */
int store_next_kept(struct store *store, const char *machine, uint64_t after,
		    struct store_kept *ret_kept);

struct store_kept_sum {
	uint64_t nr, bytes;
};

int store_sum_kept(struct store *store, const char *machine,
		   struct store_kept_sum *ret_sum);

/*
 * Removes the evidence of rounds that were made at @before or earlier, in seconds since 1970; the
 * verdicts stay, and so does the decision, if there was any such evidence. The rows go first, in one
 * transaction: a process that ends behind it leaves files that no verdict names, and the next call removes them.
 * STORE_UNKNOWN: there is no such machine.
 */
int store_forget_kept(struct store *store, const char *machine, uint64_t before,
		      const char *reason, uint64_t now,
		      struct store_kept_sum *ret_removed);

#endif
