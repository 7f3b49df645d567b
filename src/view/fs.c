// SPDX-License-Identifier: MIT
/*
 * The answers to FUSE. An open file is the number of the list that it was opened
 * on, and nothing else: so what is open does not matter to us.
 */
#include "view/private.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

static struct view *view_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* ---- what went wrong ----------------------------------------------------- */

static const char *reason_of(int error)
{
	switch (error) {
	case -ENODATA:
		return "records are missing here: pruned, or deleted before "
		       "anybody kept them";
	case -ESTALE:
		return "opened before a hard boot";
	case -EBUSY:
		return "somebody else holds the kernel's list";
	case -EAGAIN:
		return "the archive does not know the running kernel: is its "
		       "agent at work?";
	default:
		return strerror(-error);
	}
}

/* Lines that may be said at once, and seconds until there is one more. */
#define LINES_MAX 16
#define LINE_SECONDS 60

/*
 * Whoever reads what cannot be read, again and again, fills no log: what was said
 * last is not said again, and others only so often.
 */
static bool may_say(struct view *view, uint64_t offset, int error)
{
	struct timespec now;
	uint64_t earned;
	bool may;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&view->saying.lock);
	earned = (uint64_t)now.tv_sec / LINE_SECONDS;
	if (view->saying.spent < earned)
		view->saying.spent = earned;
	may = view->saying.spent < earned + LINES_MAX &&
	      (view->saying.offset != offset || view->saying.error != error);
	view->saying.spent += may;
	if (may) {
		view->saying.offset = offset;
		view->saying.error = error;
	}
	pthread_mutex_unlock(&view->saying.lock);
	return may;
}

static void complain(struct view *view, uint64_t offset, int error)
{
	if (may_say(view, offset, error))
		say(view->say, SAY_WARNING,
		    "view: byte %" PRIu64 " cannot be read: %s", offset,
		    reason_of(error));
}

/* What readers are told: they know EIO, and what the kernel might say. */
static void reply_error(struct view *view, fuse_req_t req, uint64_t offset,
			int error)
{
	bool known = error == -EBUSY || error == -EINTR || error == -ENOMEM ||
		     error == -ESTALE;

	complain(view, offset, error);
	fuse_reply_err(req, known ? -error : EIO);
}

/* ---- lists --------------------------------------------------------------- */

/*
 * As pool_read(), unless the file is of a list that is no more: what was read may
 * be of another one if that happened meanwhile.
 */
static ssize_t read_list(struct view *view, const struct file *file,
			 const struct parked *read, void *data)
{
	ssize_t n;

	if (view_list_id(view) != read->list_id)
		return -ESTALE;
	n = pool_read(&view->pool, live_list(view->live), read->list_id,
		      &file->form, read->offset, data, read->len);
	return view_list_id(view) == read->list_id ? n : -ESTALE;
}

/*
 * Answers a read of a list. @fresh: somebody has looked since it began, so what
 * there is is all. Returns false when it is to wait for that.
 */
static bool answer_list(struct view *view, const struct file *file,
			const struct parked *read, bool fresh)
{
	cleanup_free char *data = malloc(read->len ? read->len : 1);
	ssize_t n;

	if (!data) {
		fuse_reply_err(read->req, ENOMEM);
		return true;
	}
	n = read_list(view, file, read, data);
	if (n >= 0 && (size_t)n < read->len && !fresh)
		return false;
	if (n < 0)
		reply_error(view, read->req, read->offset, (int)n);
	else
		fuse_reply_buf(read->req, data, (size_t)n);
	return true;
}

/* ---- small files --------------------------------------------------------- */

static void reply_text(const struct parked *read, const char *text, size_t len)
{
	size_t left = read->offset < len ? len - (size_t)read->offset : 0;

	fuse_reply_buf(read->req, left ? text + read->offset : NULL,
		       left < read->len ? left : read->len);
}

static void answer_count(struct view *view, const struct parked *read)
{
	char text[32];
	struct archive_place end = { 0 };
	int len;

	(void)live_end_place(view->live, &end);
	len = snprintf(text, sizeof(text), "%" PRIu64 "\n", end.index);
	reply_text(read, text, (size_t)len);
}

