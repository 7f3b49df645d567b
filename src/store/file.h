/* SPDX-License-Identifier: MIT */
/*
 * An evidence file, verified with what the store knows, and its verdict committed.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/store.h"
#include "verify/file.h"

/*
 * A live file answers a challenge of this store; a history file is of the machine that has
 * its key. @policies: a request with policies, and with what is asked of history; the rest
 * is the store's. Returns 0 with a verdict. Nothing was noted for one that is rejected
 * because the file is malformed, answers no challenge, is of no machine that is known, or
 * begins elsewhere than the store can go on from: then the challenge stays good.
 *
 * -EAGAIN: another verification of this machine was faster; the same file can be verified
 * again. Others as verify_quote() and the functions of the store; the verdict is none.
 */
int store_verify_file(struct store *store, struct imastage_source source,
		      const struct verify_request *policies, uint64_t now,
		      struct verify_verdict *ret_verdict);

#endif
