// SPDX-License-Identifier: MIT
/*
 * Threads that answer FUSE. One of them at a time waits for a message; who has
 * got one lets the next wait, and answers. None of them waits for the kernel's
 * list: that is the refresher's, park.h.
 */
#include "view/private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

/* Answers at once; of renderers there must be more, and one for the refresher. */
#define THREADS 4

_Static_assert(THREADS + 1 < POOL_LEN, "a renderer must always be free");

/* 0: to stop, or unmounted. -EAGAIN, -EINTR: try again. */
static int receive(struct view *view, struct fuse_buf *buf)
{
	struct pollfd fds[] = {
		{ .fd = fuse_session_fd(view->session), .events = POLLIN },
		{ .fd = view->stop_fd, .events = POLLIN },
	};

	if (poll(fds, 2, -1) < 0)
		return -errno;
	if (fds[1].revents)
		return 0;
	return fuse_session_receive_buf(view->session, buf);
}

static int receive_alone(struct view *view, struct fuse_buf *buf)
{
	int r;

	pthread_mutex_lock(&view->receive);
	r = receive(view, buf);
	pthread_mutex_unlock(&view->receive);
	return r;
}

/* Until there is nothing to answer any more. Others are to stop then, too. */
static int serve(struct view *view)
{
	struct fuse_buf buf = { 0 };
	int r;

	for (;;) {
		r = receive_alone(view, &buf);
		if (r == -EINTR || r == -EAGAIN)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(view->session, &buf);
		park_sweep(&view->park);
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

int view_run(struct view *view)
{
	pthread_t threads[THREADS - 1];
	unsigned int nr;
	int r = park_start(&view->park, &view_park_ops, view);

	if (r < 0)
		return r;
	nr = start_threads(view, threads);
	r = serve(view);
	while (nr > 0)
		pthread_join(threads[--nr], NULL);
	park_stop(&view->park);
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
