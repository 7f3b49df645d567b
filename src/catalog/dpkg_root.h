/* SPDX-License-Identifier: MIT */
/*
 * A system that dpkg installed: which packages it has, what it diverts, and where their files are.
 *
 * What is installed is read of ROOT/var/lib/dpkg/status. The digests come from the packages' files,
 * NAME_VERSION_ARCHITECTURE.deb in ROOT/var/cache/apt/archives and other folders, each held
 * against the signed index, and never from the system itself, which may be changed.
 *
 * dpkg's own md5sums are weak: MD5 does not prove a content, and whoever can change a file can
 * change them beside it. With @weak, packages whose files are nowhere are taken from the system all the
 * same, as far as MD5 fits.
 */
#ifndef CATALOG_DPKG_ROOT_H
#define CATALOG_DPKG_ROOT_H

#include "catalog/catalog.h"

struct apt_index;

struct dpkg_root {
	const char *root;
	const char *const *folders; /* of packages, beside apt's; until NULL */
	const struct apt_index *index; /* NULL: any is taken */
	bool weak;
};

struct dpkg_counts {
	uint64_t nr_installed; /* packages */
	uint64_t nr_missing; /* of them, whose package is nowhere */
	uint64_t nr_weak; /* of these, taken from the system */
	uint64_t nr_weak_files;
	uint64_t nr_changed_files; /* not what md5sums say, or gone: left out */
};

/*
 * Negative after it was said: -ENOENT: there is no status; -EBADMSG: it is none; what found() and
 * tick() returned. Packages that are missing are said, and how to get them.
 */
int dpkg_root_read(struct catalog *catalog, const struct dpkg_root *root,
		   struct dpkg_counts *ret_counts);

#endif
