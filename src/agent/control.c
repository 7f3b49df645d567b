// SPDX-License-Identifier: MIT
/*
 * Each connection has at most one request at a time (server.h), so there are at
 * most as many waiting as there are connections.
 */
#include "agent/control.h"
#include "agent/log.h"
#include "agent/server.h"
#include "base/bytes.h"
#include "base/path.h"
#include "base/util.h"
#include "service/config_look.h"
#include "service/json_line.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>

/* Somebody, or nobody any more, who asked for a job. */
struct asker {
	struct asker *next;
	struct client *client; /* NULL: is told nothing */
	struct request request;
	bool running; /* the job at hand is the answer */
};

struct control {
	struct control_hooks hooks;
	struct server *server;
	struct server *metrics;
	struct asker *first; /* in order */
};

/* ---- answers --------------------------------------------------------------- */

static void answer(struct client *client, struct json_object *reply)
{
	static const char failed[] = "{\"ok\":false,\"errno\":\"ENOMEM\","
				     "\"error\":\"out of memory\"}\n";
	cleanup_free char *line = reply ? json_line(reply) : NULL;

	client_answer(client, bytes_of_text(line ? line : failed), false);
	json_object_put(reply);
}

static void refuse(void *context, struct client *client, int error)
{
	char text[JOB_TEXT_MAX];

	(void)context;
	if (error == EMSGSIZE)
		snprintf(text, sizeof(text),
			 "a request has at most %d bytes on one line",
			 SERVER_REQUEST_MAX);
	else
		snprintf(text, sizeof(text),
			 "%d connections wait already, try again later",
			 SERVER_CLIENTS_MAX);
	answer(client, request_refusal(error, text));
}

static struct json_object *keep_only(struct json_object *status,
				     const char *name)
{
	struct json_object *reply = json_object_new_object();

	json_object_object_add(reply, "ok", json_object_new_boolean(true));
	json_object_object_add(
		reply, name,
		json_object_get(json_object_object_get(status, name)));
	json_object_put(status);
	return reply;
}

static struct json_object *reply_to(struct control *control,
				    const struct request *rq,
				    const struct job *job)
{
	if (rq->kind == REQUEST_STATUS)
		return control->hooks.status(control->hooks.context);
	if (rq->kind == REQUEST_HOLDS)
		return keep_only(control->hooks.status(control->hooks.context),
				 "holds");
	return request_reply(job);
}

/* ---- what needs no job ----------------------------------------------------- */

static struct json_object *metrics_reply(struct control *control)
{
	struct json_object *reply;
	cleanup_free char *text = NULL;
	size_t len;
	int r = control->hooks.metrics(control->hooks.context, &text, &len);

	if (r < 0)
		return NULL;
	reply = json_object_new_object();
	json_object_object_add(reply, "ok", json_object_new_boolean(true));
	json_object_object_add(reply, "text",
			       json_object_new_string_len(text, (int)len));
	return reply;
}

static struct json_object *reload_reply(struct control *control)
{
	struct job job = { .kind = JOB_NONE };

	job.result = control->hooks.reload(control->hooks.context, job.text);
	return request_reply(&job);
}

/* ---- requests -------------------------------------------------------------- */

/* What of a request the log has to tell. */
static void words_of(const struct request *rq, char *to, size_t size)
{
	const struct job *job = &rq->job;
	const struct archive_prune_options *prune = &job->prune;

	if (rq->kind == REQUEST_HOLD)
		snprintf(to, size, "hold '%s' from record %" PRIu64, job->name,
			 job->from);
	else if (rq->kind == REQUEST_RELEASE)
		snprintf(to, size, "release of hold '%s'", job->name);
	else if (rq->kind == REQUEST_PRUNE)
		snprintf(to, size,
			 "prune to %" PRIu64 " bytes, %" PRIu64
			 " seconds, %u boots (0: no limit)%s%s",
			 prune->max_bytes, prune->max_age, prune->keep_boots,
			 prune->force ? ", by force" : "",
			 prune->dry_run ? ", dry run" : "");
	else
		snprintf(to, size, "%s", request_name(rq));
}

static void log_request(const struct client *client, const struct request *rq,
			bool refused)
{
	char text[JOB_TEXT_MAX];

	words_of(rq, text, sizeof(text));
	log_line(refused	       ? SAY_WARNING :
		 request_is_logged(rq) ? SAY_NOTICE :
					 SAY_DEBUG,
		 "%s asked for by %s%s", text, client_name(client),
		 refused ? ": refused, not root" : "");
}

