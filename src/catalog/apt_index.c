// SPDX-License-Identifier: MIT
/*
 * From a signed Release to the digests of packages.
 */
#include "catalog/apt_index.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "catalog/gpgv.h"
#include "catalog/names.h"
#include "catalog/stanza.h"
#include "catalog/unpack.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define RELEASE_MAX ((size_t)64 << 20)
#define PACKAGES_MAX ((uint64_t)1 << 30) /* unpacked */

struct signed_package {
	uint8_t digest[APT_DIGEST_LEN];
	uint64_t size;
};

struct apt_index {
	struct signed_package *of; /* owned; in order once closed */
	size_t nr, capacity;
};

int apt_index_new(struct apt_index **ret_index)
{
	struct apt_index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	*ret_index = index;
	return 0;
}

void apt_index_free(struct apt_index *index)
{
	if (!index)
		return;
	free(index->of);
	free(index);
}

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct signed_package *)a)->digest,
		      ((const struct signed_package *)b)->digest,
		      APT_DIGEST_LEN);
}

void apt_index_close(struct apt_index *index)
{
	if (index->nr)
		qsort(index->of, index->nr, sizeof(*index->of), compare);
}

uint64_t apt_index_nr(const struct apt_index *index)
{
	return index->nr;
}

bool apt_index_has(const struct apt_index *index,
		   const uint8_t digest[APT_DIGEST_LEN], uint64_t size)
{
	const struct signed_package *found;
	struct signed_package wanted = { .size = size };

	if (!index->nr)
		return false;
	memcpy(wanted.digest, digest, APT_DIGEST_LEN);
	found = bsearch(&wanted, index->of, index->nr, sizeof(wanted), compare);
	return found && found->size == size;
}

/* ---- Packages -------------------------------------------------------------- */

static int parse_decimal(struct imastage_bytes text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text.len == 0 || text.len > 18)
		return -EBADMSG;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -EBADMSG;
		number = 10 * number + (text.data[i] - (unsigned int)'0');
	}
	*ret_number = number;
	return 0;
}

static int parse_digest(struct imastage_bytes text,
			uint8_t ret_digest[APT_DIGEST_LEN])
{
	size_t len;

	if (hex_decode(text, APT_DIGEST_LEN, ret_digest, &len) < 0 ||
	    len != APT_DIGEST_LEN)
		return -EBADMSG;
	return 0;
}

