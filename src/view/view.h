/* SPDX-License-Identifier: MIT */
/*
 * The view: the whole measurement list since hard boot as files, as if nothing
 * had ever been deleted from the kernel. For programs that read the kernel's
 * files, and know nothing of staging.
 *
 *	struct view *view;
 *	int r = view_open(&options, &view);
 *
 *	if (r == 0)
 *		r = view_mount(view, "/run/imastage/ima");
 *	if (r == 0)
 *		r = view_run(view);	(until view_stop(), or unmounted)
 *	view_close(view);
 *
 * The files
 *	.						0750, root and the group
 *	{ascii,binary}_runtime_measurements_<bank>	0440, the same
 *	{ascii,binary}_runtime_measurements		links to those of sha1
 *	runtime_measurements_count			of all records
 *	violations					the kernel's own text
 * Bytes are those that the kernel would show, in every bank and format, at the
 * same offsets for ever; the files grow, and that is all that changes. There are
 * no files of staged lists, and nothing can be written: mounted read-only.
 *
 * Read until read() returns 0, seek to any byte. Other than the kernel's, they have a
 * size, which is what a read would give now, and st_mtim is when they grew. That is
 * for programs that copy by the size (busybox), and for tail -f.
 *
 * - A read that reaches the end looks into the kernel first: it returns every
 *   record whose extend was over before it began. It waits while somebody has the
 *   kernel's list for writing, as long as the source waits (then EBUSY), or
 *   until a signal comes. A read of what is known waits for nobody. Opening and
 *   stat() look into the kernel as well, but do not wait for long: PARK_BRIEF_MS.
 * - EIO at the place of a gap, which is records that are lost, and of records
 *   that were pruned; the reason is said, once for each place.
 * - ESTALE from a descriptor that was opened before a hard boot. (That a view
 *   lives through one is for emulators.) Drains and kexec are not seen.
 *
 * An open file takes no memory here; reads take what POOL_LEN cursors do, and
 * a waiting read less than 100 bytes.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "archive/archive.h"
#include "source/source.h"

struct view;

struct view_options {
	const struct archive_options *archive; /* read only, io and say stay */
	struct source *source; /* borrowed, may be shared with a keeper */
	const char *boot_id; /* path; NULL: the kernel's */
	const char *spool_dir; /* for what is not archived; NULL: the archive's */
	const struct say *say; /* borrowed; NULL: silence */
	gid_t group; /* of the files; -1: our own */
	bool allow_other; /* users other than ours, as the modes say */
};

/* Options are copied. What archive_open_reader() returns, or -ENOMEM. */
int view_open(const struct view_options *options, struct view **ret_view);

/*
 * Mounts it. What a dead view has left mounted there is unmounted before.
 * -ENOENT, -ENOTDIR: make a directory first; -EBUSY: another view is there and
 * alive; -ENODEV: there is no FUSE; -EPERM: not allowed to mount. All is said.
 */
int view_mount(struct view *view, const char *dir);

/*
 * Serves, with threads of its own and this one, until view_stop() is called or it
 * is unmounted: 0. Signals are the caller's: none is blocked in this thread, all are in
 * the others but SIGRTMIN, which is handled from then on and wakes them. -EAGAIN: there
 * cannot be a single thread. Once only.
 */
int view_run(struct view *view);

/* From any thread and from a signal's handler; also before view_run(). */
void view_stop(struct view *view);

/* Unmounts if it is mounted: open descriptors are dead (ENOTCONN). NULL is fine. */
void view_close(struct view *view);

#endif
