// SPDX-License-Identifier: MIT
/*
 * view-server SOURCE ARCHIVE BOOT_ID MOUNTPOINT WAIT_MS
 *
 * A view by itself, for tests that stop, kill and starve it. Says what it has to
 * say on standard output, a line each, "ready" among them, and ends at SIGTERM or
 * when its parent does.
 */
#include "view/view.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static struct view *view;

/* What is freed is kept for a while by the sanitizer, which is to be no matter. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4";
}

/* By a thread, not a handler: TSAN puts handlers off while a thread waits. */
static void *stop_at_signal(void *arg)
{
	int number;

	while (sigwait(arg, &number) != 0)
		;
	view_stop(view);
	return NULL;
}

static void write_line(void *context, enum say_level level, const char *text)
{
	(void)context;
	printf("<%d> %s\n", (int)level, text);
}

static int run(struct source *source, char **argv, const struct say *say)
{
	const struct archive_options archive = { .dir = argv[2], .say = say };
	const struct view_options options = {
		.archive = &archive,
		.source = source,
		.boot_id = argv[3],
		.spool_dir = "/tmp",
		.say = say,
		.group = (gid_t)-1,
	};
	static sigset_t ending;
	pthread_t thread;
	int r = view_open(&options, &view);

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	if (r == 0)
		r = view_mount(view, argv[4]);
	if (r == 0)
		r = -pthread_create(&thread, NULL, stop_at_signal, &ending);
	if (r == 0) {
		puts("ready");
		r = view_run(view);
		pthread_kill(thread, SIGTERM);
		pthread_join(thread, NULL);
	}
	view_close(view);
	return r;
}

int main(int argc, char **argv)
{
	const struct say say = { write_line, NULL };
	struct source_options options = { .say = &say };
	struct source *source;
	int r;

	if (argc != 6)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setlinebuf(stdout);
	options.dir = argv[1];
	options.wait_ms = (unsigned int)strtoul(argv[5], NULL, 10);
	r = source_open(&options, &source);
	if (r < 0)
		return 1;
	r = run(source, argv, &say);
	source_close(source);
	return r < 0;
}
