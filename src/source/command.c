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
	int fd = source->fds[list], len, r;

	if (fd < 0)
		return -EOPNOTSUPP;
	len = snprintf(line, sizeof(line), "%s\n", text);
	if (len > COMMAND_LEN_MAX)
		return -ERANGE;
	(void)lseek(fd, 0, SEEK_SET);
	r = write_whole(fd, line, (size_t)len);
	if (r == -EIO)
		source->lost = true;
	return r;
}

int source_stage(struct source *source, uint64_t nr)
{
	char text[24];

	if (nr == SOURCE_ALL)
		return source_command(source, SOURCE_STAGED, "A");
	if (!source->abilities.stage_n)
		return -EOPNOTSUPP;
	snprintf(text, sizeof(text), "%" PRIu64, nr);
	return source_command(source, SOURCE_STAGED, text);
}

int source_delete(struct source *source)
{
	return source_command(source, SOURCE_STAGED, "D");
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
	return source_command(source, SOURCE_CURRENT, text);
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
