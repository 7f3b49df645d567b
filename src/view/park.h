/* SPDX-License-Identifier: MIT */
/*
 * Reads that have come to the end of what is known, and wait until somebody has
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

struct parked {
	struct parked *next;
	uint64_t round; /* the first look that began after it came */
	fuse_req_t req;
	fuse_ino_t ino;
	bool opens; /* it is to open a file, not to read one */
	uint64_t list_id; /* of the open file */
	uint64_t offset;
	size_t len;
};

struct park_ops {
	/* Looks. May take long. */
	int (*refresh)(void *context);

	/* Replies to @parked->req; @r is what refresh() returned. */
	void (*finish)(void *context, const struct parked *parked, int r);
};

struct park {
	const struct park_ops *ops;
	void *context;
	pthread_t thread;
	atomic_bool interrupted; /* somebody may have been */
	pthread_mutex_t lock; /* protects all below */
	pthread_cond_t changed;
	struct parked *first, **last;
	uint64_t round; /* looks begun */
	bool wanted; /* a look, though nobody waits for it */
	int64_t looked; /* when the last one ended, in seconds */
	bool stopping;
};

/*
 * Starts the thread, with all signals blocked; it looks at once. A negative errno.
 */
int park_start(struct park *park, const struct park_ops *ops, void *context);

/* All that wait are told -EIO. Returns after the look that is under way. */
void park_stop(struct park *park);

/* Lets a copy of @waits wait. -ENOMEM: nothing has been done. */
int park_add(struct park *park, const struct parked *waits);

/* Has somebody look, at most once in a second, and does not wait for it. */
void park_kick(struct park *park);

/*
 * Replies to those that were interrupted. To be called whenever a message of
 * FUSE was processed: one of them may have been about an interrupt.
 */
void park_sweep(struct park *park);

#endif
