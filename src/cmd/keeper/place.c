// SPDX-License-Identifier: MIT
/*
 * Configuration, agent or no agent.
 */
#include "cmd/keeper/place.h"
#include "base/bytes.h"
#include "base/util.h"
#include "tool/cli.h"
#include "service/ask.h"
#include "service/json_line.h"
#include "service/keeper.h"
#include "service/request.h"
#include "service/words.h"

#include <json-c/json.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- options --------------------------------------------------------------- */

static int set_config(void *context, const char *value)
{
	((struct place *)context)->config_path = value;
	return 0;
}

static int set_archive(void *context, const char *value)
{
	((struct place *)context)->archive = value;
	return *value ? 0 : -EINVAL;
}

static int set_source(void *context, const char *value)
{
	((struct place *)context)->source = value;
	return *value ? 0 : -EINVAL;
}

static int set_control(void *context, const char *value)
{
	((struct place *)context)->control = value;
	return *value ? 0 : -EINVAL;
}

static int set_verbose(void *context, const char *value)
{
	(void)value;
	((struct place *)context)->verbose = true;
	return 0;
}

const struct opt place_opts[] = {
	{ .text = "Where things are (as the agent's configuration says):" },
	{ "config", 'c', "FILE", "the configuration (" CONFIG_PATH ")",
	  set_config, "a file" },
	{ "archive", 'a', "DIR", "the archive; no agent is asked", set_archive,
	  "a folder" },
	{ "source", 's', "DIR",
	  "the kernel's files, or imasim's; no agent is asked", set_source,
	  "a folder" },
	{ "control", 0, "FILE", "the agent's socket", set_control, "a socket" },
	{ "verbose", 'v', NULL, "say more", set_verbose, NULL },
	{ 0 },
};

static int set_timeout(void *context, const char *value)
{
	uint64_t *to = &((struct place *)context)->timeout_ms;
	int r = config_parse_duration(bytes_of_text(value), to);

	return r == 0 && *to == 0 ? -EINVAL : r;
}

const struct opt place_wait_opts[] = {
	{ .text = "How long it may take:" },
	{ "timeout", 't', "TIME",
	  "give up after TIME, like 30s; what was begun goes on or\nis as if "
	  "it had not been begun",
	  set_timeout, "a time like 500ms, 10s or 5min" },
	{ 0 },
};

static int override(char *to, const char *value, const char *what)
{
	if (!value)
		return CLI_OK;
	if (strlen(value) >= CONFIG_TEXT_MAX) {
		cli_error("%s: %s: too long", value, what);
		return CLI_FAILED;
	}
	strcpy(to, value);
	return CLI_OK;
}

int place_init(struct place *place)
{
	struct config_error error;
	const char *path = place->config_path ? place->config_path :
						CONFIG_PATH;
	int r = config_read(place->config_path, &place->config, &error);

	if (r < 0) {
		if (error.line)
			cli_error("%s:%u: %s", path, error.line, error.text);
		else
			cli_error("%s: %s", path, error.text);
		return CLI_FAILED;
	}
	r = override(place->config.archive, place->archive, "the archive");
	if (r == CLI_OK)
		r = override(place->config.source, place->source, "the source");
	if (r == CLI_OK)
		r = override(place->config.control, place->control,
			     "the socket");
	return r;
}

int place_parse(struct place *place, const struct command *command,
		const struct opt_group *groups, size_t nr_groups, int argc,
		char **argv)
{
	int r = opts_parse_all(command, groups, nr_groups, argc, argv);

	return r == CLI_OK ? place_init(place) : r;
}

/* ---- messages -------------------------------------------------------------- */

static void write_warning(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level <= SAY_WARNING)
		cli_error("%s", text);
}

static void write_all(void *context, enum say_level level, const char *text)
{
	(void)context, (void)level;
	cli_error("%s", text);
}

static const struct say place_say = { write_warning, NULL };
static const struct say place_say_all = { write_all, NULL };

const struct say *place_say_of(const struct place *place)
{
	return place->verbose ? &place_say_all : &place_say;
}

/* ---- having it done -------------------------------------------------------- */

static bool interrupted(void *context)
{
	(void)context;
	return cli_interrupted();
}

/* What the agent would make of @request. */
static int do_here(const struct place *place, struct json_object *request,
		   bool archive_only, struct json_object **ret_reply)
{
	struct keeper_options options = {
		.config = &place->config,
		.say = place_say_of(place),
		.stop = interrupted,
		.archive_only = archive_only,
		.leave_gap = place->leave_gap,
	};
	const char *text = json_object_to_json_string(request);
	struct keeper *keeper;
	struct request rq;
	char error[JOB_TEXT_MAX];
	int r = request_parse(bytes_of_text(text), &rq, error);

	if (r < 0) {
		*ret_reply = request_refusal(r, error);
		return 0;
	}
	options.read_only = rq.job.kind == JOB_PRUNE && rq.job.prune.dry_run;
	r = keeper_open(&options, &keeper);
	if (r < 0)
		return r;
	if (place->verbose)
		cli_error("no agent runs: doing it here");
	keeper_do(keeper, &rq.job);
	*ret_reply = request_reply(&rq.job);
	keeper_close(keeper);
	return 0;
}

/* The child's side. Complaints have been made by then. */
static int do_and_answer(const struct place *place, struct json_object *request,
			 bool archive_only, int fd)
{
	struct json_object *reply;

	if (do_here(place, request, archive_only, &reply) < 0)
		return CLI_FAILED;
	return dprintf(fd, "%s\n",
		       json_object_to_json_string_ext(
			       reply, JSON_C_TO_STRING_PLAIN)) < 0 ?
		       CLI_FAILED :
		       CLI_OK;
}

