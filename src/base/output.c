// SPDX-License-Identifier: MIT
/*
 * Files that appear whole or not at all.
 */
#include "base/output.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>

#define ATTEMPTS_MAX 100
#define SUFFIX_LEN 10 /* ".", six characters, and one in front, with room */

/* ".NAME.XXXXXX": a name that nobody can know before. */
static int make_temp_name(const char *name, char *ret_temp)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char random[6];

	if (strlen(name) > NAME_MAX - SUFFIX_LEN)
		return -ENAMETOOLONG;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	ret_temp += sprintf(ret_temp, ".%s.", name);
	for (size_t i = 0; i < sizeof(random); i++)
		*ret_temp++ = letters[random[i] % (sizeof(letters) - 1)];
	*ret_temp = '\0';
	return 0;
}

/* Nobody else has a right to it yet. */
static int create_temp(const struct path_place *place, char *ret_temp)
{
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		int r = make_temp_name(place->name, ret_temp), fd;

		if (r < 0)
			return r;
		fd = openat(place->dir, ret_temp,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/*
 * A new file has what umask leaves, one that is replaced keeps what it had: nobody shall read
 * it who could not before. A file of another user gives no more rights than a new one has.
 */
static mode_t mode_of(const struct path_place *place)
{
	mode_t mask = umask(0), mode;

	umask(mask);
	mode = 0666 & ~mask;
	if (!place->exists)
		return mode;
	if (place->st.st_uid != geteuid())
		return place->st.st_mode & mode;
	return place->st.st_mode & 0777;
}

static int open_stream(struct output *output, int fd)
{
	output->file = fdopen(fd, "w");
	if (output->file)
		return 0;
	close(fd);
	return -ENOMEM;
}

static int open_temp(struct output *output, mode_t mode)
{
	int fd = create_temp(&output->place, output->temp);

	if (fd < 0) {
		output->temp[0] = '\0';
		return fd;
	}
	(void)fchmod(fd, mode);
	return open_stream(output, fd);
}

/* What is opened has to be what was looked at. */
static int open_directly(struct output *output)
{
	const struct path_place *place = &output->place;
	int flags = place->kernel_link ? O_TRUNC : O_NOFOLLOW;
	struct stat st;
	int fd;

	if (!place->trusted && place->st.st_uid != geteuid())
		return -EPERM;
	fd = openat(place->dir, place->name,
		    O_WRONLY | O_CLOEXEC | O_NOCTTY | flags);
	if (fd < 0)
		return -errno;
	if (!place->kernel_link &&
	    (fstat(fd, &st) < 0 || st.st_ino != place->st.st_ino ||
	     st.st_dev != place->st.st_dev)) {
		close(fd);
		return -ESTALE;
	}
	return open_stream(output, fd);
}

static bool is_replaceable(const struct path_place *place)
{
	return !place->exists || S_ISREG(place->st.st_mode);
}

int output_open(struct output *ret_output, const char *path)
{
	struct output output = { 0 };
	int r = 0;

	if (!path || !strcmp(path, "-"))
		output.file = stdout;
	else
		r = path_walk(path, &output.place);
	if (r == 0 && !output.file)
		r = is_replaceable(&output.place) ?
			    open_temp(&output, mode_of(&output.place)) :
			    open_directly(&output);
	if (r < 0)
		output_fini(&output);
	*ret_output = output;
	return r;
}

int output_open_new(struct output *ret_output, const char *path, mode_t mode)
{
	struct output output = { .is_new = true };
	int r = path_walk(path, &output.place);

	if (r == 0)
		r = output.place.exists ? -EEXIST : open_temp(&output, mode);
	if (r < 0)
		output_fini(&output);
	*ret_output = output;
	return r;
}

int output_open_regular(struct output *ret_output, const char *path,
			mode_t mode)
{
	struct output output = { 0 };
	int r = path_walk(path, &output.place);

	if (r == 0)
		r = is_replaceable(&output.place) ? open_temp(&output, mode) :
						    -EEXIST;
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
static int sync_folder(int dir)
{
	cleanup_close int fd =
		openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : sync_fd(fd);
}

int output_sync(struct output *output)
{
	if (ferror(output->file))
		return -EIO;
	if (fflush(output->file) == EOF)
		return -errno;
	return *output->temp ? sync_fd(fileno(output->file)) : 0;
}

static int close_file(struct output *output)
{
	FILE *file = output->file;

	output->file = NULL;
	return file != stdout && fclose(file) == EOF ? -errno : 0;
}

int output_commit(struct output *output)
{
	const struct path_place *place = &output->place;
	int r = output_sync(output), closed = close_file(output);

	if (r == 0)
		r = closed;
	if (r < 0 || !*output->temp)
		return r;
	if (renameat2(place->dir, output->temp, place->dir, place->name,
		      output->is_new ? RENAME_NOREPLACE : 0) < 0)
		return -errno;
	output->temp[0] = '\0';
	return sync_folder(place->dir);
}

void output_fini(struct output *output)
{
	if (output->file && output->file != stdout)
		fclose(output->file);
	if (*output->temp)
		unlinkat(output->place.dir, output->temp, 0);
	if (*output->place.name)
		path_fini(&output->place);
	*output = (struct output){ 0 };
}
