/* SPDX-License-Identifier: MIT */
/*
 * What every verb of the program shares: exit statuses, tables of verbs,
 * complaints, interruption.
 */
#ifndef TOOL_CLI_H
#define TOOL_CLI_H

#include <stdbool.h>

struct opt; /* opts.h */

enum cli_status {
	CLI_OK = 0,
	CLI_FAILED = 1, /* could not be done */
	CLI_USAGE = 2,
	CLI_REJECTED = 3, /* was done, and the answer is no */
};

struct verb {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv); /* argv[0]: the whole name */
};

/* @summary: of what the table is for. Ends with a verb without name. */
struct verb_table {
	const char *name; /* "imastage log" */
	const char *summary;
	const struct verb *verbs;
	const char *epilogue; /* what its help ends with; may be NULL */
	/* Options that all verbs have, and which may stand before the verb; may be NULL. */
	const struct opt *options;
};

/* Runs the verb that argv names first behind options of the table. */
int verbs_run(const struct verb_table *table, int argc, char **argv);

/* "imastage log show: ...", on standard error, on a line of its own. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for wrong usage, with where to read on. Returns CLI_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What messages begin with. @name must stay. */
void cli_set_name(const char *name);
const char *cli_name(void);

/*
 * Before anything is opened: a standard stream that is closed stays one that
 * cannot be read or written, and never is a file of ours.
 */
void cli_hold_standard_streams(void);

/*
 * From here on SIGINT, SIGTERM and SIGHUP ask for an end, which every loop
 * that takes long looks for, and writing to a closed pipe is an error. A call that waits
 * ends with EINTR, also one that begins after the signal: SIGALRM follows it, once a second.
 */
void cli_catch_signals(void);
bool cli_interrupted(void);

/*
 * The end of a verb: what was written to standard output has arrived, or
 * @status becomes CLI_FAILED with a word about it; a pipe that nobody reads is
 * no news. After a signal the process ends of it. Returns the exit status.
 */
int cli_finish(int status);

#endif
