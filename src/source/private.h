/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share.
 */
#ifndef SOURCE_PRIVATE_H
#define SOURCE_PRIVATE_H

#include "source/source.h"

#include <pthread.h>

#define SOURCE_BLOCKERS_MAX 8

/* Which list; also places in arrays. */
enum source_list {
	SOURCE_CURRENT,
	SOURCE_STAGED,
	SOURCE_NR_LISTS
};

/* One row of reads. Its own place in the list: descriptors' are not used. */
struct source_stream {
	struct source *source;
	enum source_list list;
	uint64_t offset; /* of the next byte */
};

struct source {
	struct source_options options; /* dir and proc owned */
	int mount; /* see source_own_mount(); -1: there is none */
	int claim; /* see source_claim(); -1: not claimed */
	char *dir; /* owned; path in @mount, or options.dir again */
	struct source_abilities abilities; /* changes under @lock once, if ever */

	/* Who has the session. */
	pthread_mutex_t lock; /* protects the three below and @abilities */
	pthread_cond_t changed; /* @busy became false */
	bool busy;
	struct source_holder blockers[SOURCE_BLOCKERS_MAX];
	size_t nr_blockers;

	/* Belong to the session, or to nobody between two of them. */
	int fds[SOURCE_NR_LISTS]; /* -1: not open; see source_fd() */
	enum source_access access; /* that they were opened for */
	bool lost; /* they are of a kernel that is gone */
	struct source_stream streams[SOURCE_NR_LISTS];
};

/*
 * source.c: the descriptor of @list, which may close the other one's. -EOPNOTSUPP:
 * there is no such list here.
 */
int source_fd(struct source *source, enum source_list list);

/* probe.c: what is there by its names and modes; then what commands do. */
int source_probe(const char *dir, struct source_abilities *ret_abilities);
int source_try(struct source *source);

/* command.c: one command, without its newline. 0 or the kernel's own errno. */
int source_command(struct source *source, enum source_list list,
		   const char *text);

/* claim.c: gives it back, if it was claimed. */
void source_unclaim(struct source *source);

/*
 * own_mount.c: makes a mount that only its descriptor leads to, of the file system
 * that @dir is in, from @dir on and without what is mounted in it: -EPERM where we
 * may not, -ENOSYS on kernels before 5.2. Paths through /proc/self/fd then reach
 * files that others have mounted something over, before or after.
 */
int source_own_mount(const char *dir);

/* Is what is found at @path a file of a view, view/view.h? Asks its server nothing. */
bool source_is_view(const char *path);

/* file.c: is @name one of a list's file? */
bool source_is_list_name(const char *name);
/* The decimal number that a small file holds. -EBADMSG: something else. */
int source_read_number(const struct source *source, const char *name,
		       uint64_t *ret_number);

#endif
