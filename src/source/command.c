// SPDX-License-Identifier: MIT
/*
 * Commands: what is written to the files of the lists. See source.h.
 */
#include "source/private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

/* The kernel takes no more, the newline included. */
#define COMMAND_LEN_MAX 21

static int write_whole(int fd, const char *text, size_t len)
{
	ssize_t n;

	/* Interrupted, it has not begun: commands are carried out as a whole. */
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/*
 * For the kernel the position plays no role; on FUSE (emulator) a command moves
 * it, and it is to stay clear of where reads are.
 */
int source_command(struct source *source, enum source_list list,
		   const char *text)
{
	char line[COMMAND_LEN_MAX + 2];
	int fd = source_fd(source, list), len, r;

	if (fd < 0)
		return fd;
	len = snprintf(line, sizeof(line), "%s\n", text);
	if (len > COMMAND_LEN_MAX)
		return -ERANGE;
	(void)lseek(fd, 0, SEEK_SET);
	r = write_whole(fd, line, (size_t)len);
	if (r == -EIO)
		source->lost = true;
	return r;
}

/*
 * Linux 7.2: the buffer that reads go on in is of the list as it was, until a read
 * begins at the first byte. Returns whether there is one.
 */
static int look_anew(struct source *source, enum source_list list)
{
	uint8_t byte;
	ssize_t n;

	do
		n = pread(source->fds[list], &byte, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		source->lost = source->lost || errno == EIO;
		return -errno;
	}
	return n > 0;
}

/* A command that was carried out, and what there is to be seen of it. */
static int change(struct source *source, enum source_list list,
		  const char *text, bool leaves)
{
	int r = source_command(source, list, text);

	if (r < 0 || !source_is_linux_7_2(&source->abilities))
		return r;
	r = look_anew(source, list);
	if (r < 0 || list == SOURCE_CURRENT)
		return r < 0 ? r : 0;
	if ((r > 0) == leaves)
		return 0;
	say(source->options.say, SAY_ERROR,
	    "the kernel took the command %s, but the staged list is %s", text,
	    leaves ? "empty" : "not empty");
	return -EUCLEAN;
}

int source_stage(struct source *source, uint64_t nr)
{
	char text[24];

	if (nr == SOURCE_ALL)
		return change(source, SOURCE_STAGED, "A", true);
	if (!source->abilities.stage_n)
		return -EOPNOTSUPP;
	snprintf(text, sizeof(text), "%" PRIu64, nr);
	return change(source, SOURCE_STAGED, text, true);
}

int source_delete(struct source *source)
{
	return change(source, SOURCE_STAGED, "D", false);
}

int source_trim(struct source *source, const uint64_t *expected_deleted,
		uint64_t nr)
{
	const struct source_abilities *abilities = &source->abilities;
	char text[48];

	if (expected_deleted ? !abilities->guarded_trim : !abilities->trim)
		return -EOPNOTSUPP;
	if (expected_deleted)
		snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64,
			 *expected_deleted, nr);
	else
		snprintf(text, sizeof(text), "%" PRIu64, nr);
	return change(source, SOURCE_CURRENT, text, true);
}

int source_snapshot(struct source *source)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	int r = source_path(source, "snapshot", path, sizeof(path));

	if (!source->abilities.snapshot)
		return -EOPNOTSUPP;
	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : write_whole(fd, "1\n", 2);
}