static int push(struct apt_index *index, const struct signed_package *package)
{
	size_t capacity = index->capacity ? 2 * index->capacity : 1024;
	struct signed_package *more;

	if (index->nr == index->capacity) {
		more = reallocarray(index->of, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		index->of = more;
		index->capacity = capacity;
	}
	index->of[index->nr++] = *package;
	return 0;
}

int apt_index_add_packages(struct apt_index *index, struct imastage_bytes text)
{
	static const char *const names[] = { "SHA256", "Size" };
	struct imastage_bytes values[2], stanza;
	struct signed_package package;
	int r = 0;

	while (r == 0 && stanza_next(&text, &stanza) == 1) {
		r = stanza_fields(stanza, names, 2, values);
		if (r == 0)
			r = parse_digest(values[0], package.digest);
		if (r == 0)
			r = parse_decimal(values[1], &package.size);
		if (r == 0)
			r = push(index, &package);
	}
	return r;
}

/* ---- a file of Packages, compressed or not --------------------------------- */

static ssize_t read_fd(void *context, void *data, size_t len)
{
	ssize_t n = read(*(const int *)context, data, len);

	return n < 0 ? -errno : n;
}

static int unpack_all(struct unpack *unpack, struct imastage_buffer *text)
{
	struct unpack_member member;
	struct imastage_bytes bytes;
	int r = unpack_next(unpack, &member);

	if (r)
		return r == UNPACK_END ? 0 : r;
	do {
		r = unpack_read(unpack, &bytes);
		if (r == 0 && bytes.len)
			r = buffer_put(text, bytes);
	} while (r == 0 && bytes.len);
	return r;
}

static int read_packed(int fd, struct imastage_buffer *text)
{
	struct unpack_bounds bounds = { PACKAGES_MAX, 1, CATALOG_PATH_MAX };
	const struct imastage_source source = { read_fd, &fd };
	struct unpack *unpack;
	int r = unpack_new_bytes(source, UNPACK_NR_FILTERS, &bounds, &unpack);

	if (r < 0)
		return r;
	r = unpack_all(unpack, text);
	unpack_free(unpack);
	return r;
}

static int check_digest(struct imastage_bytes text,
			const uint8_t digest[APT_DIGEST_LEN])
{
	uint8_t own[IMASTAGE_DIGEST_MAX];
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_two(&hash, text, bytes_of(NULL, 0), own);
	hash_fini(&hash);
	if (r < 0)
		return r;
	return memcmp(own, digest, APT_DIGEST_LEN) ? -EBADMSG : 0;
}

/* ---- Release --------------------------------------------------------------- */

struct release {
	struct apt_index *index;
	const char *path;
	const struct say *say;
	size_t base_len; /* of the path before "InRelease" or "Release" */
	bool flat; /* names have '_' for '/', as apt keeps them */
	size_t nr_used; /* Packages that were there */
};

static int use_packages(struct release *release, const char *path, int fd,
			const uint8_t digest[APT_DIGEST_LEN])
{
	struct imastage_buffer text = { 0 };
	int r = read_packed(fd, &text);

	if (r == 0)
		r = check_digest(bytes_of(text.data, text.len), digest);
	if (r == -EBADMSG)
		say(release->say, SAY_ERROR,
		    "%s: not what %s has signed; fetch both again", path,
		    release->path);
	if (r == 0) {
		r = apt_index_add_packages(release->index,
					   bytes_of(text.data, text.len));
		if (r == -EBADMSG)
			say(release->say, SAY_ERROR,
			    "%s: a package without SHA256 or Size", path);
	}
	if (r < 0 && r != -EBADMSG)
		say_errno(release->say, r, "%s", path);
	free(text.data);
	release->nr_used++;
	return r;
}

static void build_path(const struct release *release,
		       struct imastage_bytes name, const char *extension,
		       char *ret_path, size_t len)
{
	snprintf(ret_path, len, "%.*s%.*s%s", (int)release->base_len,
		 release->path, (int)name.len, name.data, extension);
	for (size_t i = release->base_len; release->flat && ret_path[i]; i++)
		if (ret_path[i] == '/')
			ret_path[i] = '_';
}

/* The file under its name, or compressed beside it. Not there at all is fine. */
static int find_packages(struct release *release, struct imastage_bytes name,
			 const uint8_t digest[APT_DIGEST_LEN])
{
	static const char *const extensions[] = { "",	  ".xz",  ".gz",
						  ".lz4", ".zst", ".bz2" };
	char path[2 * CATALOG_PATH_MAX];
	int fd, r;

	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		build_path(release, name, extensions[i], path, sizeof(path));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		r = use_packages(release, path, fd, digest);
		close(fd);
		return r;
	}
	return 0;
}

/* "main/binary-amd64/Packages" */
static bool is_packages(struct imastage_bytes name)
{
	char path[CATALOG_PATH_MAX];
	const char *last;

	if (name_clean(name, false, path) < 0)
		return false;
	last = strrchr(path, '/');
	return !strcmp(last, "/Packages");
}

/* A line is DIGEST SIZE NAME. */
static int use_line(struct release *release, struct imastage_bytes line)
{
	struct imastage_bytes hex = stanza_word(&line);
	struct imastage_bytes size = stanza_word(&line);
	struct imastage_bytes name = stanza_word(&line);
	uint8_t digest[APT_DIGEST_LEN];
	uint64_t number;

	if (hex.len == 0)
		return 0;
	if (parse_digest(hex, digest) < 0 || parse_decimal(size, &number) < 0)
		return -EBADMSG;
	return is_packages(name) ? find_packages(release, name, digest) : 0;
}

