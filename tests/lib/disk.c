// SPDX-License-Identifier: MIT
/*
 * The disk: what programs see, what is safe, and what a power loss leaves.
 */
#include "lib/disk_private.h"
#include "base/util.h"
#include "lib/listbuilder.h"

#include <errno.h>

/* By none of the functions that lib/alloc.h lets fail. */
void *disk_alloc(size_t len)
{
	size_t rounded = (len + 16) & ~(size_t)15;
	void *memory = aligned_alloc(16, rounded);

	if (!memory)
		abort();
	return memset(memory, 0, rounded);
}

/* ---- bytes of a file ------------------------------------------------------- */

static void set_len(struct disk_bytes *bytes, size_t len, uint8_t fill)
{
	if (len > bytes->capacity) {
		size_t capacity = len + len / 2 + 4096;
		uint8_t *data = disk_alloc(capacity);

		if (bytes->len)
			memcpy(data, bytes->data, bytes->len);
		free(bytes->data);
		bytes->data = data;
		bytes->capacity = capacity;
	}
	if (len > bytes->len)
		memset(bytes->data + bytes->len, fill, len - bytes->len);
	bytes->len = len;
}

static void put_bytes(struct disk_bytes *bytes, const uint8_t *data, size_t len,
		      uint64_t offset, uint8_t fill)
{
	if (len == 0)
		return;
	if (offset + len > bytes->len)
		set_len(bytes, (size_t)offset + len, fill);
	memcpy(bytes->data + offset, data, len);
}

static void copy_bytes(struct disk_bytes *to, const struct disk_bytes *from)
{
	set_len(to, 0, 0);
	put_bytes(to, from->data, from->len, 0, 0);
}

static void add_change(struct disk_node *node, bool truncates, uint64_t offset,
		       const void *data, size_t len)
{
	struct disk_change *change = disk_alloc(sizeof(*change));

	*change = (struct disk_change){ .truncates = truncates,
					.offset = offset,
					.len = len };
	change->data = disk_alloc(len);
	if (len)
		memcpy(change->data, data, len);
	*node->last_change = change;
	node->last_change = &change->next;
	node->nr_changes++;
}

static void drop_changes(struct disk_node *node)
{
	while (node->changes) {
		struct disk_change *change = node->changes;

		node->changes = change->next;
		free(change->data);
		free(change);
	}
	node->last_change = &node->changes;
}

size_t disk_read(const struct disk_node *node, void *data, size_t len,
		 uint64_t offset)
{
	size_t there = offset < node->now.len ? node->now.len - (size_t)offset :
						0;

	if (len > there)
		len = there;
	if (len)
		memcpy(data, node->now.data + offset, len);
	return len;
}

void disk_write(struct disk_node *node, const void *data, size_t len,
		uint64_t offset)
{
	put_bytes(&node->now, data, len, offset, 0);
	add_change(node, false, offset, data, len);
}

void disk_truncate(struct disk_node *node, uint64_t len)
{
	set_len(&node->now, (size_t)len, 0);
	add_change(node, true, len, NULL, 0);
}

void disk_sync(struct disk_node *node)
{
	copy_bytes(&node->safe, &node->now);
	drop_changes(node);
}

/* ---- names ----------------------------------------------------------------- */

static struct disk_name **find_name(struct disk_name **names, const char *path)
{
	while (*names && strcmp((*names)->path, path))
		names = &(*names)->next;
	return names;
}

static void put_name(struct disk_name **names, const char *path,
		     struct disk_node *node)
{
	struct disk_name **at = find_name(names, path);
	struct disk_name *name = *at;

	if (!node && name) {
		*at = name->next;
		free(name);
	} else if (node && !name) {
		name = disk_alloc(sizeof(*name));
		snprintf(name->path, sizeof(name->path), "%s", path);
		name->node = node;
		*at = name;
	} else if (node) {
		name->node = node;
	}
}

static void drop_names(struct disk_name **names)
{
	while (*names) {
		struct disk_name *name = *names;

		*names = name->next;
		free(name);
	}
}

struct disk_node *disk_find(const struct disk *disk, const char *path)
{
	const struct disk_name *name;

	for (name = disk->now; name; name = name->next)
		if (!strcmp(name->path, path))
			return name->node;
	return NULL;
}

