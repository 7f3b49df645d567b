/* SPDX-License-Identifier: MIT */
/*
 * An initramfs: cpio archives one after the other, each plain or compressed by gzip, bzip2, LZMA, xz,
 * zstd or lz4, with zeros between them. The first may hold microcode. Each is read to its end, so
 * that none that the kernel would unpack is overlooked.
 *
 * Its files belong to the package "initramfs:NAME", NAME being that of the file, and their version
 * is the start of the file's SHA-256.
 */
#ifndef CATALOG_INITRAMFS_H
#define CATALOG_INITRAMFS_H

#include "catalog/catalog.h"

#define INITRAMFS_REFUSED 1 /* said why; nothing of it was found */

/* 0, INITRAMFS_REFUSED; what found() and tick() returned; -ENOMEM. */
int initramfs_read(struct catalog *catalog, const char *path);

/* The same of a file that is open. */
int initramfs_read_fd(struct catalog *catalog, const char *path, int fd);

#endif
