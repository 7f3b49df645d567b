/* SPDX-License-Identifier: MIT */
/*
 * Reads, and others, that have come to the end of what is known, and wait until somebody has
 * looked whether the kernel has more. One thread looks, for all that wait: what
 * it finds is for those who asked before it began. So nobody who reads what is
 * known waits for the kernel, and a thousand that wait cost the kernel one look.
 *
 * A read that waits is a struct of some bytes. It can be interrupted.
 */
#ifndef VIEW_PARK_H
#define VIEW_PARK_H

#include "base/flat_dir.h"

#include <stdatomic.h>
#include <stdint.h>

enum parked_kind {
	PARKED_READ,
	PARKED_OPEN,
	PARKED_STAT, /* does not wait for long */
};

struct parked {
	struct parked *next;
	uint64_t round; /* the first look that began after it came */
	int64_t until; /* milliseconds, of one that does not wait for long */
	enum parked_kind kind;
	fuse_req_t req;
	fuse_ino_t ino;
	uint64_t list_id; /* of the open file */
	uint64_t offset;
	size_t len;
};

struct park_ops {
	/* Looks. May take long. */
	int (*refresh)(void *context);

	/*
	 * Replies to @parked->req; @r is what refresh() returned, or -ETIMEDOUT
	 * for one that has not waited for that.
	 */
	void (*finish)(void *context, const struct parked *parked, int r);
};

struct park {
	const struct park_ops *ops;
	void *context;
	pthread_t thread;
	atomic_bool interrupted; /* somebody may have been */
	atomic_uint nr_brief; /* of those in the row that do not wait for long */
	pthread_mutex_t lock; /* protects all below */
	pthread_cond_t changed;
	struct parked *first, **last;
	uint64_t round; /* looks begun */
	bool wanted; /* a look, though nobody waits for it */
	int64_t began; /* when the look under way did, milliseconds; 0: none is */
	bool stopping;
	bool ended; /* there will be no look any more */
};

/* For how long a PARKED_STAT waits, in milliseconds. */
#define PARK_BRIEF_MS 2000

/* Starts the thread, with all signals blocked. A negative errno. */
int park_start(struct park *park, const struct park_ops *ops, void *context);

/*
 * All that wait are told -EIO. Returns after the look that is under way, and calls
 * @work, if there is one, until that is over.
 */
void park_stop(struct park *park, void (*work)(void *context));

/* Once it was stopped, and nobody will come any more. */
void park_fini(struct park *park);

/*
 * Lets a copy of @waits wait. -ENOMEM; -ECANCELED: it was stopped; -ETIMEDOUT for one that
 * does not wait for long when others already did, for the look that is under way: nothing
 * has been done.
 */
int park_add(struct park *park, const struct parked *waits);

/* Has somebody look, and does not wait for it. */
void park_kick(struct park *park);

/* Milliseconds until somebody has waited for long enough; -1: nobody will. */
int park_timeout(struct park *park);

/*
 * Replies to those that were interrupted, or have waited for long enough. To be called
 * whenever a message of FUSE was processed, for that may have been about an
 * interrupt, and when park_timeout() is over.
 */
void park_sweep(struct park *park);

#endif
