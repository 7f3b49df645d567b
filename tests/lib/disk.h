/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory, that fails and loses its power when told to. Files are reached
 * through its struct io and through a VFS of SQLite's at once.
 *
 * What a program sees, and what is on the disk:
 *
 *	pwrite, truncate       sync            power is lost
 *	   |                     |                |
 *	 [cache] -- unsynced -- [disk]           of what is unsynced, sectors of
 *	                                         512 bytes are there or not
 *	open, rename, unlink   sync_dir
 *	   |                     |
 *	 [names] -- unsynced -- [names]          the same for each name
 *
 * Which is decided by a seed, for every file by itself: nothing, everything, or each piece at
 * random. Nothing is ordered but by a sync. A file that grew without being
 * synced may hold zeros or garbage where nothing was written.
 *
 * SQLite's shared memory is in memory, too; so all of it is for one thread of
 * one process. Aborts when out of memory.
 */
#ifndef LIB_DISK_H
#define LIB_DISK_H

#include "base/io.h"

struct disk;

/* An empty disk, with a folder "/". */
struct disk *disk_new(void);
void disk_free(struct disk *disk);

const struct io *disk_io(struct disk *disk);

/* Name of the VFS, which reaches the disk that was last named here. */
const char *disk_vfs(struct disk *disk);

enum disk_fault {
	DISK_NONE,
	DISK_IO_ERROR, /* one operation of any kind fails with EIO */
	DISK_FULL, /* one that needs room fails with ENOSPC */
	DISK_STAYS_FULL, /* and all that follow */
	DISK_SHORT, /* a write writes half of it; what follows is full */
	DISK_POWER, /* one that changes something and all that follow: EIO */
	DISK_STOPS, /* one that syncs says it has, and has not; all that follow: EIO */
};

/*
 * The @nr-th operation from now on, counting from 1 those that @fault is about, fails. Any
 * fault that was set before, or lasts, is over.
 */
void disk_fail(struct disk *disk, enum disk_fault fault, uint64_t nr);

/* Has the fault occurred? */
bool disk_has_failed(const struct disk *disk);

/*
 * What the power left of a disk, as a new one; the old one stays, so that it
 * can be asked again with another seed.
 */
struct disk *disk_after_power_loss(const struct disk *disk, uint32_t seed);

/* Descriptors that are open, SQLite's included. */
unsigned int disk_nr_open(const struct disk *disk);

#endif
