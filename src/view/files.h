/* SPDX-License-Identifier: MIT */
/*
 * The files of the view: which there are, and what each shows. Names and links
 * are the kernel's; there are none of staged lists, for what is staged is part
 * of what is shown.
 */
#ifndef VIEW_FILES_H
#define VIEW_FILES_H

#include "base/flat_dir.h"
#include "view/form.h"

enum file_kind {
	FILE_OTHER, /* the directory, links */
	FILE_LIST,
	FILE_COUNT, /* of all records */
	FILE_VIOLATIONS, /* what the kernel's file says */
};

struct file {
	enum file_kind kind;
	struct form form; /* of a list */
};

struct files {
	struct flat_dir dir; /* first: see base/flat_dir.h */
	struct file files[FLAT_FILES_MAX]; /* by place */
};

/*
 * @banks: mask of those with files; sha1 always has them. @group: -1 for
 * our own.
 */
void files_init(struct files *files, unsigned int banks, bool violations,
		gid_t group);
void files_fini(struct files *files);

/*
 * They have grown to @end: their sizes say so, and st_mtim. As large as it was then is
 * what files_size() tells, of a list's file.
 */
void files_grow(struct files *files, const struct form_place *end);
uint64_t files_size(struct files *files, fuse_ino_t ino);

/* NULL when there is none of that number. */
const struct file *files_get(const struct files *files, fuse_ino_t ino);

#endif
