// SPDX-License-Identifier: MIT
/*
 * A connection is in one of three states: it is read from until a request is
 * whole; its request is worked on; its answer is written. Only in the first is
 * it read from, only in the last written to.
 */
#include "agent/server.h"
#include "base/bytes.h"
#include "base/path.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum state {
	READING,
	WORKING,
	WRITING
};

struct client {
	struct client *next;
	struct server *server;
	struct watch watch;
	enum state state;
	uint64_t since; /* when it came into this state */
	bool last; /* close once written */
	char name[48];
	uid_t user; /* who it is; 0: root, or our own */
	char *answer; /* owned; what is being written */
	size_t answer_len, written;
	size_t len; /* of what was read */
	char room[SERVER_REQUEST_MAX];
};

struct server {
	struct server_options options;
	struct loop *loop;
	struct watch watch;
	char *path; /* owned */
	struct client *first;
	unsigned int nr_clients;
	struct client *refused; /* being refused: is not worked on */
};

static void free_client(struct client *client)
{
	loop_remove(client->server->loop, &client->watch);
	close(client->watch.fd);
	free(client->answer);
	free(client);
}

static void drop(struct client *client)
{
	struct server *server = client->server;
	struct client **at = &server->first;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	server->nr_clients--;
	if (client->state == WORKING && client != server->refused)
		server->options.gone(server->options.context, client);
	free_client(client);
}

static void enter(struct client *client, enum state state)
{
	static const uint32_t events[] = { EPOLLIN, 0, EPOLLOUT };

	client->state = state;
	client->since = loop_now();
	(void)loop_change(client->server->loop, &client->watch, events[state]);
}

/* ---- answers --------------------------------------------------------------- */

static void read_on(struct client *client);

static void finish_answer(struct client *client)
{
	free(client->answer);
	client->answer = NULL;
	if (client->last) {
		drop(client);
		return;
	}
	enter(client, READING);
	read_on(client);
}

static void write_answer(struct client *client)
{
	while (client->written < client->answer_len) {
		ssize_t n = send(client->watch.fd,
				 client->answer + client->written,
				 client->answer_len - client->written,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			drop(client);
			return;
		}
		client->written += (size_t)n;
	}
	finish_answer(client);
}

/* Written when the loop finds it ready, never from within its caller. */
void client_answer(struct client *client, struct imastage_bytes text, bool last)
{
	client->answer = malloc(text.len + 1);
	client->answer_len = client->answer ? text.len : 0;
	client->written = 0;
	if (client->answer_len)
		memcpy(client->answer, text.data, text.len);
	client->last = client->last || last || !client->answer;
	enter(client, WRITING);
}

const char *client_name(const struct client *client)
{
	return client->name;
}

uid_t client_user(const struct client *client)
{
	return client->user;
}

/* ---- requests -------------------------------------------------------------- */

static void refuse(struct client *client, int error)
{
	struct server *server = client->server;

	client->last = true;
	client->state = WORKING;
	server->refused = client;
	server->options.refuse(server->options.context, client, error);
	server->refused = NULL;
}

/* Hands on the first whole request; true: there was one. */
static bool take_request(struct client *client)
{
	struct server *server = client->server;
	size_t end_len = strlen(server->options.end);
	char request[SERVER_REQUEST_MAX];
	char *end =
		memmem(client->room, client->len, server->options.end, end_len);
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - client->room);
	memcpy(request, client->room, len);
	client->len -= len + end_len;
	memmove(client->room, end + end_len, client->len);
	enter(client, WORKING);
	server->options.request(server->options.context, client,
				bytes_of(request, len));
	return true;
}

/* What was sent behind the last request is looked at first. */
static void read_on(struct client *client)
{
	ssize_t n;

	if (take_request(client))
		return;
	if (client->len == sizeof(client->room)) {
		refuse(client, EMSGSIZE);
		return;
	}
	n = recv(client->watch.fd, client->room + client->len,
		 sizeof(client->room) - client->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	client->len += (size_t)n;
	if (!take_request(client) && client->len == sizeof(client->room))
		refuse(client, EMSGSIZE);
}

static void client_ready(void *context, uint32_t events)
{
	struct client *client = context;

	if (client->state == READING)
		read_on(client);
	else if (events & (EPOLLHUP | EPOLLERR))
		drop(client);
	else if (client->state == WRITING)
		write_answer(client);
}

/* ---- connections ----------------------------------------------------------- */

static void name_client(struct client *client)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);

	(void)getsockopt(client->watch.fd, SOL_SOCKET, SO_PEERCRED, &cred,
			 &len);
	client->user = cred.uid == geteuid() ? 0 : cred.uid;
	snprintf(client->name, sizeof(client->name), "pid %d (uid %u)",
		 (int)cred.pid, (unsigned int)cred.uid);
}

