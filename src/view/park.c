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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Out of the row, at @at. Under the lock. */
static struct parked *take_at(struct park *park, struct parked **at)
{
	struct parked *parked = *at;

	*at = parked->next;
	if (!*at)
		park->last = at;
	if (parked->kind == PARKED_STAT)
		atomic_fetch_sub(&park->nr_brief, 1);
	return parked;
}

/* Takes the first out if it is of a round up to @round. */
static struct parked *take_first(struct park *park, uint64_t round)
{
	struct parked *parked;

	pthread_mutex_lock(&park->lock);
	parked = park->first && park->first->round <= round ?
			 take_at(park, &park->first) :
			 NULL;
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
	park->began = now_ms();
	pthread_mutex_unlock(&park->lock);
	return go_on;
}

static void end_round(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	park->began = 0;
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
	pthread_mutex_lock(&park->lock);
	park->ended = true;
	pthread_mutex_unlock(&park->lock);
	return NULL;
}

int park_start(struct park *park, const struct park_ops *ops, void *context)
{
	sigset_t all, before;
	int r;

	*park = (struct park){
		.ops = ops,
		.context = context,
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

static bool has_ended(struct park *park)
{
	bool ended;

	pthread_mutex_lock(&park->lock);
	ended = park->ended;
	pthread_mutex_unlock(&park->lock);
	return ended;
}

void park_stop(struct park *park, void (*work)(void *context))
{
	pthread_mutex_lock(&park->lock);
	park->stopping = true;
	pthread_cond_signal(&park->changed);
	pthread_mutex_unlock(&park->lock);
	while (work && !has_ended(park))
		work(park->context);
	pthread_join(park->thread, NULL);
}

void park_fini(struct park *park)
{
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

/* Those who do not wait for long need not begin to. Under the lock. */
static bool is_slow(const struct park *park)
{
	return park->began && now_ms() - park->began >= PARK_BRIEF_MS;
}

/* What is the matter with waiting, or 0. Under the lock. */
static int refuse(const struct park *park, const struct parked *waits)
{
	if (park->stopping)
		return -ECANCELED;
	return waits->kind == PARKED_STAT && is_slow(park) ? -ETIMEDOUT : 0;
}

int park_add(struct park *park, const struct parked *waits)
{
	struct parked *parked = malloc(sizeof(*parked));
	int r;

	if (!parked)
		return -ENOMEM;
	*parked = *waits;
	parked->next = NULL;
	fuse_req_interrupt_func(waits->req, on_interrupt, park);
	pthread_mutex_lock(&park->lock);
	r = refuse(park, waits);
	if (r < 0) {
		pthread_mutex_unlock(&park->lock);
		fuse_req_interrupt_func(waits->req, NULL, NULL);
		free(parked);
		return r;
	}
	if (waits->kind == PARKED_STAT) {
		parked->until = now_ms() + PARK_BRIEF_MS;
		atomic_fetch_add(&park->nr_brief, 1);
	}
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
	park->wanted = true;
	pthread_cond_signal(&park->changed);
	pthread_mutex_unlock(&park->lock);
}

int park_timeout(struct park *park)
{
	int64_t until = INT64_MAX, now = now_ms();

	if (atomic_load(&park->nr_brief) == 0)
		return -1;
	pthread_mutex_lock(&park->lock);
	for (const struct parked *parked = park->first; parked;
	     parked = parked->next)
		if (parked->kind == PARKED_STAT && parked->until < until)
			until = parked->until;
	pthread_mutex_unlock(&park->lock);
	if (until == INT64_MAX)
		return -1;
	return until > now ? (int)(until - now) : 0;
}

static bool is_interrupted(const struct parked *parked, int64_t now)
{
	(void)now;
	return fuse_req_interrupted(parked->req);
}

static bool is_over(const struct parked *parked, int64_t now)
{
	return parked->kind == PARKED_STAT && parked->until <= now;
}

/* Takes the first out of which @is is true. */
static struct parked *take(struct park *park,
			   bool (*is)(const struct parked *parked, int64_t now))
{
	struct parked **at = &park->first, *parked = NULL;
	int64_t now = now_ms();

	pthread_mutex_lock(&park->lock);
	while (*at && !is(*at, now))
		at = &(*at)->next;
	if (*at)
		parked = take_at(park, at);
	pthread_mutex_unlock(&park->lock);
	return parked;
}

/* No program expects stat() to be interrupted. */
static void give_up(struct park *park, struct parked *parked)
{
	if (parked->kind == PARKED_STAT)
		park->ops->finish(park->context, parked, -ETIMEDOUT);
	else
		fuse_reply_err(parked->req, EINTR);
	free(parked);
}

void park_sweep(struct park *park)
{
	struct parked *parked;

	if (atomic_exchange(&park->interrupted, false))
		while ((parked = take(park, is_interrupted)))
			give_up(park, parked);
	if (atomic_load(&park->nr_brief) > 0)
		while ((parked = take(park, is_over)))
			give_up(park, parked);
}
