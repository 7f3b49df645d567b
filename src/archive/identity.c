// SPDX-License-Identifier: MIT
/* See identity.h. */
#include "archive/identity.h"
#include "archive/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void identity_init(struct identity *identity)
{
	*identity = (struct identity){ .dir_fd = -1, .boot_fd = -1 };
}

static void close_boot(struct archive *archive)
{
	struct identity *identity = &archive->identity;

	if (identity->boot_fd >= 0)
		io_close(archive->options.io, identity->boot_fd);
	identity->boot_fd = -1;
	identity->boot = 0;
}

void identity_fini(struct archive *archive)
{
	close_boot(archive);
	if (archive->identity.dir_fd >= 0)
		io_close(archive->options.io, archive->identity.dir_fd);
	archive->identity.dir_fd = -1;
}

/* ---- what is said ---------------------------------------------------------- */

/* Once, however often it is asked. */
__attribute__((format(printf, 2, 3))) static int lose(struct archive *archive,
						      const char *format, ...)
{
	struct identity *identity = &archive->identity;
	char text[IDENTITY_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!strcmp(text, identity->lost))
		return -EIDRM;
	memcpy(identity->lost, text, sizeof(text));
	say(archive->options.say, SAY_ERROR,
	    "%s; nothing is added to the archive, and nothing is deleted from the kernel",
	    text);
	return -EIDRM;
}

static int fail(struct archive *archive, int r, const char *path)
{
	return say_errno(archive->options.say, r, "%s: looking at it", path);
}

/* ---- the boot's folder ------------------------------------------------------ */

int identity_pin_boot(struct archive *archive)
{
	struct identity *identity = &archive->identity;
	struct segment_path path =
		segment_folder(archive->dir, archive->tail.boot);
	int fd;

	if (identity->boot != archive->tail.boot)
		close_boot(archive);
	if (archive->tail.boot == 0 || identity->boot_fd >= 0)
		return 0;
	fd = io_open_folder(archive->options.io, path.text);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fail(archive, fd, path.text);
	identity->boot_fd = fd;
	identity->boot = archive->tail.boot;
	return 0;
}

/* ---- one object ------------------------------------------------------------ */

