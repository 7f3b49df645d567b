/* SPDX-License-Identifier: MIT */
/*
 * Asking a running agent: one JSON object on a line there, one back. What can be
 * asked is in docs/agent-protocol.md.
 */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object; /* json-c */

#define ASK_REPLY_MAX ((size_t)1 << 20)

struct ask {
	const char *path; /* of the socket */
	uint64_t timeout_ms; /* to wait for the answer; 0: as long as it takes */
	bool (*stop)(void); /* after a signal, true: give up; NULL: never */
};

/*
 * Sends @request and waits for the answer. The caller puts *ret_reply, an object.
 *
 * -ENOENT, -ECONNREFUSED: no agent runs; -EACCES: not for us; -EPROTO: the answer
 * is none; -ETIMEDOUT; -EINTR.
 */
int ask(const struct ask *ask, struct json_object *request,
	struct json_object **ret_reply);

/* The answer alone, from the socket @fd. -EPROTO: it is closed without one. */
int ask_receive(const struct ask *ask, int fd, struct json_object **ret_reply);

/* Is it no agent, rather than one that cannot be asked? */
bool ask_is_nobody(int r);

/*
 * What a reply says: 0 if it was done, well or not ("ok"), or the negative errno in it
 * with *ret_error its sentence, valid as long as @reply.
 */
int ask_result(struct json_object *reply, const char **ret_error);

/*
 * Parses all of @text, @len bytes, as one JSON object; NULL: it is none, is longer than
 * ASK_REPLY_MAX, or has so many values for its length that they would take more than 2 MiB
 * and 40 bytes for each of @text.
 */
struct json_object *ask_parse(const char *text, size_t len);

/* "EBUSY" for EBUSY and -EBUSY, and back; of all, "EIO" where it has no name. */
const char *ask_errno_name(int error);
int ask_errno_number(const char *name);

#endif