/* The archive has said whose hold it is. */
static void log_result(const struct asker *asker, const struct job *job)
{
	char text[JOB_TEXT_MAX];

	if (job->result != -EPERM || !asker->client)
		return;
	words_of(&asker->request, text, sizeof(text));
	log_line(SAY_WARNING, "%s asked for by %s: refused, not its owner",
		 text, client_name(asker->client));
}

static int enqueue(struct control *control, struct client *client,
		   const struct request *rq)
{
	struct asker *asker = calloc(1, sizeof(*asker));
	struct asker **at = &control->first;

	if (!asker)
		return -ENOMEM;
	asker->client = client;
	asker->request = *rq;
	while (*at)
		at = &(*at)->next;
	*at = asker;
	return 0;
}

/* Only begun: it is one more in the queue, or one that is there already. */
static void begin_only(struct control *control, struct client *client,
		       const struct request *rq)
{
	struct job none = { .kind = JOB_NONE };
	struct asker *a = control->first;

	while (a && (a->running || a->request.job.kind != rq->job.kind))
		a = a->next;
	if (!a && enqueue(control, NULL, rq) < 0)
		answer(client, NULL);
	else
		answer(client, request_reply(&none));
}

static void request(void *context, struct client *client,
		    struct imastage_bytes text)
{
	struct control *control = context;
	struct request rq;
	char error[JOB_TEXT_MAX];
	int r = request_parse(text, &rq, error);

	if (r < 0) {
		answer(client, request_refusal(r, error));
		return;
	}
	r = request_allow(&rq, client_user(client), error);
	log_request(client, &rq, r < 0);
	rq.job.by = client_user(client);
	if (r < 0)
		answer(client, request_refusal(r, error));
	else if (rq.kind == REQUEST_METRICS)
		answer(client, metrics_reply(control));
	else if (rq.job.kind == JOB_SURVEY &&
		 control->hooks.busy(control->hooks.context))
		answer(client, reply_to(control, &rq, &rq.job));
	else if (control->hooks.stalled(control->hooks.context, error))
		answer(client, request_refusal(-ETIMEDOUT, error));
	else if (!rq.wait)
		begin_only(control, client, &rq);
	else if (enqueue(control, client, &rq) < 0)
		answer(client, NULL);
}

/* What was begun for them is finished; what was not is not, or the queue could grow. */
static void gone(void *context, struct client *client)
{
	struct control *control = context;
	struct asker **at = &control->first;

	while (*at && (*at)->client != client)
		at = &(*at)->next;
	if (*at && (*at)->running) {
		(*at)->client = NULL;
	} else if (*at) {
		struct asker *asker = *at;

		*at = asker->next;
		free(asker);
	}
}

/* Nothing is at work now that goes by the old configuration. */
static void reload_first(struct control *control)
{
	struct asker *first = control->first;

	control->first = first->next;
	if (first->client)
		answer(first->client, reload_reply(control));
	free(first);
}

bool control_next(struct control *control, struct job *ret_job)
{
	struct asker *first;

	while (control->first && control->first->request.kind == REQUEST_RELOAD)
		reload_first(control);
	first = control->first;
	if (!first)
		return false;
	*ret_job = first->request.job;
	first->running = true;
	for (struct asker *a = first->next; a; a = a->next)
		if ((ret_job->kind == JOB_DRAIN ||
		     ret_job->kind == JOB_SURVEY) &&
		    a->request.job.kind == ret_job->kind)
			a->running = true;
	return true;
}

void control_done(struct control *control, const struct job *job)
{
	struct asker **at = &control->first;

	while (*at) {
		struct asker *a = *at;

		if (!a->running) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		if (a->request.job.kind == JOB_HOLD ||
		    a->request.job.kind == JOB_RELEASE)
			log_result(a, job);
		if (a->client)
			answer(a->client, reply_to(control, &a->request, job));
		free(a);
	}
}

static struct json_object *reply_of_stalled(struct control *control,
					    const struct request *rq,
					    const char *text)
{
	return rq->job.kind == JOB_SURVEY ? reply_to(control, rq, &rq->job) :
					    request_refusal(-ETIMEDOUT, text);
}

