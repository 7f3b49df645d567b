// SPDX-License-Identifier: MIT
/*
 * The system's files behind the seam.
 */
#include "base/io.h"
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

static int result(int r)
{
	return r < 0 ? -errno : r;
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int system_open(const struct io *io, const char *path, int flags,
		       mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
	int r;

	(void)io;
	if (fd < 0)
		return -errno;
	r = check_regular(fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static void system_close(const struct io *io, int fd)
{
	(void)io;
	close(fd);
}

static ssize_t system_pread(const struct io *io, int fd, void *data, size_t len,
			    uint64_t offset)
{
	ssize_t n;

	(void)io;
	if (offset > INT64_MAX)
		return -EOVERFLOW;
	do
		n = pread(fd, data, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t system_pwrite(const struct io *io, int fd, const void *data,
			     size_t len, uint64_t offset)
{
	ssize_t n;

	(void)io;
	if (offset > INT64_MAX)
		return -EFBIG;
	do
		n = pwrite(fd, data, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int system_truncate(const struct io *io, int fd, uint64_t len)
{
	(void)io;
	return len > INT64_MAX ? -EFBIG : result(ftruncate(fd, (off_t)len));
}

static int system_sync(const struct io *io, int fd)
{
	(void)io;
	return result(fdatasync(fd));
}

static int system_confirm(const struct io *io, int fd)
{
	(void)io;
	return result(futimens(fd, NULL));
}

static int system_forget(const struct io *io, int fd)
{
	(void)io;
	return -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int system_size(const struct io *io, int fd, uint64_t *ret_len)
{
	struct stat st;

	(void)io;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_len = (uint64_t)st.st_size;
	return 0;
}

static int system_lock(const struct io *io, int fd)
{
	(void)io;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int take_identity(int r, const struct stat *st,
			 struct io_identity *ret_identity)
{
	if (r < 0)
		return -errno;
	*ret_identity = (struct io_identity){
		.device = st->st_dev,
		.inode = st->st_ino,
		.nr_links = st->st_nlink,
		.len = (uint64_t)st->st_size,
		.written = st->st_mtim.tv_sec * INT64_C(1000000000) +
			   st->st_mtim.tv_nsec,
	};
	return 0;
}

static int system_identify(const struct io *io, int fd,
			   struct io_identity *ret_identity)
{
	struct stat st;

	(void)io;
	return take_identity(fstat(fd, &st), &st, ret_identity);
}

static int system_identify_path(const struct io *io, const char *path,
				struct io_identity *ret_identity)
{
	struct stat st;

	(void)io;
	return take_identity(lstat(path, &st), &st, ret_identity);
}

/* By a descriptor that leads to the file without having it open. */
static int mend_fd(int fd, const struct stat *st, mode_t mode)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (st->st_uid != geteuid() && chown(path, geteuid(), (gid_t)-1) < 0)
		return -errno;
	return chmod(path, mode) < 0 ? -errno : IO_MENDED;
}

static int system_mend(const struct io *io, const char *path, mode_t mode)
{
	cleanup_close int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	(void)io;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (mode & S_IXUSR ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return -EINVAL;
	if ((st.st_mode & 07777) == mode && st.st_uid == geteuid())
		return 0;
	return mend_fd(fd, &st, mode);
}

static int system_open_folder(const struct io *io, const char *path)
{
	(void)io;
	return result(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int system_mkdir(const struct io *io, const char *path, mode_t mode)
{
	(void)io;
	return result(mkdir(path, mode));
}

static int system_rmdir(const struct io *io, const char *path)
{
	(void)io;
	return result(rmdir(path));
}

static int system_sync_dir(const struct io *io, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)io;
	return fd < 0 ? -errno : result(fsync(fd));
}

static int system_rename(const struct io *io, const char *from, const char *to)
{
	(void)io;
	return result(rename(from, to));
}

static int system_unlink(const struct io *io, const char *path)
{
	(void)io;
	return result(unlink(path));
}

static int list_all(DIR *dir, int (*each)(void *, const char *), void *context)
{
	struct dirent *entry;
	int r = 0;

	errno = 0;
	while (r == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = each(context, entry->d_name);
		errno = 0;
	}
	return r ? r : -errno;
}

static int system_list(const struct io *io, const char *path,
		       int (*each)(void *context, const char *name),
		       void *context)
{
	DIR *dir = opendir(path);
	int r;

	(void)io;
	if (!dir)
		return -errno;
	r = list_all(dir, each, context);
	closedir(dir);
	return r;
}

static const struct io_ops system_ops = {
	.open = system_open,
	.close = system_close,
	.pread = system_pread,
	.pwrite = system_pwrite,
	.truncate = system_truncate,
	.sync = system_sync,
	.confirm = system_confirm,
	.forget = system_forget,
	.size = system_size,
	.lock = system_lock,
	.identify = system_identify,
	.identify_path = system_identify_path,
	.mend = system_mend,
	.open_folder = system_open_folder,
	.mkdir = system_mkdir,
	.rmdir = system_rmdir,
	.sync_dir = system_sync_dir,
	.rename = system_rename,
	.unlink = system_unlink,
	.list = system_list,
};

const struct io io_system = { &system_ops };

ssize_t io_read_full(const struct io *io, int fd, void *data, size_t len,
		     uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = io_pread(io, fd, (char *)data + done, len - done,
				     offset + done);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int io_write_full(const struct io *io, int fd, const void *data, size_t len,
		  uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = io_pwrite(io, fd, (const char *)data + done,
				      len - done, offset + done);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}
