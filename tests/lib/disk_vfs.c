// SPDX-License-Identifier: MIT
/*
 * The disk as a VFS of SQLite's. It behaves as SQLite's own for Unix where a
 * disk can tell the difference: a new write-ahead log's name is synced with its
 * first sync, the database's is not; writes are powersafe.
 */
#include "base/util.h"
#include "lib/disk_private.h"

#include <errno.h>
#include <sqlite3.h>

#define NAME "imastage-test-disk"

static struct disk *reached;
static int last_errno;

struct vfs_file {
	struct sqlite3_file base;
	struct disk_node *node;
	char path[DISK_PATH_MAX];
	bool syncs_dir;
	int lock; /* SQLITE_LOCK_* that it has */
	bool uses_shm;
	unsigned int shm_shared, shm_exclusive; /* masks */
};

static struct vfs_file *file_of(struct sqlite3_file *base)
{
	struct vfs_file *file;

	memcpy(&file, &base, sizeof(file)); /* begins with its base */
	return file;
}

/* @rc for an error of this kind, SQLITE_FULL when there is no room. */
static int result(int r, int rc)
{
	if (r == 0)
		return SQLITE_OK;
	last_errno = -r;
	return r == -ENOSPC ? SQLITE_FULL : rc;
}

/* ---- files ----------------------------------------------------------------- */

