/* SPDX-License-Identifier: MIT */
/*
 * The view in the kernel's place, for programs with fixed paths: each of its
 * files is bind-mounted over the kernel's file of that name. Files that the view
 * does not have (those of staged lists, policy) stay the kernel's.
 *
 * Who drains must still see the kernel's own files. A second path into securityfs
 * does not suffer from what is mounted over the first, since a mount hides a
 * file at one place of one mount only. bind_private() makes such a second mount
 * that has no path in the file system at all: nobody else can find it, it does
 * not have to be cleaned up, and it is made just as well when something is mounted
 * over the files already, as after a crash. (An open descriptor of the directory
 * would not do: opening a file through it meets what is mounted there. Nor would
 * a mount namespace of one's own: from there nothing could be mounted for others.)
 *
 * Mounts are seen by those who share the mount namespace, or get its mounts
 * propagated: a service that systemd runs with ProtectSystem= or the like has
 * a namespace from which nothing propagates to the rest of the machine.
 */
#ifndef VIEW_BIND_H
#define VIEW_BIND_H

#include "base/say.h"

#include <stddef.h>

#define BIND_PATH_MAX 32 /* of a private directory, with its NUL */

/*
 * Makes a private mount of the file system that @dir is in, from @dir on and
 * without what is mounted in it. Its path is in @ret_path and is good for this
 * process, until *ret_fd is closed. -EPERM: takes CAP_SYS_ADMIN; -ENOSYS: a kernel
 * before 5.2.
 */
int bind_private(const char *dir, char ret_path[BIND_PATH_MAX], int *ret_fd);

/*
 * Mounts the files of the view that is mounted on @view_dir over those in
 * @kernel_dir: all of them or, on failure, none. What an earlier one has left
 * there is removed first. @log may be NULL.
 */
int bind_over(const char *view_dir, const char *kernel_dir,
	      const struct say *log);

/* Removes all views' files that are mounted over those in @kernel_dir. */
int bind_undo(const char *kernel_dir, const struct say *log);

#endif
