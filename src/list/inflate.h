/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a descriptor, decompressed if they are zstd's, which is told by the
 * first four. Segments of an archive are.
 */
#ifndef LIST_INFLATE_H
#define LIST_INFLATE_H

#include <sys/types.h>

/*
 * Memory: 9 MiB at most, whatever the file. What comes out is as much as it wants to be, up to
 * some ten thousand times the file, a piece for each call.
 */

struct inflate;

/* @read_fd: reads from a descriptor; returns bytes, 0 at the end, -errno. */
int inflate_new(ssize_t (*read_fd)(int fd, void *data, size_t len),
		struct inflate **ret_inflate);
void inflate_free(struct inflate *inflate);

/* The next file begins. @inflate may be NULL. */
void inflate_restart(struct inflate *inflate);

/*
 * Fills @data in part or whole. 0 at the end; -EBADMSG: damaged; -ENODATA: cut off;
 * -EFBIG: would take more than 8 MiB of memory; or what reading says.
 */
ssize_t inflate_read(struct inflate *inflate, int fd, void *data, size_t len);

#endif
