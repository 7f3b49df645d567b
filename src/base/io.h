/* SPDX-License-Identifier: MIT */
/*
 * The seam: every operation on files by which a record could be lost. Code that
 * keeps records calls these and nothing else, so that tests can make the Nth
 * call fail, or the power.
 *
 * Paths are absolute or relative to the process' folder, as for the system
 * calls. All return 0 or a positive result, or a negative errno. Descriptors
 * are this io's own, and good for nothing else.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct io;

/* Which file or folder it is, and how it is at this moment: to be compared with another look. */
struct io_identity {
	uint64_t device, inode;
	uint64_t nr_links;
	uint64_t len;
	int64_t written; /* when it was last, by a clock that may jump */
};

struct io_ops {
	int (*open)(const struct io *io, const char *path, int flags,
		    mode_t mode);
	void (*close)(const struct io *io, int fd);
	ssize_t (*pread)(const struct io *io, int fd, void *data, size_t len,
			 uint64_t offset);
	ssize_t (*pwrite)(const struct io *io, int fd, const void *data,
			  size_t len, uint64_t offset);
	int (*truncate)(const struct io *io, int fd, uint64_t len);
	int (*sync)(const struct io *io, int fd);
	int (*confirm)(const struct io *io, int fd);
	int (*forget)(const struct io *io, int fd);
	int (*size)(const struct io *io, int fd, uint64_t *ret_len);
	int (*lock)(const struct io *io, int fd);
	int (*identify)(const struct io *io, int fd,
			struct io_identity *ret_identity);
	int (*identify_path)(const struct io *io, const char *path,
			     struct io_identity *ret_identity);
	int (*mend)(const struct io *io, const char *path, mode_t mode);
	int (*open_folder)(const struct io *io, const char *path);
	int (*mkdir)(const struct io *io, const char *path, mode_t mode);
	int (*rmdir)(const struct io *io, const char *path);
	int (*sync_dir)(const struct io *io, const char *path);
	int (*rename)(const struct io *io, const char *from, const char *to);
	int (*unlink)(const struct io *io, const char *path);
	int (*list)(const struct io *io, const char *path,
		    int (*each)(void *context, const char *name),
		    void *context);
};

struct io {
	const struct io_ops *ops;
};

/* The system's own files. */
extern const struct io io_system;

/*
 * @flags: as for open(2). Opens regular files only, -EINVAL for others; does
 * not follow a symbolic link (-ELOOP), does not wait for the other end of a
 * pipe. O_TMPFILE makes a nameless file in the folder @path.
 */
static inline int io_open(const struct io *io, const char *path, int flags,
			  mode_t mode)
{
	return io->ops->open(io, path, flags, mode);
}

static inline void io_close(const struct io *io, int fd)
{
	io->ops->close(io, fd);
}

/* As the system calls: fewer bytes than asked for may be read or written. */
static inline ssize_t io_pread(const struct io *io, int fd, void *data,
			       size_t len, uint64_t offset)
{
	return io->ops->pread(io, fd, data, len, offset);
}

static inline ssize_t io_pwrite(const struct io *io, int fd, const void *data,
				size_t len, uint64_t offset)
{
	return io->ops->pwrite(io, fd, data, len, offset);
}

static inline int io_truncate(const struct io *io, int fd, uint64_t len)
{
	return io->ops->truncate(io, fd, len);
}

/*
 * Data, and what is needed to read it, are on stable storage on return, if io_confirm()
 * says so after it.
 */
static inline int io_sync(const struct io *io, int fd)
{
	return io->ops->sync(io, fd);
}

/*
 * Fails if the file system of @fd, open for writing, has stopped. A sync, of whatever file
 * of it, that was under way at that moment may have been told that it succeeded: ext4 says
 * so of a transaction that neither runs nor is being committed any more, although it was
 * thrown away when the journal was aborted (fs/jbd2/journal.c, jbd2_complete_transaction()
 * of Linux 6.12). Who is going to give up what was synced asks this first: the journal was
 * aborted before that sync ended, and takes no further change. Changes the file's times.
 */
static inline int io_confirm(const struct io *io, int fd)
{
	return io->ops->confirm(io, fd);
}

/* Drops it from the page cache: what is read next comes from the device. */
static inline int io_forget(const struct io *io, int fd)
{
	return io->ops->forget(io, fd);
}

static inline int io_size(const struct io *io, int fd, uint64_t *ret_len)
{
	return io->ops->size(io, fd, ret_len);
}

/* For as long as @fd is open. -EBUSY: somebody else has it. */
static inline int io_lock(const struct io *io, int fd)
{
	return io->ops->lock(io, fd);
}

/* Of an open file or folder. */
static inline int io_identify(const struct io *io, int fd,
			      struct io_identity *ret_identity)
{
	return io->ops->identify(io, fd, ret_identity);
}

/*
 * Of what has that name now; a symbolic link is not followed. Opens nothing, and so takes no
 * lock of SQLite's from this process, as closing any descriptor of its file would.
 */
static inline int io_identify_path(const struct io *io, const char *path,
				   struct io_identity *ret_identity)
{
	return io->ops->identify_path(io, path, ret_identity);
}

#define IO_MENDED 1

/*
 * The folder (0700) or regular file (0600) gets that @mode, whatever the umask was, and us for
 * its owner. 0: it had both; IO_MENDED. Opens nothing, either. -ELOOP for a symbolic link,
 * -EINVAL for what is of another kind.
 */
static inline int io_mend(const struct io *io, const char *path, mode_t mode)
{
	return io->ops->mend(io, path, mode);
}

/*
 * A descriptor for io_identify() and io_close() alone: as long as it is open, no other folder
 * gets this one's inode.
 */
static inline int io_open_folder(const struct io *io, const char *path)
{
	return io->ops->open_folder(io, path);
}

static inline int io_mkdir(const struct io *io, const char *path, mode_t mode)
{
	return io->ops->mkdir(io, path, mode);
}

static inline int io_rmdir(const struct io *io, const char *path)
{
	return io->ops->rmdir(io, path);
}

/* The names in the folder are on stable storage on return: see io_sync(). */
static inline int io_sync_dir(const struct io *io, const char *path)
{
	return io->ops->sync_dir(io, path);
}

static inline int io_rename(const struct io *io, const char *from,
			    const char *to)
{
	return io->ops->rename(io, from, to);
}

static inline int io_unlink(const struct io *io, const char *path)
{
	return io->ops->unlink(io, path);
}

/*
 * Calls @each for every name in a folder, in any order, but "." and "..". What
 * @each returns ends the listing when it is not 0, and is returned.
 */
static inline int io_list(const struct io *io, const char *path,
			  int (*each)(void *context, const char *name),
			  void *context)
{
	return io->ops->list(io, path, each, context);
}

/* ---- made of these --------------------------------------------------------- */

/* Reads until @len bytes are there or the file ends. Returns how many. */
ssize_t io_read_full(const struct io *io, int fd, void *data, size_t len,
		     uint64_t offset);

/* Writes all of it. Part may have been written on failure. */
int io_write_full(const struct io *io, int fd, const void *data, size_t len,
		  uint64_t offset);

#endif
