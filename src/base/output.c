// SPDX-License-Identifier: MIT
/*
 * Files that appear whole or not at all.
 */
#include "base/output.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* What may be replaced by renaming: nothing, or a regular file. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

/* The folder that @path is in, with the slash that ends it. Length of it. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static char *temp_name(const char *path)
{
	size_t len = folder_len(path);
	char *temp;

	if (asprintf(&temp, "%.*s.%s.XXXXXX", (int)len, path, path + len) < 0)
		return NULL;
	return temp;
}

/*
 * mkstemp() gives nobody else a right. A new file has what umask leaves, one that
 * is replaced keeps what it had: nobody shall read it who could not before.
 */
static void open_up(int fd, const char *path)
{
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	if (stat(path, &st) < 0)
		st.st_mode = 0666 & ~mask;
	(void)fchmod(fd, st.st_mode & 0777);
}

static int open_temp(struct output *output)
{
	int fd;

	output->temp = temp_name(output->path);
	if (!output->temp)
		return -ENOMEM;
	fd = mkostemp(output->temp, O_CLOEXEC);
	if (fd < 0) {
		int r = -errno;

		free(output->temp);
		output->temp = NULL;
		return r;
	}
	open_up(fd, output->path);
	output->file = fdopen(fd, "w");
	if (!output->file)
		close(fd);
	return output->file ? 0 : -ENOMEM;
}

static int open_directly(struct output *output)
{
	output->file = fopen(output->path, "we");
	return output->file ? 0 : -errno;
}

int output_open(struct output *ret_output, const char *path)
{
	struct output output = { 0 };
	int r = 0;

	if (!path || !strcmp(path, "-"))
		output.file = stdout;
	else if (!(output.path = strdup(path)))
		r = -ENOMEM;
	else
		r = is_replaceable(path) ? open_temp(&output) :
					   open_directly(&output);
	if (r < 0)
		output_fini(&output);
	*ret_output = output;
	return r;
}

/* Where there is no syncing there is nothing to be synced. */
static int sync_fd(int fd)
{
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return -errno;
	return 0;
}

/* A name is on stable storage once its folder is. */
static int sync_folder(const char *path)
{
	cleanup_free char *folder = strndup(path, folder_len(path));
	cleanup_close int fd = -1;

	if (!folder)
		return -ENOMEM;
	fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : sync_fd(fd);
}

int output_sync(struct output *output)
{
	if (ferror(output->file))
		return -EIO;
	if (fflush(output->file) == EOF)
		return -errno;
	return output->temp ? sync_fd(fileno(output->file)) : 0;
}

static int close_file(struct output *output)
{
	FILE *file = output->file;

	output->file = NULL;
	return file != stdout && fclose(file) == EOF ? -errno : 0;
}

int output_commit(struct output *output)
{
	int r = output_sync(output), closed = close_file(output);

	if (r == 0)
		r = closed;
	if (r < 0 || !output->temp)
		return r;
	if (rename(output->temp, output->path) < 0)
		return -errno;
	free(output->temp);
	output->temp = NULL;
	return sync_folder(output->path);
}

void output_fini(struct output *output)
{
	if (output->file && output->file != stdout)
		fclose(output->file);
	if (output->temp)
		unlink(output->temp);
	free(output->temp);
	free(output->path);
	*output = (struct output){ 0 };
}
