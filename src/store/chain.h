/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints of a machine: each vouches for the one before it.
 */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "store/db.h"

/*
 * The newest of @machine: its number and hash in @round, and it itself if it is of the
 * machine's key. 0 also when there is none, with sequence 0. -EBADMSG: what is stored is
 * not the end of a chain that this verifier signed.
 */
int chain_last(struct store *store, struct store_round *round);

/* Is it the newest still? STORE_CHANGED */
int chain_unchanged(struct store *store, const struct store_round *round);

/* Is one with this number and hash in the chain of @machine? STORE_UNKNOWN */
int chain_knows(struct store *store, const char *machine, uint64_t sequence,
		const uint8_t hash[CHECKPOINT_HASH_LEN]);

/* Appends @checkpoint, which follows that of @round. */
int chain_extend(struct store *store, const struct store_round *round,
		 const struct checkpoint *checkpoint);

#endif
