// SPDX-License-Identifier: MIT
/* Work for a few threads. See work.h. */

#include "emu/work.h"

#include <signal.h>
#include <stdlib.h>

static struct work *next_work(struct workers *workers)
{
	struct work *work;

	pthread_mutex_lock(&workers->lock);
	while (!workers->first && !workers->closed)
		pthread_cond_wait(&workers->changed, &workers->lock);
	work = workers->first;
	if (work) {
		workers->first = work->next;
		if (!workers->first)
			workers->last = &workers->first;
	}
	pthread_mutex_unlock(&workers->lock);
	return work;
}

static void *run_worker(void *arg)
{
	struct workers *workers = arg;
	struct work *work;

	while ((work = next_work(workers)))
		work->run(work);
	return NULL;
}

/* With all signals blocked: those are for the thread that starts them. */
void workers_start(struct workers *workers)
{
	sigset_t all, before;

	*workers = (struct workers){ .last = &workers->first };
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 0; i < WORKERS; i++) {
		if (pthread_create(&workers->threads[i], NULL, run_worker,
				   workers))
			abort();
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void workers_add(struct workers *workers, struct work *work)
{
	work->next = NULL;
	pthread_mutex_lock(&workers->lock);
	*workers->last = work;
	workers->last = &work->next;
	pthread_cond_signal(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
}

void workers_stop(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->closed = true;
	pthread_cond_broadcast(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->changed);
	pthread_mutex_destroy(&workers->lock);
}