static int wait_for_child(const struct place *place, pid_t pid, int fd,
			  struct json_object **ret_reply)
{
	struct ask child = { NULL, place->timeout_ms, cli_interrupted };
	int r = ask_receive(&child, fd, ret_reply);

	if (r == -ETIMEDOUT || r == -EINTR)
		kill(pid, SIGKILL);
	else
		waitpid(pid, NULL, 0);
	if (r == -ETIMEDOUT)
		cli_error("not done in time: a disk, the TPM or the kernel "
			  "does not answer; what was not deleted is in the "
			  "kernel");
	return r;
}

/*
 * By a process of its own, which is not waited for beyond the timeout: nothing
 * interrupts a task that waits for a disk. Killed at any moment it loses nothing.
 */
static int do_apart(const struct place *place, struct json_object *request,
		    bool archive_only, struct json_object **ret_reply)
{
	int fds[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		_exit(do_and_answer(place, request, archive_only, fds[1]));
	r = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (r == 0)
		r = wait_for_child(place, pid, fds[0], ret_reply);
	close(fds[0]);
	return r;
}

static int do_alone(const struct place *place, struct json_object *request,
		    bool archive_only, struct json_object **ret_reply)
{
	return place->timeout_ms ?
		       do_apart(place, request, archive_only, ret_reply) :
		       do_here(place, request, archive_only, ret_reply);
}

const char *place_words(const struct place *place, int r,
			char room[PLACE_TEXT_MAX])
{
	const struct config *c = &place->config;

	if ((r == -EACCES || r == -EPERM) && *c->control_group)
		snprintf(room, PLACE_TEXT_MAX,
			 "%s: you may not ask the keeper; use sudo, or join "
			 "the group %s (control_group)",
			 c->control, c->control_group);
	else if (r == -EACCES || r == -EPERM)
		snprintf(room, PLACE_TEXT_MAX,
			 "%s: you may not ask the keeper; use sudo, or have "
			 "root name a group of yours as control_group in %s",
			 c->control,
			 place->config_path ? place->config_path : CONFIG_PATH);
	else if (r == -ETIMEDOUT)
		snprintf(room, PLACE_TEXT_MAX,
			 "%s: the keeper has not answered in time; it goes on, "
			 "'imastage status' says with what",
			 c->control);
	else
		snprintf(room, PLACE_TEXT_MAX, "%s: the keeper: %s", c->control,
			 r == -EPROTO ? "what it answers is no answer" :
					strerror(-r));
	return room;
}

static int ask_agent(const struct place *place, struct json_object *request,
		     struct json_object **ret_reply)
{
	struct ask agent = { place->config.control, place->timeout_ms,
			     cli_interrupted };
	char text[PLACE_TEXT_MAX];
	int r;

	if (place->archive || place->source)
		return -ENOENT;
	r = ask(&agent, request, ret_reply);
	if (r < 0 && !ask_is_nobody(r) && r != -EINTR)
		cli_error("%s", place_words(place, r, text));
	return r;
}

int place_do(const struct place *place, struct json_object *request,
	     bool archive_only, struct json_object **ret_reply)
{
	int r = ask_agent(place, request, ret_reply);

	if (ask_is_nobody(r))
		r = do_alone(place, request, archive_only, ret_reply);
	return r;
}

static int take_reply(struct json_object *reply, struct json_object **ret_reply)
{
	const char *error;
	int r = ask_result(reply, &error);

	if (r < 0) {
		cli_error("%s", error);
		json_object_put(reply);
		return r;
	}
	*ret_reply = reply;
	return 0;
}

int place_do_or_complain(const struct place *place, struct json_object *request,
			 bool archive_only, struct json_object **ret_reply)
{
	struct json_object *reply = NULL;
	int r = place_do(place, request, archive_only, &reply);

	if (r < 0)
		return r;
	return take_reply(reply, ret_reply);
}

int place_ask_or_complain(const struct place *place,
			  struct json_object *request,
			  struct json_object **ret_reply)
{
	struct json_object *reply = NULL;
	int r = ask_agent(place, request, &reply);

	if (ask_is_nobody(r))
		cli_error("no agent answers at %s: start one, 'systemctl start "
			  "imastaged'",
			  place->config.control);
	return r < 0 ? r : take_reply(reply, ret_reply);
}

struct json_object *place_request(const char *what)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "do", json_object_new_string(what));
	return request;
}

void place_print_json(struct json_object *object)
{
	cleanup_free char *line = json_line(object);

	if (line)
		fputs(line, stdout);
	else
		cli_error("%s", strerror(ENOMEM));
}

/* ---- reading the archive --------------------------------------------------- */

int place_open_archive(const struct place *place, struct archive **ret_archive)
{
	struct archive_options options = {
		.dir = place->config.archive,
		.say = place_say_of(place),
	};
	int r = archive_open_reader(&options, ret_archive);

	if (r == -ENOENT)
		cli_error("%s: there is no archive", options.dir);
	else if (r < 0)
		cli_error("%s: %s%s", options.dir, strerror(-r),
			  r == -EACCES ? " (an archive is for root only)" : "");
	return r;
}

int place_find_boot(const struct place *place, struct archive *archive,
		    const char *name, struct archive_boot *ret_boot)
{
	int r = name ? archive_find_boot(archive, name, ret_boot) :
		       archive_last_boot(archive, ret_boot);

	if (r == IMASTAGE_END) {
		cli_error("%s: the archive is empty", place->config.archive);
		return -ENOENT;
	}
	if (r == -ENOENT)
		cli_error("%s: there is no boot '%s'; 'imastage archive list' "
			  "shows what there is",
			  place->config.archive, name);
	else if (r < 0)
		cli_error("%s: %s", place->config.archive, strerror(-r));
	return r;
}
