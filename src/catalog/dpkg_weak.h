/* SPDX-License-Identifier: MIT */
/*
 * An installed package of which there is nothing but what the system has: its files, as far as they
 * have the MD5 that dpkg wrote down. See dpkg_root.h for why this is weak.
 */
#ifndef CATALOG_DPKG_WEAK_H
#define CATALOG_DPKG_WEAK_H

#include "catalog/catalog.h"

struct dpkg_installed {
	struct imastage_bytes name, version, architecture;
	bool is_same; /* "Multi-Arch: same": dpkg's files are named with the architecture */
};

struct dpkg_weak_counts {
	uint64_t nr_files;
	uint64_t nr_changed; /* not what md5sums say, or gone: left out */
};

/* Negative: what found() and tick() returned; -ENOMEM. */
int dpkg_weak_read(struct catalog *catalog, const char *root,
		   const struct dpkg_installed *installed,
		   struct dpkg_weak_counts *ret_counts);

#endif
