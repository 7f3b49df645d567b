/* SPDX-License-Identifier: MIT */
/*
 * An evidence file, or its parts, verified with what the store knows, and the verdict
 * committed.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/store.h"
#include "verify/file.h"

/*
 * Has what was read begin anew, or returns negative. With it, a list that does not lead to
 * its quote is read twice, to tell padded digests (log.padded) from tampering.
 */
struct store_again {
	int (*begin)(void *context);
	void *context;
};

/*
 * A live file answers a challenge of this store; a history file is of the machine that has
 * its key. @policies: a request with policies, and with what is asked of history; the rest
 * is the store's. @again may be NULL. Returns 0 with a verdict. Nothing was noted for one that is rejected
 * because the file is malformed, answers no challenge, is of no machine that is known, or
 * begins elsewhere than the store can go on from: then the challenge stays good.
 *
 * A store that keeps evidence has the file in its folder before the verdict is committed, if it
 * proves records that were not proved before. If that fails there is no verdict.
 *
 * -EAGAIN: another verification of this machine was faster; the same file can be verified
 * again. Others as verify_quote() and the functions of the store; the verdict is none.
 */
int store_verify_file(struct store *store, struct imastage_source source,
		      const struct store_again *again,
		      const struct verify_request *policies, uint64_t now,
		      struct verify_verdict *ret_verdict);

/* What tpm2_quote writes, and a list of the records from @first on. */
struct store_parts {
	const struct verify_evidence *evidence;
	struct verify_list list;
	uint64_t first;
};

/* The same for parts, which are always an answer to a challenge. They are not kept. */
int store_verify_parts(struct store *store, const struct store_parts *parts,
		       const struct store_again *again,
		       const struct verify_request *policies, uint64_t now,
		       struct verify_verdict *ret_verdict);

#endif