void control_stalled(struct control *control, const char *text)
{
	struct asker **at = &control->first;

	while (*at) {
		struct asker *a = *at;
		struct client *client = a->client;
		struct request rq = a->request;

		if (!client || a->running)
			at = &a->next;
		a->client = NULL;
		if (client && !a->running) {
			*at = a->next;
			free(a);
		}
		if (client)
			answer(client, reply_of_stalled(control, &rq, text));
	}
}

/* ---- metrics for whoever speaks HTTP --------------------------------------- */

static void answer_http(struct client *client, const char *status,
			const char *body, size_t len)
{
	cleanup_free char *text = NULL;
	int head = asprintf(&text,
			    "HTTP/1.0 %s\r\n"
			    "Content-Type: text/plain; version=0.0.4\r\n"
			    "Content-Length: %zu\r\n\r\n%.*s",
			    status, len, (int)len, body);

	client_answer(client,
		      bytes_of(head < 0 ? NULL : text,
			       head < 0 ? 0 : (size_t)head),
		      true);
}

static void refuse_http(void *context, struct client *client, int error)
{
	(void)context;
	if (error == EMSGSIZE)
		answer_http(client, "431 Request Header Fields Too Large", "",
			    0);
	else
		answer_http(client, "503 Service Unavailable", "", 0);
}

static void request_http(void *context, struct client *client,
			 struct imastage_bytes text)
{
	struct control *control = context;
	cleanup_free char *body = NULL;
	size_t len;

	if (!bytes_equal_text(bytes_first(text, 4), "GET "))
		answer_http(client, "405 Method Not Allowed", "", 0);
	else if (control->hooks.metrics(control->hooks.context, &body, &len) <
		 0)
		answer_http(client, "503 Service Unavailable", "", 0);
	else
		answer_http(client, "200 OK", body, len);
}

static void gone_http(void *context, struct client *client)
{
	(void)context, (void)client;
}

/* ---- both ------------------------------------------------------------------ */

static const char *why_not(int r)
{
	switch (r) {
	case -EADDRINUSE:
		return "another agent answers there";
	case -EPERM:
		return "other users can write to its folder, or to one above "
		       "it; use a folder of root's";
	case -ENOTSOCK:
		return "is there and no socket; remove it, or use another name";
	default:
		return path_strerror(r);
	}
}

static int start(struct loop *loop, const struct server_options *options,
		 struct server **ret_server)
{
	int r = server_new(loop, options, ret_server);

	if (r < 0)
		log_line(SAY_ERROR, "socket %s: %s", options->path, why_not(r));
	return r;
}

static int start_both(struct control *control, struct loop *loop,
		      const struct config *config, gid_t group)
{
	struct server_options options = {
		.path = config->control,
		.mode = group == (gid_t)-1 ? 0600 : 0660,
		.group = group,
		.end = "\n",
		.request = request,
		.gone = gone,
		.refuse = refuse,
		.context = control,
	};
	int r = start(loop, &options, &control->server);

	if (r < 0 || !*config->metrics_socket)
		return r;
	options.path = config->metrics_socket;
	options.end = "\r\n\r\n";
	options.request = request_http;
	options.gone = gone_http;
	options.refuse = refuse_http;
	return start(loop, &options, &control->metrics);
}

int control_new(struct loop *loop, const struct config *config,
		const struct control_hooks *hooks, struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	gid_t group;
	int r = config_find_group(config->control_group, &group);

	if (!control)
		return -ENOMEM;
	control->hooks = *hooks;
	if (r < 0)
		log_line(SAY_ERROR, "control_group %s: %s",
			 config->control_group,
			 r == -ENOENT ? "there is no such group" :
					strerror(-r));
	if (r == 0)
		r = start_both(control, loop, config, group);
	if (r < 0)
		control_free(control);
	else
		*ret_control = control;
	return r;
}

void control_free(struct control *control)
{
	struct asker *next;

	if (!control)
		return;
	server_free(control->server);
	server_free(control->metrics);
	for (struct asker *a = control->first; a; a = next) {
		next = a->next;
		free(a);
	}
	free(control);
}

uint64_t control_tick(struct control *control, uint64_t now)
{
	uint64_t next = server_tick(control->server, now);

	if (control->metrics) {
		uint64_t other = server_tick(control->metrics, now);

		next = other < next ? other : next;
	}
	return next;
}
