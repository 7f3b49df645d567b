// SPDX-License-Identifier: MIT
/*
 * md5sums: a line is the MD5 in hexadecimal, two spaces, and the name without its first slash.
 */
#include "catalog/dpkg_weak.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "catalog/names.h"
#include "catalog/stanza.h"
#include "log/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>

#define MD5SUMS_MAX ((size_t)64 << 20)
#define MD5_LEN 16
#define ROOM ((size_t)64 << 10)

struct weak {
	struct catalog *catalog;
	const char *root;
	struct hash hash;
	EVP_MD_CTX *md5;
	struct catalog_package package;
	struct dpkg_weak_counts counts;
	struct catalog_counts all;
};

/* Both digests of what @fd has, read once. */
static int hash_both(struct weak *weak, int fd, uint8_t *ret_md5,
		     uint8_t *ret_digest)
{
	uint8_t room[ROOM];
	ssize_t n = 1;

	if (hash_start(&weak->hash) < 0 ||
	    !EVP_DigestInit_ex(weak->md5, EVP_md5(), NULL))
		return -EIO;
	while (n > 0) {
		n = read(fd, room, ROOM);
		if (n < 0)
			return -errno;
		weak->all.nr_bytes += (uint64_t)n;
		if (hash_update(&weak->hash, bytes_of(room, (size_t)n)) < 0 ||
		    !EVP_DigestUpdate(weak->md5, room, (size_t)n))
			return -EIO;
	}
	if (!EVP_DigestFinal_ex(weak->md5, ret_md5, NULL))
		return -EIO;
	return hash_end(&weak->hash, ret_digest);
}

/* Where the file is, if a diversion has moved it. */
static int open_file(const struct weak *weak, const char *path)
{
	char full[2 * CATALOG_PATH_MAX];
	const char *diverted = NULL;
	struct stat st;
	int fd;

	if (weak->catalog->diversions)
		diverted = diversions_find(weak->catalog->diversions, path,
					   weak->package.name);
	snprintf(full, sizeof(full), "%s%s", weak->root,
		 diverted ? diverted : path);
	fd = open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -EINVAL;
	}
	return fd < 0 ? -errno : fd;
}

static int take_file(struct weak *weak, const char *path, const uint8_t *md5)
{
	uint8_t own_md5[EVP_MAX_MD_SIZE], digest[IMASTAGE_DIGEST_MAX];
	const struct catalog_entry entry = { .kind = CATALOG_FILE,
					     .path = bytes_of_text(path),
					     .bank = weak->catalog->bank,
					     .digest = digest,
					     .package = &weak->package };
	cleanup_close int fd = open_file(weak, path);
	int r = fd < 0 ? fd : hash_both(weak, fd, own_md5, digest);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || memcmp(own_md5, md5, MD5_LEN)) {
		weak->counts.nr_changed++;
		return 0;
	}
	weak->counts.nr_files++;
	weak->all.nr_files++;
	weak->all.nr_hashed++;
	return catalog_add(weak->catalog, &entry);
}

static int take_line(struct weak *weak, struct imastage_bytes line)
{
	struct imastage_bytes hex = stanza_word(&line);
	uint8_t md5[MD5_LEN];
	char path[CATALOG_PATH_MAX];
	size_t len;

	if (!hex.len)
		return 0;
	if (hex_decode(hex, sizeof(md5), md5, &len) < 0 || len != MD5_LEN ||
	    line.len < 3 || name_clean(bytes_skip(line, 2), true, path) < 0) {
		weak->counts.nr_changed++;
		return 0;
	}
	return take_file(weak, path, md5);
}

static int take_lines(struct weak *weak, struct imastage_bytes text)
{
	struct imastage_bytes line;
	int r = 0;

	while (r == 0 && stanza_line(&text, &line))
		r = take_line(weak, line);
	if (r < 0)
		return r;
	return catalog_count(weak->catalog, &weak->all);
}

static int read_sums(struct weak *weak, const struct dpkg_installed *installed)
{
	cleanup_free uint8_t *text = NULL;
	char path[CATALOG_PATH_MAX];
	size_t len;

	snprintf(path, sizeof(path), "%s/var/lib/dpkg/info/%.*s%s%.*s.md5sums",
		 weak->root, (int)installed->name.len, installed->name.data,
		 installed->is_same ? ":" : "",
		 installed->is_same ? (int)installed->architecture.len : 0,
		 installed->architecture.data);
	/* A package without files has none. */
	if (file_read(path, MD5SUMS_MAX, &text, &len) < 0)
		return 0;
	return take_lines(weak, bytes_of(text, len));
}

int dpkg_weak_read(struct catalog *catalog, const char *root,
		   const struct dpkg_installed *installed,
		   struct dpkg_weak_counts *ret_counts)
{
	char name[2 * CATALOG_WORD_MAX + 2], version[CATALOG_WORD_MAX + 1];
	struct weak weak = { .catalog = catalog,
			     .root = root,
			     .package = { name, version } };
	int r = hash_init(&weak.hash, catalog->bank);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%.*s:%.*s", (int)installed->name.len,
		 installed->name.data, (int)installed->architecture.len,
		 installed->architecture.data);
	snprintf(version, sizeof(version), "%.*s", (int)installed->version.len,
		 installed->version.data);
	weak.md5 = EVP_MD_CTX_new();
	r = weak.md5 ? read_sums(&weak, installed) : -ENOMEM;
	EVP_MD_CTX_free(weak.md5);
	hash_fini(&weak.hash);
	if (r == 0)
		*ret_counts = weak.counts;
	return r;
}