static bool is_same(const struct io_identity *a, const struct io_identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* @path names what @is is of. *ret_now: how it is now. */
static int check_path(struct archive *archive, const char *path,
		      const struct io_identity *is, struct io_identity *ret_now)
{
	int r = io_identify_path(archive->options.io, path, ret_now);

	if (r == -ENOENT || r == -ENOTDIR)
		return lose(archive,
			    "%s is gone: removed, renamed or unmounted", path);
	if (r < 0)
		return fail(archive, r, path);
	if (!is_same(is, ret_now))
		return lose(
			archive,
			"%s is another one than was opened: replaced, put back from a copy, or mounted over",
			path);
	return 0;
}

static int check_file(struct archive *archive, const char *path,
		      const struct io_identity *is, struct io_identity *ret_now)
{
	int r = check_path(archive, path, is, ret_now);

	if (r == 0 && ret_now->nr_links > 1)
		return lose(
			archive,
			"%s has %" PRIu64
			" names: what is written to it changes the other one (hard link), too",
			path, ret_now->nr_links);
	return r;
}

static int check_open(struct archive *archive, int fd, const char *path,
		      bool is_folder)
{
	struct io_identity is, now;
	int r = io_identify(archive->options.io, fd, &is);

	if (r < 0)
		return fail(archive, r, path);
	return is_folder ? check_path(archive, path, &is, &now) :
			   check_file(archive, path, &is, &now);
}

/* ---- each of them ---------------------------------------------------------- */

static struct segment_path path_in(const struct archive *archive,
				   const char *name)
{
	struct segment_path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", archive->dir, name);
	return path;
}

static int check_index(struct archive *archive)
{
	struct identity *identity = &archive->identity;
	struct segment_path wal = path_in(archive, "index.db-wal");
	const char *path = archive->index.path;
	struct io_identity now;
	int r = check_file(archive, path, &identity->index, &now);

	if (r == 0 && (now.written != identity->index.written ||
		       now.len != identity->index.len))
		return lose(archive, "%s was written to by somebody else",
			    path);
	if (r == 0 && identity->has_wal)
		r = check_file(archive, wal.text, &identity->wal, &now);
	return r;
}

static int check_boot(struct archive *archive)
{
	struct segment_path path =
		segment_folder(archive->dir, archive->tail.boot);
	int r = identity_pin_boot(archive);

	if (r < 0 || archive->tail.boot == 0)
		return r;
	if (archive->identity.boot_fd < 0)
		return lose(archive, "%s is gone: removed or renamed",
			    path.text);
	return check_open(archive, archive->identity.boot_fd, path.text, true);
}

static int check_tail(struct archive *archive, bool all)
{
	const struct tail *tail = &archive->tail;
	struct segment_path path = segment_path(
		archive->dir, tail->boot, tail->row.is.first, SEGMENT_RAW);
	struct io_identity is, now;
	int r = io_identify(archive->options.io, tail->fd, &is);

	if (r < 0)
		return fail(archive, r, path.text);
	r = check_file(archive, path.text, &is, &now);
	if (r < 0 || !all)
		return r;
	if (now.len != tail->flushed)
		return lose(archive,
			    "%s has %" PRIu64 " bytes, %" PRIu64
			    " were written: somebody else has changed it",
			    path.text, now.len, tail->flushed);
	if (now.written != archive->identity.tail_written)
		return lose(archive, "%s was written to by somebody else",
			    path.text);
	return 0;
}

static int check(struct archive *archive, bool all)
{
	const struct identity *identity = &archive->identity;
	struct segment_path lock = path_in(archive, "lock");
	int r = check_open(archive, identity->dir_fd, archive->dir, true);

	if (r == 0)
		r = check_open(archive, archive->lock, lock.text, false);
	if (r == 0)
		r = check_index(archive);
	if (r == 0)
		r = check_boot(archive);
	return r == 0 && archive->tail.fd >= 0 ? check_tail(archive, all) : r;
}

int identity_check(struct archive *archive)
{
	return check(archive, false);
}

int identity_check_all(struct archive *archive)
{
	return check(archive, true);
}

/* ---- the last row ---------------------------------------------------------- */

/* Of the segment that grows, or the last one that is sealed. */
static bool is_tail(const struct tail *tail, const struct row *row)
{
	const struct archive_segment *is = &row->is, *wanted = &tail->row.is;

	if (tail->fd < 0)
		return !memcmp(is->chain, tail->chain, sizeof(tail->chain));
	return is->first == wanted->first && is->count == wanted->count &&
	       is->bytes == wanted->bytes &&
	       !memcmp(is->sha256, wanted->sha256, sizeof(is->sha256));
}

/* One that does not grow is not open: its file is there, and as long as the row says. */
static int check_sealed(struct archive *archive, const struct row *row)
{
	struct segment_path path = segment_path(
		archive->dir, row->is.boot, row->is.first,
		row->is.compressed ? SEGMENT_COMPRESSED : SEGMENT_RAW);
	struct io_identity now;
	int r = io_identify_path(archive->options.io, path.text, &now);

	if (r == -ENOENT)
		return lose(archive, "%s is gone: removed or renamed",
			    path.text);
	if (r < 0)
		return fail(archive, r, path.text);
	if (now.len != row->is.stored_bytes)
		return lose(archive,
			    "%s has %" PRIu64 " bytes, and %" PRIu64
			    " were archived",
			    path.text, now.len, row->is.stored_bytes);
	return 0;
}

static int check_last_row(struct archive *archive)
{
	const struct tail *tail = &archive->tail;
	struct row row = { 0 };
	int64_t boot = 0;
	int r = index_last_boot(&archive->index, &boot);

	if (r >= 0 && boot == tail->boot)
		r = index_segment_at(&archive->index, boot, INT64_MAX, 0, &row);
	if (r >= 0 && (boot != tail->boot || (r == 0 && !is_tail(tail, &row))))
		r = lose(archive,
			 "%s does not end with what was added to it last",
			 archive->index.path);
	if (r == 0 && tail->fd < 0)
		r = check_sealed(archive, &row);
	row_fini(&row);
	return r == IMASTAGE_END ? 0 : r;
}

int archive_check_identity(struct archive *archive)
{
	int r = store_ready(archive);

	if (r == 0)
		r = identity_check_all(archive);
	if (r == 0 && !tail_is_dirty(archive))
		r = check_last_row(archive);
	if (r == 0)
		archive->identity.lost[0] = '\0';
	return r;
}

const char *archive_lost(const struct archive *archive)
{
	return archive->identity.lost[0] ? archive->identity.lost : NULL;
}

/* ---- how it is now --------------------------------------------------------- */

int identity_begin(struct archive *archive)
{
	const struct io *io = archive->options.io;
	struct identity *identity = &archive->identity;
	int r;

	identity->dir_fd = io_open_folder(io, archive->dir);
	if (identity->dir_fd < 0)
		return fail(archive, identity->dir_fd, archive->dir);
	r = io_identify_path(io, archive->index.path, &identity->index);
	if (r < 0)
		return fail(archive, r, archive->index.path);
	if (index_has_moved(&archive->index))
		return lose(archive, "%s was replaced while it was opened",
			    archive->index.path);
	return 0;
}

/* Of another file nothing is noted: so it stays another one. */
static void note(struct archive *archive, const char *path,
		 struct io_identity *is, bool *knows)
{
	struct io_identity now;

	if (io_identify_path(archive->options.io, path, &now) < 0)
		return;
	if (!*knows || is_same(is, &now))
		*is = now;
	*knows = true;
}

void identity_note_index(struct archive *archive)
{
	struct identity *identity = &archive->identity;
	struct segment_path wal = path_in(archive, "index.db-wal");
	bool knows_index = true;

	note(archive, archive->index.path, &identity->index, &knows_index);
	note(archive, wal.text, &identity->wal, &identity->has_wal);
}

int identity_note_tail(struct archive *archive)
{
	struct io_identity now;
	int r = io_identify(archive->options.io, archive->tail.fd, &now);

	if (r == 0)
		archive->identity.tail_written = now.written;
	return r;
}

int identity_unlink(struct archive *archive, const char *path)
{
	int r = identity_check(archive);

	return r == 0 ? io_unlink(archive->options.io, path) : r;
}
