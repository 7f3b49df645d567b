// SPDX-License-Identifier: MIT
/*
 * A mount of our own. See private.h.
 *
 * What is mounted over a file hides it at that place of that mount. Another mount
 * of the same file system is another place; one without a path cannot be found
 * by others, is not in their way, and needs no cleaning up. Neither of two simpler
 * things would do: files opened through a descriptor of the directory are those
 * mounted there, and from a mount namespace of our own nothing could be
 * mounted for others.
 */
#include "source/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

int source_own_mount(const char *dir)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };
	int fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* Kernels before 5.12 cannot, and propagate nothing to it anyhow. */
	(void)mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof(private));
	return fd;
}
