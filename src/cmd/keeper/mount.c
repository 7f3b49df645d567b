// SPDX-License-Identifier: MIT
/*
 * imastage mount: the whole list, archived and live, as the kernel's files.
 */
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/config_look.h"
#include "service/notify.h"
#include "view/bind.h"
#include "view/view.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define WAIT_MS 30000 /* for who writes to the kernel's list */

struct options {
	struct place place;
	bool background, bind, undo, allow_other;
	gid_t group; /* -1: our own */
};

static int set_background(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->background = true;
	return 0;
}

static int set_bind(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->bind = true;
	return 0;
}

static int set_undo(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->undo = true;
	return 0;
}

static int set_allow_other(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->allow_other = true;
	return 0;
}

static int set_group(void *context, const char *value)
{
	return config_find_group(value, &((struct options *)context)->group);
}

static const struct opt mount_opts[] = {
	{ .text = "How it is mounted:" },
	{ "background", 'b', NULL, "return once it is, and serve on",
	  set_background, NULL },
	{ "group", 'g', "GROUP", "whom folder and files belong to, beside root",
	  set_group, "a group" },
	{ "allow-other", 0, NULL,
	  "users other than the one that mounts it, as modes\nallow",
	  set_allow_other, NULL },
	{ "bind", 0, NULL,
	  "also over the kernel's own files, for programs with\nfixed paths",
	  set_bind, NULL },
	{ "unbind", 0, NULL,
	  "only remove what is mounted over the kernel's files", set_undo,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... DIR",
	.summary = "Mounts the whole list since hard boot on DIR, as files "
		   "like the kernel's: archived records,\nand behind them "
		   "those that the kernel still has. Serves until it is "
		   "unmounted or\nsignalled.\n",
	.epilogue = "To unmount: fusermount3 -u DIR, or end it by SIGTERM.\n",
};

/* ---- ending by a signal ---------------------------------------------------- */

static struct view *serving;

static void stop(int signal)
{
	(void)signal;
	view_stop(serving);
}

/* A view ends well by a signal: that is how it is meant to end. */
static void end_by_signals(struct view *view)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop };

	serving = view;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* ---- in the background ----------------------------------------------------- */

/*
 * The child goes on, and says by a byte in the pipe that it is mounted; the parent
 * waits for that, or for the child's failure. Returns in the child, with *ret_fd.
 */
static int go_on_in_child(int *ret_fd)
{
	int fds[2], status = CLI_FAILED;
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(fds[0]);
		setsid();
		*ret_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	if (read(fds[0], &byte, 1) == 1)
		_exit(CLI_OK);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(CLI_FAILED);
}

/* Nobody is kept waiting for the end of our output. */
static void let_go_of_terminal(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	(void)!write(fd, "m", 1);
	close(fd);
}

/* ---- serving --------------------------------------------------------------- */

static int open_source(const struct options *options,
		       struct source **ret_source)
{
	struct source_options source_options = {
		.dir = options->place.config.source,
		.wait_ms = WAIT_MS,
		.say = place_say_of(&options->place),
	};

	return source_open(&source_options, ret_source);
}

/*
 * Whoever mounts the view's files asks the view for them, so this is done by a
 * thread of its own while the view is served.
 */
struct binding {
	const struct options *options;
	struct view *view;
	const char *dir;
	int told; /* who waits for the mount; -1: nobody */
	bool begun;
	pthread_t thread;
	int result;
};

static void tell_ready(const struct binding *binding)
{
	notify_status("serving %s", binding->dir);
	notify("READY=1");
	if (binding->told >= 0)
		let_go_of_terminal(binding->told);
}

static void *bind_and_tell(void *arg)
{
	struct binding *binding = arg;
	const struct place *place = &binding->options->place;

	binding->result = bind_over(binding->dir, place->config.source,
				    place_say_of(place));
	if (binding->result == 0)
		tell_ready(binding);
	else
		view_stop(binding->view);
	return NULL;
}

/* Signals are for the thread that serves. */
static int begin_binding(struct binding *binding)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&binding->thread, NULL, bind_and_tell, binding);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	binding->begun = r == 0;
	return r;
}

/* The view is closed: nobody waits for an answer of it any more. */
static int end_binding(struct binding *binding)
{
	const struct place *place = &binding->options->place;

	if (!binding->begun)
		return 0;
	pthread_join(binding->thread, NULL);
	(void)bind_undo(place->config.source, place_say_of(place));
	return binding->result;
}

static int serve(struct binding *binding)
{
	int r = 0;

	notify_init();
	if (binding->options->bind)
		r = begin_binding(binding);
	else
		tell_ready(binding);
	if (r == 0)
		r = view_run(binding->view);
	notify("STOPPING=1");
	return r;
}

static int mount_and_serve(const struct options *options, struct source *source,
			   const char *dir, int told)
{
	struct archive_options archive_options = {
		.dir = options->place.config.archive,
		.say = place_say_of(&options->place),
	};
	struct view_options view_options = {
		.archive = &archive_options,
		.source = source,
		.boot_id = options->place.config.boot_id,
		.say = archive_options.say,
		.group = options->group,
		.allow_other = options->allow_other,
	};
	struct binding binding = {
		.options = options,
		.dir = dir,
		.told = told,
	};
	struct view *view;
	int bound, r = view_open(&view_options, &view);

	if (r == -ENOENT)
		cli_error("%s: there is no archive yet: 'imastage collect' "
			  "makes one",
			  archive_options.dir);
	if (r < 0)
		return r;
	end_by_signals(view);
	binding.view = view;
	r = view_mount(view, dir);
	if (r == 0)
		r = serve(&binding);
	view_close(view);
	bound = end_binding(&binding);
	return r < 0 ? r : bound;
}

static int run(const struct options *options, const char *dir)
{
	struct source *source;
	int told = -1, r = 0;

	if (options->background)
		r = go_on_in_child(&told);
	if (r == 0)
		r = open_source(options, &source);
	if (r < 0)
		return CLI_FAILED;
	r = mount_and_serve(options, source, dir, told);
	source_close(source);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

/* The one that the configuration names. */
static int find_usual_group(struct options *options)
{
	const char *name = options->place.config.view_group;
	int r = config_find_group(name, &options->group);

	if (r == -ENOENT)
		cli_error("view_group %s: there is no such group; make it, or "
			  "give --group",
			  name);
	else if (r < 0)
		cli_error("view_group %s: %s", name, strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_mount(int argc, char **argv)
{
	struct options options = { .group = (gid_t)-1 };
	const struct opt_group groups[] = {
		{ mount_opts, &options },
		{ place_opts, &options.place },
	};
	char **args;
	int r = opts_parse(&command, groups, 2, argc, argv, &args);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	r = place_init(&options.place);
	if (r == CLI_OK && options.group == (gid_t)-1)
		r = find_usual_group(&options);
	if (r != CLI_OK)
		return r;
	if (options.undo && !*args)
		return bind_undo(options.place.config.source,
				 place_say_of(&options.place)) < 0 ?
			       CLI_FAILED :
			       CLI_OK;
	if (!*args || options.undo)
		return cli_usage(options.undo ? "--unbind takes no DIR" :
						"no DIR given");
	if (args[1])
		return cli_usage("'%s' is too much", args[1]);
	return run(&options, *args);
}
