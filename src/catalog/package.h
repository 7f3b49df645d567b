/* SPDX-License-Identifier: MIT */
/*
 * The files of one package, gathered before any of them is believed.
 */
#ifndef CATALOG_PACKAGE_H
#define CATALOG_PACKAGE_H

#include "catalog/catalog.h"
#include "catalog/unpack.h"

struct package_file {
	enum catalog_kind kind;
	bool is_link; /* @target has the digest, another file of the package */
	size_t name; /* where it is in the names, as @target */
	size_t target;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

/* All zeros at first. */
struct package {
	char name[CATALOG_WORD_MAX + 1], version[CATALOG_WORD_MAX + 1];
	struct imastage_buffer names; /* each with a NUL */
	struct package_file *files; /* owned */
	size_t nr, capacity;
	uint64_t nr_bytes;
	uint64_t nr_unnamed;
};

void package_fini(struct package *package);

/* -ENOMEM */
int package_add(struct package *package, enum catalog_kind kind,
		const char *path, const uint8_t *digest);
int package_add_link(struct package *package, const char *path,
		     const char *target);

static inline const char *package_name(const struct package *package,
				       size_t name)
{
	return (const char *)package->names.data + name;
}

/*
 * Puts the files in the order of their names and gives each link the digest of its target.
 * -EBADMSG: *ret_path is there twice, or is a link to no file of the package; -ENOMEM.
 */
int package_close(struct package *package, const char **ret_path,
		  const char **ret_reason);

/* Once closed: NULL: there is none. */
const struct package_file *package_find(const struct package *package,
					const char *path);

/* All files into the catalog, and their counts. */
int package_give(struct package *package, struct catalog *catalog);

/* The digest of what unpack_read() gives until its end, and its length. */
int package_hash(struct unpack *unpack, enum imastage_bank bank,
		 uint64_t *nr_bytes, uint8_t *ret_digest);

#endif
