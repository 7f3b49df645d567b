/* SPDX-License-Identifier: MIT */
/*
 * Paths that are written to. Other users may be able to change a folder on the way; they must
 * not be able to choose which file is written, created, or given other rights.
 *
 * A path is walked name by name, each opened in the folder before it. A symbolic link is
 * followed only when nobody but root and this user could have put it there:
 *
 *	- its folder belongs to one of them and no other user can write to it, or
 *	- its folder is sticky, as /tmp is, and the link belongs to one of them.
 *
 * Links of procfs, such as /proc/self/fd/1 behind /dev/stdout, are the kernel's and are followed.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct path_place {
	int dir; /* O_PATH, owned; -1: none */
	char name[NAME_MAX + 1]; /* in it; a link only where it is procfs' */
	bool exists; /* then @st is of it */
	bool trusted; /* nobody else can put something else there */
	bool walked_trusted; /* the same for each folder on the way, and @name */
	bool kernel_link; /* @name is a link of procfs */
	struct stat st;
};

/*
 * Walks to the folder of @path; the last name need not exist. -ELOOP: a link that is not
 * followed; -EISDIR: @path is a folder, and says so by its last name; or the errno of what
 * could not be opened. On failure *ret_place needs no path_fini().
 */
int path_walk(const char *path, struct path_place *ret_place);
void path_fini(struct path_place *place);

/*
 * Opens @path for writing in place, empty, made with @mode where it was not there. -EPERM: it
 * was, and another user may have put it there.
 */
int path_open_empty(const char *path, mode_t mode);

/* What the negative errno of these functions means, as a sentence without its object. */
const char *path_strerror(int error);

#endif
