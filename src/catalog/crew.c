// SPDX-License-Identifier: MIT
/*
 * Threads take jobs from one counter. The caller's thread is one of the crew.
 */
#include "catalog/crew.h"
#include "base/util.h"

#include <pthread.h>
#include <stdatomic.h>

#define CREW_MAX 256

struct crew {
	_Atomic size_t next;
	size_t nr;
	_Atomic int failed; /* the first negative result */
	int (*work)(void *context, size_t job);
	void *context;
};

static void *take_jobs(void *argument)
{
	struct crew *crew = argument;
	int none = 0;
	size_t job;
	int r;

	while (atomic_load(&crew->failed) == 0) {
		job = atomic_fetch_add(&crew->next, 1);
		if (job >= crew->nr)
			break;
		r = crew->work(crew->context, job);
		if (r < 0)
			atomic_compare_exchange_strong(&crew->failed, &none, r);
	}
	return NULL;
}

int crew_run(unsigned int nr_threads, size_t nr,
	     int (*work)(void *context, size_t job), void *context)
{
	struct crew crew = { .nr = nr, .work = work, .context = context };
	pthread_t threads[CREW_MAX];
	size_t nr_more = 0;

	if (nr_threads > CREW_MAX)
		nr_threads = CREW_MAX;
	while (nr_more + 1 < nr_threads && nr_more + 1 < nr &&
	       pthread_create(&threads[nr_more], NULL, take_jobs, &crew) == 0)
		nr_more++;
	take_jobs(&crew);
	while (nr_more)
		pthread_join(threads[--nr_more], NULL);
	return atomic_load(&crew.failed);
}
