/* SPDX-License-Identifier: MIT */
/*
 * Asking something of a running emulator: one function for each verb, which the
 * command line and the lines of a workload share.
 */
#ifndef EMU_CLIENT_H
#define EMU_CLIENT_H

#include <stdbool.h>

#include "cli/opts.h"

/**
 * struct client - who asks
 * @sock: connected, -1: not yet
 * @json: answers as JSON
 * @exec_only: watch opens for execution only
 * @wait: who opens what is watched waits until it is measured
 * @what: to be watched: "directory", "mount" or "filesystem"
 * @check: a workload is only looked at
 */
struct client {
	int sock;
	bool json;
	bool exec_only;
	bool wait;
	const char *what;
	bool check;
};

/**
 * struct request - a verb
 * @name: its name
 * @command: for its help
 * @opts: its own; NULL: none. Their context is a struct client
 * @min_args: how many arguments there must be
 * @max_args: how many there may be
 * @nr_words: in a line of a workload, arguments that are words; what follows them
 *	is the last argument, blanks and all
 * @in_workload: there may be such a line
 * @check: returns what is wrong with the arguments, NULL: nothing (may be NULL)
 * @run: does it. 0, or a negative errno after a complaint
 */
struct request {
	const char *name;
	struct command command;
	const struct opt *opts;
	int min_args;
	int max_args;
	int nr_words;
	bool in_workload;
	const char *(*check)(char **args, int nr_args);
	int (*run)(struct client *client, char **args, int nr_args);
};

/* NULL: there is none. */
const struct request *request_find(const char *name);

/* A buffer whose bytes are in memory. 0, or a negative errno after a complaint. */
int client_buffer(struct client *client, const char *name, const char *text);

/* The verb workload; see workload.c. */
int client_workload(struct client *client, char **args, int nr_args);

#endif
