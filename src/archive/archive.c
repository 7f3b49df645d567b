// SPDX-License-Identifier: MIT
/*
 * Opening and closing; the transaction that adds.
 */
#include "archive/archive.h"
#include "archive/store.h"
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LOCK_NAME "lock"

int64_t store_now(void)
{
	return (int64_t)time(NULL);
}

/* ---- opening --------------------------------------------------------------- */

static int set_options(struct archive *archive,
		       const struct archive_options *options)
{
	size_t len = options->dir ? strlen(options->dir) : 0;

	archive->options = *options;
	if (len == 0 || len > PATH_MAX - 128 ||
	    options->segment_len > ARCHIVE_SEGMENT_LEN_MAX)
		return -EINVAL;
	while (len > 1 && options->dir[len - 1] == '/')
		len--;
	archive->dir = strndup(options->dir, len);
	if (!archive->dir)
		return -ENOMEM;
	archive->options.dir = archive->dir;
	if (!options->io)
		archive->options.io = &io_system;
	if (!options->segment_len)
		archive->options.segment_len = ARCHIVE_SEGMENT_LEN;
	if (!options->banks)
		archive->options.banks = 1u << IMASTAGE_SHA1 |
					 1u << IMASTAGE_SHA256;
	return 0;
}

static int new_archive(const struct archive_options *options,
		       struct archive **ret_archive)
{
	struct archive *archive = calloc(1, sizeof(*archive));
	int r;

	if (!archive)
		return -ENOMEM;
	archive->lock = -1;
	archive->tail.fd = -1;
	r = set_options(archive, options);
	if (r < 0)
		archive_close(archive);
	else
		*ret_archive = archive;
	return r;
}

/* The folder that @dir, which has no slash at its end, is in. */
static void parent_of(const char *dir, char ret_parent[PATH_MAX])
{
	const char *slash = strrchr(dir, '/');

	if (!slash)
		snprintf(ret_parent, PATH_MAX, ".");
	else
		snprintf(ret_parent, PATH_MAX, "%.*s",
			 slash == dir ? 1 : (int)(slash - dir), dir);
}

/*
 * Synced even if it was there: who made it may have been killed. Whoever was
 * given a folder in another that it may not read cannot do that, and need not.
 */
static int make_dir(struct archive *archive)
{
	const struct io *io = archive->options.io;
	bool made = true;
	char parent[PATH_MAX];
	int r = io_mkdir(io, archive->dir, 0700);

	if (r == -EEXIST)
		made = false;
	else if (r < 0)
		return r;
	parent_of(archive->dir, parent);
	r = io_sync_dir(io, parent);
	return r == -EACCES && !made ? 0 : r;
}

static int take_lock(struct archive *archive)
{
	const struct io *io = archive->options.io;
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s/" LOCK_NAME, archive->dir);
	archive->lock = io_open(io, path, O_RDWR | O_CREAT, 0600);
	r = archive->lock < 0 ? archive->lock : io_lock(io, archive->lock);
	if (r == -EBUSY)
		say(archive->options.say, SAY_ERROR,
		    "%s: another process is writing to this archive",
		    archive->dir);
	else if (r < 0)
		say_errno(archive->options.say, r, "%s", path);
	return r;
}

static int open_writer(struct archive *archive)
{
	const struct io *io = archive->options.io;
	int r = make_dir(archive);

	if (r < 0)
		return say_errno(archive->options.say, r, "%s", archive->dir);
	r = take_lock(archive);
	if (r == 0)
		r = index_open_writer(&archive->index, &archive->options);
	if (r == 0)
		r = io_sync_dir(io, archive->dir);
	if (r == 0)
		r = tail_init(&archive->tail);
	archive->starts = true;
	if (r == 0)
		r = recover(archive);
	if (r == 0)
		r = tail_load(archive);
	archive->starts = false;
	return r;
}

int archive_open_writer(const struct archive_options *options,
			struct archive **ret_archive)
{
	struct archive *archive;
	int r = new_archive(options, &archive);

	if (r < 0)
		return r;
	archive->writes = true;
	r = open_writer(archive);
	if (r < 0)
		archive_close(archive);
	else
		*ret_archive = archive;
	return r;
}

int archive_open_reader(const struct archive_options *options,
			struct archive **ret_archive)
{
	struct archive *archive;
	int r = new_archive(options, &archive);

	if (r < 0)
		return r;
	r = index_open_reader(&archive->index, &archive->options);
	if (r < 0)
		archive_close(archive);
	else
		*ret_archive = archive;
	return r;
}

void archive_close(struct archive *archive)
{
	if (!archive)
		return;
	tail_fini(archive);
	index_close(&archive->index);
	if (archive->lock >= 0)
		io_close(archive->options.io, archive->lock);
	free(archive->dir);
	free(archive);
}

int archive_refresh(struct archive *archive)
{
	return index_changed(&archive->index);
}

/* ---- the transaction ------------------------------------------------------- */

int store_ready(const struct archive *archive)
{
	return archive->writes ? archive->failed : -EROFS;
}

int store_idle(const struct archive *archive)
{
	int r = store_ready(archive);

	return r == 0 && tail_is_dirty(archive) ? -EBUSY : r;
}

/* What was synced for this transaction, and by it, is relied on from here. */
static int commit(struct archive *archive)
{
	int r = index_commit(&archive->index);

	if (r < 0)
		return r;
	r = io_confirm(archive->options.io, archive->lock);
	if (r < 0)
		say_errno(
			archive->options.say, r,
			"%s: its file system takes no changes any more, the last commit does not count",
			archive->dir);
	return r;
}

int store_commit(struct archive *archive, int r)
{
	bool in_doubt = false;

	if (r == 0) {
		r = commit(archive);
		in_doubt = r < 0;
	}
	if (r < 0 && index_rollback(&archive->index) < 0)
		in_doubt = true;
	if (in_doubt) {
		archive->doubtful = true;
		archive->failed = r;
	}
	return r;
}

int archive_put(struct archive *archive, const struct imastage_record *record)
{
	int r = store_ready(archive);

	if (r < 0)
		return r;
	if (!archive->tail.boot)
		return -ENOENT;
	r = tail_put(archive, record);
	if (r < 0 && r != -EINVAL)
		archive->failed = r;
	return r;
}

static int save_pending(struct archive *archive,
			const struct archive_pending *pending)
{
	int r;

	if (!pending)
		return 0;
	r = index_begin(&archive->index);
	return r == 0 ? index_set_pending(&archive->index, pending) : r;
}

int archive_commit(struct archive *archive,
		   const struct archive_pending *pending)
{
	int r = store_ready(archive);

	if (r < 0)
		return r;
	r = tail_save(archive);
	if (r == 0)
		r = save_pending(archive, pending);
	r = store_commit(archive, r);
	if (r < 0)
		archive->failed = r;
	return r;
}

int archive_rollback(struct archive *archive)
{
	int r;

	if (!archive->writes)
		return -EROFS;
	if (!archive->failed && !tail_is_dirty(archive))
		return 0;
	r = recover(archive);
	if (r == 0)
		r = tail_load(archive);
	archive->failed = r;
	return r;
}

uint64_t archive_end(const struct archive *archive)
{
	return archive->tail.place.index;
}

const struct imastage_replay *archive_replay(const struct archive *archive)
{
	return archive->tail.replay;
}
