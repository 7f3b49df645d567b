/* SPDX-License-Identifier: MIT */
/*
 * Asking something of a running emulator: one function for each verb, which the
 * command line and the lines of a workload share.
 */
#ifndef EMU_CLIENT_H
#define EMU_CLIENT_H

#include <stdbool.h>

#include "tool/opts.h"
#include "emu/message.h"

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

/*
 * Asks, and waits for the answer. 0, or a negative errno, of the request or of what
 * was requested.
 */
int client_ask(const struct client *client, const char *const *words,
	       int nr_words, int fd, struct reply *ret_reply);

/* The same, prints what is answered, and complains. */
int client_ask_simply(const struct client *client, const char *name,
		      char *const *args, int nr_args);

/* Of an answer, about @what. Returns @err. */
int client_complain(const char *what, int err);

/* Of a file that this program uses. Returns -errno. */
int client_complain_of_file(const char *path);

/*
 * Has a new file written to, by @ask; one that is not whole is removed. 0, or a
 * negative errno after a complaint.
 */
int client_save(const struct client *client, const char *name, const char *path,
		int (*ask)(const struct client *client, const char *name,
			   int fd));

/* Verbs; see client_measure.c, client_tpm.c and workload.c. */
int client_measure(struct client *client, char **args, int nr_args);
int client_violation(struct client *client, char **args, int nr_args);
int client_buffer(struct client *client, char **args, int nr_args);
int client_tpm(struct client *client, char **args, int nr_args);
int client_tpm_clear(struct client *client, char **args, int nr_args);
int client_tpm_new(struct client *client, char **args, int nr_args);
int client_tpm_save(struct client *client, char **args, int nr_args);
int client_tpm_load(struct client *client, char **args, int nr_args);
int client_workload(struct client *client, char **args, int nr_args);

#endif
