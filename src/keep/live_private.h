/* SPDX-License-Identifier: MIT */
/*
 * What live.c (reading) and live_refresh.c share.
 *
 * Locks, in this order: @refreshing, held for a whole refresh, so also while the
 * kernel is waited for; @lock, for reading while what is there is read, for
 * writing while it changes.
 */
#ifndef KEEP_LIVE_PRIVATE_H
#define KEEP_LIVE_PRIVATE_H

#include "archive/spool.h"
#include "keep/live.h"
#include "keep/private.h"

#include <pthread.h>
#include <stdatomic.h>

/* Cursors keep the spool that they read, when the list has dropped it. */
struct live_spool {
	struct spool *spool;
	atomic_uint refs;
};

struct live {
	struct live_options options;

	pthread_mutex_t refreshing; /* protects down to @lock */
	char boot_id[37]; /* of the kernel when it was placed */
	struct live_place {
		bool valid;
		int64_t boot; /* whose archive it was */
		uint64_t first; /* index of the kernel's first record */
		uint64_t uncounted;
		uint64_t nr_listed; /* that the kernel had, as it counts */
	} placed;
	/* Reading goes on here, while the kernel's list stays in place. */
	struct keep_mark mark;
	bool spool_failed; /* it can be read, but not added to */

	pthread_rwlock_t lock; /* protects the rest */
	bool has_boot;
	struct archive_boot boot;
	struct live_spool *spool; /* NULL: the archive has everything */
};

void live_spool_unref(struct live_spool *spool);

#endif
