// SPDX-License-Identifier: MIT
/*
 * One kernel, one keeper. The lock is one of the folder that has the kernel's files, so that
 * it is the kernel's: the same by whatever path, in whatever mount, chroot or network
 * namespace it is asked for, and another one for another kernel (each imasim is one). A file
 * in /run or a socket with a name would be one for each namespace and need a name for the
 * kernel; this one needs none, ends with its process, and leaves nothing behind. In
 * securityfs and, for folders, FUSE, such locks are the system's own business.
 */
#include "source/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int open_folder(const struct source *source)
{
	int fd = open(source->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int source_claim(struct source *source, bool shared)
{
	int fd = source->claim >= 0 ? source->claim : open_folder(source);
	int r;

	if (fd < 0)
		return fd;
	source->claim = fd;
	do
		r = flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

void source_unclaim(struct source *source)
{
	if (source->claim >= 0)
		close(source->claim);
	source->claim = -1;
}
