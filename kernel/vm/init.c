// SPDX-License-Identifier: MIT
/*
 * PID 1 of the test guest: mounts what programs expect, runs one scenario, hands over its results, powers off.
 *
 * The kernel's command line says what to do: imastage.run=NAME runs /test/NAME, imastage.stage=K (1) goes to its
 * environment as STAGE, imastage.timeout=S (none) limits it.
 *
 * What must hold: the guest never stays up. Whatever fails, the machine is powered off or, where not even that is
 * safe to say, panics because its PID 1 exits. The scenario's status reaches the host in the results stream, so
 * a guest that dies before it handed everything over can never look like a success.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS_TIMEOUT 124
#define STATUS_HARNESS 125

struct mount_point {
	const char *type;
	const char *dir;
	bool optional;
};

/* Results and scratch are on tmpfs, which IMA's tcb policy leaves out; the root is ramfs, which it measures. */
static const struct mount_point mounts[] = {
	{ "proc", "/proc", false },
	{ "sysfs", "/sys", false },
	{ "devtmpfs", "/dev", false },
	{ "tmpfs", "/tmp", false },
	{ "tmpfs", "/run", false },
	{ "tmpfs", "/results", false },
	{ "securityfs", "/sys/kernel/security", true },
	{ "debugfs", "/sys/kernel/debug", true },
};

static char cmdline[4096];

static void die(const char *what)
{
	printf("imastage-vm: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	_exit(STATUS_HARNESS);
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		const struct mount_point *m = &mounts[i];

		mkdir(m->dir, 0755);
		if (mount(m->type, m->dir, m->type, 0, NULL) && !m->optional)
			die(m->dir);
	}
}

static int is_module(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A kernel that was not built for this guest may need some: /boot/modules has them in order. */
static void load_modules(void)
{
	struct dirent **entries;
	int nr = scandir("/boot/modules", &entries, is_module, alphasort);

	for (int i = 0; i < nr; i++) {
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "/boot/modules/%s",
			 entries[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			printf("imastage-vm: %s: %s\n", path, strerror(errno));
		close(fd);
	}
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		die("/dev/console");
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void read_cmdline(void)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, cmdline, sizeof(cmdline) - 1);

	if (len < 0)
		die("/proc/cmdline");
	cmdline[len] = '\0';
	close(fd);
}

/* The value of the last "name=" on the command line, or fallback. The caller does not free it. */
static const char *option(const char *name, const char *fallback)
{
	static char copy[sizeof(cmdline)];
	size_t len = strlen(name);
	const char *value = fallback;

	strcpy(copy, cmdline);
	for (char *word = strtok(copy, " \n"); word;
	     word = strtok(NULL, " \n")) {
		if (!strncmp(word, name, len) && word[len] == '=')
			value = word + len + 1;
	}
	return value == fallback ? fallback : strdup(value);
}

static pid_t spawn(char *const argv[])
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	execv(argv[0], argv);
	fprintf(stderr, "imastage-vm: cannot run %s: %s\n", argv[0],
		strerror(errno));
	_exit(127);
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* Reaps whatever is there, orphans too. True once pid is among them, with its status. */
static bool reap(pid_t pid, int *ret_status)
{
	pid_t dead;
	int status;

	while ((dead = waitpid(-1, &status, WNOHANG)) > 0) {
		if (dead == pid) {
			*ret_status = exit_code(status);
			return true;
		}
	}
	return false;
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* The status of pid, or STATUS_TIMEOUT after so many seconds (0: no limit). SIGCHLD must be blocked. */
static int wait_for(pid_t pid, long seconds)
{
	const struct timespec second = { .tv_sec = 1 };
	time_t end = now() + seconds;
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!reap(pid, &status)) {
		if (seconds && now() >= end)
			return STATUS_TIMEOUT;
		sigtimedwait(&child, NULL, &second);
	}
	return status;
}

static int run_scenario(const char *name, const char *stage, long seconds)
{
	char path[256];
	char *argv[] = { path, NULL };
	int status;

	if ((size_t)snprintf(path, sizeof(path), "/test/%s", name) >=
	    sizeof(path))
		die("the scenario's name is too long");
	printf("imastage-vm: run %s stage %s\n", name, stage);
	status = wait_for(spawn(argv), seconds);
	if (status == STATUS_TIMEOUT)
		printf("imastage-vm: the scenario has used its %ld s, killing it\n",
		       seconds);
	kill(-1, SIGKILL);
	return status;
}

/* Sends /results and the end marker with the status. */
static void hand_over(int status)
{
	char text[16];
	char *argv[] = { "/bin/export", "--end", text, NULL };
	int err;

	snprintf(text, sizeof(text), "%d", status);
	err = wait_for(spawn(argv), 60);
	if (err)
		printf("imastage-vm: the results could not be exported: %d\n",
		       err);
}

static void set_environment(const char *stage)
{
	setenv("PATH", "/usr/bin:/usr/sbin:/bin:/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 1);
	setenv("STAGE", stage, 1);
}

int main(void)
{
	const char *name, *stage;
	sigset_t all;
	int status;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	mount_all();
	open_console();
	read_cmdline();
	load_modules();

	name = option("imastage.run", NULL);
	stage = option("imastage.stage", "1");
	errno = EINVAL;
	if (!name)
		die("the command line lacks imastage.run=NAME");
	set_environment(stage);
	status = run_scenario(name, stage,
			      atol(option("imastage.timeout", "0")));
	hand_over(status);
	printf("imastage-vm: exit %d\n", status);
	sync();
	reboot(RB_POWER_OFF);
	die("power off");
}
