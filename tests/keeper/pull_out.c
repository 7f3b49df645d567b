// SPDX-License-Identifier: MIT
/*
 * pull-out DIR
 *
 * Pulls out the device under the ext4 file system that DIR is on: what has not reached
 * it is lost, and until it is mounted anew every operation fails. 0, or 1 where that
 * cannot be done.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, __u32)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 2 /* nor is the journal flushed before */

int main(int argc, char **argv)
{
	__u32 flags = EXT4_GOING_FLAGS_NOLOGFLUSH;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, EXT4_IOC_SHUTDOWN, &flags) == 0)
		return 0;
	fprintf(stderr, "pull-out: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
