/* SPDX-License-Identifier: MIT */
/*
 * Evidence that is kept: one folder beside the store's file, with a file for each round that
 * proved records that were not proved before.
 *
 *	STORE.evidence/new/RANDOM	while it is read, then synced
 *	STORE.evidence/new/FINAL	a mark: it is going to have that name
 *	STORE.evidence/FINAL		it has; both folders are synced
 *					the verdict is committed, and names it
 *	-				the mark goes
 *
 * Whoever is at it has file and mark locked. What is below new/ and not locked was left by
 * somebody who was killed. The next who keeps clears up: a file goes unless a verdict names it.
 * So a verdict names no file that is not there, and what nobody names does not stay.
 */
#ifndef STORE_KEEP_H
#define STORE_KEEP_H

#include "store/db.h"
#include "store/kept.h"

#define KEEP_ASKED_LEN \
	6 /* bytes of a bank in the column asked: u16 bank, u32 mask */

struct keeping;

/* Makes what is missing of the folder, and clears up below new/. */
int kept_open(struct store *store);

/* Reads @inner, and writes what is read to a new file. */
int kept_new(struct store *store, struct imastage_source inner,
	     struct keeping **ret_keeping);
struct imastage_source kept_source(struct keeping *keeping);

/* Reading begins anew. */
int kept_again(struct keeping *keeping);

/* Sees what is judged of each record, as the watch of @request does, which stays. */
void kept_watch(struct keeping *keeping, struct verify_request *request);

/* Is a round with that verdict kept? */
bool kept_wants(const struct verify_verdict *verdict);

/* The file is on stable storage with the name that a verdict will have for it. */
int kept_file(struct keeping *keeping, const struct store_round *round,
	      const struct verify_verdict *verdict);

/* Its row, in the transaction that is open, before the checkpoint advances. */
int kept_note(struct keeping *keeping, const struct store_round *round,
	      const struct verify_verdict *verdict, uint64_t now, uint64_t id);

/*
 * @committed: 0: its row is; positive: it is not; negative: nobody knows. Frees. NULL is
 * fine.
 */
void kept_end(struct keeping *keeping, int committed);

/* What no verdict names of @machine goes. */
int kept_forget(struct store *store, const char *machine);

/* As store_commit(), with what was kept; @keeping may be NULL. In round.c. */
int round_commit(struct store *store, const struct store_round *round,
		 const struct verify_verdict *verdict, struct keeping *keeping,
		 uint64_t now);

/*
 * Calls @each for each name in the folder, with whether a verdict names it. -ENOENT: there
 * is no folder.
 */
int kept_list(struct store *store,
	      int (*each)(void *context, const char *name, bool named),
	      void *context);

#define KEPT_UNCHAINED 101

/*
 * What the round of a kept file began with, for store_request(). KEPT_UNCHAINED: the checkpoint
 * before it is none that this store signed.
 */
int kept_round(struct store *store, uint64_t id, struct store_round *ret_round,
	       struct evidence_selections *ret_asked);

/* Path of @name, to be freed. @arriving: below new/. NULL: no memory. */
char *kept_path(const struct store *store, const char *name, bool arriving);

#endif
