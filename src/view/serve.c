// SPDX-License-Identifier: MIT
/*
 * Threads that answer FUSE, and one that sees to time and to the end. None of them
 * waits for the kernel's list: that is the refresher's, park.h.
 *
 * Those that answer wait in read() itself: with epoll, what is read in a row took 1.5 to
 * 2 times as long, measured on a machine of two processors. Nothing wakes them
 * from there but a message, the unmounting, or a signal, which is for nothing else. (To
 * cancel them, as libfuse's own loop does, takes a library that glibc loads only then.)
 */
#include "view/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Answers at once; of renderers there must be more, and one for the refresher. */
#define THREADS 4

_Static_assert(THREADS + 1 < POOL_LEN, "a renderer must always be free");

struct server {
	struct view *view;
	pthread_t thread;
	struct fuse_buf buf; /* its memory is freed when the thread has ended */
	int r; /* why it ended */
	atomic_bool ended;
};

static void wake(struct view *view)
{
	const uint64_t one = 1;
	int before = errno;

	if (write(view->wake_fd, &one, sizeof(one)) < 0)
		errno = before; /* it will wake anyway: there is too much to read */
}

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

/* ---- those who answer ------------------------------------------------------ */

/* Until it is unmounted, or fails. Others are to stop then, too. */
static void *serve(void *arg)
{
	struct server *server = arg;
	struct view *view = server->view;

	while (!atomic_load(&view->stopping)) {
		server->r =
			fuse_session_receive_buf(view->session, &server->buf);
		if (server->r == -EINTR || server->r == -EAGAIN)
			continue;
		if (server->r <= 0)
			break;
		fuse_session_process_buf(view->session, &server->buf);
		sweep(view);
		if (timeout(view) >= 0)
			wake(view);
	}
	view_stop(view);
	atomic_store(&server->ended, true);
	return NULL;
}

/* Ends a read() of who answers. Of the real-time ones, whose use is left to programs. */
#define WAKE_SIGNAL SIGRTMIN

static void nothing(int number)
{
	(void)number;
}

/* Starts as many as there can be; with fewer it is slower. */
static unsigned int start(struct view *view, struct server *servers)
{
	sigset_t most, before;
	unsigned int nr = 0;

	sigfillset(&most);
	sigdelset(&most, WAKE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &most, &before);
	for (; nr < THREADS; nr++) {
		servers[nr] = (struct server){ .view = view };
		if (pthread_create(&servers[nr].thread, NULL, serve,
				   &servers[nr]))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return nr;
}

/* One that was not in read() yet has to be woken again. */
static void interrupt(struct server *server)
{
	while (!atomic_load(&server->ended)) {
		pthread_kill(server->thread, WAKE_SIGNAL);
		usleep(1000);
	}
}

static bool has_failed(const struct server *server)
{
	return server->r < 0 && server->r != -ENODEV && server->r != -EINTR &&
	       server->r != -EAGAIN;
}

/* Returns what one failed with, or 0. */
static int stop(struct server *servers, unsigned int nr)
{
	int r = 0;

	for (unsigned int i = 0; i < nr; i++) {
		interrupt(&servers[i]);
		pthread_join(servers[i].thread, NULL);
		free(servers[i].buf.mem);
		if (has_failed(&servers[i]))
			r = servers[i].r;
	}
	return r;
}

/* ---- the one that waits ------------------------------------------------------ */

/* Until it is to stop. Whoever has waited for long enough is told so meanwhile. */
static void wait_for_stop(struct view *view)
{
	struct pollfd woken = { .fd = view->wake_fd, .events = POLLIN };
	uint64_t times;

	while (!atomic_load(&view->stopping)) {
		if (poll(&woken, 1, timeout(view)) > 0 &&
		    read(view->wake_fd, &times, sizeof(times)) < 0)
			continue;
		sweep(view);
	}
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
	if (r < 0) {
		park_stop(&view->park, NULL);
		park_fini(&view->park);
	}
	return r;
}

/*
 * Those who wait for a look are told first, for they may come to wait for sizes. For
 * these to end, somebody's read may have to be answered.
 */
static void stop_parks(struct view *view)
{
	park_stop(&view->park, NULL);
	if (fcntl(fuse_session_fd(view->session), F_SETFL, O_NONBLOCK) == 0)
		park_stop(&view->sizes, answer_one);
	else
		park_stop(&view->sizes, NULL);
	park_fini(&view->park);
	park_fini(&view->sizes);
}

int view_run(struct view *view)
{
	const struct sigaction wakes = { .sa_handler = nothing };
	struct server servers[THREADS];
	unsigned int nr;
	int r = start_parks(view);

	if (r < 0)
		return r;
	sigaction(WAKE_SIGNAL, &wakes, NULL);
	nr = start(view, servers);
	if (nr > 0)
		wait_for_stop(view);
	r = nr > 0 ? stop(servers, nr) : -EAGAIN;
	stop_parks(view);
	return r;
}

void view_stop(struct view *view)
{
	atomic_store(&view->stopping, true);
	wake(view);
}
