/* SPDX-License-Identifier: MIT */
/*
 * A crew of threads that takes jobs by their numbers until there are none.
 */
#ifndef CATALOG_CREW_H
#define CATALOG_CREW_H

#include <stddef.h>

/*
 * Calls @work for each job from 0 to @nr - 1 once, on up to @nr_threads threads. The first
 * negative result ends it: no further job is begun, and it is what this returns. Fewer
 * threads than wanted are no failure.
 */
int crew_run(unsigned int nr_threads, size_t nr,
	     int (*work)(void *context, size_t job), void *context);

#endif
