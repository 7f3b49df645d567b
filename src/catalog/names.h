/* SPDX-License-Identifier: MIT */
/*
 * Names of files on the way from a package to the kernel.
 */
#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include "catalog/catalog.h"

/*
 * The absolute path of @name, which a package, an archive or a list has: "./usr/bin/x" and
 * "usr/bin/x" become "/usr/bin/x". An absolute one stays where @absolute allows it. -EINVAL: it
 * is empty, a folder's, too long, absolute, has a "..", a "." or an empty part within, or a NUL.
 */
int name_clean(struct imastage_bytes name, bool absolute,
	       char ret_path[CATALOG_PATH_MAX]);

/* Has it characters that change what a terminal shows, or is it no UTF-8? */
bool name_is_harmful(const char *path);

/*
 * "/bin/x" for "/usr/bin/x" and the other way round: folders that distributions have merged into
 * /usr, and since then made links. False: @path is in none of them.
 */
bool name_merged(const char *path, char ret_path[CATALOG_PATH_MAX]);

/* ---- diversions of dpkg ---------------------------------------------------- */

struct diversions;

/*
 * /var/lib/dpkg/diversions: three lines for each, the name, where it is instead, and the package
 * that has the name itself (":" for nobody). -EBADMSG, with the line.
 */
int diversions_read(struct imastage_bytes text,
		    struct diversions **ret_diversions, size_t *ret_line);
void diversions_free(struct diversions *diversions);

size_t diversions_nr(const struct diversions *diversions);

/* Where the file @path of @package (with or without its architecture) is; NULL: there. */
const char *diversions_find(const struct diversions *diversions,
			    const char *path, const char *package);

#endif
