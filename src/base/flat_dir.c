// SPDX-License-Identifier: MIT
/* See flat_dir.h. */
#include "base/flat_dir.h"
#include "base/text.h"
#include "base/util.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <time.h>

#define LOG_MAX 8192

static struct flat_dir *dir_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* libfuse's own messages name paths. */
__attribute__((format(printf, 2, 0))) static void
log_fuse(enum fuse_log_level level, const char *format, va_list arguments)
{
	char text[LOG_MAX];

	(void)level;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	text_print_line(stderr, "%s", text);
}

void flat_dir_init(struct flat_dir *dir, mode_t mode, double attr_timeout)
{
	fuse_set_log_func(log_fuse);
	dir->nr = 0;
	dir->attr_timeout = attr_timeout;
	pthread_mutex_init(&dir->lock, NULL);
	flat_dir_add(dir, S_IFDIR | mode, "", NULL);
}

void flat_dir_fini(struct flat_dir *dir)
{
	pthread_mutex_destroy(&dir->lock);
}

unsigned int flat_dir_add(struct flat_dir *dir, mode_t mode, const char *name,
			  const char *target)
{
	struct flat_file *file = &dir->files[dir->nr];

	assert(dir->nr < FLAT_FILES_MAX && strlen(name) < FLAT_NAME_MAX);
	*file = (struct flat_file){
		.attr.st_ino = FLAT_ROOT_INO + dir->nr,
		.attr.st_mode = mode,
		.attr.st_nlink = S_ISDIR(mode) ? 2 : 1,
		.attr.st_uid = geteuid(),
		.attr.st_gid = getegid(),
	};
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (target) {
		snprintf(file->target, sizeof(file->target), "%s", target);
		file->attr.st_size = (off_t)strlen(file->target);
	}
	clock_gettime(CLOCK_REALTIME, &file->attr.st_mtim);
	file->attr.st_atim = file->attr.st_mtim;
	file->attr.st_ctim = file->attr.st_mtim;
	return dir->nr++;
}

int flat_dir_place(const struct flat_dir *dir, fuse_ino_t ino)
{
	if (ino < FLAT_ROOT_INO || ino - FLAT_ROOT_INO >= dir->nr)
		return -1;
	return (int)(ino - FLAT_ROOT_INO);
}

int flat_dir_find(const struct flat_dir *dir, const char *name)
{
	for (unsigned int i = 1; i < dir->nr; i++)
		if (!strcmp(dir->files[i].name, name))
			return (int)i;
	return -1;
}

void flat_dir_touch(struct flat_dir *dir)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&dir->lock);
	for (unsigned int i = 0; i < dir->nr; i++)
		if (S_ISREG(dir->files[i].attr.st_mode))
			dir->files[i].attr.st_mtim = now;
	pthread_mutex_unlock(&dir->lock);
}

/* A copy: others may change it meanwhile. */
static struct stat attr_of(struct flat_dir *dir, unsigned int place)
{
	struct stat attr;

	pthread_mutex_lock(&dir->lock);
	attr = dir->files[place].attr;
	pthread_mutex_unlock(&dir->lock);
	return attr;
}

/* An entry without a number says that there is none, for as long. */
void flat_op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct flat_dir *dir = dir_of(req);
	struct fuse_entry_param entry = {
		.attr_timeout = dir->attr_timeout,
		.entry_timeout = FLAT_FOREVER,
	};
	int place = flat_dir_find(dir, name);

	if (place >= 0 && parent == FLAT_ROOT_INO) {
		entry.attr = attr_of(dir, (unsigned int)place);
		entry.ino = entry.attr.st_ino;
	}
	fuse_reply_entry(req, &entry);
}

void flat_op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct flat_dir *dir = dir_of(req);
	int place = flat_dir_place(dir, ino);
	struct stat attr;

	(void)fi;
	if (place < 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	attr = attr_of(dir, (unsigned int)place);
	fuse_reply_attr(req, &attr, dir->attr_timeout);
}

/* As in securityfs. O_TRUNC has no effect. */
void flat_op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		     int to_set, struct fuse_file_info *fi)
{
	struct flat_dir *dir = dir_of(req);
	int place = flat_dir_place(dir, ino);
	struct stat *own;

	if (place >= 0) {
		own = &dir->files[place].attr;
		pthread_mutex_lock(&dir->lock);
		if (to_set & FUSE_SET_ATTR_MODE)
			own->st_mode = (own->st_mode & S_IFMT) |
				       (attr->st_mode & 07777);
		if (to_set & FUSE_SET_ATTR_UID)
			own->st_uid = attr->st_uid;
		if (to_set & FUSE_SET_ATTR_GID)
			own->st_gid = attr->st_gid;
		pthread_mutex_unlock(&dir->lock);
	}
	flat_op_getattr(req, ino, fi);
}

void flat_op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct flat_dir *dir = dir_of(req);
	int place = flat_dir_place(dir, ino);

	if (place < 0)
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_readlink(req, dir->files[place].target);
}

void flat_op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode, struct fuse_file_info *fi)
{
	(void)parent, (void)name, (void)mode, (void)fi;
	fuse_reply_err(req, EACCES);
}

void flat_op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	fuse_reply_err(req, EPERM);
}

void flat_op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	fuse_reply_err(req, EPERM);
}

/* An offset is the number of the next entry: ".", "..", then the files. */
static size_t add_entry(fuse_req_t req, char *buf, size_t room, off_t offset)
{
	struct flat_dir *dir = dir_of(req);
	off_t place = offset < 2 ? 0 : offset - 1;
	const char *name;
	struct stat attr;

	if (place >= dir->nr)
		return room + 1;
	attr = attr_of(dir, (unsigned int)place);
	name = offset == 0 ? "." : offset == 1 ? ".." : dir->files[place].name;
	return fuse_add_direntry(req, buf, room, name, &attr, offset + 1);
}

void flat_op_readdir(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
		     struct fuse_file_info *fi)
{
	cleanup_free char *buf = malloc(len);
	size_t done = 0, entry;

	(void)ino, (void)fi;
	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	for (;; offset++) {
		entry = add_entry(req, buf + done, len - done, offset);
		if (entry > len - done)
			break;
		done += entry;
	}
	fuse_reply_buf(req, buf, done);
}
