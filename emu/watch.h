/* SPDX-License-Identifier: MIT */
/*
 * Watching: what is opened for execution or for reading is measured, as a policy
 * of IMA has it done. By fanotify, which takes CAP_SYS_ADMIN.
 *
 * A file is measured through the descriptor that comes with the event, so it is
 * the one that was opened whatever its name has become. Not measured is what we open
 * ourselves, what is no regular file, and what somebody has open for writing at that
 * moment: a writer's own open() is an event like any other.
 *
 * Who opens a file waits until it is measured, as in the kernel, or does not. Who waits
 * can be asked what it means to do: one who reads what others have open for writing
 * makes a violation, and measures it all the same. In any case this is a source of
 * records and no protection: who would have to wait for ever goes on when we end.
 *
 * An unchanged file costs nothing the next time: fanotify is told to ignore it until
 * it is written to, by a mark that the system may drop when it needs the memory.
 * Events wait in the system's queue (fs.fanotify.max_queued_events); those that find
 * it full are lost, which is counted and said.
 */
#ifndef EMU_WATCH_H
#define EMU_WATCH_H

#include <stdbool.h>

#include "emu/machine.h"

#define WATCHES_MAX 64

enum watch_what {
	WATCH_DIRECTORY, /* a file, or what is in a directory (not below it) */
	WATCH_MOUNT, /* all of a mount */
	WATCH_FILE_SYSTEM, /* all of a file system, by whatever mount */
};

/**
 * struct watch_how - how something is watched
 * @what: what is
 * @read: opens for reading, too, not only for execution
 * @wait: who opens it waits until it is measured
 */
struct watch_how {
	enum watch_what what;
	bool read;
	bool wait;
};

struct watch;

/* Nothing is watched yet. @own_dir: where our own files are, which never are. */
int watch_new(struct machine *machine, const char *own_dir,
	      struct watch **ret_watch);

/* Returns when nothing is measured any more. */
void watch_free(struct watch *watch);

/* "directory:read", "mount:exec:wait" and so on. -EINVAL */
int watch_how_parse(const char *text, struct watch_how *ret_how);

/*
 * @fd stays the caller's. -EPERM: no CAP_SYS_ADMIN; -EINVAL: our own files, or a file
 * system that cannot be watched; -ENOSPC: WATCHES_MAX are, or more than the system
 * allows.
 */
int watch_add(struct watch *watch, int fd, const struct watch_how *how);

/* Nothing is watched any more; what was opened before that is measured yet. */
void watch_stop(struct watch *watch);

/* Begins anew: what was measured is no longer taken for known. */
int watch_forget(struct watch *watch);

/* One line each: how, and the path. */
void watch_show(struct watch *watch, struct out *out);

/* "watch_NAME value" */
void watch_show_counts(struct watch *watch, struct out *out);

#endif
