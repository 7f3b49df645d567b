// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Runs tests and prints their results in TAP.
 *
 * Each test is a process and leads a process group, which is killed when the
 * test ends and waited for: nothing that a test leaves behind can hold a list
 * in the next one.
 *
 * A test counts every record. One that fails while records of files that are
 * not its own appear (somebody else is being measured) is tried again. On a
 * quiet machine there are none, and nothing is tried twice.
 */

#include "ima_staging_test.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define TEST_SECONDS	300
#define TEST_ATTEMPTS	3

struct shared {
	int foreign;		/* another's record was seen in this attempt */
	char reason[160];	/* why the test was skipped */
};

static struct shared *shared;
static pid_t running;

static void vsay(const char *head, const char *fmt, va_list ap)
{
	char text[600];

	vsnprintf(text, sizeof(text), fmt, ap);
	dprintf(STDOUT_FILENO, "# %s%s\n", head, text);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("", fmt, ap);
	va_end(ap);
}

void detail(const char *fmt, ...)
{
	va_list ap;

	if (!cfg.verbose)
		return;
	va_start(ap, fmt);
	vsay("", fmt, ap);
	va_end(ap);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->reason, sizeof(shared->reason), fmt, ap);
	va_end(ap);
	_exit(TEST_SKIP);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	char head[80];
	va_list ap;

	snprintf(head, sizeof(head), "%s:%d: ", base ? base + 1 : file, line);
	va_start(ap, fmt);
	vsay(head, fmt, ap);
	va_end(ap);
	_exit(TEST_FAIL);
}

void foreign_record_seen(void)
{
	if (shared)
		shared->foreign = 1;
}

pid_t child_start(void (*run)(void *arg), void *arg)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "%s", strerror(errno));
	if (!pid) {
		run(arg);
		_exit(TEST_PASS);
	}
	return pid;
}

void child_wait(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == TEST_PASS,
	      "a child of the test ended with status %#x", status);
}

void pause_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	nanosleep(&ts, NULL);
}

unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

unsigned int random_below(unsigned int n)
{
	return random() % n;
}

static void on_alarm(int sig)
{
	(void)sig;
	kill(-running, SIGKILL);
	kill(running, SIGKILL);
}

static void test_child(const struct test *test, unsigned int nr,
		       unsigned int attempt)
{
	size_t len = strlen(cfg.tag);

	setpgid(0, 0);
	srandom(cfg.seed + nr);
	snprintf(cfg.tag + len, sizeof(cfg.tag) - len, "-%u.%u", nr, attempt);
	list_reset();
	test->run();
	_exit(TEST_PASS);
}

static int test_once(const struct test *test, unsigned int nr,
		     unsigned int attempt)
{
	unsigned int seconds = TEST_SECONDS * cfg.factor;
	unsigned long long start = now_ms();
	int status;

	memset(shared, 0, sizeof(*shared));
	running = fork();
	if (running < 0) {
		say("fork: %s", strerror(errno));
		return TEST_FAIL;
	}
	if (!running)
		test_child(test, nr, attempt);
	setpgid(running, running);
	alarm(seconds);
	while (waitpid(running, &status, 0) < 0 && errno == EINTR)
		;
	alarm(0);
	kill(-running, SIGKILL);
	while (waitpid(-running, NULL, 0) > 0)
		;
	if (now_ms() - start >= seconds * 1000ULL)
		say("no end after %u seconds", seconds);
	if (!WIFEXITED(status)) {
		say("ended by signal %d", WTERMSIG(status));
		return TEST_FAIL;
	}
	return WEXITSTATUS(status);
}

static const char *missing(const struct test *test)
{
	if ((test->needs & (T_TRIM | T_KEEP)) && cfg.flush_htable)
		return "not under ima_flush_htable";
	if ((test->needs & T_FLUSH) && !cfg.flush_htable)
		return "needs a kernel booted with ima_flush_htable, and -F";
	if ((test->needs & T_CAPS) && geteuid() != 0)
		return "needs root, to change user and capabilities";
	if ((test->needs & T_SNAPSHOT) &&
	    faccessat(cfg.dirfd, "snapshot", F_OK, AT_SYMLINK_NOFOLLOW))
		return "there is no file snapshot";
	return NULL;
}

static int test_run(const struct test *test, unsigned int nr)
{
	const char *reason = missing(test);
	unsigned long long start = now_ms();
	unsigned int attempt;
	int result;

	for (attempt = 1; !reason; attempt++) {
		result = test_once(test, nr, attempt);
		if (result != TEST_FAIL || !shared->foreign ||
		    attempt == TEST_ATTEMPTS)
			break;
		say("again: somebody else's records came between");
	}
	if (!reason && result == TEST_SKIP)
		reason = shared->reason;
	if (reason) {
		dprintf(STDOUT_FILENO, "ok %u - %s # SKIP %s\n", nr, test->name,
			reason);
		return TEST_SKIP;
	}
	detail("%s took %llu ms", test->name, now_ms() - start);
	dprintf(STDOUT_FILENO, "%sok %u - %s\n",
		result == TEST_PASS ? "" : "not ", nr, test->name);
	return result == TEST_PASS ? TEST_PASS : TEST_FAIL;
}

static bool wanted(const struct test *test)
{
	return !cfg.match || strstr(test->name, cfg.match);
}

static unsigned int tests_count(const struct test *const *tables,
				size_t nr_tables)
{
	const struct test *test;
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < nr_tables; i++)
		for (test = tables[i]; test->name; test++)
			nr += wanted(test);
	return nr;
}

void tests_list(const struct test *const *tables, size_t nr_tables)
{
	const struct test *test;
	size_t i;

	for (i = 0; i < nr_tables; i++)
		for (test = tables[i]; test->name; test++)
			if (wanted(test))
				dprintf(STDOUT_FILENO, "%s\n", test->name);
}

static int tests_result(const unsigned int *nr_results)
{
	say("Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0",
	    nr_results[TEST_PASS], nr_results[TEST_FAIL],
	    nr_results[TEST_SKIP]);
	if (nr_results[TEST_FAIL])
		return TEST_FAIL;
	return nr_results[TEST_PASS] ? TEST_PASS : TEST_SKIP;
}

int tests_run(const struct test *const *tables, size_t nr_tables)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	unsigned int nr_results[TEST_SKIP + 1] = { 0 };
	const struct test *test;
	unsigned int nr = 0;
	size_t i;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &sa, NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return TEST_FAIL;
	dprintf(STDOUT_FILENO, "1..%u\n", tests_count(tables, nr_tables));
	for (i = 0; i < nr_tables; i++)
		for (test = tables[i]; test->name; test++)
			if (wanted(test))
				nr_results[test_run(test, ++nr)]++;
	return tests_result(nr_results);
}
