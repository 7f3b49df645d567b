// SPDX-License-Identifier: MIT
/*
 * as-confined PROFILE OPERATION [ARGUMENT]...
 *
 * Does one thing as a program under the AppArmor profile PROFILE would do it, or, where PROFILE is `unconfined`, as
 * it is. Nothing is executed on the way, so it is the profile's rule for this one thing that decides.
 *
 * Exit status: 0 it was done, 3 it was refused (EACCES or EPERM), 1 it failed in another way, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTR "/proc/self/attr/apparmor/current"

static int open_as(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int do_read(char **arg)
{
	return open_as(arg[0], O_RDONLY);
}

static int do_write(char **arg)
{
	return open_as(arg[0], O_WRONLY);
}

static int do_create(char **arg)
{
	return open_as(arg[0], O_WRONLY | O_CREAT | O_EXCL);
}

static int do_unlink(char **arg)
{
	return unlink(arg[0]);
}

static int do_exec(char **arg)
{
	return execv(arg[0], arg);
}

static int do_mount(char **arg)
{
	return mount("none", arg[1], arg[0], 0, NULL);
}

static int do_bind(char **arg)
{
	return mount(arg[0], arg[1], NULL, MS_BIND, NULL);
}

static int do_umount(char **arg)
{
	return umount2(arg[0], MNT_DETACH);
}

static int do_inet(char **arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)arg;
	return fd < 0 ? -1 : close(fd);
}

static int do_mknod(char **arg)
{
	return mknod(arg[0], S_IFBLK | 0600, makedev(7, 0));
}

static int do_setuid(char **arg)
{
	(void)arg;
	return setuid(65534);
}

static int do_kill(char **arg)
{
	return kill(atoi(arg[0]), SIGCONT);
}

static int do_trace(char **arg)
{
	int pid = atoi(arg[0]);

	return ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 ? -1 : 0;
}

static const struct operation {
	const char *name;
	int nr_args;
	int (*run)(char **arg);
} operations[] = {
	{ "read", 1, do_read },	    { "write", 1, do_write },
	{ "create", 1, do_create }, { "unlink", 1, do_unlink },
	{ "exec", 1, do_exec },	    { "mount", 2, do_mount },
	{ "bind", 2, do_bind },	    { "umount", 1, do_umount },
	{ "inet", 0, do_inet },	    { "mknod", 1, do_mknod },
	{ "setuid", 0, do_setuid }, { "kill", 1, do_kill },
	{ "trace", 1, do_trace },
};

/* This process is under @profile from here on. */
static int confine(const char *profile)
{
	char text[256];
	int fd = open(ATTR, O_WRONLY | O_CLOEXEC);
	int len = snprintf(text, sizeof(text), "changeprofile %s", profile);
	ssize_t n = fd < 0 ? -1 : write(fd, text, (size_t)len);

	return n == len ? close(fd) : -1;
}

static int run(const char *profile, const struct operation *operation,
	       char **arg)
{
	if (strcmp(profile, "unconfined") != 0 && confine(profile) < 0) {
		perror(profile);
		return 1;
	}
	if (operation->run(arg) == 0)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return 3;
	perror(operation->name);
	return 1;
}

int main(int argc, char **argv)
{
	for (size_t i = 0;
	     argc >= 3 && i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(argv[2], operations[i].name) == 0 &&
		    argc == 3 + operations[i].nr_args)
			return run(argv[1], &operations[i], argv + 3);
	}
	fprintf(stderr, "usage: as-confined PROFILE OPERATION [ARGUMENT]...\n");
	return 2;
}
