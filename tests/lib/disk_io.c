// SPDX-License-Identifier: MIT
/*
 * The disk as a struct io.
 */
#include "base/util.h"
#include "lib/disk_private.h"

#include <errno.h>

extern const struct io_ops disk_ops;

static struct disk *disk_of(const struct io *io)
{
	struct disk *disk;

	memcpy(&disk, &io, sizeof(disk)); /* a struct disk begins with its io */
	return disk;
}

static struct disk_node *node_of(const struct io *io, int fd)
{
	struct disk_node *node = disk_of(io)->fds[fd];

	if (!node)
		abort();
	return node;
}

static int take_fd(struct disk *disk, struct disk_node *node)
{
	for (int fd = 0; fd < DISK_FDS_MAX; fd++) {
		if (disk->fds[fd])
			continue;
		disk->fds[fd] = node;
		disk->nr_open++;
		return fd;
	}
	return -EMFILE;
}

static int open_file(const struct io *io, const char *path, int flags,
		     mode_t mode)
{
	struct disk *disk = disk_of(io);
	enum disk_kind kind = flags & O_CREAT ? DISK_GROWS : DISK_READS;
	struct disk_node *node;
	int r = disk_try(disk, kind);

	(void)mode;
	if (r == 0)
		r = disk_open_node(disk, path, flags, &node);
	return r == 0 ? take_fd(disk, node) : r;
}

static void close_file(const struct io *io, int fd)
{
	struct disk *disk = disk_of(io);

	if (disk->fd_locks[fd])
		node_of(io, fd)->locked = false;
	disk->fd_locks[fd] = false;
	disk->fds[fd] = NULL;
	disk->nr_open--;
}

static ssize_t read_file(const struct io *io, int fd, void *data, size_t len,
			 uint64_t offset)
{
	int r = disk_try(disk_of(io), DISK_READS);

	return r < 0 ? r :
		       (ssize_t)disk_read(node_of(io, fd), data, len, offset);
}

static ssize_t write_file(const struct io *io, int fd, const void *data,
			  size_t len, uint64_t offset)
{
	int r = disk_try_write(disk_of(io), &len);

	if (r < 0)
		return r;
	disk_write(node_of(io, fd), data, len, offset);
	return r > 0 ? -EIO : (ssize_t)len;
}

static int truncate_file(const struct io *io, int fd, uint64_t len)
{
	int r = disk_try(disk_of(io), DISK_CHANGES);

	if (r == 0)
		disk_truncate(node_of(io, fd), len);
	return r;
}

static int sync_file(const struct io *io, int fd)
{
	int r = disk_try(disk_of(io), DISK_SYNCS);

	if (r == 0)
		disk_sync(node_of(io, fd));
	return r < 0 ? r : 0;
}

static int confirm(const struct io *io, int fd)
{
	(void)fd;
	return disk_try(disk_of(io), DISK_CHANGES);
}

static int forget_file(const struct io *io, int fd)
{
	(void)fd;
	return disk_try(disk_of(io), DISK_READS);
}

static int get_size(const struct io *io, int fd, uint64_t *ret_len)
{
	int r = disk_try(disk_of(io), DISK_READS);

	if (r == 0)
		*ret_len = node_of(io, fd)->now.len;
	return r;
}

static int lock_file(const struct io *io, int fd)
{
	struct disk_node *node = node_of(io, fd);
	int r = disk_try(disk_of(io), DISK_READS);

	if (r == 0 && node->locked)
		r = -EBUSY;
	if (r == 0)
		node->locked = disk_of(io)->fd_locks[fd] = true;
	return r;
}

static void take_identity(const struct disk *disk, const struct disk_node *node,
			  struct io_identity *ret_identity)
{
	struct io_identity identity = {
		.device = 1,
		.inode = (uintptr_t)node,
		.len = node->now.len,
		.written = (int64_t)node->nr_changes,
	};
	const struct disk_name *name;

	for (name = disk->now; name; name = name->next)
		identity.nr_links += name->node == node;
	*ret_identity = identity;
}

static int identify_file(const struct io *io, int fd,
			 struct io_identity *ret_identity)
{
	int r = disk_try(disk_of(io), DISK_READS);

	if (r == 0)
		take_identity(disk_of(io), node_of(io, fd), ret_identity);
	return r;
}

static int identify_path(const struct io *io, const char *path,
			 struct io_identity *ret_identity)
{
	struct disk *disk = disk_of(io);
	const struct disk_node *node = disk_find(disk, path);
	int r = disk_try(disk, DISK_READS);

