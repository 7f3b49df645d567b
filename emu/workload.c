// SPDX-License-Identifier: MIT
/*
 * imasim workload: the lines of a file, each a verb and its arguments. All of them
 * are read before the first is done.
 *
 *	# what a line is
 *	measure /usr/bin/env
 *	buffer kernel_version 6.12.0
 *	load 7 1000 200
 *	sleep 0.5
 *	kexec
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "tool/cli.h"
#include "emu/client.h"

#define ARGS_MAX 4
#define BLANKS " \t"

/**
 * struct step - a line
 * @line: its number
 * @text: it, cut into words (owned)
 * @request: what it asks for, NULL: to sleep
 * @nanoseconds: how long
 * @args: its arguments, in @text
 * @nr_args: how many
 */
struct step {
	unsigned long line;
	char *text;
	const struct request *request;
	unsigned long long nanoseconds;
	char *args[ARGS_MAX];
	int nr_args;
};

/**
 * struct workload - all lines that say something
 * @path: of the file
 * @steps: they (owned)
 * @nr: how many
 * @room: for how many there is memory
 */
struct workload {
	const char *path;
	struct step *steps;
	size_t nr;
	size_t room;
};

/* ---- reading ------------------------------------------------------------- */

static int complain(const struct workload *workload, unsigned long line,
		    const char *what)
{
	cli_error("%s:%lu: %s", workload->path, line, what);
	return -EINVAL;
}

/* The next word of *@rest, NUL behind it; NULL: none. */
static char *word(char **rest)
{
	char *start = *rest + strspn(*rest, BLANKS);
	size_t len = strcspn(start, BLANKS);

	if (!len)
		return NULL;
	*rest = start + len;
	if (**rest)
		*(*rest)++ = '\0';
	return start;
}

/* "2", "0.25": up to a day, in nanoseconds. */
static int parse_seconds(const char *text, unsigned long long *ret_nanoseconds)
{
	size_t len = strspn(text, "0123456789."), point = strcspn(text, ".");
	double seconds;

	if (!len || text[len] || !point ||
	    strchr(text + point, '.') != strrchr(text, '.'))
		return -EINVAL;
	seconds = strtod(text, NULL);
	if (seconds > 86400)
		return -EINVAL;
	*ret_nanoseconds = seconds * 1e9;
	return 0;
}

static const char *parse_sleep(struct step *step, char *rest)
{
	char *seconds = word(&rest);

	if (!seconds || word(&rest) ||
	    parse_seconds(seconds, &step->nanoseconds))
		return "'sleep' wants seconds, like 2 or 0.25";
	return NULL;
}

static void split(struct step *step, char *rest)
{
	while (step->nr_args < step->request->nr_words) {
		char *next = word(&rest);

		if (!next)
			return;
		step->args[step->nr_args++] = next;
	}
	rest += strspn(rest, BLANKS);
	if (*rest)
		step->args[step->nr_args++] = rest;
}

/* Returns what is wrong with it, NULL: nothing. */
static const char *parse(struct step *step)
{
	char *rest = step->text, *verb = word(&rest);
	const struct request *request;

	if (!strcmp(verb, "sleep"))
		return parse_sleep(step, rest);
	request = request_find(verb);
	if (!request || !request->in_workload)
		return "there is no such verb for a workload";
	step->request = request;
	split(step, rest);
	if (step->nr_args < request->min_args)
		return "an argument is missing";
	if (step->nr_args > request->max_args)
		return "there are too many arguments";
	return request->check ? request->check(step->args, step->nr_args) :
				NULL;
}

static struct step *add(struct workload *workload)
{
	size_t room = 2 * workload->room + 16;
	struct step *steps;

	if (workload->nr == workload->room) {
		steps = realloc(workload->steps, room * sizeof(*steps));
		if (!steps)
			return NULL;
		workload->steps = steps;
		workload->room = room;
	}
	memset(&workload->steps[workload->nr], 0, sizeof(*steps));
	return &workload->steps[workload->nr++];
}

static int take_line(struct workload *workload, unsigned long line,
		     const char *text)
{
	const char *wrong;
	struct step *step;

	text += strspn(text, BLANKS);
	if (!*text || *text == '#')
		return 0;
	step = add(workload);
	if (!step)
		return -ENOMEM;
	step->line = line;
	step->text = strdup(text);
	if (!step->text)
		return -ENOMEM;
	wrong = parse(step);
	return wrong ? complain(workload, line, wrong) : 0;
}

static int take_lines(struct workload *workload, FILE *file)
{
	cleanup_free char *text = NULL;
	unsigned long line = 0;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	while (!ret && (len = getline(&text, &room, file)) > 0) {
		line++;
		if (strlen(text) != (size_t)len)
			return complain(workload, line, "it has a NUL in it");
		if (text[len - 1] == '\n')
			text[len - 1] = '\0';
		ret = take_line(workload, line, text);
	}
	return ret || !ferror(file) ? ret : -EIO;
}

/* A mistake is complained of where it is, all else here. */
static int read_workload(struct workload *workload)
{
	bool is_stdin = !strcmp(workload->path, "-");
	FILE *file = is_stdin ? stdin : fopen(workload->path, "re");
	int ret = file ? take_lines(workload, file) : -errno;

	if (file && !is_stdin)
		fclose(file);
	if (ret && ret != -EINVAL)
		cli_error("%s: %s", workload->path, strerror(-ret));
	return ret;
}

/* ---- doing --------------------------------------------------------------- */

static int pause_for(unsigned long long nanoseconds)
{
	struct timespec time = {
		.tv_sec = nanoseconds / 1000000000,
		.tv_nsec = nanoseconds % 1000000000,
	};

	while (nanosleep(&time, &time)) {
		if (errno != EINTR || cli_interrupted())
			return -EINTR;
	}
	return 0;
}

static int do_step(struct client *client, struct step *step)
{
	if (!step->request)
		return pause_for(step->nanoseconds);
	return step->request->run(client, step->args, step->nr_args);
}

static int do_all(struct client *client, const struct workload *workload)
{
	for (size_t i = 0; i < workload->nr; i++) {
		struct step *step = &workload->steps[i];
		int ret = cli_interrupted() ? -EINTR : do_step(client, step);

		if (ret) {
			if (!cli_interrupted())
				complain(workload, step->line,
					 "here it was given up");
			return ret;
		}
		/* What came of it is to be seen while the rest goes on. */
		fflush(stdout);
	}
	return 0;
}

static void fini(struct workload *workload)
{
	while (workload->nr)
		free(workload->steps[--workload->nr].text);
	free(workload->steps);
}

int client_workload(struct client *client, char **args, int nr_args)
{
	struct workload workload = { .path = args[0] };
	int ret = read_workload(&workload);

	(void)nr_args;
	if (!ret && !client->check)
		ret = do_all(client, &workload);
	fini(&workload);
	return ret;
}
