// SPDX-License-Identifier: MIT
/*
 * Threads that answer FUSE. None of them waits for the kernel's list: that is the
 * refresher's, park.h.
 */
#include "view/private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Answers at once; of renderers there must be more, and one for the refresher. */
#define THREADS 4

_Static_assert(THREADS + 1 < POOL_LEN, "a renderer must always be free");

static void sweep(struct view *view)
{
	park_sweep(&view->park);
	park_sweep(&view->sizes);
}

/* Until somebody has waited for long enough; -1: nobody will. */
static int timeout(struct view *view)
{
	int one = park_timeout(&view->park);
	int other = park_timeout(&view->sizes);

	return one < 0 || (other >= 0 && other < one) ? other : one;
}

/*
 * 0: to stop, or unmounted. -EAGAIN, -EINTR: try again. All threads wait here, and
 * each message wakes one of them. That is told of a message once (EPOLLET), so
 * whoever has answered one looks for another before it waits.
 */
static int receive(struct view *view, struct fuse_buf *buf)
{
	struct epoll_event event;
	int r;

	if (atomic_load(&view->stopping))
		return 0;
	r = fuse_session_receive_buf(view->session, buf);
	if (r != -EAGAIN)
		return r;
	r = epoll_wait(view->wait_fd, &event, 1, timeout(view));
	if (r == 0)
		sweep(view);
	return r < 0 ? -errno : -EAGAIN;
}

/* Until there is nothing to answer any more. Others are to stop then, too. */
static int serve(struct view *view)
{
	struct fuse_buf buf = { 0 };
	int r;

	for (;;) {
		r = receive(view, &buf);
		if (r == -EINTR || r == -EAGAIN)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(view->session, &buf);
		sweep(view);
	}
	free(buf.mem);
	view_stop(view);
	return r == -ENODEV ? 0 : r;
}

static void *serve_thread(void *arg)
{
	(void)serve(arg);
	return NULL;
}

/* Starts as many as there can be; with fewer it is slower. */
static unsigned int start_threads(struct view *view, pthread_t *threads)
{
	sigset_t all, before;
	unsigned int nr = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (nr < THREADS - 1 &&
	       pthread_create(&threads[nr], NULL, serve_thread, view) == 0)
		nr++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return nr;
}

/* Of messages once, of the end again and again, so that all hear of it. */
static int watch(struct view *view)
{
	struct epoll_event message = { .events = EPOLLIN | EPOLLET };
	struct epoll_event stop = { .events = EPOLLIN };

	if (epoll_ctl(view->wait_fd, EPOLL_CTL_ADD,
		      fuse_session_fd(view->session), &message) < 0 ||
	    epoll_ctl(view->wait_fd, EPOLL_CTL_ADD, view->stop_fd, &stop) < 0)
		return -errno;
	return 0;
}

/* Answers one message, if there is one. */
static void answer_one(void *context)
{
	struct view *view = context;
	struct fuse_buf buf = { 0 };

	if (fuse_session_receive_buf(view->session, &buf) > 0)
		fuse_session_process_buf(view->session, &buf);
	else
		usleep(1000);
	free(buf.mem);
}

static int start_parks(struct view *view)
{
	int r = park_start(&view->park, &view_park_ops, view);

	if (r < 0)
		return r;
	park_kick(&view->park);
	r = park_start(&view->sizes, &view_sizes_ops, view);
	if (r < 0)
		park_stop(&view->park, NULL);
	return r;
}

/*
 * Those who wait for a look are told first, for they may come to wait for sizes. For
 * these to end, somebody's read may have to be answered.
 */
static void stop_parks(struct view *view)
{
	park_stop(&view->park, NULL);
	park_stop(&view->sizes, answer_one);
}

int view_run(struct view *view)
{
	pthread_t threads[THREADS - 1];
	unsigned int nr;
	int r = watch(view);

	if (r == 0)
		r = start_parks(view);
	if (r < 0)
		return r;
	nr = start_threads(view, threads);
	r = serve(view);
	while (nr > 0)
		pthread_join(threads[--nr], NULL);
	stop_parks(view);
	return r;
}

/* The descriptor stays readable: whoever looks at it later stops, too. */
void view_stop(struct view *view)
{
	const uint64_t one = 1;
	int before = errno;

	atomic_store(&view->stopping, true);
	if (write(view->stop_fd, &one, sizeof(one)) < 0)
		errno = before;
}
