/* SPDX-License-Identifier: MIT */
/*
 * cpio archives as the kernel unpacks them ("newc"): for each member
 *
 *	 6 "070701" or "070702"
 *	 8 hexadecimal each: inode, mode, uid, gid, links, mtime, size, device major and minor, rdev major
 *	   and minor, length of the name with its NUL, sum
 *	   the name, then NULs up to four bytes; the bytes of the file, then NULs up to four bytes
 *
 * and at the end a member called TRAILER!!!. Zeros may come before an archive.
 */
#ifndef CATALOG_CPIO_H
#define CATALOG_CPIO_H

#include "catalog/catalog.h"

#define CPIO_MAGIC_LEN 6

struct cpio {
	struct imastage_source source;
	uint64_t offset; /* bytes that were read */
	uint64_t left; /* of the member */
	size_t padding; /* behind it */
	uint8_t first; /* byte of a head that was read already */
	bool has_first;
	const char *reason; /* what was wrong, a sentence without full stop */
	char name[CATALOG_PATH_MAX];
};

struct cpio_member {
	const char *name; /* until the next call */
	uint32_t mode, links;
	uint64_t inode; /* with the device: the same for hard links */
	uint64_t device;
	uint64_t size;
};

void cpio_init(struct cpio *cpio, struct imastage_source source);

/* Is it the start of an archive? */
bool cpio_is_magic(const uint8_t *data);

#define CPIO_END 1

/* Passes over zeros. 0: an archive begins, CPIO_END: nothing follows. */
int cpio_begin(struct cpio *cpio);

/* CPIO_END: this archive has ended. -EBADMSG, or the error of the source. */
int cpio_next(struct cpio *cpio, struct cpio_member *ret_member);

/* Of the member: 1 to @len bytes, 0 at its end. */
ssize_t cpio_read(struct cpio *cpio, void *data, size_t len);

#endif
