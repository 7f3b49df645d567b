/* SPDX-License-Identifier: MIT */
/*
 * The view in the kernel's place, for programs with fixed paths: each of its
 * files is bind-mounted over the kernel's file of that name. Files that the view
 * does not have (those of staged lists, policy) stay the kernel's.
 *
 * Who drains sees the kernel's own files all the same: every struct source reaches
 * them through a mount of its own (source_path()). Others who must, such as agents
 * that trim by themselves, are refused when they open them for writing (EROFS).
 *
 * Mounts are seen by those who share the mount namespace, or get its mounts
 * propagated: a service that systemd runs with ProtectSystem= or the like has
 * a namespace from which nothing propagates to the rest of the machine.
 */
#ifndef VIEW_BIND_H
#define VIEW_BIND_H

#include "base/say.h"

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
