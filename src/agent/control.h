/* SPDX-License-Identifier: MIT */
/*
 * The control socket and the one for metrics: who asked for what, in order, and
 * who still waits for an answer.
 */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "agent/loop.h"
#include "service/config.h"
#include "service/request.h"

struct control;

/* What the agent says of itself, and does at once. */
struct control_hooks {
	/* Is a job being done? Then a status is of before it. */
	bool (*busy)(void *context);
	/* Is it one that does not get on? Then nobody is left waiting for it. */
	bool (*stalled)(void *context, char *ret_text);
	/* A status; the caller puts it. */
	struct json_object *(*status)(void *context);
	/* Prometheus' text, to be freed. */
	int (*metrics)(void *context, char **ret_text, size_t *ret_len);
	/* Reads the configuration again; called by control_next(). -EINVAL with a sentence. */
	int (*reload)(void *context, char *ret_error);
	void *context;
};

/* Errors have been said. */
int control_new(struct loop *loop, const struct config *config,
		const struct control_hooks *hooks,
		struct control **ret_control);
void control_free(struct control *control);

/*
 * The job that was asked for first: true, and it is in *ret_job. All who asked for
 * a drain get the same one.
 */
bool control_next(struct control *control, struct job *ret_job);

/* The job of control_next() is done: who asked for it is told. */
void control_done(struct control *control, const struct job *job);

/*
 * The job at hand is stalled: those who wait are answered, by @text or by what is known.
 * Who asks meanwhile is, too.
 */
void control_stalled(struct control *control, const char *text);

/* When it wants to be called again. */
uint64_t control_tick(struct control *control, uint64_t now);

#endif
