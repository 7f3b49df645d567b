// SPDX-License-Identifier: MIT
/*
 * Listening to those who ask. See control.h.
 *
 * One thread waits for connections, each of which has a thread. Threads begin with
 * all signals blocked: signals are for the one that serves FUSE.
 */

#include "emu/control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/message.h"

/* As long as a large file may take to be measured. */
#define END_SECONDS 10

/* Somebody who does not read what is answered is left after so long. */
#define SEND_SECONDS 5
#define CONNECTIONS_MAX 256

/**
 * struct connection - somebody who asks
 * @next: another one
 * @control: whom
 * @sock: by which
 */
struct connection {
	struct connection *next;
	struct control *control;
	int sock;
};

/**
 * struct control - who answers
 * @answerer: answers (borrowed); its @stop is set here
 * @path: of @sock (owned)
 * @sock: where connections come in
 * @thread: waits for them
 * @lock: protects the two below
 * @nr: connections
 * @first: they
 * @changed: one is gone
 */
struct control {
	struct answerer *answerer;
	char *path;
	int sock;
	pthread_t thread;
	pthread_mutex_t lock;
	unsigned int nr;
	struct connection *first;
	pthread_cond_t changed;
};

/* ---- who asks ------------------------------------------------------------ */

static void forget(struct connection *connection)
{
	struct control *control = connection->control;
	struct connection **at = &control->first;

	pthread_mutex_lock(&control->lock);
	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	control->nr--;
	close(connection->sock);
	free(connection);
	pthread_cond_signal(&control->changed);
	pthread_mutex_unlock(&control->lock);
}

static void *run_connection(void *arg)
{
	struct connection *connection = arg;
	struct message rq;

	while (message_receive(connection->sock, &rq) > 0) {
		struct reply reply = { 0 };

		answer(connection->control->answerer, &rq, connection->sock,
		       &reply);
		if (rq.fd >= 0)
			close(rq.fd);
		if (message_reply(connection->sock, &reply))
			break;
	}
	forget(connection);
	return NULL;
}

static int start_detached(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, run, arg);

	if (!ret)
		pthread_detach(thread);
	return ret;
}

/* Where there are too many, who comes is turned away. */
static bool has_room(struct control *control)
{
	bool ret;

	pthread_mutex_lock(&control->lock);
	ret = control->nr < CONNECTIONS_MAX;
	pthread_mutex_unlock(&control->lock);
	return ret;
}

static void add(struct control *control, int sock)
{
	const struct timeval patience = { .tv_sec = SEND_SECONDS };
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->control = control;
	connection->sock = sock;
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	pthread_mutex_lock(&control->lock);
	connection->next = control->first;
	control->first = connection;
	control->nr++;
	pthread_mutex_unlock(&control->lock);
	if (start_detached(run_connection, connection))
		forget(connection);
}

static bool stopping(struct control *control)
{
	return __atomic_load_n(&control->answerer->stop, __ATOMIC_RELAXED);
}

static void *run_control(void *arg)
{
	struct control *control = arg;
	int sock;

	while (!stopping(control)) {
		sock = accept4(control->sock, NULL, NULL, SOCK_CLOEXEC);
		if (sock >= 0 && has_room(control))
			add(control, sock);
		else if (sock >= 0)
			close(sock);
		else if (errno == EMFILE || errno == ENFILE)
			usleep(10000);
	}
	return NULL;
}

static int start_thread(struct control *control)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&control->thread, NULL, run_control, control);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

int control_start(const char *path, struct answerer *answerer,
		  struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return -ENOMEM;
	control->answerer = answerer;
	control->path = strdup(path);
	control->sock = message_listen(path);
	pthread_mutex_init(&control->lock, NULL);
	pthread_cond_init(&control->changed, NULL);
	ret = control->sock < 0 ? control->sock : start_thread(control);
	if (ret) {
		free(control->path);
		free(control);
		return ret;
	}
	*ret_control = control;
	return 0;
}

/* Whoever waits for an answer is told that there is none. False: some stay. */
static bool end_connections(struct control *control)
{
	struct timespec until;
	bool all = true;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_SECONDS;
	pthread_mutex_lock(&control->lock);
	for (struct connection *c = control->first; c; c = c->next)
		shutdown(c->sock, SHUT_RD);
	while (control->first && all)
		all = !pthread_cond_timedwait(&control->changed, &control->lock,
					      &until);
	pthread_mutex_unlock(&control->lock);
	return all;
}

bool control_stop(struct control *control)
{
	__atomic_store_n(&control->answerer->stop, true, __ATOMIC_RELAXED);
	shutdown(control->sock, SHUT_RDWR);
	pthread_join(control->thread, NULL);
	close(control->sock);
	unlink(control->path);
	if (!end_connections(control))
		return false;

	pthread_cond_destroy(&control->changed);
	pthread_mutex_destroy(&control->lock);
	free(control->path);
	free(control);
	return true;
}
