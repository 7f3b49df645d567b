// SPDX-License-Identifier: MIT
/* See mounts.h. Paths are taken as the configuration has them. */
#include "service/mounts.h"

#include "base/file.h"
#include "base/output.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* ---- mount points ---------------------------------------------------------- */

/* Is another file system mounted on this folder than has its name? On / there always is one. */
static bool is_mount_point(const char *path)
{
	char above[PATH_MAX];
	struct stat here, there;

	if (snprintf(above, sizeof(above), "%s/..", path) >= PATH_MAX ||
	    stat(path, &here) < 0 || stat(above, &there) < 0)
		return false;
	return here.st_dev != there.st_dev || here.st_ino == there.st_ino;
}

/* What @dir, which is there, is mounted on: "" if that is the root. */
static int find_mount_point(const char *dir, char ret_path[PATH_MAX])
{
	char *slash;

	if (!realpath(dir, ret_path))
		return -errno;
	while (*ret_path && !is_mount_point(ret_path)) {
		slash = strrchr(ret_path, '/');
		*slash = '\0';
	}
	return 0;
}

static bool has_archive(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/index.db", dir) < PATH_MAX &&
	       lstat(path, &st) == 0;
}

/* ---- the file -------------------------------------------------------------- */

/* The first of several folders is the service's. */
static void find_folder(char ret_path[PATH_MAX])
{
	const char *dir = getenv("STATE_DIRECTORY");

	if (!dir || !*dir)
		dir = MOUNTS_DIR;
	snprintf(ret_path, PATH_MAX, "%.*s", (int)strcspn(dir, ":"), dir);
}

static int find_file(char ret_path[PATH_MAX])
{
	char dir[PATH_MAX];

	find_folder(dir);
	return snprintf(ret_path, PATH_MAX, "%s/" MOUNTS_FILE, dir) < PATH_MAX ?
		       0 :
		       -ENAMETOOLONG;
}

/* All of it, terminated; "" if there is none. */
static int read_lines(const char *path, char **ret_text)
{
	uint8_t *data;
	size_t len;
	int r = file_read(path, MOUNTS_FILE_MAX, &data, &len);
	char *text;

	if (r == -ENOENT || r == -ENOTDIR)
		r = (text = strdup("")) ? 0 : -ENOMEM;
	else if (r == 0) {
		text = strndup((const char *)data, len);
		free(data);
		r = text ? 0 : -ENOMEM;
	}
	if (r == 0)
		*ret_text = text;
	return r;
}

/* The next line, cut in two where it lies. False: there is none. */
static bool next_line(char **at, char **ret_mount, char **ret_archive)
{
	char *line, *tab;

	while ((line = strsep(at, "\n"))) {
		tab = strchr(line, '\t');
		if (!tab || *line != '/')
			continue;
		*tab = '\0';
		*ret_mount = line;
		*ret_archive = tab + 1;
		return true;
	}
	return false;
}

/* ---- before an archive is begun -------------------------------------------- */

static int refuse(const char *archive, const char *mount, const char *file,
		  const struct say *log)
{
	say(log, SAY_ERROR,
	    "%s: this archive was on a file system that is mounted on %s, and nothing is mounted there: mount it. To begin another archive here, remove its line from %s first",
	    archive, mount, file);
	return -ENODEV;
}

static int check_lines(char *text, const char *archive, const char *file,
		       const struct say *log)
{
	char *mount, *other;

	while (next_line(&text, &mount, &other))
		if (!strcmp(other, archive) && !is_mount_point(mount))
			return refuse(archive, mount, file, log);
	return 0;
}

int mounts_check(const char *archive, const struct say *log)
{
	cleanup_free char *text = NULL;
	char file[PATH_MAX];
	int r;

	if (has_archive(archive))
		return 0;
	r = find_file(file);
	if (r == 0)
		r = read_lines(file, &text);
	if (r < 0)
		return say_errno(
			log, r,
			"%s: whether an archive was on a file system that is not mounted",
			file);
	return check_lines(text, archive, file, log);
}

/* ---- while one is open ----------------------------------------------------- */

/* One that is gone from a file system that is there was removed. */
static bool stays(const char *mount, const char *other, const char *archive)
{
	return strcmp(other, archive) &&
	       (!is_mount_point(mount) || has_archive(other));
}

static int write_lines(FILE *file, char *text, const char *mount,
		       const char *archive)
{
	char *other_mount, *other;

	while (next_line(&text, &other_mount, &other))
		if (stays(other_mount, other, archive))
			fprintf(file, "%s\t%s\n", other_mount, other);
	if (*mount)
		fprintf(file, "%s\t%s\n", mount, archive);
	return ferror(file) ? -EIO : 0;
}

static int replace(const char *path, char *text, const char *mount,
		   const char *archive)
{
	struct output output = { 0 };
	int r = output_open_regular(&output, path, 0600);

	if (r == 0)
		r = write_lines(output.file, text, mount, archive);
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	return r;
}

/* Is it noted already? What is not mounted needs no line. */
static bool is_noted(const char *text, const char *mount, const char *archive)
{
	cleanup_free char *copy = strdup(text);
	char *at = copy, *other_mount, *other;

	while (copy && next_line(&at, &other_mount, &other))
		if (!strcmp(other, archive))
			return !strcmp(other_mount, mount);
	return copy && !*mount;
}

/* Whatever the umask: imastaged's would keep others out of /var/lib. 0, too, if it is there. */
static int make_one_folder(const char *path, mode_t mode)
{
	cleanup_close int fd = -1;

	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || fchmod(fd, mode) < 0 ? -errno : 0;
}

/* And those above it that there are not yet: a small system may have no /var/lib. */
static int make_folder(char *path, mode_t mode)
{
	char *slash = strrchr(path, '/');
	int r = make_one_folder(path, mode);

	if (r != -ENOENT || !slash || slash == path)
		return r;
	*slash = '\0';
	r = make_folder(path, 0755);
	*slash = '/';
	return r < 0 ? r : make_one_folder(path, mode);
}

static int note(const char *archive, const char *mount)
{
	cleanup_free char *text = NULL;
	char file[PATH_MAX], dir[PATH_MAX];
	int r = find_file(file);

	if (r == 0)
		r = read_lines(file, &text);
	if (r < 0 || is_noted(text, mount, archive))
		return r;
	find_folder(dir);
	r = make_folder(dir, 0700);
	return r < 0 ? r : replace(file, text, mount, archive);
}

void mounts_note(const char *archive, const struct say *log)
{
	char mount[PATH_MAX] = "";
	int r = find_mount_point(archive, mount);

	if (r == 0)
		r = note(archive, mount);
	if (r < 0)
		say_errno(
			log, r,
			"%s: it cannot be noted that it is on a file system of its own: were that not mounted one day, another archive would be begun",
			archive);
}
