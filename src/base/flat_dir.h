/* SPDX-License-Identifier: MIT */
/*
 * A directory with files that stay the same for as long as it is mounted, as
 * operations of FUSE's low-level API: names, links, what stat() tells. What is
 * in the files is up to who mounts it.
 *
 * The session's user data begins with a struct flat_dir. It is for one thread
 * until it is mounted; afterwards nothing but attributes change, under @lock.
 */
#ifndef BASE_FLAT_DIR_H
#define BASE_FLAT_DIR_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 35
#endif

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>

#define FLAT_NAME_MAX 72 /* with its NUL */
#define FLAT_FILES_MAX 64
#define FLAT_ROOT_INO 1

struct flat_file {
	char name[FLAT_NAME_MAX];
	char target[FLAT_NAME_MAX]; /* of a link */
	struct stat attr; /* st_ino is its place, from FLAT_ROOT_INO on */
};

struct flat_dir {
	double attr_timeout; /* seconds for which @attr may be remembered */
	pthread_mutex_t lock; /* protects @attr of all files */
	unsigned int nr;
	struct flat_file files[FLAT_FILES_MAX]; /* first the directory itself */
};

/* For attributes that only setattr changes: the kernel is told by that. */
#define FLAT_FOREVER 86400.0

/* With a directory of @mode and nothing in it. */
void flat_dir_init(struct flat_dir *dir, mode_t mode, double attr_timeout);
void flat_dir_fini(struct flat_dir *dir);

/*
 * Adds one, owned by us. @target: NULL, or of a link. Returns its place. It is
 * an error of the program when there is no room.
 */
unsigned int flat_dir_add(struct flat_dir *dir, mode_t mode, const char *name,
			  const char *target);

/* Both return -1 if there is none. */
int flat_dir_place(const struct flat_dir *dir, fuse_ino_t ino);
int flat_dir_find(const struct flat_dir *dir, const char *name);

/* For those that grow: the time of all regular files' last change is now. */
void flat_dir_touch(struct flat_dir *dir);

/* For struct fuse_lowlevel_ops. Owner and mode can be changed, nothing else. */
void flat_op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void flat_op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void flat_op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		     int to_set, struct fuse_file_info *fi);
void flat_op_readlink(fuse_req_t req, fuse_ino_t ino);
void flat_op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode, struct fuse_file_info *fi);
void flat_op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void flat_op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode);
void flat_op_readdir(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
		     struct fuse_file_info *fi);

#endif
