/* SPDX-License-Identifier: MIT */
/*
 * The history of a machine judged again: the evidence that is kept of it, in its order, by
 * other policies, without the machine. Nothing in the store changes.
 *
 *	struct history history;		(large)
 *
 *	store_reverify(store, "m", &policies, NULL, &history);
 *
 * Each file is verified by the functions that verified it then (verify/file.h), with key,
 * challenge and checkpoint of that time, and is compared with the SHA-256 that its verdict
 * has. One that is missing, was changed, or does not hold any more is a loss: then nothing
 * of it counts, and the machine could not be judged. What was verified and is not kept is a
 * hole: then the machine was judged in part.
 *
 * Memory is bounded, whatever is kept.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/changes.h"
#include "store/kept.h"

#define HISTORY_SHOWN_MAX 16 /* of losses, holes and strays: more are counted */

enum history_loss_kind {
	HISTORY_MISSING,
	HISTORY_NO_FILE, /* a link, a folder or the like has its name */
	HISTORY_CHANGED, /* it is not what was verified */
	HISTORY_UNCHAINED, /* the checkpoint it went on from is not of this store */
	HISTORY_UNPROVED, /* it is what was verified, and does not hold now */
};

/* A sentence without its object and full stop. */
const char *history_loss_text(enum history_loss_kind kind);

struct history_loss {
	enum history_loss_kind kind;
	char name[STORE_NAME_MAX + 1];
};

/* Behind @from, up to @to: indexes of records that come next. */
struct history_hole {
	bool has_from; /* else from when the machine was known on */
	struct change_place from, to;
};

struct history {
	char machine[EVIDENCE_ID_MAX + 1];
	uint64_t nr_rounds, nr_records, nr_bytes; /* that were judged again */
	enum verify_result before; /* the worst verdict of these rounds, then */
	enum verify_result result; /* now */
	uint64_t nr_losses, nr_holes;
	struct history_loss losses[HISTORY_SHOWN_MAX];
	struct history_hole holes[HISTORY_SHOWN_MAX];
	struct changes changes;
	struct verify_verdict
		verdict; /* of all rounds; places are in their boots */
};

/* All may be NULL. */
struct history_watch {
	/* Called often, with how much was read since; false ends it with -EINTR. */
	bool (*go_on)(void *context, size_t len);
	/* A round was judged, and counts. */
	void (*round)(void *context);
	void *context;
};

/*
 * @policies: a request with policies; the rest is the store's. What retires does so by the
 * day of each round. Returns 0 with the history. STORE_UNKNOWN: there is no such machine.
 * Negative: it could not be judged, and its result is VERIFY_NONE; -EINTR of @watch.
 */
int store_reverify(struct store *store, const char *machine,
		   const struct verify_request *policies,
		   const struct history_watch *watch,
		   struct history *ret_history);

/* Of two results of machines or rounds, the worse: rejected, none, warning, accepted. */
enum verify_result history_worse(enum verify_result a, enum verify_result b);

struct history_strays {
	uint64_t nr;
	char names[HISTORY_SHOWN_MAX][STORE_NAME_MAX + 1]; /* cut off */
};

/* What is in the folder, and no verdict names. */
int store_find_strays(struct store *store, struct history_strays *ret_strays);

#endif
