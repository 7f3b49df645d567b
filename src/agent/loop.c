// SPDX-License-Identifier: MIT
/*
 * epoll, and a timer that goes on while the machine sleeps.
 */
#include "agent/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int loop_init(struct loop *ret_loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct loop loop = {
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.timer_fd = timerfd_create(CLOCK_BOOTTIME,
					   TFD_CLOEXEC | TFD_NONBLOCK),
	};

	if (loop.epoll_fd < 0 || loop.timer_fd < 0 ||
	    epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, loop.timer_fd, &event) <
		    0) {
		int r = -errno;

		loop_fini(&loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

void loop_fini(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
}

static int control(struct loop *loop, int operation, struct watch *watch,
		   uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ?
		       -errno :
		       0;
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	(void)control(loop, EPOLL_CTL_DEL, watch, 0);
}

uint64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A deadline that is over is one at once: a value of 0 would disarm. */
static int set_timer(struct loop *loop, uint64_t deadline)
{
	struct itimerspec value = { 0 };

	if (deadline != LOOP_NEVER) {
		value.it_value.tv_sec = (time_t)(deadline / 1000);
		value.it_value.tv_nsec = (long)(deadline % 1000) * 1000000 + 1;
	}
	return timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &value,
			       NULL) < 0 ?
		       -errno :
		       0;
}

int loop_wait(struct loop *loop, uint64_t deadline)
{
	struct epoll_event event;
	struct watch *watch;
	int r = set_timer(loop, deadline);

	if (r < 0)
		return r;
	if (epoll_wait(loop->epoll_fd, &event, 1, -1) < 0)
		return -errno;
	watch = event.data.ptr;
	/* The timer is set anew before each wait, so it need not be read. */
	if (watch)
		watch->ready(watch->context, event.events);
	return 0;
}