static int open_violations(const struct view *view)
{
	char path[PATH_MAX];
	int r = source_path(view->source, "violations", path, sizeof(path));

	if (r < 0)
		return r;
	r = open(path, O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

static void answer_violations(struct view *view, const struct parked *read)
{
	cleanup_close int fd = open_violations(view);
	char text[32];
	ssize_t len = fd < 0 ? fd : pread(fd, text, sizeof(text), 0);

	if (len < 0)
		reply_error(view, read->req, 0, fd < 0 ? fd : -errno);
	else
		reply_text(read, text, (size_t)len);
}

/* ---- operations ---------------------------------------------------------- */

/* Returns false when it is to wait until somebody has looked. */
static bool answer(struct view *view, const struct parked *read, bool fresh)
{
	const struct file *file = files_get(&view->files, read->ino);

	switch (file ? file->kind : FILE_OTHER) {
	case FILE_LIST:
		return answer_list(view, file, read, fresh);
	case FILE_COUNT:
		if (!fresh && read->offset == 0)
			return false;
		answer_count(view, read);
		return true;
	case FILE_VIOLATIONS:
		answer_violations(view, read);
		return true;
	default:
		fuse_reply_err(read->req, EIO);
		return true;
	}
}

static void wait_for_look(struct view *view, const struct parked *waits)
{
	int r = park_add(&view->park, waits);

	if (r < 0)
		fuse_reply_err(waits->req, r == -ENOMEM ? ENOMEM : EIO);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
		    struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	/* Who reads by itself has a lock owner; the page cache has none. */
	bool cached = fi->lock_owner == 0;
	const struct parked read = {
		.kind = PARKED_READ,
		.req = req,
		.ino = ino,
		.list_id = fi->fh,
		.offset = (uint64_t)offset,
		.len = len,
	};

	if (cached)
		sizes_will_cache(view, ino, read.offset, len);
	if (!answer(view, &read, cached))
		wait_for_look(view, &read);
}

static void op_release(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	(void)fi;
	sizes_closed(view_of(req), ino);
	fuse_reply_err(req, 0);
}

/* The open file is of the list that there is. False: there is none yet. */
static bool answer_open(struct view *view, fuse_req_t req, fuse_ino_t ino)
{
	struct fuse_file_info fi = {
		.direct_io = 1,
		.fh = view_list_id(view),
	};

	if (fi.fh == 0)
		return false;
	sizes_opened(view, ino);
	if (fuse_reply_open(req, &fi) < 0) /* who asked does not any more */
		sizes_closed(view, ino);
	return true;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	const struct parked opens = {
		.kind = PARKED_OPEN,
		.req = req,
		.ino = ino,
	};

	if ((fi->flags & O_ACCMODE) != O_RDONLY)
		fuse_reply_err(req, EROFS);
	else if (!answer_open(view, req, ino))
		wait_for_look(view, &opens);
}

/* The size has to be that of all that was recorded, for who copies by it. */
static void op_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct view *view = view_of(req);
	const struct file *file = files_get(&view->files, ino);
	const struct parked stats = {
		.kind = PARKED_STAT,
		.req = req,
		.ino = ino,
	};
	bool grows = file &&
		     (file->kind == FILE_LIST || file->kind == FILE_COUNT);

	if (!grows || park_add(&view->park, &stats) < 0)
		flat_op_getattr(req, ino, fi);
}

const struct fuse_lowlevel_ops view_fs_ops = {
	.lookup = flat_op_lookup,
	.getattr = op_getattr,
	.readlink = flat_op_readlink,
	.readdir = flat_op_readdir,
	.open = op_open,
	.read = op_read,
	.release = op_release,
};

/* ---- what waiting reads are told ----------------------------------------- */

static int refresh(void *context)
{
	return view_refresh(context);
}

/* What could not be looked for is no error of stat(). */
static void finish_stat(struct view *view, const struct parked *parked, int r)
{
	if (r < 0 || sizes_publish(view) || park_add(&view->sizes, parked) < 0)
		flat_op_getattr(parked->req, parked->ino, NULL);
}

static void finish(void *context, const struct parked *parked, int r)
{
	struct view *view = context;

	switch (parked->kind) {
	case PARKED_STAT:
		finish_stat(view, parked, r);
		break;
	case PARKED_OPEN:
		if (!answer_open(view, parked->req, parked->ino))
			reply_error(view, parked->req, 0, r < 0 ? r : -EAGAIN);
		break;
	default:
		if (r < 0)
			reply_error(view, parked->req, parked->offset, r);
		else
			answer(view, parked, true);
	}
}

const struct park_ops view_park_ops = {
	.refresh = refresh,
	.finish = finish,
};
