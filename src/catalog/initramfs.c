// SPDX-License-Identifier: MIT
/*
 * initramfs files. Hard links of one archive share the content that one of them has.
 */
#include "catalog/initramfs.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "catalog/cpio.h"
#include "catalog/names.h"
#include "catalog/package.h"
#include "catalog/tree.h"
#include "catalog/unpack.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROOM ((size_t)64 << 10)
#define VERSION_LEN 8 /* bytes of the file's digest */

struct linked {
	uint64_t device, inode;
	size_t name; /* in the names of the links */
	bool has_content;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

struct initramfs {
	struct catalog *catalog;
	const char *path;
	int fd;
	uint64_t offset; /* of the archive at hand in the file */
	uint64_t at; /* what is read next of it */
	struct unpack_bounds bounds;
	struct unpack *unpack; /* the archive is compressed: */
	struct imastage_bytes piece; /* what is left of the last one */
	struct hash hash;
	struct package package;
	struct cpio cpio;

	struct linked *links; /* owned; of the archive at hand */
	size_t nr_links, links_capacity;
	struct imastage_buffer names; /* theirs */
	uint8_t room[ROOM];
};

static int refuse(const struct initramfs *image, const char *what,
		  const char *reason)
{
	say(image->catalog->say, SAY_ERROR,
	    "%s: archive at byte %llu: %s%s%s; the file is refused",
	    image->path, (unsigned long long)image->offset, what,
	    what[0] ? ": " : "", reason);
	return INITRAMFS_REFUSED;
}

/* ---- bytes ----------------------------------------------------------------- */

static ssize_t read_plain(void *context, void *data, size_t len)
{
	struct initramfs *image = context;
	ssize_t n = pread(image->fd, data, len, (off_t)image->at);

	if (n < 0)
		return -errno;
	image->at += (uint64_t)n;
	return n;
}

static ssize_t read_unpacked(void *context, void *data, size_t len)
{
	struct initramfs *image = context;
	int r;

	if (image->piece.len == 0) {
		r = unpack_read(image->unpack, &image->piece);
		if (r < 0)
			return r;
	}
	len = len < image->piece.len ? len : image->piece.len;
	if (len)
		memcpy(data, image->piece.data, len);
	image->piece = bytes_skip(image->piece, len);
	return (ssize_t)len;
}

/* The first byte that is not zero. CPIO_END: there is none. */
static int find_archive(struct initramfs *image)
{
	ssize_t n;

	image->at = image->offset;
	while ((n = read_plain(image, image->room, ROOM)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (image->room[i]) {
				image->offset += (uint64_t)i;
				return 0;
			}
		}
		image->offset += (uint64_t)n;
	}
	return n < 0 ? (int)n : CPIO_END;
}

/* ---- hard links ------------------------------------------------------------ */

static int keep_link(struct initramfs *image, const struct cpio_member *member,
		     const char *path, const uint8_t *digest)
{
	size_t capacity = image->links_capacity ? 2 * image->links_capacity :
						  64;
	struct linked *more;

	if (image->nr_links == image->links_capacity) {
		more = reallocarray(image->links, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		image->links = more;
		image->links_capacity = capacity;
	}
	more = &image->links[image->nr_links++];
	*more = (struct linked){ .device = member->device,
				 .inode = member->inode,
				 .name = image->names.len,
				 .has_content = member->size != 0 };
	memcpy(more->digest, digest, sizeof(more->digest));
	return buffer_put(&image->names, bytes_of(path, strlen(path) + 1));
}

/* Of one file, the one with the content first. */
static int compare_links(const void *a, const void *b)
{
	const struct linked *one = a, *other = b;

	if (one->device != other->device)
		return one->device < other->device ? -1 : 1;
	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	return other->has_content - one->has_content;
}

static bool is_same_file(const struct linked *a, const struct linked *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static int give_link(struct initramfs *image, const struct linked *link,
		     const struct linked *first)
{
	const char *path = (const char *)image->names.data + link->name;

	if (link != first && link->has_content &&
	    memcmp(link->digest, first->digest, sizeof(link->digest)))
		return refuse(image, path, "hard links with two contents");
	return package_add(&image->package, CATALOG_FILE, path, first->digest);
}

static int give_links(struct initramfs *image)
{
	const struct linked *first = image->links;
	int r = 0;

	if (image->nr_links)
		qsort(image->links, image->nr_links, sizeof(*first),
		      compare_links);
	for (size_t i = 0; i < image->nr_links && r == 0; i++) {
		if (!is_same_file(first, &image->links[i]))
			first = &image->links[i];
		r = give_link(image, &image->links[i], first);
	}
	image->nr_links = 0;
	image->names.len = 0;
	return r;
}

/* ---- one archive ----------------------------------------------------------- */

static int refuse_archive(struct initramfs *image, int r, const char *what)
{
	if (r == -ENOMEM)
		return r;
	if (image->cpio.reason)
		return refuse(image, what, image->cpio.reason);
	if (image->unpack)
		return refuse(image, what, unpack_reason(image->unpack));
	return refuse(image, what, strerror(-r));
}

static int hash_file(struct initramfs *image, uint8_t *ret_digest)
{
	ssize_t n = 1;
	int r = hash_start(&image->hash);

	while (r == 0 && n > 0) {
		n = cpio_read(&image->cpio, image->room, ROOM);
		if (n < 0)
			return (int)n;
		image->package.nr_bytes += (uint64_t)n;
		r = hash_update(&image->hash, bytes_of(image->room, (size_t)n));
	}
	return r < 0 ? r : hash_end(&image->hash, ret_digest);
}

static int take_file(struct initramfs *image, const struct cpio_member *member)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX] = { 0 };
	char path[CATALOG_PATH_MAX];
	int r = name_clean(bytes_of_text(member->name), true, path);

	if (r < 0 || name_is_harmful(path))
		return refuse(image, member->name, "no name within a root");
	r = hash_file(image, digest);
	if (r < 0)
		return refuse_archive(image, r, path);
	if (member->links > 1)
		return keep_link(image, member, path, digest);
	return package_add(&image->package, CATALOG_FILE, path, digest);
}

/* Names that come out are bounded, whatever their files. */
static int bound(struct initramfs *image, const char *name)
{
	size_t len = strlen(name);

	if (!image->bounds.members_left || len > image->bounds.names_left)
		return refuse(image, "", "too many members");
	image->bounds.members_left--;
	image->bounds.names_left -= len;
	return 0;
}

static int read_archive(struct initramfs *image)
{
	struct cpio_member member;
	int end, r;

	while ((end = cpio_next(&image->cpio, &member)) == 0) {
		r = bound(image, member.name);
		if (r == 0 && S_ISREG(member.mode))
			r = take_file(image, &member);
		if (r)
			return r;
	}
	if (end < 0)
		return refuse_archive(image, end, "");
	return give_links(image);
}

/* All archives that one stream of compressed bytes holds. */
static int read_archives(struct initramfs *image)
{
	int end, r;

	while ((end = cpio_begin(&image->cpio)) == 0) {
		r = read_archive(image);
		if (r)
			return r;
	}
	return end < 0 ? refuse_archive(image, end, "") : 0;
}

static int read_plain_archive(struct initramfs *image)
{
	int r;

	image->at = image->offset;
	cpio_init(&image->cpio, (struct imastage_source){ read_plain, image });
	r = read_archive(image);
	image->offset += image->cpio.offset;
	return r;
}

static int read_unpack(struct initramfs *image)
{
	struct unpack_member member;
	int r = unpack_next(image->unpack, &member);

	if (r == UNPACK_END)
		return refuse(image, "", "neither cpio nor compressed");
	if (r < 0)
		return refuse_archive(image, r, "");
	image->piece = bytes_of(NULL, 0);
	cpio_init(&image->cpio,
		  (struct imastage_source){ read_unpacked, image });
	r = read_archives(image);
	if (r == 0 && unpack_used(image->unpack) == 0)
		r = refuse(image, "", "neither cpio nor compressed");
	image->offset += unpack_used(image->unpack);
	return r;
}

static int read_compressed_archive(struct initramfs *image)
{
	int r;

	image->at = image->offset;
	r = unpack_new_bytes((struct imastage_source){ read_plain, image },
			     UNPACK_NR_FILTERS, &image->bounds, &image->unpack);
	if (r < 0)
		return r == -ENOMEM ? r : refuse(image, "", strerror(-r));
	image->cpio.reason = NULL;
	r = read_unpack(image);
	unpack_free(image->unpack);
	image->unpack = NULL;
	return r;
}

static int read_next(struct initramfs *image)
{
	uint8_t magic[CPIO_MAGIC_LEN];
	ssize_t n;

	image->at = image->offset;
	n = read_plain(image, magic, sizeof(magic));
	if (n < 0)
		return refuse(image, "", strerror((int)-n));
	if (n == sizeof(magic) && cpio_is_magic(magic))
		return read_plain_archive(image);
	return read_compressed_archive(image);
}

/* ---- the file -------------------------------------------------------------- */

static int name_it(struct initramfs *image)
{
	const char *slash = strrchr(image->path, '/');
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct package *package = &image->package;
	struct stat st;
	bool hashed;
	int r = tree_hash(IMASTAGE_SHA256, image->fd, NULL, &st, digest,
			  &hashed);

	if (r < 0) {
		say_errno(image->catalog->say, r, "%s", image->path);
		return r == -ENOMEM ? r : INITRAMFS_REFUSED;
	}
	snprintf(package->name, sizeof(package->name), "initramfs:%.200s",
		 slash ? slash + 1 : image->path);
	hex_encode(bytes_of(digest, VERSION_LEN), package->version);
	image->bounds = unpack_bounds_of((uint64_t)st.st_size);
	return 0;
}

/* All archives, and what was found in them if each was good. */
static int read_image(struct initramfs *image)
{
	size_t nr_archives = 0;
	int end, r = name_it(image);

	if (r)
		return r;
	while ((end = find_archive(image)) == 0) {
		r = read_next(image);
		if (r)
			return r;
		nr_archives++;
	}
	if (end < 0)
		return refuse(image, "", strerror(-end));
	if (!nr_archives)
		return refuse(image, "", "nothing is in it");
	return package_give(&image->package, image->catalog);
}

int initramfs_read_fd(struct catalog *catalog, const char *path, int fd)
{
	const struct catalog_counts refused = { .nr_refused = 1 };
	struct initramfs *image = calloc(1, sizeof(*image));
	int counted, r;

	if (!image)
		return -ENOMEM;
	image->catalog = catalog;
	image->path = path;
	image->fd = fd;
	r = hash_init(&image->hash, catalog->bank);
	if (r == 0)
		r = read_image(image);
	hash_fini(&image->hash);
	package_fini(&image->package);
	free(image->links);
	free(image->names.data);
	free(image);
	if (r != INITRAMFS_REFUSED)
		return r;
	counted = catalog_count(catalog, &refused);
	return counted < 0 ? counted : r;
}

int initramfs_read(struct catalog *catalog, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const struct catalog_counts refused = { .nr_refused = 1 };
	int r;

	if (fd >= 0)
		return initramfs_read_fd(catalog, path, fd);
	say_errno(catalog->say, -errno, "%s", path);
	r = catalog_count(catalog, &refused);
	return r < 0 ? r : INITRAMFS_REFUSED;
}
