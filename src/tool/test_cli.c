// SPDX-License-Identifier: MIT
/*
 * Signals: what waits ends, whenever it has begun to.
 */
#include "lib/testing.h"
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* In a process of its own, as each program has one signal only. Returns its exit status. */
static int status_of(int (*wait_after)(int signal), int signal)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		cli_catch_signals();
		_exit(wait_after(signal));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The signal is there before the read is: a pipe that nobody writes to. */
static int read_after(int signal)
{
	int ends[2];
	char byte;

	if (pipe(ends) != 0 || raise(signal) != 0 || !cli_interrupted())
		return 99;
	return read(ends[0], &byte, 1) < 0 ? errno : 0;
}

TEST(read_that_begins_later_ends)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		assert_int_equal(status_of(read_after, signals[i]), EINTR);
}

/* A FIFO that nobody opens to write, and then once more: the first EINTR may be lost. */
static int open_after(int signal)
{
	char folder[] = "/tmp/test_cli.XXXXXX", path[sizeof(folder) + 8];
	int failed;

	if (!mkdtemp(folder))
		return 99;
	snprintf(path, sizeof(path), "%s/fifo", folder);
	if (mkfifo(path, 0600) != 0 || raise(signal) != 0)
		return 99;
	failed = open(path, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	if (failed == EINTR)
		failed = open(path, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	unlink(path);
	rmdir(folder);
	return failed;
}

TEST(open_that_begins_later_ends)
{
	assert_int_equal(status_of(open_after, SIGINT), EINTR);
}

TEST_MAIN(cmocka_unit_test(read_that_begins_later_ends),
	  cmocka_unit_test(open_that_begins_later_ends))