	if (r == 0 && !node)
		r = -ENOENT;
	if (r == 0)
		take_identity(disk, node, ret_identity);
	return r;
}

/* There are no modes here. */
static int mend(const struct io *io, const char *path, mode_t mode)
{
	int r = disk_try(disk_of(io), DISK_READS);

	(void)mode;
	return r == 0 && !disk_find(disk_of(io), path) ? -ENOENT : r;
}

static int open_folder(const struct io *io, const char *path)
{
	struct disk *disk = disk_of(io);
	struct disk_node *node = disk_find(disk, path);
	int r = disk_try(disk, DISK_READS);

	if (r == 0 && !node)
		r = -ENOENT;
	return r == 0 ? take_fd(disk, node) : r;
}

static int make_folder(const struct io *io, const char *path, mode_t mode)
{
	struct disk *disk = disk_of(io);
	struct disk_node *node;
	int r = disk_try(disk, DISK_GROWS);

	(void)mode;
	if (r < 0)
		return r;
	if (disk_find(disk, path))
		return -EEXIST;
	r = disk_open_node(disk, path, O_CREAT, &node);
	if (r == 0)
		node->is_folder = true;
	return r;
}

/* Is @path right below @folder? */
static const char *name_in(const char *path, const char *folder)
{
	char parent[DISK_PATH_MAX];

	disk_folder_of(path, parent);
	if (strcmp(parent, folder) || !strcmp(path, "/"))
		return NULL;
	return strrchr(path, '/') + 1;
}

static int remove_folder(const struct io *io, const char *path)
{
	struct disk *disk = disk_of(io);
	const struct disk_name *name;
	int r = disk_try(disk, DISK_CHANGES);

	if (r < 0)
		return r;
	if (!disk_find(disk, path))
		return -ENOENT;
	for (name = disk->now; name; name = name->next)
		if (name_in(name->path, path))
			return -ENOTEMPTY;
	disk_set_name(disk, path, NULL);
	return 0;
}

static int sync_folder(const struct io *io, const char *path)
{
	struct disk *disk = disk_of(io);
	int r = disk_try(disk, DISK_SYNCS);

	if (r == 0 && !disk_find(disk, path))
		r = -ENOENT;
	if (r == 0)
		disk_sync_names(disk, path);
	return r < 0 ? r : 0;
}

static int rename_file(const struct io *io, const char *from, const char *to)
{
	struct disk *disk = disk_of(io);
	struct disk_node *node = disk_find(disk, from);
	int r = disk_try(disk, DISK_CHANGES);

	if (r == 0 && !node)
		r = -ENOENT;
	if (r < 0)
		return r;
	disk_set_name(disk, to, node);
	disk_set_name(disk, from, NULL);
	return 0;
}

static int unlink_file(const struct io *io, const char *path)
{
	struct disk *disk = disk_of(io);
	int r = disk_try(disk, DISK_CHANGES);

	if (r == 0 && !disk_find(disk, path))
		r = -ENOENT;
	if (r == 0)
		disk_set_name(disk, path, NULL);
	return r;
}

/* The names are taken first: @each may remove what it is given. */
static int list_folder(const struct io *io, const char *path,
		       int (*each)(void *context, const char *name),
		       void *context)
{
	struct disk *disk = disk_of(io);
	const struct disk_name *name;
	char names[256][64];
	size_t nr = 0;
	int r = disk_try(disk, DISK_READS);

	if (r == 0 && !disk_find(disk, path))
		r = -ENOENT;
	for (name = disk->now; r == 0 && name; name = name->next) {
		const char *text = name_in(name->path, path);

		if (!text)
			continue;
		if (nr == ARRAY_SIZE(names) || strlen(text) >= sizeof(names[0]))
			abort();
		strcpy(names[nr++], text);
	}
	for (size_t i = 0; i < nr && r == 0; i++)
		r = each(context, names[i]);
	return r;
}

const struct io_ops disk_ops = {
	.open = open_file,
	.close = close_file,
	.pread = read_file,
	.pwrite = write_file,
	.truncate = truncate_file,
	.sync = sync_file,
	.confirm = confirm,
	.forget = forget_file,
	.size = get_size,
	.lock = lock_file,
	.identify = identify_file,
	.identify_path = identify_path,
	.mend = mend,
	.open_folder = open_folder,
	.mkdir = make_folder,
	.rmdir = remove_folder,
	.sync_dir = sync_folder,
	.rename = rename_file,
	.unlink = unlink_file,
	.list = list_folder,
};
