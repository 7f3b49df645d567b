// SPDX-License-Identifier: MIT
/*
 * Verbs, complaints and signals.
 */
#include "tool/cli.h"
#include "base/bytes.h"
#include "base/suggest.h"
#include "base/text.h"
#include "tool/opts.h"
#include "tool/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMPLAINT_MAX 8192 /* two paths and what is wrong with them */

static const char *name = "imastage";
static volatile sig_atomic_t caught; /* the signal, or 0 */

void cli_set_name(const char *new_name)
{
	name = new_name;
}

const char *cli_name(void)
{
	return name;
}

__attribute__((format(printf, 1, 0))) static void complain(const char *format,
							   va_list arguments)
{
	char text[COMPLAINT_MAX];

	vsnprintf(text, sizeof(text), format, arguments);
	/* Names of files and what is in lists may be anything. */
	text_defuse(text);
	progress_clear();
	fprintf(stderr, "%s: %s\n", name, text);
}

void cli_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
}

int cli_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try '%s --help'.\n", name);
	return CLI_USAGE;
}

/* open() gives the lowest number that is free, which is that of the stream. */
void cli_hold_standard_streams(void)
{
	static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", useless[fd]);
}

/* ---- signals --------------------------------------------------------------- */

/*
 * A call that begins to wait just after somebody has looked for a signal would wait for
 * ever: from the first signal on, one comes every second, and ends what waits.
 */
static void wake(int signal)
{
	(void)signal;
	alarm(1);
}

static void catch (int signal)
{
	caught = signal;
	alarm(1);
}

void cli_catch_signals(void)
{
	struct sigaction waking = { .sa_handler = wake };
	/* The second of them ends the process at once. Reads are not resumed. */
	struct sigaction action = { .sa_handler = catch,
				    .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGALRM, &waking, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool cli_interrupted(void)
{
	return caught != 0;
}

/* So that the shell that waits sees what happened. */
static void end_by_signal(void)
{
	int signal = caught;

	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	raise(signal);
}

int cli_finish(int status)
{
	bool bad;

	progress_clear();
	if (caught)
		end_by_signal();
	errno = 0;
	bad = fflush(stdout) == EOF || ferror(stdout);
	if (!bad)
		return status;
	if (errno != EPIPE && errno != 0)
		cli_error("standard output: %s", strerror(errno));
	else if (errno == 0 && status == CLI_OK)
		cli_error("standard output: not all of it could be written");
	return CLI_FAILED;
}

/* ---- verbs ----------------------------------------------------------------- */

static int help(const struct verb_table *table)
{
	printf("Usage: %s VERB [ARGUMENT]...\n%s\n\nVerbs:\n", table->name,
	       table->summary);
	for (const struct verb *verb = table->verbs; verb->name; verb++)
		printf("  %-10s %s\n", verb->name, verb->summary);
	printf("\n'%s VERB --help' says more of one.\n", table->name);
	if (table->epilogue)
		fputs(table->epilogue, stdout);
	return CLI_OK;
}

static bool asks_for_help(const char *argument)
{
	return !strcmp(argument, "--help") || !strcmp(argument, "-h") ||
	       !strcmp(argument, "help");
}

static int run_verb(const struct verb_table *table, const struct verb *verb,
		    int argc, char **argv)
{
	static char full_name[64];

	snprintf(full_name, sizeof(full_name), "%s %s", table->name,
		 verb->name);
	name = full_name;
	argv[0] = full_name;
	return verb->run(argc, argv);
}

/* "help VERB" is "VERB --help". */
static char **turn_help(int argc, char **argv)
{
	static char option[] = "--help";

	if (argc > 2 && !strcmp(argv[1], "help")) {
		for (int i = 1; i + 1 < argc; i++)
			argv[i] = argv[i + 1];
		argv[argc - 1] = option;
	}
	return argv;
}

/* How many words in front of the verb are options; or a status after a complaint, negative. */
static int count_options(const struct verb_table *table, int argc, char **argv)
{
	int nr = 0;

	while (nr + 1 < argc && argv[nr + 1][0] == '-' &&
	       !asks_for_help(argv[nr + 1])) {
		int r = opts_find(table->options, argv[nr + 1]);

		if (r < 0)
			return -cli_usage("there is no option '%s' before the "
					  "verb; put options of a verb behind "
					  "it",
					  argv[nr + 1]);
		nr += 1 + r;
	}
	return nr + 1 < argc ? nr : -cli_usage("no verb given");
}

/* Options before the verb become options behind it: "-v status" is "status -v". */
static int turn_options(const struct verb_table *table, int *argc, char **argv)
{
	int nr = count_options(table, *argc, argv);
	char *verb;

	if (nr <= 0)
		return nr;
	verb = argv[nr + 1];
	if (asks_for_help(verb)) {
		*argc -= nr;
		memmove(argv + 1, argv + 1 + nr, (size_t)*argc * sizeof(*argv));
		return 0;
	}
	memmove(argv + 2, argv + 1, (size_t)nr * sizeof(*argv));
	argv[1] = verb;
	return 0;
}

static int complain_of_verb(const struct verb_table *table, const char *given)
{
	struct suggest suggest = { .word = bytes_of_text(given) };

	for (const struct verb *verb = table->verbs; verb->name; verb++)
		suggest_try(&suggest, verb->name);
	return cli_usage("there is no verb '%s'%s", given,
			 suggest_text(&suggest));
}

int verbs_run(const struct verb_table *table, int argc, char **argv)
{
	int r = turn_options(table, &argc, argv);

	if (r < 0)
		return -r;
	argv = turn_help(argc, argv);
	if (asks_for_help(argv[1]))
		return help(table);
	for (const struct verb *verb = table->verbs; verb->name; verb++)
		if (!strcmp(argv[1], verb->name))
			return run_verb(table, verb, argc - 1, argv + 1);
	return complain_of_verb(table, argv[1]);
}
