// SPDX-License-Identifier: MIT
/* See files.h. */
#include "view/files.h"

#include <inttypes.h>

#define MODE (S_IFREG | 0440)
#define DIR_MODE 0750 /* sizes and times of files are for their readers only */

/* The attributes of what others list are asked for each time: see fs.c. */
#define ATTR_TIMEOUT 0.0

static void add(struct files *files, enum file_kind kind, const char *name,
		const struct form *form)
{
	unsigned int place = flat_dir_add(&files->dir, MODE, name, NULL);

	files->files[place] = (struct file){ .kind = kind };
	if (form)
		files->files[place].form = *form;
}

static const char *format_name(enum imastage_format format)
{
	return format == IMASTAGE_FORMAT_ASCII ? "ascii" : "binary";
}

static void add_list(struct files *files, enum imastage_format format,
		     enum imastage_bank bank)
{
	const struct form form = { .format = format, .bank = bank };
	char name[FLAT_NAME_MAX];

	snprintf(name, sizeof(name), "%s_runtime_measurements_%s",
		 format_name(format), imastage_bank_name(bank));
	add(files, FILE_LIST, name, &form);
}

/* The name without a bank is a link to that of sha1. */
static void add_link(struct files *files, enum imastage_format format)
{
	char name[FLAT_NAME_MAX], target[FLAT_NAME_MAX];
	unsigned int place;

	snprintf(name, sizeof(name), "%s_runtime_measurements",
		 format_name(format));
	snprintf(target, sizeof(target), "%s_runtime_measurements_%s",
		 format_name(format), imastage_bank_name(IMASTAGE_SHA1));
	place = flat_dir_add(&files->dir, S_IFLNK | 0777, name, target);
	files->files[place].kind = FILE_OTHER;
}

static void set_group(struct flat_dir *dir, gid_t group)
{
	for (unsigned int i = 0; i < dir->nr; i++)
		dir->files[i].attr.st_gid = group;
}

void files_init(struct files *files, unsigned int banks, bool violations,
		gid_t group)
{
	flat_dir_init(&files->dir, DIR_MODE, ATTR_TIMEOUT);
	files->files[0].kind = FILE_OTHER;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (bank != IMASTAGE_SHA1 && !(banks & 1u << bank))
			continue;
		add_list(files, IMASTAGE_FORMAT_ASCII, bank);
		add_list(files, IMASTAGE_FORMAT_BINARY, bank);
	}
	add_link(files, IMASTAGE_FORMAT_ASCII);
	add_link(files, IMASTAGE_FORMAT_BINARY);
	add(files, FILE_COUNT, "runtime_measurements_count", NULL);
	if (violations)
		add(files, FILE_VIOLATIONS, "violations", NULL);
	if (group != (gid_t)-1)
		set_group(&files->dir, group);
}

void files_fini(struct files *files)
{
	flat_dir_fini(&files->dir);
}

static void set_size(struct stat *attr, uint64_t size)
{
	attr->st_size = (off_t)size;
	/* Without blocks it would be one hole to who copies it. */
	attr->st_blocks = (blkcnt_t)(size / 512 + (size % 512 > 0));
}

void files_grow(struct files *files, const struct form_place *end)
{
	struct flat_dir *dir = &files->dir;
	int len = snprintf(NULL, 0, "%" PRIu64 "\n", end->index);

	pthread_mutex_lock(&dir->lock);
	for (unsigned int i = 0; i < dir->nr; i++) {
		const struct file *file = &files->files[i];

		if (file->kind == FILE_LIST)
			set_size(&dir->files[i].attr,
				 form_offset(&file->form, end));
		else if (file->kind == FILE_COUNT)
			set_size(&dir->files[i].attr, (uint64_t)len);
	}
	pthread_mutex_unlock(&dir->lock);
	flat_dir_touch(dir);
}

uint64_t files_size(struct files *files, fuse_ino_t ino)
{
	struct flat_dir *dir = &files->dir;
	int place = flat_dir_place(dir, ino);
	uint64_t size = 0;

	pthread_mutex_lock(&dir->lock);
	if (place >= 0)
		size = (uint64_t)dir->files[place].attr.st_size;
	pthread_mutex_unlock(&dir->lock);
	return size;
}

const struct file *files_get(const struct files *files, fuse_ino_t ino)
{
	int place = flat_dir_place(&files->dir, ino);

	return place < 0 ? NULL : &files->files[place];
}
