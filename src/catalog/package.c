// SPDX-License-Identifier: MIT
/*
 * Files of a package: a row that is put in order once all are there.
 */
#include "catalog/package.h"
#include "base/bytes.h"
#include "base/util.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <errno.h>

void package_fini(struct package *package)
{
	free(package->names.data);
	free(package->files);
}

static int put_name(struct package *package, const char *name, size_t *ret_at)
{
	size_t at = package->names.len;
	int r = buffer_put(&package->names, bytes_of(name, strlen(name) + 1));

	if (r == 0)
		*ret_at = at;
	return r;
}

static int make_room(struct package *package)
{
	size_t capacity = package->capacity ? 2 * package->capacity : 64;
	struct package_file *more;

	if (package->nr < package->capacity)
		return 0;
	more = reallocarray(package->files, capacity, sizeof(*more));
	if (!more)
		return -ENOMEM;
	package->files = more;
	package->capacity = capacity;
	return 0;
}

static int push(struct package *package, enum catalog_kind kind,
		const char *path, struct package_file **ret_file)
{
	struct package_file *file;
	int r = make_room(package);

	if (r < 0)
		return r;
	file = &package->files[package->nr];
	*file = (struct package_file){ .kind = kind };
	r = put_name(package, path, &file->name);
	if (r < 0)
		return r;
	package->nr++;
	*ret_file = file;
	return 0;
}

int package_add(struct package *package, enum catalog_kind kind,
		const char *path, const uint8_t *digest)
{
	struct package_file *file;
	int r = push(package, kind, path, &file);

	if (r == 0)
		memcpy(file->digest, digest, sizeof(file->digest));
	return r;
}

int package_add_link(struct package *package, const char *path,
		     const char *target)
{
	struct package_file *file;
	int r = push(package, CATALOG_FILE, path, &file);

	if (r < 0)
		return r;
	file->is_link = true;
	return put_name(package, target, &file->target);
}

/* ---- in order -------------------------------------------------------------- */

static int compare(const void *a, const void *b, void *names)
{
	const struct package_file *one = a, *other = b;

	return strcmp((const char *)names + one->name,
		      (const char *)names + other->name);
}

const struct package_file *package_find(const struct package *package,
					const char *path)
{
	size_t low = 0, high = package->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct package_file *file = &package->files[middle];
		int order = strcmp(path, package_name(package, file->name));

		if (order == 0)
			return file;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static int resolve(struct package *package, struct package_file *file)
{
	const struct package_file *target;

	if (!file->is_link)
		return 0;
	target = package_find(package, package_name(package, file->target));
	if (!target || target->is_link)
		return -EBADMSG;
	memcpy(file->digest, target->digest, sizeof(file->digest));
	return 0;
}

int package_close(struct package *package, const char **ret_path,
		  const char **ret_reason)
{
	struct package_file *files = package->files;

	if (package->nr)
		qsort_r(files, package->nr, sizeof(*files), compare,
			package->names.data);
	for (size_t i = 0; i < package->nr; i++) {
		*ret_path = package_name(package, files[i].name);
		*ret_reason = "is there twice";
		if (i &&
		    !compare(&files[i - 1], &files[i], package->names.data))
			return -EBADMSG;
	}
	for (size_t i = 0; i < package->nr; i++) {
		*ret_path = package_name(package, files[i].name);
		*ret_reason = "is a hard link to no file of the package";
		if (resolve(package, &files[i]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int give_files(struct package *package, struct catalog *catalog)
{
	const struct catalog_package of = { package->name, package->version };
	int r = 0;

	catalog_lock(catalog);
	for (size_t i = 0; i < package->nr && r == 0; i++) {
		const struct package_file *file = &package->files[i];
		const struct catalog_entry entry = {
			.kind = file->kind,
			.path = bytes_of_text(
				package_name(package, file->name)),
			.bank = catalog->bank,
			.digest = file->digest,
			.package = &of,
		};

		r = catalog_add_locked(catalog, &entry);
	}
	catalog_unlock(catalog);
	return r;
}

static uint64_t count_files(const struct package *package)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < package->nr; i++)
		nr += package->files[i].kind == CATALOG_FILE;
	return nr;
}

int package_give(struct package *package, struct catalog *catalog)
{
	const struct catalog_counts counts = {
		.nr_packages = 1,
		.nr_files = count_files(package),
		.nr_hashed = count_files(package),
		.nr_bytes = package->nr_bytes,
		.nr_unnamed = package->nr_unnamed,
	};
	int r = give_files(package, catalog);

	return r < 0 ? r : catalog_count(catalog, &counts);
}

/* ---- digests --------------------------------------------------------------- */

static int hash_member(struct hash *hash, struct unpack *unpack,
		       uint64_t *nr_bytes, uint8_t *ret_digest)
{
	struct imastage_bytes bytes;
	int r = hash_start(hash);

	while (r == 0) {
		r = unpack_read(unpack, &bytes);
		if (r < 0 || bytes.len == 0)
			break;
		*nr_bytes += bytes.len;
		r = hash_update(hash, bytes);
	}
	return r < 0 ? r : hash_end(hash, ret_digest);
}

int package_hash(struct unpack *unpack, enum imastage_bank bank,
		 uint64_t *nr_bytes, uint8_t *ret_digest)
{
	struct hash hash;
	int r = hash_init(&hash, bank);

	if (r < 0)
		return r;
	r = hash_member(&hash, unpack, nr_bytes, ret_digest);
	hash_fini(&hash);
	return r;
}
