/* SPDX-License-Identifier: MIT */
/*
 * The disk from the inside: shared by its io and its VFS.
 */
#ifndef LIB_DISK_PRIVATE_H
#define LIB_DISK_PRIVATE_H

#include "lib/disk.h"

#define DISK_PATH_MAX 256
#define DISK_SECTOR 512
#define DISK_FDS_MAX 64
#define DISK_SHM_MAX 8
#define DISK_SHM_LOCKS 8

/* Bytes that were written, or a length that was set, and not synced. */
struct disk_change {
	bool truncates;
	uint64_t offset; /* or the length */
	size_t len;
	uint8_t *data; /* owned */
	struct disk_change *next;
};

struct disk_bytes {
	uint8_t *data; /* owned */
	size_t len, capacity;
};

/* A file or a folder. */
struct disk_node {
	bool is_folder;
	struct disk_bytes now; /* what programs see */
	struct disk_bytes safe; /* what was there at the last sync */
	struct disk_change *changes; /* since; owned, oldest first */
	struct disk_change **last_change;
	uint64_t nr_changes; /* so far, in place of a time */
	bool locked; /* by io_lock() */
	bool dir_synced; /* by the VFS, as SQLite's own does it */

	/* SQLite's locks and shared memory: how many hold what. */
	unsigned int nr_shared;
	void *reserved, *pending, *exclusive; /* whose */
	uint8_t *shm[DISK_SHM_MAX]; /* owned */
	unsigned int nr_shm_shared[DISK_SHM_LOCKS];
	void *shm_exclusive[DISK_SHM_LOCKS];
	unsigned int nr_shm_users;

	struct disk_node *next; /* of all nodes of the disk */
	struct disk_node *copy; /* while a disk is copied */
};

struct disk_name {
	char path[DISK_PATH_MAX];
	struct disk_node *node; /* NULL: it was removed */
	struct disk_name *next;
};

struct disk {
	struct io io; /* first: what is given to programs */
	struct disk_node *nodes; /* owned, all of them */
	struct disk_name *now; /* owned; names that programs see */
	struct disk_name *safe; /* owned; that were synced */
	struct disk_name *changes; /* owned; since, oldest first */
	struct disk_node *fds[DISK_FDS_MAX]; /* NULL: not open */
	bool fd_locks[DISK_FDS_MAX];
	unsigned int nr_open; /* of these, and of the VFS */

	enum disk_fault fault;
	uint64_t countdown; /* operations until it occurs, 0: it has */
	bool lasts;
};

/* What an operation does, for the faults that are about it. */
enum disk_kind {
	DISK_READS,
	DISK_CHANGES, /* and needs no room */
	DISK_GROWS, /* and needs room */
	DISK_SYNCS, /* what was changed */
};

/*
 * 0, or the errno with which an operation of that kind fails now; 1 for one that
 * syncs, does nothing and succeeds.
 */
int disk_try(struct disk *disk, enum disk_kind kind);

/* The same for a write; *len may become less. */
int disk_try_write(struct disk *disk, size_t *len);

struct disk_node *disk_find(const struct disk *disk, const char *path);
/* Opens, as open(2) with these flags. */
int disk_open_node(struct disk *disk, const char *path, int flags,
		   struct disk_node **ret_node);

size_t disk_read(const struct disk_node *node, void *data, size_t len,
		 uint64_t offset);
void disk_write(struct disk_node *node, const void *data, size_t len,
		uint64_t offset);
void disk_truncate(struct disk_node *node, uint64_t len);
void disk_sync(struct disk_node *node);
void disk_sync_names(struct disk *disk, const char *folder);
/* @node NULL: removes the name. */
void disk_set_name(struct disk *disk, const char *path, struct disk_node *node);
/* The folder of a path. */
void disk_folder_of(const char *path, char ret_folder[DISK_PATH_MAX]);

void *disk_alloc(size_t len);

/* Registers the VFS, the first time, and makes @disk the one it reaches. */
const char *disk_register_vfs(struct disk *disk);

#endif
