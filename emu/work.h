/* SPDX-License-Identifier: MIT */
/*
 * Work for a few threads: done in any order, each piece by one of them.
 */
#ifndef EMU_WORK_H
#define EMU_WORK_H

#include <pthread.h>
#include <stdbool.h>

#define WORKERS 8

/**
 * struct work - a piece, to be part of something larger
 * @run: does it; @work is the callee's to free
 * @next: the one that came after it
 */
struct work {
	void (*run)(struct work *work);
	struct work *next;
};

/**
 * struct workers - threads, and what there is to do
 * @lock: protects the three below
 * @changed: there is something to do, or no more will come
 * @first: what came first
 * @last: where the next piece is linked in
 * @closed: nothing more will come
 * @threads: they (set at start)
 */
struct workers {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct work *first;
	struct work **last;
	bool closed;
	pthread_t threads[WORKERS];
};

void workers_start(struct workers *workers);
void workers_add(struct workers *workers, struct work *work);

/* Returns when all is done. */
void workers_stop(struct workers *workers);

#endif