void disk_folder_of(const char *path, char ret_folder[DISK_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int len = slash && slash != path ? (int)(slash - path) : 1;

	snprintf(ret_folder, DISK_PATH_MAX, "%.*s", len, slash ? path : "/");
}

void disk_set_name(struct disk *disk, const char *path, struct disk_node *node)
{
	struct disk_name **last = &disk->changes;
	struct disk_name *change = disk_alloc(sizeof(*change));

	while (*last)
		last = &(*last)->next;
	snprintf(change->path, sizeof(change->path), "%s", path);
	change->node = node;
	*last = change;
	put_name(&disk->now, path, node);
}

void disk_sync_names(struct disk *disk, const char *folder)
{
	struct disk_name **at = &disk->changes;

	while (*at) {
		struct disk_name *change = *at;
		char parent[DISK_PATH_MAX];

		disk_folder_of(change->path, parent);
		if (strcmp(parent, folder)) {
			at = &change->next;
			continue;
		}
		put_name(&disk->safe, change->path, change->node);
		*at = change->next;
		free(change);
	}
}

static struct disk_node *new_node(struct disk *disk, bool is_folder)
{
	struct disk_node *node = disk_alloc(sizeof(*node));

	node->is_folder = is_folder;
	node->last_change = &node->changes;
	node->next = disk->nodes;
	disk->nodes = node;
	return node;
}

int disk_open_node(struct disk *disk, const char *path, int flags,
		   struct disk_node **ret_node)
{
	struct disk_node *node = disk_find(disk, path);
	char folder[DISK_PATH_MAX];

	disk_folder_of(path, folder);
	if (node && node->is_folder)
		return -EISDIR;
	if (node && flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (!node && (!(flags & O_CREAT) || !disk_find(disk, folder)))
		return -ENOENT;
	if (!node) {
		node = new_node(disk, false);
		disk_set_name(disk, path, node);
	}
	if (flags & O_TRUNC && node->now.len)
		disk_truncate(node, 0);
	*ret_node = node;
	return 0;
}

/* ---- faults ---------------------------------------------------------------- */

static bool is_about(enum disk_fault fault, enum disk_kind kind)
{
	switch (fault) {
	case DISK_IO_ERROR:
		return true;
	case DISK_POWER:
		return kind != DISK_READS;
	case DISK_STOPS:
		return kind == DISK_SYNCS;
	case DISK_FULL:
	case DISK_STAYS_FULL:
	case DISK_SHORT:
		return kind == DISK_GROWS;
	default:
		return false;
	}
}

/* Once the power is off or the file system has stopped, nothing works. */
static int last(const struct disk *disk, enum disk_kind kind)
{
	if (!disk->lasts)
		return 0;
	if (disk->fault == DISK_POWER || disk->fault == DISK_STOPS)
		return -EIO;
	return kind == DISK_GROWS ? -ENOSPC : 0;
}

int disk_try(struct disk *disk, enum disk_kind kind)
{
	if (disk->countdown == 0 || !is_about(disk->fault, kind))
		return last(disk, kind);
	if (--disk->countdown > 0)
		return 0;
	disk->lasts = disk->fault != DISK_IO_ERROR && disk->fault != DISK_FULL;
	if (disk->fault == DISK_STOPS)
		return 1;
	return disk->fault == DISK_IO_ERROR || disk->fault == DISK_POWER ?
		       -EIO :
		       -ENOSPC;
}

/* A write that the power is lost in has happened: it is not synced. */
int disk_try_write(struct disk *disk, size_t *len)
{
	bool occurs = disk->countdown == 1;
	int r = disk_try(disk, DISK_GROWS);

	if (r == 0 || !occurs || *len < 2)
		return r;
	if (disk->fault == DISK_SHORT || disk->fault == DISK_POWER) {
		*len -= disk->fault == DISK_SHORT ? *len / 2 : 0;
		return disk->fault == DISK_SHORT ? 0 : 1;
	}
	return r;
}

void disk_fail(struct disk *disk, enum disk_fault fault, uint64_t nr)
{
	disk->fault = fault;
	disk->countdown = fault == DISK_NONE ? 0 : nr;
	disk->lasts = false;
}

bool disk_has_failed(const struct disk *disk)
{
	return disk->fault != DISK_NONE && disk->countdown == 0;
}

/* ---- a disk ---------------------------------------------------------------- */

static struct disk *make_disk(const struct io *io)
{
	struct disk *disk = disk_alloc(sizeof(*disk));

	disk->io = *io;
	return disk;
}

extern const struct io_ops disk_ops;

struct disk *disk_new(void)
{
	const struct io io = { &disk_ops };
	struct disk *disk = make_disk(&io);
	struct disk_node *root = new_node(disk, true);

	put_name(&disk->now, "/", root);
	put_name(&disk->safe, "/", root);
	return disk;
}

static void free_node(struct disk_node *node)
{
	drop_changes(node);
	free(node->now.data);
	free(node->safe.data);
	for (int i = 0; i < DISK_SHM_MAX; i++)
		free(node->shm[i]);
	free(node);
}

void disk_free(struct disk *disk)
{
	if (!disk)
		return;
	drop_names(&disk->now);
	drop_names(&disk->safe);
	drop_names(&disk->changes);
	while (disk->nodes) {
		struct disk_node *node = disk->nodes;

		disk->nodes = node->next;
		free_node(node);
	}
	free(disk);
}

const struct io *disk_io(struct disk *disk)
{
	return &disk->io;
}

const char *disk_vfs(struct disk *disk)
{
	return disk_register_vfs(disk);
}

unsigned int disk_nr_open(const struct disk *disk)
{
	return disk->nr_open;
}

/* ---- what the power leaves ------------------------------------------------- */

enum luck {
	NOTHING,
	EVERYTHING,
	SOMETHING,
	NR_LUCK
};

/* Does a piece get to the disk? */
static bool survives(enum luck luck, uint32_t *seed)
{
	return luck == SOMETHING ? next_random(seed, 2) : luck == EVERYTHING;
}

static void keep_write(struct disk_bytes *bytes,
		       const struct disk_change *change, enum luck luck,
		       uint32_t *seed, uint8_t fill)
{
	size_t done = 0;

	while (done < change->len) {
		uint64_t at = change->offset + done;
		size_t step = DISK_SECTOR - (size_t)(at % DISK_SECTOR);

		if (step > change->len - done)
			step = change->len - done;
		if (survives(luck, seed))
			put_bytes(bytes, change->data + done, step, at, fill);
		done += step;
	}
}

/* Programs see, after the power is back, what is safe then. */
static void keep_node(struct disk_node *to, const struct disk_node *from,
		      uint32_t *seed)
{
	enum luck luck = (enum luck)next_random(seed, NR_LUCK);
	uint8_t fill = next_random(seed, 2) ? 0 : 0xa5;
	const struct disk_change *change;

	copy_bytes(&to->safe, &from->safe);
	for (change = from->changes; change; change = change->next) {
		if (!change->truncates)
			keep_write(&to->safe, change, luck, seed, fill);
		else if (survives(luck, seed))
			set_len(&to->safe, (size_t)change->offset, 0);
	}
	copy_bytes(&to->now, &to->safe);
}

static void keep_nodes(struct disk *to, const struct disk *from, uint32_t *seed)
{
	struct disk_node *node;

	for (node = from->nodes; node; node = node->next) {
		node->copy = new_node(to, node->is_folder);
		keep_node(node->copy, node, seed);
	}
}

static void keep_names(struct disk *to, const struct disk *from, uint32_t *seed)
{
	enum luck luck = (enum luck)next_random(seed, NR_LUCK);
	const struct disk_name *name;

	for (name = from->safe; name; name = name->next)
		put_name(&to->safe, name->path, name->node->copy);
	for (name = from->changes; name; name = name->next)
		if (survives(luck, seed))
			put_name(&to->safe, name->path,
				 name->node ? name->node->copy : NULL);
}

/* Is there a folder for it, and one for that, up to the root? */
static bool is_reachable(struct disk *disk, const char *path)
{
	char folder[DISK_PATH_MAX], at[DISK_PATH_MAX];

	snprintf(at, sizeof(at), "%s", path);
	while (strcmp(at, "/")) {
		disk_folder_of(at, folder);
		if (!*find_name(&disk->safe, folder))
			return false;
		snprintf(at, sizeof(at), "%s", folder);
	}
	return true;
}

struct disk *disk_after_power_loss(const struct disk *disk, uint32_t seed)
{
	struct disk *after = make_disk(&disk->io);
	const struct disk_name *name;

	(void)next_random(&seed, 2);
	keep_nodes(after, disk, &seed);
	keep_names(after, disk, &seed);
	for (name = after->safe; name; name = name->next)
		if (is_reachable(after, name->path))
			put_name(&after->now, name->path, name->node);
	return after;
}
