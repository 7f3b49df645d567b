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

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/stat.h>

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

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - fuse.imastage imastage rw": proc(5) */
static bool is_line_of_view(const char *line, uint64_t mount)
{
	const char *type = strstr(line, " - ");

	return strtoull(line, NULL, 10) == mount && type &&
	       !strncmp(type, " - fuse.imastage ", 17);
}

bool source_is_view(const char *path)
{
	cleanup_fclose FILE *mounts = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	struct statx st;
	size_t room = 0;
	bool is = false;

	if (!mounts ||
	    statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return false;
	while (!is && getline(&line, &room, mounts) > 0)
		is = is_line_of_view(line, st.stx_mnt_id);
	return is;
}
