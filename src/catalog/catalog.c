// SPDX-License-Identifier: MIT
/*
 * What all sources share: an entry on its way out, with its other names.
 */
#include "catalog/catalog.h"
#include "base/bytes.h"
#include "catalog/names.h"

#include <errno.h>
#include <unistd.h>

int catalog_init(struct catalog *catalog)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	if (!(imastage_banks_available() & 1u << catalog->bank))
		return -ENOTSUP;
	if (!catalog->nr_threads)
		catalog->nr_threads = nr > 0 ? (unsigned int)nr : 1;
	catalog->counts = (struct catalog_counts){ 0 };
	return -pthread_mutex_init(&catalog->lock, NULL);
}

void catalog_fini(struct catalog *catalog)
{
	pthread_mutex_destroy(&catalog->lock);
}

static int give(struct catalog *catalog, const struct catalog_entry *entry,
		enum catalog_kind kind, const char *path)
{
	struct catalog_entry given = *entry;

	given.kind = kind;
	given.path = bytes_of_text(path);
	catalog->counts.nr_names[kind]++;
	return catalog->found(catalog->context, &given);
}

/* A name, and the other one of a merged folder. */
static int give_both(struct catalog *catalog, const struct catalog_entry *entry,
		     enum catalog_kind kind, const char *path)
{
	char merged[CATALOG_PATH_MAX];
	int r = give(catalog, entry, kind, path);

	if (r == 0 && catalog->merged && name_merged(path, merged))
		r = give(catalog, entry, CATALOG_MERGED, merged);
	return r;
}

/* A diversion may have been made of either name. */
static const char *find_diverted(const struct catalog *catalog,
				 const char *path,
				 const struct catalog_package *package)
{
	char merged[CATALOG_PATH_MAX];
	const char *name = package ? package->name : NULL;
	const char *to;

	if (!catalog->diversions)
		return NULL;
	to = diversions_find(catalog->diversions, path, name);
	if (!to && name_merged(path, merged))
		to = diversions_find(catalog->diversions, merged, name);
	return to;
}

void catalog_lock(struct catalog *catalog)
{
	pthread_mutex_lock(&catalog->lock);
}

void catalog_unlock(struct catalog *catalog)
{
	pthread_mutex_unlock(&catalog->lock);
}

int catalog_add(struct catalog *catalog, const struct catalog_entry *entry)
{
	int r;

	catalog_lock(catalog);
	r = catalog_add_locked(catalog, entry);
	catalog_unlock(catalog);
	return r;
}

int catalog_add_locked(struct catalog *catalog,
		       const struct catalog_entry *entry)
{
	char path[CATALOG_PATH_MAX];
	const char *diverted;
	int r = name_clean(entry->path, true, path);

	if (r < 0)
		return r;
	diverted = find_diverted(catalog, path, entry->package);
	r = give_both(catalog, entry, entry->kind, path);
	if (r == 0 && diverted)
		r = give_both(catalog, entry, CATALOG_DIVERTED, diverted);
	return r;
}

int catalog_count(struct catalog *catalog, const struct catalog_counts *more)
{
	struct catalog_counts *counts = &catalog->counts;
	int r = 0;

	pthread_mutex_lock(&catalog->lock);
	counts->nr_packages += more->nr_packages;
	counts->nr_refused += more->nr_refused;
	counts->nr_files += more->nr_files;
	counts->nr_hashed += more->nr_hashed;
	counts->nr_bytes += more->nr_bytes;
	counts->nr_unnamed += more->nr_unnamed;
	counts->nr_unread += more->nr_unread;
	if (catalog->tick)
		r = catalog->tick(catalog->context, counts);
	pthread_mutex_unlock(&catalog->lock);
	return r;
}
