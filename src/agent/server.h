/* SPDX-License-Identifier: MIT */
/*
 * Local sockets on which short requests are answered, one after the other on
 * each connection. Whoever connects, nothing it does or omits stalls the agent or
 * lets it grow:
 *
 *	- there are at most SERVER_CLIENTS_MAX connections; for a further one the
 *	  one that has been silent the longest is closed, and when none is silent
 *	  it is refused;
 *	- a request has at most SERVER_REQUEST_MAX bytes and SERVER_PATIENCE_MS
 *	  to arrive, an answer as long to be read;
 *	- nothing more is read from who has not read its answer.
 */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include "agent/loop.h"

#include <imastage/bytes.h>
#include <sys/types.h>

#define SERVER_CLIENTS_MAX 64
#define SERVER_REQUEST_MAX 4096
#define SERVER_PATIENCE_MS 30000

struct server;
struct client;

struct server_options {
	const char *path; /* an old socket there is replaced */
	mode_t mode;
	gid_t group; /* (gid_t)-1: leave it */
	const char *end; /* what a request ends with: "\n" */
	/*
	 * A whole request, without its end. Must lead to one client_answer(), at
	 * once or later.
	 */
	void (*request)(void *context, struct client *client,
			struct imastage_bytes request);
	/* A connection that waits for its answer is gone: forget @client. */
	void (*gone)(void *context, struct client *client);
	/* A request that cannot be: too long (EMSGSIZE), too many (EAGAIN). */
	void (*refuse)(void *context, struct client *client, int error);
	void *context;
};

/*
 * -EADDRINUSE: somebody answers there; -EPERM, -ELOOP: another user could put something else
 * there, see path.h.
 */
int server_new(struct loop *loop, const struct server_options *options,
	       struct server **ret_server);

/* Closes all connections and removes the socket. @server may be NULL. */
void server_free(struct server *server);

/* @last: nothing more is read from this connection. @text is copied. */
void client_answer(struct client *client, struct imastage_bytes text,
		   bool last);

/* Who has asked, for the log: "pid 12 (uid 0)". */
const char *client_name(const struct client *client);

/* The user who has connected; 0 for the one we run as, too. */
uid_t client_user(const struct client *client);

/* Closes connections whose time is over; when the next one's will be. */
uint64_t server_tick(struct server *server, uint64_t now);

#endif
