// SPDX-License-Identifier: MIT
/*
 * Bytes of a list that are no records: a defect of a kernel, or of ours. They
 * stay in the kernel; a copy is put aside, for them not to be lost with it, and
 * for who has to find out.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#define ASIDE_LEN_MAX ((uint64_t)64 << 20)

static int copy_bytes(struct imastage_source bytes, const struct io *io, int fd,
		      uint64_t *ret_len)
{
	uint8_t buffer[16384];
	uint64_t len = 0;
	ssize_t n = 0;
	int r = 0;

	while (r == 0 && len < ASIDE_LEN_MAX) {
		n = bytes.read(bytes.context, buffer, sizeof(buffer));
		if (n <= 0)
			break;
		r = io_write_full(io, fd, buffer, (size_t)n, len);
		len += (uint64_t)n;
	}
	*ret_len = len;
	return r < 0 ? r : n < 0 ? (int)n : 0;
}

/* Whole, or not under that name. */
static int write_aside(struct keep *keep, const char *path, bool staged,
		       uint64_t offset, uint64_t *ret_len)
{
	const struct io *io = keep->options.io;
	char new_path[PATH_MAX];
	int fd, r;

	snprintf(new_path, sizeof(new_path), "%s.new", path);
	fd = io_open(io, new_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return fd;
	r = copy_bytes(source_bytes(keep->options.source, staged, offset), io,
		       fd, ret_len);
	if (r == 0)
		r = io_sync(io, fd);
	io_close(io, fd);
	if (r == 0)
		r = io_rename(io, new_path, path);
	return r < 0 ? r : io_sync_dir(io, keep->options.aside_dir);
}

/* Once is enough: it is tried again and again to drain. */
static bool is_aside(struct keep *keep, const char *path)
{
	int fd = io_open(keep->options.io, path, O_RDONLY, 0);

	if (fd < 0)
		return false;
	io_close(keep->options.io, fd);
	return true;
}

int keep_aside(struct keep *keep, bool staged, uint64_t offset, uint64_t index)
{
	char path[PATH_MAX - 16];
	uint64_t len;
	int r;

	if (!keep->options.aside_dir)
		return 0;
	snprintf(path, sizeof(path), "%s/%s-%020" PRIu64 ".aside",
		 keep->options.aside_dir, keep->report.boot, index);
	if (is_aside(keep, path))
		return 0;
	r = write_aside(keep, path, staged, offset, &len);
	if (r == 0)
		say(keep->options.say, SAY_ERROR,
		    "%s: %" PRIu64
		    " bytes of the kernel's list, from the first on that is no record",
		    path, len);
	else
		say(keep->options.say, SAY_ERROR, "%s: cannot put aside: %s",
		    path, strerror(-r));
	return r;
}
