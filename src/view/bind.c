// SPDX-License-Identifier: MIT
/* See bind.h. */
#include "view/bind.h"
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* What /proc/mounts says of a view: see view_mount(). */
#define TYPE "fuse.imastage"

/* ---- undoing ------------------------------------------------------------- */

static bool is_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' &&
	       !strchr(path + len + 1, '/');
}

/* The last mount of a view in @dir, which is nearest to who looks. */
static bool find_mount(FILE *mounts, const char *dir, char *ret_path)
{
	char text[2 * PATH_MAX];
	struct mntent entry;
	bool found = false;

	while (getmntent_r(mounts, &entry, text, sizeof(text))) {
		if (strcmp(entry.mnt_type, TYPE) != 0 ||
		    !is_in(entry.mnt_dir, dir))
			continue;
		snprintf(ret_path, PATH_MAX, "%s", entry.mnt_dir);
		found = true;
	}
	return found;
}

/* Takes one away. 1: there was none. */
static int undo_one(const char *dir)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char path[PATH_MAX];
	bool found;

	if (!mounts)
		return -errno;
	found = find_mount(mounts, dir, path);
	endmntent(mounts);
	if (!found)
		return 1;
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int bind_undo(const char *kernel_dir, const struct say *log)
{
	cleanup_free char *dir = realpath(kernel_dir, NULL);
	int r = dir ? 0 : -errno;

	while (r == 0)
		r = undo_one(dir);
	if (r < 0)
		say(log, SAY_ERROR, "%s: the view cannot be unmounted: %s",
		    kernel_dir, strerror(-r));
	return r < 0 ? r : 0;
}

/* ---- doing --------------------------------------------------------------- */

/* Has the kernel a file, not a link, where the view has one, too? */
static bool is_wanted(int view, int kernel, const char *name)
{
	struct stat attr;

	return fstatat(kernel, name, &attr, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(attr.st_mode) && fstatat(view, name, &attr, 0) == 0 &&
	       S_ISREG(attr.st_mode);
}

static int bind_one(const char *view_dir, const char *kernel_dir,
		    const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s/%s", view_dir, name) >=
		    (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/%s", kernel_dir, name) >=
		    (int)sizeof(to))
		return -ENAMETOOLONG;
	return mount(from, to, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int bind_all(DIR *kernel, const char *view_dir, const char *kernel_dir)
{
	cleanup_close int view =
		open(view_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	int r = view < 0 ? -errno : 0;

	while (r == 0 && (entry = readdir(kernel)))
		if (is_wanted(view, dirfd(kernel), entry->d_name))
			r = bind_one(view_dir, kernel_dir, entry->d_name);
	return r;
}

int bind_over(const char *view_dir, const char *kernel_dir,
	      const struct say *log)
{
	int r = bind_undo(kernel_dir, log);
	DIR *kernel;

	if (r < 0)
		return r;
	kernel = opendir(kernel_dir);
	r = kernel ? bind_all(kernel, view_dir, kernel_dir) : -errno;
	if (kernel)
		closedir(kernel);
	if (r == 0)
		return 0;
	say(log, SAY_ERROR,
	    "the view on %s cannot be mounted over the files in %s: %s",
	    view_dir, kernel_dir, strerror(-r));
	(void)bind_undo(kernel_dir, log);
	return r;
}
