// SPDX-License-Identifier: MIT
/*
 * Trees: one thread walks and gathers names, a batch at a time; a crew hashes the batch. So
 * memory does not depend on the size of the tree.
 */
#include "catalog/tree.h"
#include "base/bytes.h"
#include "base/util.h"
#include "catalog/crew.h"
#include "log/buffer.h"
#include "log/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define BATCH_FILES 8192
#define DEPTH_MAX 256 /* folders in each other: each is open */
#define ROOM ((size_t)128 << 10)

struct walk {
	struct catalog *catalog;
	const struct tree *tree;
	int root; /* descriptor */
	dev_t dev; /* of the root */
	unsigned int depth;
	char path[CATALOG_PATH_MAX]; /* of the folder at hand, below the root; with a slash behind */
	size_t path_len;
	struct imastage_buffer names; /* of the batch, each with a NUL */
	size_t at[BATCH_FILES]; /* where each begins */
	size_t nr;
};

/* ---- one file -------------------------------------------------------------- */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       !memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) &&
	       !memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim));
}

static int hash_all(struct hash *hash, int fd, uint64_t size,
		    uint8_t *ret_digest)
{
	cleanup_free uint8_t *room = malloc(ROOM);
	uint64_t nr_read = 0;
	ssize_t n = 1;
	int r;

	if (!room)
		return -ENOMEM;
	r = hash_start(hash);
	while (r == 0 && n > 0) {
		n = read(fd, room, ROOM);
		if (n < 0)
			return -errno;
		nr_read += (uint64_t)n;
		/* Who only appends to a file would keep us here. */
		if (nr_read > size)
			return -EAGAIN;
		r = hash_update(hash, bytes_of(room, (size_t)n));
	}
	return r < 0 ? r : hash_end(hash, ret_digest);
}

static int hash_fd(enum imastage_bank bank, int fd, uint64_t size,
		   uint8_t *ret_digest)
{
	struct hash hash;
	int r = hash_init(&hash, bank);

	if (r < 0)
		return r;
	r = hash_all(&hash, fd, size, ret_digest);
	hash_fini(&hash);
	return r;
}

int tree_hash(enum imastage_bank bank, int fd, struct digest_cache *cache,
	      struct stat *ret_st, uint8_t *ret_digest, bool *ret_hashed)
{
	struct stat after;
	int r;

