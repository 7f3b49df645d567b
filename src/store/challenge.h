/* SPDX-License-Identifier: MIT */
/*
 * Challenges, for the rounds that answer them.
 */
#ifndef STORE_CHALLENGE_H
#define STORE_CHALLENGE_H

#include "store/db.h"

/* Sets challenge, state but for its end, reverify and the machine's id. STORE_UNKNOWN */
int challenge_find(struct store *store, struct imastage_bytes bound,
		   struct store_round *round);

/* STORE_USED: it is, or it is gone. */
int challenge_use(struct store *store, const struct challenge *challenge,
		  uint64_t verdict);

#endif
