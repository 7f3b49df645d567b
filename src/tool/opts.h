/* SPDX-License-Identifier: MIT */
/*
 * Options of a verb as tables, from which both the parsing and the help text
 * come, so that neither can say what the other does not know.
 */
#ifndef TOOL_OPTS_H
#define TOOL_OPTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One option. An entry with text only is a heading; the table ends with one of
 * all zeros.
 */
struct opt {
	const char *name; /* long, without the dashes */
	char letter; /* or 0 */
	const char *value; /* what its value is called; NULL: takes none */
	const char *text; /* for the help; "\n" begins a further line */
	/*
	 * Takes the value (NULL if none). -EINVAL and the like: it is none of
	 * those in @wanted; positive: it has said itself what is wrong.
	 */
	int (*set)(void *context, const char *value);
	const char *wanted; /* "a PCR, 0 to 23" */
};

/* A table, and what its functions get. */
struct opt_group {
	const struct opt *opts;
	void *context;
};

/*
 * Is @word an option in @opts? 1: and its value is the next word; 0: and it takes no further
 * word; -ENOENT: it is none.
 */
int opts_find(const struct opt *opts, const char *word);

struct command {
	const char *synopsis; /* behind the name: "[OPTION]... [FILE]..." */
	const char *summary; /* first lines of the help */
	const char *epilogue; /* last lines; may be NULL */
};

#define OPTS_HELP (-1)

/*
 * Parses @groups, with up to 64 options in all. Returns CLI_OK with what is not an option in
 * *ret_args (ends with NULL), CLI_USAGE after a complaint, or OPTS_HELP after
 * it has printed the help.
 */
int opts_parse(const struct command *command, const struct opt_group *groups,
	       size_t nr_groups, int argc, char **argv, char ***ret_args);

/* The same for a command that takes nothing but options. */
int opts_parse_all(const struct command *command,
		   const struct opt_group *groups, size_t nr_groups, int argc,
		   char **argv);

#endif
