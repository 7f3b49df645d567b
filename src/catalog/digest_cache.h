/* SPDX-License-Identifier: MIT */
/*
 * Digests of files that were hashed before, so that only what has changed is hashed again, and
 * work that was interrupted goes on where it was.
 *
 *	imastage digest cache 1 sha256
 *	DEVICE INODE SIZE MTIME_NS CTIME_NS DIGEST		(a line for each file)
 *
 * A file is the same as long as all five numbers are. The kernel changes ctime with every
 * change, and nobody but its administrator can set it. Times count in steps of some milliseconds,
 * so a file that changed shortly before it was hashed is not kept.
 *
 * A cache is believed: it has to belong to this user, and nobody else may write to it.
 */
#ifndef CATALOG_DIGEST_CACHE_H
#define CATALOG_DIGEST_CACHE_H

#include "base/say.h"

#include <imastage/imastage.h>
#include <sys/stat.h>

struct digest_cache;

/*
 * What is at @path, if anything is. @now: seconds since 1970. -EPERM: another user could have
 * written it; -EBADMSG: it is none, or one of another algorithm; -ENOMEM; all said.
 */
int digest_cache_open(const char *path, enum imastage_bank bank, int64_t now,
		      const struct say *say_to,
		      struct digest_cache **ret_cache);
void digest_cache_free(struct digest_cache *cache);

/* Any thread may call both. @cache may be NULL. */
bool digest_cache_find(struct digest_cache *cache, const struct stat *st,
		       uint8_t *ret_digest);
/* No memory is no failure: it is hashed again another time. */
void digest_cache_put(struct digest_cache *cache, const struct stat *st,
		      const uint8_t *digest);

/* Writes it whole to its path. Negative after it was said. */
int digest_cache_save(struct digest_cache *cache, const struct say *say_to);

#endif
