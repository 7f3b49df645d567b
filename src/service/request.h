/* SPDX-License-Identifier: MIT */
/*
 * What is asked of the agent on its socket, docs/agent-protocol.md: from a line to
 * a job, and from a job to a line. Pure: no descriptors, no archive.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include "service/job.h"

struct json_object; /* json-c */

enum request_kind {
	REQUEST_STATUS,
	REQUEST_DRAIN,
	REQUEST_FLUSH,
	REQUEST_TRIM,
	REQUEST_RECONCILE,
	REQUEST_CHECK,
	REQUEST_HOLD,
	REQUEST_RELEASE,
	REQUEST_HOLDS,
	REQUEST_PRUNE,
	REQUEST_METRICS,
	REQUEST_RELOAD,
};

struct request {
	enum request_kind kind;
	struct job job; /* JOB_NONE: it needs none */
	bool wait; /* for the job to be done; else it is only begun */
};

/* -EINVAL with a sentence in @ret_error (JOB_TEXT_MAX bytes). */
int request_parse(struct imastage_bytes text, struct request *ret_request,
		  char *ret_error);

/*
 * May the user @uid ask for that? Root may all. Others, who are let in by the socket's group,
 * may neither remove records nor change how they are kept: -EPERM with a sentence. (Whose a
 * hold is, is known by the archive: job.by.)
 */
int request_allow(const struct request *request, uid_t uid, char *ret_error);

/* Changes something, so that the log has to tell who asked for it. */
bool request_is_logged(const struct request *request);

/* What it is called: "prune". */
const char *request_name(const struct request *request);

/* {"ok":false,...}; the caller puts it. NULL when memory is short. */
struct json_object *request_refusal(int error, const char *text);

/* {"ok":true,...} of a job that was done, or its refusal. */
struct json_object *request_reply(const struct job *job);

#endif
