/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors and for one deadline, in one thread. Time is that
 * since boot, suspension included: what the clock on the wall does is nothing
 * to it.
 *
 * One event is handed on at a time, so a callback may remove and free any watch,
 * its own too.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <stdint.h>

struct loop {
	int epoll_fd;
	int timer_fd;
};

struct watch {
	int fd;
	void (*ready)(void *context, uint32_t events); /* EPOLLIN, ... */
	void *context;
};

int loop_init(struct loop *ret_loop);
void loop_fini(struct loop *loop);

/* @watch must stay until it is removed; @events: what is waited for. */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);
int loop_change(struct loop *loop, struct watch *watch, uint32_t events);
void loop_remove(struct loop *loop, struct watch *watch);

#define LOOP_NEVER UINT64_MAX

/* Milliseconds since boot. */
uint64_t loop_now(void);

/*
 * Waits until something is ready, whose callback runs, or until @deadline.
 * -EINTR after a signal.
 */
int loop_wait(struct loop *loop, uint64_t deadline);

#endif
