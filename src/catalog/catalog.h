/* SPDX-License-Identifier: MIT */
/*
 * What distributions ship, as digests with names: trees, packages, initramfs files, lists.
 *
 *	tree.h, deb.h, rpm.h, initramfs.h, list.h  --catalog_add()-->  found()
 *	                                               |  both names of merged folders (/bin, /usr/bin),
 *	                                               +- the name that a diversion gives
 *
 * Each source of files calls found() for every regular file of it, on any thread but never on two
 * at a time. The names are those that the kernel has for the files once they are installed, so
 * they are what a measurement list has. Nothing is unpacked to disk.
 *
 * Whatever is read may be an attacker's. It is read once, in memory that is bounded by limits here,
 * and nothing of a package is found that is not wholly well-formed.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "base/say.h"

#include <imastage/imastage.h>
#include <pthread.h>

#define CATALOG_PATH_MAX \
	4096 /* of a file's name: the kernel has no longer ones */
#define CATALOG_WORD_MAX 255 /* of a package's name or version */

/* How a name came to be. */
enum catalog_kind {
	CATALOG_FILE, /* as the source has it */
	CATALOG_MERGED, /* the other name of a folder that is merged into /usr */
	CATALOG_DIVERTED, /* where a diversion puts it */
	CATALOG_SCRIPT, /* what a package's manager runs or reads of the package */
	CATALOG_CONFIG, /* a configuration file as it is unpacked, beside the one in use */
	CATALOG_NR_KINDS
};

struct catalog_package {
	const char *name; /* with its architecture: "bash:amd64", "bash.x86_64" */
	const char *version;
};

struct catalog_entry {
	enum catalog_kind kind;
	struct imastage_bytes path; /* absolute, without "." and ".." */
	enum imastage_bank bank;
	const uint8_t *digest; /* as long as @bank's are */
	const struct catalog_package *package; /* NULL: of none */
};

struct catalog_counts {
	uint64_t nr_packages;
	uint64_t nr_refused; /* packages of which nothing was found */
	uint64_t nr_files; /* regular files, and names that are hard links */
	uint64_t nr_hashed; /* of them, read and hashed; the cache knew the others */
	uint64_t nr_bytes; /* hashed */
	uint64_t nr_names[CATALOG_NR_KINDS];
	uint64_t nr_unnamed; /* files of which no name is known: nobody can approve them by it */
	uint64_t nr_unread; /* files that could not be read */
};

struct diversions;

/* Members up to @diversions are the caller's to set. */
struct catalog {
	enum imastage_bank bank; /* that files are hashed for */
	unsigned int nr_threads; /* 0: as many as processors */
	bool merged; /* give both names of merged folders */
	int (*found)(void *context, const struct catalog_entry *entry);
	/*
	 * Files of a list that machines withhold (evidence/withheld.h); of these
	 * found_template() gets the template digests, and found() nothing. NULL: none.
	 */
	const struct withheld_prefixes *withhold;
	int (*found_template)(void *context, enum imastage_bank bank,
			      const uint8_t *digest);
	/* Now and then; a negative result ends all. May be NULL. */
	int (*tick)(void *context, const struct catalog_counts *counts);
	void *context;
	const struct say *say;
	const struct diversions *diversions; /* NULL: none */

	pthread_mutex_t lock; /* of what follows, and of found() */
	struct catalog_counts counts;
};

/* -ENOTSUP: OpenSSL has no such algorithm. */
int catalog_init(struct catalog *catalog);
void catalog_fini(struct catalog *catalog);

/* @entry, and its other names. -EINVAL: the path is none; what found() returned. */
int catalog_add(struct catalog *catalog, const struct catalog_entry *entry);

/*
 * The same for several entries between which no other is found: all of a package's come one after
 * the other. Nothing else of the catalog is called while the lock is held.
 */
void catalog_lock(struct catalog *catalog);
int catalog_add_locked(struct catalog *catalog,
		       const struct catalog_entry *entry);
void catalog_unlock(struct catalog *catalog);

/* Counts what is not 0 in @more, and calls tick(). Takes the lock. */
int catalog_count(struct catalog *catalog, const struct catalog_counts *more);

#endif
