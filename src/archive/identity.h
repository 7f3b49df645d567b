/* SPDX-License-Identifier: MIT */
/*
 * Is the archive that is open still the one that its paths name? Who removes it, puts a
 * backup in its place, unmounts it or mounts over it does not disturb open files: what is
 * written then is lost with the last descriptor, or lies where no row speaks of it. So this is
 * asked before each commit, and before the kernel is told to delete what was committed.
 *
 *	folder, lock, index.db,		device and inode of what the path names are those
 *	index.db-wal, boot's folder,	of what is open, and there is no other name (hard
 *	last segment			link), but for folders
 *	index.db, last segment		nobody else has written to them
 *	last segment			it is as long as we made it
 *
 * Descriptors of both folders stay open, so that no other one gets their inodes.
 */
#ifndef ARCHIVE_IDENTITY_H
#define ARCHIVE_IDENTITY_H

#include "archive/archive.h"

#define IDENTITY_TEXT_MAX 512

struct identity {
	int dir_fd, boot_fd; /* -1: not open */
	int64_t boot; /* whose folder that is */
	struct io_identity index, wal; /* SQLite has them open */
	bool has_wal;
	int64_t tail_written; /* when we wrote to the last segment */
	char lost[IDENTITY_TEXT_MAX]; /* what was not so; empty: nothing */
};

/* Nothing is open. */
void identity_init(struct identity *identity);
void identity_fini(struct archive *archive);

/* Once the index is open. */
int identity_begin(struct archive *archive);

/* Once it is known which boot is the last. A folder that is missing is no error yet. */
int identity_pin_boot(struct archive *archive);

/* After each change of ours to the index: so it is now. */
void identity_note_index(struct archive *archive);
/* The same after writing to the last segment. */
int identity_note_tail(struct archive *archive);

/*
 * Is it the same archive? 0, or -EIDRM after saying what is another one. Of the last segment
 * it is not asked what is in it: so a failed write does not matter.
 */
int identity_check(struct archive *archive);

/* That, too. Not to be asked between a failure and its rollback. */
int identity_check_all(struct archive *archive);

/* Removes a file that no row speaks of any more, if this is still the archive it is one of. */
int identity_unlink(struct archive *archive, const char *path);

#endif
