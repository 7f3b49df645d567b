// SPDX-License-Identifier: MIT
/*
 * Walking to where something is written.
 */
#include "base/path.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#define LINKS_MAX 40 /* as the kernel */
#define OPEN_DIR (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct walk {
	struct path_place place;
	char rest[PATH_MAX]; /* what is still to be walked */
	unsigned int nr_links;
};

/* ---- who can change what -------------------------------------------------- */

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* A user's own group may be let in by that user; root's files are not for root's group. */
static bool only_we_write(const struct stat *dir)
{
	mode_t others = geteuid() == 0 ? S_IWGRP | S_IWOTH : S_IWOTH;

	return is_ours(dir) && !(dir->st_mode & others);
}

/* @entry: NULL when there is none. */
static bool is_trusted(const struct stat *dir, const struct stat *entry)
{
	if (only_we_write(dir))
		return true;
	return is_ours(dir) && dir->st_mode & S_ISVTX &&
	       (!entry || is_ours(entry));
}

static bool is_procfs(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* ---- steps ---------------------------------------------------------------- */

/* Takes the next name from @walk->rest. False: there is none. */
static int take_name(struct walk *walk, bool *ret_found)
{
	char *rest = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(rest, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(walk->place.name, rest, len);
	walk->place.name[len] = '\0';
	memmove(walk->rest, rest + len, strlen(rest + len) + 1);
	*ret_found = len > 0;
	return 0;
}

static int enter(struct walk *walk, const char *name, int flags)
{
	int dir = walk->place.dir < 0 ? AT_FDCWD : walk->place.dir;
	int fd = openat(dir, name, OPEN_DIR | flags);

	if (fd < 0)
		return -errno;
	if (walk->place.dir >= 0)
		close(walk->place.dir);
	walk->place.dir = fd;
	return 0;
}

/* Goes on with what the link says instead of with its name. */
static int follow(struct walk *walk)
{
	char target[PATH_MAX];
	size_t rest_len = strlen(walk->rest);
	ssize_t len = readlinkat(walk->place.dir, walk->place.name, target,
				 sizeof(target));

	if (len < 0)
		return -errno;
	if (!walk->place.trusted || ++walk->nr_links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)len + rest_len >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + len, walk->rest, rest_len + 1);
	memcpy(walk->rest, target, (size_t)len);
	return target[0] == '/' ? enter(walk, "/", 0) : 0;
}

static int look_at(struct walk *walk)
{
	struct path_place *place = &walk->place;
	struct stat dir;

	if (fstat(place->dir, &dir) < 0)
		return -errno;
	place->exists = fstatat(place->dir, place->name, &place->st,
				AT_SYMLINK_NOFOLLOW) == 0;
	if (!place->exists && errno != ENOENT)
		return -errno;
	place->trusted = is_trusted(&dir, place->exists ? &place->st : NULL);
	place->walked_trusted &= place->trusted;
	return 0;
}

/* Takes one name. *ret_there: it is the last. */
static int step(struct walk *walk, bool *ret_there)
{
	struct path_place *place = &walk->place;
	bool found, last = false, link;
	int r = take_name(walk, &found);

	if (r == 0 && !found)
		return -EISDIR;
	if (r == 0)
		r = look_at(walk);
	if (r < 0)
		return r;
	last = !walk->rest[strspn(walk->rest, "/")];
	link = place->exists && S_ISLNK(place->st.st_mode);
	place->kernel_link = link && is_procfs(place->dir);
	if (link && !place->kernel_link)
		return follow(walk);
	*ret_there = last;
	if (!last)
		return enter(walk, place->name,
			     place->kernel_link ? 0 : O_NOFOLLOW);
	return *walk->rest || !strcmp(place->name, ".") ||
			       !strcmp(place->name, "..") ?
		       -EISDIR :
		       0;
}

int path_walk(const char *path, struct path_place *ret_place)
{
	struct walk walk = { .place = { .dir = -1, .walked_trusted = true } };
	bool there = false;
	int r;

	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	strcpy(walk.rest, path);
	r = enter(&walk, *path == '/' ? "/" : ".", 0);
	while (r == 0 && !there)
		r = step(&walk, &there);
	if (r < 0)
		path_fini(&walk.place);
	else
		*ret_place = walk.place;
	return r;
}

void path_fini(struct path_place *place)
{
	if (place->dir >= 0)
		close(place->dir);
	place->dir = -1;
}

/* ---- what is written in place --------------------------------------------- */

/* A file that others put there may be another name of one of ours. */
static int open_empty(const struct path_place *place, mode_t mode)
{
	int fd = openat(
		place->dir, place->name,
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EEXIST;
	else if (!place->trusted &&
		 (st.st_uid != geteuid() || st.st_nlink != 1))
		r = -EPERM;
	else if (ftruncate(fd, 0) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int path_open_empty(const char *path, mode_t mode)
{
	struct path_place place;
	int r = path_walk(path, &place);

	if (r < 0)
		return r;
	r = open_empty(&place, mode);
	path_fini(&place);
	return r;
}

const char *path_strerror(int error)
{
	switch (error) {
	case -ELOOP:
		return "a symbolic link in a folder that other users can write to; "
		       "name the file itself, or use a folder of your own";
	case -EPERM:
		return "may have been put there by another user; use a folder of "
		       "your own";
	case -EEXIST:
		return "is no regular file; remove it, or use another name";
	case -ENXIO:
		return "nobody reads from this pipe";
	default:
		return strerror(-error);
	}
}
