/* SPDX-License-Identifier: MIT */
/*
 * Rounds of a made machine with a store, as a service has them.
 */
#ifndef LIB_STORING_H
#define LIB_STORING_H

#include "lib/roundmaker.h"
#include "store/store.h"

/* By hand, with id @id. As store_add_machine(). */
int storing_add(struct store *store, const struct made_machine *machine,
		const char *id, uint64_t now);

/* A key for a store, in a new file named by mkstemp(). */
void storing_make_key(char *template);

/* Quotes what @challenge asks for, bound. */
void storing_quote(struct made_machine *machine,
		   const struct challenge *challenge);

/* The quote is verified and committed: 0 with the verdict, or what was answered. */
int storing_judge(struct store *store, struct made_machine *machine,
		  const struct challenge *challenge, uint64_t now,
		  struct verify_verdict *ret_verdict);

/* Challenge, quote and verdict. */
int storing_round(struct store *store, struct made_machine *machine,
		  const char *id, uint64_t now,
		  struct verify_verdict *ret_verdict);

#endif
