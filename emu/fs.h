/* SPDX-License-Identifier: MIT */
/*
 * The file system: a machine's files, mounted by FUSE.
 */
#ifndef EMU_FS_H
#define EMU_FS_H

#include "emu/caller.h"
#include "emu/machine.h"
#include "emu/tree.h"

struct fs;

/**
 * struct fs_config - how to mount it
 * @machine: whose files (borrowed)
 * @profile: of which kernel
 * @rule: who may give commands
 * @allow_other: users other than oneself may look at it, as modes say
 * @dir: where
 */
struct fs_config {
	struct machine *machine;
	enum profile profile;
	enum caller_rule rule;
	bool allow_other;
	const char *dir;
};

/*
 * What went wrong is on stderr. From here on, SIGHUP, SIGINT and SIGTERM wait for
 * fs_run(), so that whatever ends us unmounts it.
 */
int fs_mount(const struct fs_config *config, struct fs **ret_fs);

/* Until it is unmounted, or one of these signals comes. */
int fs_run(struct fs *fs);

/* Unmounts it, and leaves all else as it is: for the end of the process. */
void fs_detach(struct fs *fs);
void fs_unmount(struct fs *fs);

#endif
