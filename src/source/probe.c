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
#include <sys/stat.h>

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

/* Linux 7.2 lets the list be written to, whether it can stage or not. */
static bool is_writable(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && st.st_mode & S_IWUSR;
}

static void probe_files(int dir, struct source_abilities *abilities)
{
	abilities->stage = is_there(dir, "binary_runtime_measurements_staged");
	abilities->trim = abilities->stage ||
			  is_writable(dir, "binary_runtime_measurements");
	abilities->deleted_count =
		is_there(dir, "deleted_measurements_count") &&
		is_there(dir, "staged_measurements_count");
	abilities->snapshot = is_there(dir, "snapshot");
	abilities->stage_n = abilities->stage && abilities->deleted_count;
	abilities->guarded_trim = abilities->trim && abilities->deleted_count;
	if (!abilities->stage)
		abilities->kind = abilities->trim ? SOURCE_TRIM_ONLY :
						    SOURCE_UNPATCHED;
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

/* What the kernel says to a command; other errors are those of reaching it. */
static int ask(struct source *source, enum source_list list, const char *text,
	       int *ret_answer)
{
	int fd = source_fd(source, list);

	if (fd < 0)
		return fd;
	*ret_answer = source_command(source, list, text);
	return *ret_answer == -EIO ? -EIO : 0;
}

/* An ability that files promise is one only if the error says so, too. */
int source_try(struct source *source)
{
	struct source_abilities now = source->abilities;
	int staged = 0, trim = 0, guarded = 0, r = 0;

	if (now.stage_n)
		r = ask(source, SOURCE_STAGED, TOO_LARGE, &staged);
	if (r == 0 && now.trim)
		r = ask(source, SOURCE_CURRENT, TOO_MANY, &trim);
	if (r == 0 && now.guarded_trim)
		r = ask(source, SOURCE_CURRENT, NEVER_DELETED, &guarded);
	if (r < 0)
		return r;

	now.stage_n &= staged == -ERANGE;
	now.trim &= trim == -ENOENT || trim == -EEXIST;
	now.guarded_trim &= guarded == -EAGAIN || guarded == -EEXIST;
	now.tried = true;
	pthread_mutex_lock(&source->lock);
	source->abilities = now;
	pthread_mutex_unlock(&source->lock);
	return 0;
}