/* The connection that has been silent the longest, or NULL. */
static struct client *most_silent(struct server *server)
{
	struct client *found = NULL;

	for (struct client *c = server->first; c; c = c->next)
		if (c->state == READING && (!found || c->since <= found->since))
			found = c;
	return found;
}

static struct client *add_client(struct server *server, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->watch = (struct watch){ fd, client_ready, client };
	client->since = loop_now();
	if (loop_add(server->loop, &client->watch, EPOLLIN) < 0) {
		free(client);
		return NULL;
	}
	name_client(client);
	client->next = server->first;
	server->first = client;
	server->nr_clients++;
	return client;
}

static void listener_ready(void *context, uint32_t events)
{
	struct server *server = context;
	int fd = accept4(server->watch.fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client, *silent = NULL;

	(void)events;
	if (fd < 0)
		return;
	if (server->nr_clients >= SERVER_CLIENTS_MAX) {
		silent = most_silent(server);
		if (silent)
			drop(silent);
	}
	/* One more than the limit is there only for as long as it is refused. */
	client = server->nr_clients > SERVER_CLIENTS_MAX ?
			 NULL :
			 add_client(server, fd);
	if (!client)
		close(fd);
	else if (server->nr_clients > SERVER_CLIENTS_MAX)
		refuse(client, EAGAIN);
}

uint64_t server_tick(struct server *server, uint64_t now)
{
	uint64_t next = LOOP_NEVER;
	struct client *following;

	for (struct client *c = server->first; c; c = following) {
		uint64_t end = c->since + SERVER_PATIENCE_MS;

		following = c->next;
		if (c->state == WORKING)
			continue;
		if (end <= now)
			drop(c);
		else if (end < next)
			next = end;
	}
	return next;
}

/* ---- the socket ------------------------------------------------------------ */

static int set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

/* A socket that nobody answers is what a dead predecessor left. */
static int remove_old(const struct path_place *place,
		      const struct sockaddr_un *address)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!place->exists)
		return 0;
	if (!S_ISSOCK(place->st.st_mode))
		return -ENOTSOCK;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address,
			       sizeof(*address)) == 0)
		return -EADDRINUSE;
	return unlinkat(place->dir, place->name, 0) < 0 ? -errno : 0;
}

/* It is made with its mode, which it never needs to be given. */
static int listen_at(int fd, const struct path_place *place,
		     const struct sockaddr_un *address,
		     const struct server_options *options)
{
	mode_t mask = umask(0777 & ~options->mode);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	r = r < 0 ? -errno : 0;
	umask(mask);
	if (r == 0 && options->group != (gid_t)-1 &&
	    fchownat(place->dir, place->name, (uid_t)-1, options->group,
		     AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r == 0 && listen(fd, SERVER_CLIENTS_MAX) < 0)
		r = -errno;
	return r;
}

static int listen_in(const struct path_place *place,
		     const struct sockaddr_un *address,
		     const struct server_options *options)
{
	int fd, r = remove_old(place, address);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = listen_at(fd, place, address, options);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int open_listener(const struct server_options *options)
{
	struct sockaddr_un address;
	struct path_place place;
	int r = set_address(&address, options->path);

	if (r == 0)
		r = path_walk(options->path, &place);
	if (r < 0)
		return r;
	r = place.walked_trusted ? listen_in(&place, &address, options) :
				   -EPERM;
	path_fini(&place);
	return r;
}

int server_new(struct loop *loop, const struct server_options *options,
	       struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->options = *options;
	server->loop = loop;
	server->path = strdup(options->path);
	r = server->path ? open_listener(options) : -ENOMEM;
	server->watch = (struct watch){ r, listener_ready, server };
	if (r >= 0)
		r = loop_add(loop, &server->watch, EPOLLIN);
	if (r < 0) {
		if (server->watch.fd >= 0)
			close(server->watch.fd);
		free(server->path);
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	while (server->first)
		drop(server->first);
	loop_remove(server->loop, &server->watch);
	close(server->watch.fd);
	unlink(server->path);
	free(server->path);
	free(server);
}