static int file_read(struct sqlite3_file *base, void *data, int len,
		     sqlite3_int64 offset)
{
	struct vfs_file *file = file_of(base);
	int r = disk_try(reached, DISK_READS);
	size_t n;

	if (r < 0)
		return result(r, SQLITE_IOERR_READ);
	n = disk_read(file->node, data, (size_t)len, (uint64_t)offset);
	if (n == (size_t)len)
		return SQLITE_OK;
	memset((char *)data + n, 0, (size_t)len - n);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(struct sqlite3_file *base, const void *data, int len,
		      sqlite3_int64 offset)
{
	struct vfs_file *file = file_of(base);
	size_t n = (size_t)len;
	int r = disk_try_write(reached, &n);

	if (r < 0)
		return result(r, SQLITE_IOERR_WRITE);
	disk_write(file->node, data, n, (uint64_t)offset);
	if (r > 0)
		return SQLITE_IOERR_WRITE;
	return n < (size_t)len ? SQLITE_FULL : SQLITE_OK;
}

static int file_truncate(struct sqlite3_file *base, sqlite3_int64 len)
{
	int r = disk_try(reached, DISK_CHANGES);

	if (r == 0)
		disk_truncate(file_of(base)->node, (uint64_t)len);
	return result(r, SQLITE_IOERR_TRUNCATE);
}

static int file_sync(struct sqlite3_file *base, int flags)
{
	struct vfs_file *file = file_of(base);
	char folder[DISK_PATH_MAX];
	int r = disk_try(reached, DISK_SYNCS);

	(void)flags;
	if (r < 0)
		return result(r, SQLITE_IOERR_FSYNC);
	if (r == 0)
		disk_sync(file->node);
	if (!file->syncs_dir)
		return SQLITE_OK;
	r = disk_try(reached, DISK_SYNCS);
	if (r < 0)
		return result(r, SQLITE_IOERR_DIR_FSYNC);
	disk_folder_of(file->path, folder);
	if (r == 0)
		disk_sync_names(reached, folder);
	file->syncs_dir = false;
	return SQLITE_OK;
}

static int file_size(struct sqlite3_file *base, sqlite3_int64 *ret_len)
{
	int r = disk_try(reached, DISK_READS);

	*ret_len = (sqlite3_int64)file_of(base)->node->now.len;
	return result(r, SQLITE_IOERR_FSTAT);
}

static int file_control(struct sqlite3_file *base, int op, void *arg)
{
	const struct vfs_file *file = file_of(base);

	if (op == SQLITE_FCNTL_HAS_MOVED) {
		*(int *)arg = disk_find(reached, file->path) != file->node;
		return SQLITE_OK;
	}
	if (op == SQLITE_FCNTL_PERSIST_WAL) {
		*(int *)arg = 1;
		return SQLITE_OK;
	}
	return SQLITE_NOTFOUND;
}

static int sector_size(struct sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int characteristics(struct sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- locks ----------------------------------------------------------------- */

static int take_exclusive(struct vfs_file *file)
{
	struct disk_node *node = file->node;

	if (node->exclusive || (node->pending && node->pending != file))
		return SQLITE_BUSY;
	node->pending = file;
	if (node->nr_shared > 1)
		return SQLITE_BUSY;
	node->exclusive = file;
	return SQLITE_OK;
}

static int take_lock(struct vfs_file *file, int lock)
{
	struct disk_node *node = file->node;

	if (lock == SQLITE_LOCK_SHARED) {
		if (node->pending || node->exclusive)
			return SQLITE_BUSY;
		node->nr_shared++;
		return SQLITE_OK;
	}
	if (lock == SQLITE_LOCK_RESERVED) {
		if (node->reserved && node->reserved != file)
			return SQLITE_BUSY;
		node->reserved = file;
		return SQLITE_OK;
	}
	return take_exclusive(file);
}

static int file_lock(struct sqlite3_file *base, int lock)
{
	struct vfs_file *file = file_of(base);
	int rc = file->lock >= lock ? SQLITE_OK : take_lock(file, lock);

	if (rc == SQLITE_OK && file->lock < lock)
		file->lock = lock;
	return rc;
}

static int file_unlock(struct sqlite3_file *base, int lock)
{
	struct vfs_file *file = file_of(base);
	struct disk_node *node = file->node;

	if (file->lock <= lock)
		return SQLITE_OK;
	if (node->reserved == file)
		node->reserved = NULL;
	if (node->pending == file)
		node->pending = NULL;
	if (node->exclusive == file)
		node->exclusive = NULL;
	if (lock == SQLITE_LOCK_NONE)
		node->nr_shared--;
	file->lock = lock;
	return SQLITE_OK;
}

static int check_reserved(struct sqlite3_file *base, int *ret)
{
	const struct disk_node *node = file_of(base)->node;

	*ret = node->reserved || node->pending || node->exclusive;
	return SQLITE_OK;
}

/* ---- shared memory --------------------------------------------------------- */

static int shm_map(struct sqlite3_file *base, int region, int len, int extend,
		   void volatile **ret)
{
	struct vfs_file *file = file_of(base);
	struct disk_node *node = file->node;
	int r = disk_try(reached, DISK_READS);

	*ret = NULL;
	if (r < 0)
		return result(r, SQLITE_IOERR_SHMMAP);
	if (region >= DISK_SHM_MAX)
		return SQLITE_IOERR_SHMMAP;
	if (!file->uses_shm)
		node->nr_shm_users++;
	file->uses_shm = true;
	if (!node->shm[region] && extend)
		node->shm[region] = disk_alloc((size_t)len);
	*ret = node->shm[region];
	return SQLITE_OK;
}

static bool can_lock(const struct vfs_file *file, int slot, bool exclusive)
{
	const struct disk_node *node = file->node;

	if (node->shm_exclusive[slot] && node->shm_exclusive[slot] != file)
		return false;
	return !exclusive || node->nr_shm_shared[slot] == 0;
}

static void unlock_slot(struct vfs_file *file, int slot)
{
	struct disk_node *node = file->node;

	if (file->shm_shared & 1u << slot)
		node->nr_shm_shared[slot]--;
	if (file->shm_exclusive & 1u << slot)
		node->shm_exclusive[slot] = NULL;
	file->shm_shared &= ~(1u << slot);
	file->shm_exclusive &= ~(1u << slot);
}

static void lock_slot(struct vfs_file *file, int slot, bool exclusive)
{
	struct disk_node *node = file->node;

	if (exclusive) {
		node->shm_exclusive[slot] = file;
		file->shm_exclusive |= 1u << slot;
	} else if (!(file->shm_shared & 1u << slot)) {
		node->nr_shm_shared[slot]++;
		file->shm_shared |= 1u << slot;
	}
}

static int shm_lock(struct sqlite3_file *base, int first, int nr, int flags)
{
	struct vfs_file *file = file_of(base);
	bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;

	for (int i = first; i < first + nr; i++) {
		if (flags & SQLITE_SHM_UNLOCK)
			unlock_slot(file, i);
		else if (!can_lock(file, i, exclusive))
			return SQLITE_BUSY;
	}
	if (flags & SQLITE_SHM_LOCK)
		for (int i = first; i < first + nr; i++)
			lock_slot(file, i, exclusive);
	return SQLITE_OK;
}

static void shm_barrier(struct sqlite3_file *base)
{
	(void)base;
}

/* The memory of the last one who used it goes. */
static int shm_unmap(struct sqlite3_file *base, int remove_it)
{
	struct vfs_file *file = file_of(base);
	struct disk_node *node = file->node;

	(void)remove_it;
	if (!file->uses_shm)
		return SQLITE_OK;
	for (int i = 0; i < DISK_SHM_LOCKS; i++)
		unlock_slot(file, i);
	file->uses_shm = false;
	if (--node->nr_shm_users > 0)
		return SQLITE_OK;
	for (int i = 0; i < DISK_SHM_MAX; i++) {
		free(node->shm[i]);
		node->shm[i] = NULL;
	}
	return SQLITE_OK;
}

static int file_close(struct sqlite3_file *base)
{
	shm_unmap(base, 0);
	file_unlock(base, SQLITE_LOCK_NONE);
	reached->nr_open--;
	return SQLITE_OK;
}

static const struct sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = check_reserved,
	.xFileControl = file_control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* ---- the VFS --------------------------------------------------------------- */

static int vfs_open(struct sqlite3_vfs *vfs, const char *path,
		    struct sqlite3_file *base, int flags, int *ret_flags)
{
	struct vfs_file *file = file_of(base);
	bool creates = flags & SQLITE_OPEN_CREATE;
	bool is_new;
	int r;

	(void)vfs;
	memset(file, 0, sizeof(*file));
	if (!path)
		abort(); /* temp_store is memory */
	is_new = !disk_find(reached, path);
	r = disk_try(reached, creates && is_new ? DISK_GROWS : DISK_READS);
	if (r == 0)
		r = disk_open_node(reached, path, creates ? O_CREAT : 0,
				   &file->node);
	if (r < 0)
		return result(r, SQLITE_CANTOPEN);
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->syncs_dir = creates && is_new &&
			  flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
	file->base.pMethods = &methods;
	reached->nr_open++;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(struct sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	char folder[DISK_PATH_MAX];
	int r = disk_try(reached, DISK_CHANGES);

	(void)vfs;
	if (r < 0)
		return result(r, SQLITE_IOERR_DELETE);
	if (!disk_find(reached, path))
		return SQLITE_IOERR_DELETE_NOENT;
	disk_set_name(reached, path, NULL);
	if (!sync_dir)
		return SQLITE_OK;
	r = disk_try(reached, DISK_SYNCS);
	disk_folder_of(path, folder);
	if (r == 0)
		disk_sync_names(reached, folder);
	return result(r < 0 ? r : 0, SQLITE_IOERR_DIR_FSYNC);
}

static int vfs_access(struct sqlite3_vfs *vfs, const char *path, int flags,
		      int *ret)
{
	int r = disk_try(reached, DISK_READS);
	const struct disk_node *node = disk_find(reached, path);

	(void)vfs;
	/* As SQLite's own: an empty file is as good as none. */
	*ret = node && (flags != SQLITE_ACCESS_EXISTS || node->now.len > 0);
	return result(r, SQLITE_IOERR_ACCESS);
}

static int vfs_full_path(struct sqlite3_vfs *vfs, const char *path, int len,
			 char *ret)
{
	(void)vfs;
	sqlite3_snprintf(len, ret, "%s", path);
	return SQLITE_OK;
}

static int vfs_random(struct sqlite3_vfs *vfs, int len, char *ret)
{
	(void)vfs;
	memset(ret, 42, (size_t)len);
	return len;
}

static int vfs_sleep(struct sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int vfs_time(struct sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
	(void)vfs;
	*ret = 0;
	return SQLITE_OK;
}

static int vfs_last_error(struct sqlite3_vfs *vfs, int len, char *ret)
{
	(void)vfs;
	(void)len;
	(void)ret;
	return last_errno;
}

static struct sqlite3_vfs vfs = {
	.iVersion = 2,
	.szOsFile = sizeof(struct vfs_file),
	.mxPathname = DISK_PATH_MAX,
	.zName = NAME,
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_path,
	.xRandomness = vfs_random,
	.xSleep = vfs_sleep,
	.xGetLastError = vfs_last_error,
	.xCurrentTimeInt64 = vfs_time,
};

const char *disk_register_vfs(struct disk *disk)
{
	reached = disk;
	if (!sqlite3_vfs_find(NAME) &&
	    sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		abort();
	return NAME;
}
