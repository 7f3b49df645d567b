// SPDX-License-Identifier: MIT
/*
 * What a kernel can do. See the table in source.h.
 */
#include "source/private.h"

#include "base/bytes.h"
#include "base/util.h"

#include <imastage/bank.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define TOO_LARGE "18446744073709551616" /* 2^64 */
#define TOO_MANY "18446744073709551615" /* 2^64 - 1 */
#define NEVER_DELETED "999999999999999999:1"

static bool is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

/* binary_runtime_measurements_<bank> */
static void add_bank(const char *name, unsigned int *banks)
{
	static const char start[] = "binary_runtime_measurements_";
	enum imastage_bank bank;

	if (strncmp(name, start, sizeof(start) - 1) == 0 &&
	    imastage_bank_by_name(bytes_of_text(name + sizeof(start) - 1),
				  &bank) == 0)
		*banks |= 1U << bank;
}

/* Older kernels have the file without a suffix only, which is sha1's. */
static int find_banks(int dir, unsigned int *ret_banks)
{
	unsigned int banks = 1U << IMASTAGE_SHA1;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *names;

	if (fd < 0)
		return -errno;
	names = fdopendir(fd);
	if (!names) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(names)))
		add_bank(entry->d_name, &banks);
	closedir(names);
	*ret_banks = banks;
	return 0;
}

static void probe_files(int dir, struct source_abilities *abilities)
{
	abilities->stage = is_there(dir, "binary_runtime_measurements_staged");
	abilities->trim = abilities->stage;
	abilities->deleted_count =
		is_there(dir, "deleted_measurements_count") &&
		is_there(dir, "staged_measurements_count");
	abilities->snapshot = is_there(dir, "snapshot");
	abilities->stage_n = abilities->stage && abilities->deleted_count;
	abilities->guarded_trim = abilities->trim && abilities->deleted_count;
	if (!abilities->stage)
		abilities->kind = SOURCE_UNPATCHED;
	else
		abilities->kind = abilities->deleted_count ? SOURCE_IMASTAGE :
							     SOURCE_LINUX_7_2;
}

int source_probe(const char *path, struct source_abilities *ret_abilities)
{
	cleanup_close int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct source_abilities abilities = { 0 };
	int r;

	if (dir < 0)
		return -errno;
	if (faccessat(dir, "binary_runtime_measurements", F_OK, 0) < 0)
		return -errno;
	r = find_banks(dir, &abilities.banks);
	if (r < 0)
		return r;
	probe_files(dir, &abilities);
	*ret_abilities = abilities;
	return 0;
}

/* An ability that files promise is one only if the error says so, too. */
void source_try(struct source *source)
{
	struct source_abilities *abilities = &source->abilities;
	int staged = source_command(source, SOURCE_STAGED, TOO_LARGE);
	int trim = source_command(source, SOURCE_CURRENT, TOO_MANY);
	int guarded = source_command(source, SOURCE_CURRENT, NEVER_DELETED);

	pthread_mutex_lock(&source->lock);
	abilities->stage_n &= staged == -ERANGE;
	abilities->trim &= trim == -ENOENT || trim == -EEXIST;
	abilities->guarded_trim &= guarded == -EAGAIN || guarded == -EEXIST;
	abilities->tried = true;
	pthread_mutex_unlock(&source->lock);
}
