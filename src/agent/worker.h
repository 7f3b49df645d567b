/* SPDX-License-Identifier: MIT */
/*
 * The thread that does jobs, one at a time. All that it uses for them belongs to
 * it alone; what others may see is handed over when a job is done.
 */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include "service/job.h"

struct worker;

struct worker_options {
	/* Called on the thread: once before the first job and after the last. */
	int (*start)(void *context);
	void (*stop)(void *context);
	/* Does *job. */
	void (*work)(void *context, struct job *job);
	void *context;
};

/* Returns when start() has, with its error if it failed. */
int worker_new(const struct worker_options *options,
	       struct worker **ret_worker);

/* Waits for the job at hand. NULL is fine. */
void worker_free(struct worker *worker);

/* Readable when a job is done. */
int worker_fd(const struct worker *worker);

/*
 * Processor time that the thread has used, in nanoseconds. It grows as long as a job
 * gets on, and stands still while the thread waits for a disk, a TPM or another's lock.
 */
uint64_t worker_used(const struct worker *worker);

/* Only when none is at hand. *job is copied. */
void worker_begin(struct worker *worker, const struct job *job);

/* True when the job is done: then it is in *ret_job, and a next one can begin. */
bool worker_take(struct worker *worker, struct job *ret_job);

#endif
