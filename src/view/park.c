// SPDX-License-Identifier: MIT
/*
 * See park.h. Whoever takes a read out of the row, under the lock, is the one
 * that replies to it.
 */
#include "view/park.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static int64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Takes the first out if it is of a round up to @round. */
static struct parked *take_first(struct park *park, uint64_t round)
{
	struct parked *parked;

	pthread_mutex_lock(&park->lock);
	parked = park->first;
	if (parked && parked->round > round)
		parked = NULL;
	if (parked) {
		park->first = parked->next;
		if (!park->first)
			park->last = &park->first;
	}
	pthread_mutex_unlock(&park->lock);
	return parked;
}

/* Replies to all of a round and of those before it. */
static void finish(struct park *park, uint64_t round, int r)
{
	struct parked *parked;

	while ((parked = take_first(park, round))) {
		park->ops->finish(park->context, parked, r);
		free(parked);
	}
}

/* Waits until a look is wanted. False when it is over. */
static bool begin_round(struct park *park, uint64_t *ret_round)
{
	bool go_on;

	pthread_mutex_lock(&park->lock);
	while (!park->first && !park->wanted && !park->stopping)
		pthread_cond_wait(&park->changed, &park->lock);
	park->wanted = false;
	go_on = !park->stopping;
	*ret_round = ++park->round;
	pthread_mutex_unlock(&park->lock);
	return go_on;
}

static void end_round(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	park->looked = seconds();
	pthread_mutex_unlock(&park->lock);
}

static void *run(void *arg)
{
	struct park *park = arg;
	uint64_t round;

	while (begin_round(park, &round)) {
		int r = park->ops->refresh(park->context);

		end_round(park);
		finish(park, round, r);
	}
	finish(park, UINT64_MAX, -EIO);
	return NULL;
}

int park_start(struct park *park, const struct park_ops *ops, void *context)
{
	sigset_t all, before;
	int r;

	*park = (struct park){
		.ops = ops,
		.context = context,
		.looked = INT64_MIN,
		.wanted = true,
	};
	park->last = &park->first;
	pthread_mutex_init(&park->lock, NULL);
	pthread_cond_init(&park->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&park->thread, NULL, run, park);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

void park_stop(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	park->stopping = true;
	pthread_cond_signal(&park->changed);
	pthread_mutex_unlock(&park->lock);
	pthread_join(park->thread, NULL);
	pthread_cond_destroy(&park->changed);
	pthread_mutex_destroy(&park->lock);
}

/* Called by FUSE with locks held: only says that there is something to do. */
static void on_interrupt(fuse_req_t req, void *data)
{
	struct park *park = data;

	(void)req;
	atomic_store(&park->interrupted, true);
}

int park_add(struct park *park, const struct parked *waits)
{
	struct parked *parked = malloc(sizeof(*parked));

	if (!parked)
		return -ENOMEM;
	*parked = *waits;
	parked->next = NULL;
	fuse_req_interrupt_func(waits->req, on_interrupt, park);
	pthread_mutex_lock(&park->lock);
	/* What was interrupted before it could be found is looked for again. */
	if (fuse_req_interrupted(waits->req))
		atomic_store(&park->interrupted, true);
	parked->round = park->round + 1;
	*park->last = parked;
	park->last = &parked->next;
	pthread_cond_signal(&park->changed);
	pthread_mutex_unlock(&park->lock);
	return 0;
}

void park_kick(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	if (park->looked < seconds()) {
		park->wanted = true;
		pthread_cond_signal(&park->changed);
	}
	pthread_mutex_unlock(&park->lock);
}

/* Takes the first interrupted one out. */
static struct parked *take_interrupted(struct park *park)
{
	struct parked **at, *parked;

	pthread_mutex_lock(&park->lock);
	for (at = &park->first; (parked = *at); at = &parked->next)
		if (fuse_req_interrupted(parked->req))
			break;
	if (parked) {
		*at = parked->next;
		if (!*at)
			park->last = at;
	}
	pthread_mutex_unlock(&park->lock);
	return parked;
}

void park_sweep(struct park *park)
{
	struct parked *parked;

	if (!atomic_exchange(&park->interrupted, false))
		return;
	while ((parked = take_interrupted(park))) {
		fuse_reply_err(parked->req, EINTR);
		free(parked);
	}
}
