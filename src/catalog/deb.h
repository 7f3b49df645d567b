/* SPDX-License-Identifier: MIT */
/*
 * Debian packages, as files that are not installed: what their installation will put on a
 * machine, with the names that the kernel will have for it.
 *
 *	data.tar	./usr/bin/x		/usr/bin/x
 *	conffiles	/etc/x			/etc/x.dpkg-new, too, which dpkg reads before it decides
 *	control.tar	postinst		/var/lib/dpkg/info/PACKAGE.postinst
 *			preinst			and /var/lib/dpkg/tmp.ci/preinst, from where dpkg runs it
 *			config			from a new name each time: counted as unnamed
 *
 * PACKAGE has its architecture behind it ("libc6:amd64") where it is "Multi-Arch: same".
 *
 * A package is read once. Nothing of it is found before its last byte was read, its digest was
 * found in the index, and all of it was well-formed.
 */
#ifndef CATALOG_DEB_H
#define CATALOG_DEB_H

#include "catalog/catalog.h"

struct apt_index;

#define DEB_REFUSED 1 /* said why; nothing of it was found */

struct deb_expected {
	const char *package; /* "bash:amd64"; NULL: any */
	const char *version;
};

/*
 * @index: what packages a signed Release names; NULL: any is taken. @expected: what the package has to
 * be, may be NULL. 0, DEB_REFUSED; what found() and tick() returned; -ENOMEM.
 */
int deb_read(struct catalog *catalog, const char *path,
	     const struct apt_index *index,
	     const struct deb_expected *expected);

/* The same of bytes; @name is for messages. */
int deb_read_source(struct catalog *catalog, const char *name,
		    struct imastage_source source, uint64_t size,
		    const struct apt_index *index,
		    const struct deb_expected *expected);

/* Several on all processors; best the largest first. Counts those refused. */
int deb_read_all(struct catalog *catalog, char *const *paths, size_t nr,
		 const struct apt_index *index);

#endif
