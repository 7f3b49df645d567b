// SPDX-License-Identifier: MIT
/*
 * imasim run: the emulator itself.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "tool/cli.h"
#include "emu/control.h"
#include "emu/fs.h"
#include "emu/verbs.h"

static int complain(const char *what, int err)
{
	cli_error("%s: %s", what, strerror(-err));
	return CLI_FAILED;
}

/*
 * Returns in the child alone, with a descriptor to say by that it is ready. The
 * parent ends when told so, or with the child. Before there is any thread.
 */
static int go_into_background(void)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	switch (fork()) {
	case -1:
		return -errno;
	case 0:
		close(ends[0]);
		setsid();
		return ends[1];
	default:
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? CLI_OK : CLI_FAILED);
	}
}

static void say_ready(int fd)
{
	int null;

	if (fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (write(fd, "", 1) != 1)
		cli_error("%s", strerror(errno));
	close(null);
	close(fd);
}

static int watch_mounts(const struct setup *setup, struct watch *watch)
{
	static const struct watch_how how = { WATCH_MOUNT, .read = true };

	for (unsigned int i = 0; i < setup->nr_watch; i++) {
		cleanup_close int fd =
			open(setup->watch[i], O_RDONLY | O_CLOEXEC);
		int ret = fd < 0 ? -errno : watch_add(watch, fd, &how);

		if (ret == -EPERM)
			cli_error("to watch takes CAP_SYS_ADMIN: run it as "
				  "root, or measure files by 'imasim measure'");
		if (ret)
			return complain(setup->watch[i], ret);
	}
	return CLI_OK;
}

/* What still runs may use anything: only what outlives the process is tidied up. */
__attribute__((__noreturn__)) static void give_up(struct answerer *answerer,
						  struct fs *fs)
{
	cli_error("what was asked for last does not end: given up");
	fs_detach(fs);
	tpm_close(answerer->setup->tpm);
	_exit(CLI_FAILED);
}

/* With what measures and what listens, until it is to end. */
static int serve(struct answerer *answerer, struct fs *fs, const char *socket,
		 int ready)
{
	struct control *control;
	int ret = control_start(socket, answerer, &control);

	if (ret)
		return complain(socket, ret);
	say_ready(ready);
	ret = fs_run(fs);
	if (!control_stop(control))
		give_up(answerer, fs);
	return ret ? complain(answerer->setup->dir, ret) : CLI_OK;
}

static int run_fs(struct setup *setup, struct machine *machine,
		  const char *socket, int ready)
{
	struct answerer answerer = { .machine = machine, .setup = setup };
	struct fs_config config = {
		.machine = machine,
		.profile = setup->profile,
		.rule = caller_default_rule(),
		.allow_other = setup->allow_other,
		.dir = setup->dir,
	};
	struct fs *fs;
	int ret;

	if (fs_mount(&config, &fs))
		return CLI_FAILED;
	ret = watch_new(machine, setup->dir, &answerer.watch);
	if (!ret) {
		ret = watch_mounts(setup, answerer.watch);
		if (!ret)
			ret = serve(&answerer, fs, socket, ready);
		watch_free(answerer.watch);
	}
	fs_unmount(fs);
	return ret < 0 ? complain("watch", ret) : ret;
}

static int run(struct setup *setup, const char *socket)
{
	struct machine machine;
	int ready = -1, ret;

	if (setup->background) {
		ready = go_into_background();
		if (ready < 0)
			return complain("--background", ready);
	}
	if (setup_machine(setup, &machine))
		return CLI_FAILED;
	ret = run_fs(setup, &machine, socket, ready);
	setup_end(setup, &machine);
	return ret;
}

static const struct command command = {
	.synopsis = "[OPTION]... DIR",
	.summary = "Mounts on DIR the files of IMA's measurement list, and is "
		   "the kernel behind them, until\n'imasim stop', until DIR is "
		   "unmounted, or until SIGINT or SIGTERM.\n",
};

int verb_run(int argc, char **argv)
{
	struct setup setup;
	const struct opt_group groups[] = {
		{ setup_opts, &setup },
		{ socket_opts, NULL },
	};
	char **args, path[PATH_MAX], room[SOCKET_PATH_MAX];
	const char *socket;
	int ret;

	setup_init(&setup);
	ret = opts_parse(&command, groups, ARRAY_SIZE(groups), argc, argv,
			 &args);
	if (ret)
		return ret == OPTS_HELP ? CLI_OK : ret;
	if (!args[0] || args[1])
		return cli_usage("one DIR to mount on is wanted");
	socket = socket_path(room);
	if (!socket)
		return CLI_FAILED;
	/* What others are told of it is true wherever they are. */
	setup.dir = realpath(args[0], path) ? path : args[0];
	return run(&setup, socket);
}