static int use_release(struct release *release, struct imastage_bytes text)
{
	static const char *const names[] = { "SHA256" };
	struct imastage_bytes lines, line, stanza;
	int r;

	if (stanza_next(&text, &stanza) != 1 ||
	    stanza_fields(stanza, names, 1, &lines) < 0 || !lines.len) {
		say(release->say, SAY_ERROR, "%s: it has no SHA256 digests",
		    release->path);
		return -EBADMSG;
	}
	for (r = 0; r == 0 && stanza_line(&lines, &line);)
		r = use_line(release, line);
	if (r == 0 && !release->nr_used) {
		say(release->say, SAY_ERROR,
		    "%s: none of its Packages is there; run apt-get update, or put them beside it",
		    release->path);
		r = -ENOENT;
	}
	return r;
}

static int ends(const char *text, const char *with)
{
	size_t len = strlen(text), with_len = strlen(with);

	return len >= with_len && !strcmp(text + len - with_len, with);
}

static int begin_release(struct release *release)
{
	const char *slash = strrchr(release->path, '/');
	const char *name = slash ? slash + 1 : release->path;
	const char *kind = ends(name, "InRelease") ? "InRelease" : "Release";

	if (!ends(name, kind)) {
		say(release->say, SAY_ERROR,
		    "%s: it has to be called InRelease or Release",
		    release->path);
		return -EINVAL;
	}
	release->base_len = strlen(release->path) - strlen(kind);
	release->flat = strlen(name) > strlen(kind);
	return 0;
}

static int read_text(const struct release *release, const char *extension,
		     uint8_t **ret_data, size_t *ret_len)
{
	char path[2 * CATALOG_PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s%s", release->path, extension);
	r = file_read(path, RELEASE_MAX, ret_data, ret_len);
	return r < 0 ? say_errno(release->say, r, "%s", path) : 0;
}

static int check_release(struct release *release, const char *const *keyrings,
			 struct imastage_buffer *ret_text)
{
	cleanup_free uint8_t *text = NULL, *signature = NULL;
	size_t len = 0, signature_len = 0;
	int r = read_text(release, "", &text, &len);

	if (r == 0 && !ends(release->path, "InRelease"))
		r = read_text(release, ".gpg", &signature, &signature_len);
	if (r < 0)
		return r;
	if (signature && !signature_len)
		return -EBADMSG;
	return gpgv_check(release->path, bytes_of(text, len),
			  bytes_of(signature, signature_len), keyrings,
			  release->say, ret_text);
}

int apt_index_add(struct apt_index *index, const char *path,
		  const char *const *keyrings, const struct say *say)
{
	struct release release = { .index = index, .path = path, .say = say };
	struct imastage_buffer text = { 0 };
	int r = begin_release(&release);

	if (r == 0)
		r = check_release(&release, keyrings, &text);
	if (r == 0)
		r = use_release(&release, bytes_of(text.data, text.len));
	free(text.data);
	return r;
}

/* ---- the folder of apt ----------------------------------------------------- */

/* A Release with its signature within is enough. */
static bool is_release(int folder, const char *name)
{
	char other[NAME_MAX + 8];

	if (ends(name, "_InRelease"))
		return true;
	if (!ends(name, "_Release"))
		return false;
	snprintf(other, sizeof(other), "%.*sInRelease",
		 (int)(strlen(name) - strlen("Release")), name);
	return faccessat(folder, other, F_OK, 0) < 0;
}

static int add_found(struct apt_index *index, const char *folder,
		     const char *name, const char *const *keyrings,
		     const struct say *say)
{
	char path[CATALOG_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return apt_index_add(index, path, keyrings, say);
}

int apt_index_add_lists(struct apt_index *index, const char *folder,
			const char *const *keyrings, const struct say *say_to)
{
	DIR *dir = opendir(folder);
	const struct dirent *found;
	size_t nr = 0;
	int r = 0;

	if (!dir)
		return say_errno(say_to, -errno, "%s", folder);
	while (r == 0 && (found = readdir(dir))) {
		if (!is_release(dirfd(dir), found->d_name))
			continue;
		nr++;
		r = add_found(index, folder, found->d_name, keyrings, say_to);
	}
	closedir(dir);
	if (r == 0 && nr == 0) {
		say(say_to, SAY_ERROR,
		    "%s: no Release is there; run apt-get update", folder);
		r = -ENOENT;
	}
	return r;
}
