// SPDX-License-Identifier: MIT
/*
 * Bytes that a writer finds at its start and that no row speaks of. As a rule its
 * predecessor was killed before its commit, and the kernel has these records still.
 * But an older index may have been put back, or its write-ahead log been lost: then
 * nobody else has them. So they are put aside, in a file named by the record that
 * would be first in it, until the keeper has seen that the kernel's list goes on where
 * the archive ends.
 */
#include "archive/store.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

bool uncommitted_is(enum segment_kind kind)
{
	return kind == SEGMENT_UNCOMMITTED ||
	       kind == SEGMENT_UNCOMMITTED_COMPRESSED;
}

/* Where a file of that kind goes. */
static struct segment_path path_of(const struct archive *archive, int64_t boot,
				   enum segment_kind kind, uint64_t first)
{
	return segment_path(archive->dir, boot, first,
			    kind == SEGMENT_COMPRESSED ?
				    SEGMENT_UNCOMMITTED_COMPRESSED :
				    SEGMENT_UNCOMMITTED);
}

/* Of a file that is not there, 0. */
static uint64_t size_of(const struct io *io, const char *path)
{
	int fd = io_open(io, path, O_RDONLY, 0);
	uint64_t len = 0;

	if (fd < 0)
		return 0;
	if (io_size(io, fd, &len) < 0)
		len = 0;
	io_close(io, fd);
	return len;
}

static void say_kept(const struct archive *archive, const char *from,
		     uint64_t len, const struct segment_path *to)
{
	say(archive->options.say, SAY_NOTICE,
	    "%s: %" PRIu64
	    " bytes that were not committed are kept as %s until the kernel's list is seen to go on there",
	    from, len, to->text);
}

int uncommitted_keep_file(struct archive *archive, int64_t boot,
			  enum segment_kind kind, uint64_t first)
{
	const struct archive_options *options = &archive->options;
	struct segment_path from =
		segment_path(archive->dir, boot, first, kind);
	struct segment_path to = path_of(archive, boot, kind, first);
	uint64_t len = size_of(options->io, from.text);
	int r;

	if (len == 0 || len <= size_of(options->io, to.text))
		r = io_unlink(options->io, from.text);
	else
		r = io_rename(options->io, from.text, to.text);
	if (r < 0 && r != -ENOENT)
		return say_errno(options->say, r, "%s: putting it aside",
				 from.text);
	if (len > 0)
		say_kept(archive, from.text, len, &to);
	return 0;
}

static int copy_bytes(const struct io *io, int from, uint64_t offset, int to)
{
	uint8_t data[16384];
	uint64_t at = 0;
	ssize_t n;
	int r = 0;

	while (r == 0) {
		n = io_pread(io, from, data, sizeof(data), offset + at);
		if (n <= 0)
			return (int)n;
		r = io_write_full(io, to, data, (size_t)n, at);
		at += (uint64_t)n;
	}
	return r;
}

/* On stable storage, before its bytes are cut off elsewhere. */
static int copy_tail(struct archive *archive, int fd, uint64_t offset,
		     const char *to)
{
	const struct io *io = archive->options.io;
	struct segment_path folder =
		segment_folder(archive->dir, archive->tail.boot);
	int copy = io_open(io, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int r = copy < 0 ? copy : store_mend(archive, to, 0600, true);

	if (r == 0)
		r = copy_bytes(io, fd, offset, copy);
	if (r == 0)
		r = io_sync(io, copy);
	if (copy >= 0)
		io_close(io, copy);
	return r == 0 ? io_sync_dir(io, folder.text) : r;
}

void uncommitted_keep_tail(struct archive *archive, const char *path, int fd,
			   uint64_t offset, uint64_t len)
{
	const struct archive_options *options = &archive->options;
	struct segment_path to = path_of(archive, archive->tail.boot,
					 SEGMENT_RAW,
					 row_end(&archive->tail.row));
	int r;

	if (size_of(options->io, to.text) >= len)
		return;
	r = copy_tail(archive, fd, offset, to.text);
	if (r < 0)
		say_errno(options->say, r,
			  "%s: what was not committed cannot be kept", to.text);
	else
		say_kept(archive, path, len, &to);
}

/* ---- later ----------------------------------------------------------------- */

struct visit {
	struct archive *archive;
	int64_t boot;
};

static int forget_file(void *context, const char *name)
{
	const struct visit *visit = context;
	const struct archive_options *options = &visit->archive->options;
	struct segment_path path;
	uint64_t first;
	enum segment_kind kind = segment_parse_name(name, &first);
	int r;

	if (!uncommitted_is(kind))
		return 0;
	path = segment_path(visit->archive->dir, visit->boot, first, kind);
	r = io_unlink(options->io, path.text);
	if (r < 0 && r != -ENOENT)
		return say_errno(options->say, r, "%s: removing", path.text);
	return 0;
}

static int name_file(void *context, const char *name)
{
	const struct visit *visit = context;
	struct segment_path path;
	uint64_t first;
	enum segment_kind kind = segment_parse_name(name, &first);

	if (!uncommitted_is(kind))
		return 0;
	path = segment_path(visit->archive->dir, visit->boot, first, kind);
	say(visit->archive->options.say, SAY_WARNING,
	    "%s: may have what is missing", path.text);
	return 0;
}

static int visit_files(struct archive *archive, int64_t boot,
		       int (*each)(void *context, const char *name))
{
	struct visit visit = { archive, boot };
	struct segment_path folder = segment_folder(archive->dir, boot);
	int r = io_list(archive->options.io, folder.text, each, &visit);

	return r == -ENOENT ? 0 : r;
}

int uncommitted_forget(struct archive *archive, int64_t boot)
{
	return visit_files(archive, boot, forget_file);
}

int archive_forget_uncommitted(struct archive *archive)
{
	int r = store_ready(archive);

	if (r == 0)
		r = identity_check(archive);
	if (r < 0 || archive->tail.boot == 0)
		return r;
	return uncommitted_forget(archive, archive->tail.boot);
}

void archive_name_uncommitted(struct archive *archive)
{
	if (archive->tail.boot > 0)
		(void)visit_files(archive, archive->tail.boot, name_file);
}
