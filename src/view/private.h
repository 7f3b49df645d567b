/* SPDX-License-Identifier: MIT */
/*
 * A view from within: fs.c answers FUSE, serve.c has threads do so, view.c
 * mounts.
 */
#ifndef VIEW_PRIVATE_H
#define VIEW_PRIVATE_H

#include "view/files.h"
#include "view/live_list.h"
#include "view/park.h"
#include "view/pool.h"
#include "view/view.h"

struct view {
	struct files files; /* first: see base/flat_dir.h */
	struct archive *archive; /* of a reader */
	struct live *live;
	struct pool pool;
	struct park park; /* for those who wait for a look */
	struct park sizes; /* for those who wait for sizes.c besides */
	struct {
		pthread_mutex_t lock; /* protects all below, and files_grow() */
		struct form_place end; /* at the last look */
		bool published; /* the files' sizes say so */
		uint64_t partial; /* see sizes.c; mask of files, by place */
		bool dropping; /* cached pages of what was in there */
		unsigned int nr_open[FLAT_FILES_MAX]; /* of each, by place */
	} grown;
	const struct say *say;
	struct source *source; /* borrowed */
	bool allow_other;
	struct fuse_session *session; /* NULL: not mounted */
	char *mounted; /* path of what we mounted ourselves, or NULL */
	int wake_fd; /* eventfd: for the thread in view_run() to look around */
	atomic_bool stopping; /* it is to stop */
	struct {
		pthread_mutex_t lock;
		uint64_t spent; /* lines, of those earned by the time */
		uint64_t offset; /* of the last one */
		int error; /* the same; 0: none was said */
	} saying;
	uint64_t nr_shown; /* records at the last look; the refresher's */
	uint64_t list_shown; /* the same, which list */
};

/*
 * The list that there is now, a number that no other list has. 0: none yet, for
 * nobody has looked with success.
 */
uint64_t view_list_id(struct view *view);

/*
 * Catches up with the kernel, and waits a while for the agent where that has to
 * look first, after a boot. For one thread at a time.
 */
int view_refresh(struct view *view);

extern const struct fuse_lowlevel_ops view_fs_ops;
extern const struct park_ops view_park_ops;
extern const struct park_ops view_sizes_ops;

/* ---- mount.c --------------------------------------------------------------- */

/* Mounts it on the folder @dir. Unmounting one that is not mounted is no error. */
int mount_view(struct view *view, const char *dir);
void unmount_view(struct view *view);

/* ---- sizes.c --------------------------------------------------------------- */

/* The list ends at @end now, so that it can be read up to there. */
void sizes_grow(struct view *view, const struct form_place *end);

/* Brings the files' sizes up to date if that needs nothing else. */
bool sizes_publish(struct view *view);

/* To be called before the page cache is told what is at @offset. */
void sizes_will_cache(struct view *view, fuse_ino_t ino, uint64_t offset,
		      size_t len);

/* To be called before a file is open for who asked, and when it no longer is. */
void sizes_opened(struct view *view, fuse_ino_t ino);
void sizes_closed(struct view *view, fuse_ino_t ino);

#endif
