// SPDX-License-Identifier: MIT
/*
 * An imasim of a test's own. See emulator.h.
 */
#include "lib/emulator.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WORDS_MAX 24

/* From "imasim --socket PATH" on, @more, and NULL. */
static void collect_words(const struct emulator *emulator, va_list more,
			  const char *words[WORDS_MAX])
{
	size_t nr = 0;

	words[nr++] = IMASIM;
	words[nr++] = "--socket";
	words[nr++] = emulator->socket;
	while (nr < WORDS_MAX - 1 && (words[nr] = va_arg(more, const char *)))
		nr++;
	words[nr] = NULL;
}

/* @out: where standard output goes, -1: where ours does */
static int run(const char *const *words, int out)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	/* Not by fork(): a test under sanitizers has much to copy. */
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	if (out >= 0)
		assert_int_equal(posix_spawn_file_actions_adddup2(
					 &actions, out, STDOUT_FILENO),
				 0);
	assert_int_equal(posix_spawn(&pid, words[0], &actions, NULL,
				     (char **)(uintptr_t)words, environ),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

const char *emulator_missing(void)
{
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return "/dev/fuse";
	return access(IMASIM, X_OK) < 0 ? "imasim" : NULL;
}

void emulator_skip(void **state)
{
	(void)state;
	print_message("# missing %s\n", emulator_missing());
	skip();
}

int emulator_needed(void **state)
{
	if (emulator_missing())
		emulator_skip(state);
	return 0;
}

static void name_paths(struct emulator *emulator)
{
	strcpy(emulator->home, "/tmp/imastage-test-emulator-XXXXXX");
	assert_non_null(mkdtemp(emulator->home));
	snprintf(emulator->dir, sizeof(emulator->dir), "%s/ima",
		 emulator->home);
	snprintf(emulator->socket, sizeof(emulator->socket), "%s/socket",
		 emulator->home);
}

void emulator_start(struct emulator *ret_emulator, ...)
{
	const char *words[WORDS_MAX] = { IMASIM, "--socket",
					 ret_emulator->socket, "run",
					 "--background" };
	size_t nr = 5;
	va_list options;

	name_paths(ret_emulator);
	assert_return_code(mkdir(ret_emulator->dir, 0700), errno);
	va_start(options, ret_emulator);
	while (nr < WORDS_MAX - 2 &&
	       (words[nr] = va_arg(options, const char *)))
		nr++;
	va_end(options);
	words[nr++] = ret_emulator->dir;
	words[nr] = NULL;
	assert_int_equal(run(words, -1), 0);
}

int emulator_ask(const struct emulator *emulator, ...)
{
	const char *words[WORDS_MAX];
	va_list more;

	va_start(more, emulator);
	collect_words(emulator, more, words);
	va_end(more);
	return run(words, STDERR_FILENO);
}

void emulator_load(const struct emulator *emulator, unsigned int seed,
		   unsigned int nr)
{
	char seed_text[16], nr_text[16];

	snprintf(seed_text, sizeof(seed_text), "%u", seed);
	snprintf(nr_text, sizeof(nr_text), "%u", nr);
	assert_int_equal(
		emulator_ask(emulator, "load", seed_text, nr_text, NULL), 0);
}

void emulator_read(const struct emulator *emulator, const char *verb,
		   char *ret_text, size_t room)
{
	const char *words[] = { IMASIM, "--socket", emulator->socket, verb,
				NULL };
	FILE *file = tmpfile();
	size_t len;

	assert_non_null(file);
	assert_int_equal(run(words, fileno(file)), 0);
	rewind(file);
	len = fread(ret_text, 1, room - 1, file);
	ret_text[len] = '\0';
	fclose(file);
}

void emulator_stop(struct emulator *emulator)
{
	assert_int_equal(emulator_ask(emulator, "stop", NULL), 0);
	/* It answers before it has unmounted. */
	while (rmdir(emulator->dir) < 0) {
		assert_true(errno == EBUSY || errno == ENOTCONN);
		usleep(2000);
	}
	while (access(emulator->socket, F_OK) == 0)
		usleep(2000);
	assert_return_code(rmdir(emulator->home), errno);
}

void emulator_kill_ways(void)
{
	char path[64];
	FILE *file;
	int pid;

	setenv("TSS2_LOG", "all+NONE", 1);
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	assert_non_null(file);
	while (fscanf(file, "%d", &pid) == 1) {
		siginfo_t info;

		kill(pid, SIGKILL);
		assert_return_code(waitid(P_PID, (id_t)pid, &info,
					  WEXITED | WNOWAIT),
				   errno);
	}
	fclose(file);
}
