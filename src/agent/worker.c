// SPDX-License-Identifier: MIT
/*
 * A thread, one place for a job, and an eventfd that says when it is done.
 */
#include "agent/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum phase {
	STARTING,
	IDLE,
	WORKING,
	DONE,
	ENDING
};

struct worker {
	struct worker_options options;
	pthread_t thread;
	int fd;
	pthread_mutex_t lock; /* protects the rest */
	pthread_cond_t changed;
	enum phase phase;
	int started; /* what start() said */
	struct job job; /* the thread's while WORKING */
};

static void set_phase(struct worker *worker, enum phase phase)
{
	pthread_mutex_lock(&worker->lock);
	worker->phase = phase;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

/* False: there will be no further job. */
static bool wait_for_job(struct worker *worker)
{
	bool work;

	pthread_mutex_lock(&worker->lock);
	while (worker->phase != WORKING && worker->phase != ENDING)
		pthread_cond_wait(&worker->changed, &worker->lock);
	work = worker->phase == WORKING;
	pthread_mutex_unlock(&worker->lock);
	return work;
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	uint64_t one = 1;

	worker->started = worker->options.start(worker->options.context);
	set_phase(worker, IDLE);
	while (wait_for_job(worker)) {
		worker->options.work(worker->options.context, &worker->job);
		set_phase(worker, DONE);
		(void)!write(worker->fd, &one, sizeof(one));
	}
	if (worker->started == 0)
		worker->options.stop(worker->options.context);
	return NULL;
}

static void wait_while(struct worker *worker, enum phase phase)
{
	pthread_mutex_lock(&worker->lock);
	while (worker->phase == phase)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

int worker_new(const struct worker_options *options, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	worker->options = *options;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	r = worker->fd < 0 ?
		    -errno :
		    -pthread_create(&worker->thread, NULL, run, worker);
	if (r < 0) {
		if (worker->fd >= 0)
			close(worker->fd);
		free(worker);
		return r;
	}
	wait_while(worker, STARTING);
	r = worker->started;
	if (r < 0)
		worker_free(worker);
	else
		*ret_worker = worker;
	return r;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	wait_while(worker, WORKING);
	set_phase(worker, ENDING);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	close(worker->fd);
	free(worker);
}

int worker_fd(const struct worker *worker)
{
	return worker->fd;
}

uint64_t worker_used(const struct worker *worker)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(worker->thread, &clock) != 0 ||
	    clock_gettime(clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

void worker_begin(struct worker *worker, const struct job *job)
{
	worker->job = *job;
	set_phase(worker, WORKING);
}

bool worker_take(struct worker *worker, struct job *ret_job)
{
	uint64_t count;
	bool done;

	(void)!read(worker->fd, &count, sizeof(count));
	pthread_mutex_lock(&worker->lock);
	done = worker->phase == DONE;
	if (done) {
		*ret_job = worker->job;
		worker->phase = IDLE;
	}
	pthread_mutex_unlock(&worker->lock);
	return done;
}