	if (fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	*ret_hashed = !digest_cache_find(cache, ret_st, ret_digest);
	if (!*ret_hashed)
		return 0;
	r = hash_fd(bank, fd, (uint64_t)ret_st->st_size, ret_digest);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	if (!is_same(ret_st, &after))
		return -EAGAIN;
	digest_cache_put(cache, ret_st, ret_digest);
	return 0;
}

static int give(struct walk *walk, const char *name, const uint8_t *digest)
{
	const char *prefix = walk->tree->prefix ? walk->tree->prefix : "";
	struct catalog_entry entry = { .bank = walk->catalog->bank,
				       .digest = digest };
	char path[CATALOG_PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", prefix, name);

	if (len >= (int)sizeof(path))
		return -EINVAL;
	entry.path = bytes_of(path, (size_t)len);
	return catalog_add(walk->catalog, &entry);
}

/* What cannot be read is said and counted; what is gone is not missed. */
static int unread(struct walk *walk, const char *name, int r)
{
	const struct catalog_counts one = { .nr_unread = 1 };

	if (r == -ENOENT || r == -ELOOP)
		return 0;
	if (r == -EAGAIN)
		say(walk->catalog->say, SAY_WARNING,
		    "%s/%s: changed while it was read, and is left out",
		    walk->tree->root, name);
	else
		say_errno(walk->catalog->say, r, "%s/%s", walk->tree->root,
			  name);
	return catalog_count(walk->catalog, &one);
}

static int hash_job(void *context, size_t job)
{
	struct walk *walk = context;
	const char *name = (const char *)walk->names.data + walk->at[job];
	struct catalog_counts counts = { .nr_files = 1 };
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct stat st;
	bool hashed;
	cleanup_close int fd = openat(walk->root, name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					      O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno :
			 tree_hash(walk->catalog->bank, fd, walk->tree->cache,
				   &st, digest, &hashed);

	if (r < 0)
		return unread(walk, name, r);
	counts.nr_hashed = hashed;
	counts.nr_bytes = hashed ? (uint64_t)st.st_size : 0;
	r = give(walk, name, digest);
	return r < 0 ? r : catalog_count(walk->catalog, &counts);
}

/* ---- the walk -------------------------------------------------------------- */

static int run_batch(struct walk *walk)
{
	int r = crew_run(walk->catalog->nr_threads, walk->nr, hash_job, walk);

	walk->nr = 0;
	walk->names.len = 0;
	return r;
}

static int take_file(struct walk *walk, const char *name)
{
	struct imastage_bytes folder = bytes_of(walk->path, walk->path_len);
	int r;

	walk->at[walk->nr] = walk->names.len;
	r = buffer_put(&walk->names, folder);
	if (r == 0)
		r = buffer_put(&walk->names, bytes_of(name, strlen(name) + 1));
	if (r == 0 && ++walk->nr == BATCH_FILES)
		r = run_batch(walk);
	return r;
}

static int walk_folder(struct walk *walk, int fd);

/* -ENOENT: it is gone. Other mounts are no failure. */
static int open_folder(struct walk *walk, int parent, const char *name,
		       int *ret_fd)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 &&
	    (walk->tree->mounts || st.st_dev == walk->dev)) {
		*ret_fd = fd;
		return 0;
	}
	close(fd);
	return -EXDEV;
}

static int enter(struct walk *walk, int parent, const char *name)
{
	size_t len = walk->path_len;
	size_t name_len = strlen(name);
	int fd, r;

	if (len + name_len + 2 > sizeof(walk->path) ||
	    walk->depth == DEPTH_MAX) {
		say(walk->catalog->say, SAY_ERROR,
		    "%s/%s%s: too many folders in each other", walk->tree->root,
		    walk->path, name);
		return -ENAMETOOLONG;
	}
	r = open_folder(walk, parent, name, &fd);
	memcpy(walk->path + len, name, name_len + 1);
	if (r < 0) {
		r = r == -EXDEV ? 0 : unread(walk, walk->path, r);
	} else {
		memcpy(walk->path + len + name_len, "/", 2);
		walk->path_len += name_len + 1;
		walk->depth++;
		r = walk_folder(walk, fd);
		walk->depth--;
	}
	walk->path_len = len;
	walk->path[len] = '\0';
	return r;
}

/* Some file systems do not tell the type beside the name. */
static unsigned char type_of(int fd, const struct dirent *found)
{
	struct stat st;

	if (found->d_type != DT_UNKNOWN)
		return found->d_type;
	if (fstatat(fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(st.st_mode);
}

static int take(struct walk *walk, int fd, const struct dirent *found)
{
	if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, ".."))
		return 0;
	switch (type_of(fd, found)) {
	case DT_DIR:
		return enter(walk, fd, found->d_name);
	case DT_REG:
		return take_file(walk, found->d_name);
	default:
		return 0;
	}
}

static int walk_all(struct walk *walk, DIR *dir)
{
	const struct dirent *found;
	int r = 0;

	while (r == 0) {
		errno = 0;
		found = readdir(dir);
		if (!found)
			return errno ? unread(walk, walk->path, -errno) : 0;
		r = take(walk, dirfd(dir), found);
	}
	return r;
}

/* Takes @fd. */
static int walk_folder(struct walk *walk, int fd)
{
	DIR *dir = fdopendir(fd);
	int r;

	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	r = walk_all(walk, dir);
	closedir(dir);
	return r;
}

static int walk_root(struct walk *walk)
{
	struct stat st;
	int r;

	if (fstat(walk->root, &st) < 0)
		return -errno;
	walk->dev = st.st_dev;
	r = walk_folder(walk, fcntl(walk->root, F_DUPFD_CLOEXEC, 0));
	return r < 0 ? r : run_batch(walk);
}

int tree_read(struct catalog *catalog, const struct tree *tree)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return -ENOMEM;
	walk->catalog = catalog;
	walk->tree = tree;
	walk->root = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = walk->root < 0 ? say_errno(catalog->say, -errno, "%s", tree->root) :
			     walk_root(walk);
	if (walk->root >= 0)
		close(walk->root);
	free(walk->names.data);
	free(walk);
	return r;
}
