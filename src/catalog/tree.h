/* SPDX-License-Identifier: MIT */
/*
 * Every regular file below a folder, hashed on all processors.
 *
 * The folder is the root that the files have on the machine: ROOT/usr/bin/x is /usr/bin/x there, or
 * PREFIX/usr/bin/x with a prefix. Symbolic links are not followed, so each file has the name that
 * the kernel has for it; mounts are not entered unless wanted. Devices, sockets and pipes are
 * passed over.
 */
#ifndef CATALOG_TREE_H
#define CATALOG_TREE_H

#include "catalog/catalog.h"
#include "catalog/digest_cache.h"

struct tree {
	const char *root;
	const char *prefix; /* absolute, of a folder; NULL: / */
	bool mounts; /* enter those below @root */
	struct digest_cache *cache; /* may be NULL */
};

/*
 * A file that cannot be read, or changes while it is, is said and counted as unread; the others
 * are found. A file that is gone when its turn comes is passed over. Negative: the folder could not be read, or found() or
 * tick() said so.
 */
int tree_read(struct catalog *catalog, const struct tree *tree);

/*
 * The digest of a regular file that is open at its start. -EAGAIN: it changed meanwhile.
 * *ret_st: as it was.
 */
int tree_hash(enum imastage_bank bank, int fd, struct digest_cache *cache,
	      struct stat *ret_st, uint8_t *ret_digest, bool *ret_hashed);

#endif
