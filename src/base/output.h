/* SPDX-License-Identifier: MIT */
/*
 * A file that is written whole or not at all: written beside its final name,
 * synced, and renamed onto it. Until then nobody sees it, and what had the
 * name before keeps it. What is there and no regular file, such as a pipe or a
 * device, is written to directly.
 *
 * The folder may be another user's: see path.h for the links that are followed. Rights are
 * given to the new file alone, never to what had its name.
 *
 *	struct output output;
 *	int r = output_open(&output, path);
 *
 *	... fputs("...", output.file) ...
 *	if (r == 0 && all is well)
 *		r = output_commit(&output);
 *	output_fini(&output);		(without a commit nothing is left behind)
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/path.h"

#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *file; /* NULL once committed */
	struct path_place place; /* where it will be; no name: standard output */
	char temp[NAME_MAX +
		  1]; /* what it is called until then; empty: directly */
	bool is_new; /* it replaces nothing */
};

/*
 * @path: NULL and "-" are standard output. On failure *ret_output is as after
 * output_fini(). -ENOMEM, or what path_strerror() explains: -ELOOP, -EPERM for a pipe or
 * device of another user, or the errno of creating the file.
 */
int output_open(struct output *ret_output, const char *path);

/*
 * For a file that is written time and again while nobody looks: it has @mode, whatever umask
 * says and whatever was there. Only a regular file is replaced, -EEXIST.
 */
int output_open_regular(struct output *ret_output, const char *path,
			mode_t mode);

/*
 * For what must not be lost to another one: it has @mode, and takes the place of nothing.
 * -EEXIST: something has that name; output_commit() says so, too.
 */
int output_open_new(struct output *ret_output, const char *path, mode_t mode);

/*
 * What was written is on stable storage, without its name: what may go wrong has
 * gone wrong, so that of several files all are committed or none. Not needed
 * before output_commit().
 */
int output_sync(struct output *output);

/* Returns 0 once it is on stable storage under its name, or what went wrong. */
int output_commit(struct output *output);

/* One of all zeros is fine. */
void output_fini(struct output *output);

#endif
