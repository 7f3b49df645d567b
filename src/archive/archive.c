// SPDX-License-Identifier: MIT
/*
 * Opening and closing; the transaction that adds.
 */
#include "archive/archive.h"
#include "archive/store.h"
#include "base/bytes.h"
#include "base/util.h"

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
	identity_init(&archive->identity);
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

int store_mend(struct archive *archive, const char *path, mode_t mode,
	       bool is_new)
{
	int r = io_mend(archive->options.io, path, mode);

	if (r == IO_MENDED && !is_new)
		say(archive->options.say, SAY_NOTICE,
		    "%s: its mode or owner was another one; it is %s's own now, with mode %04o",
		    path, geteuid() ? "this user" : "root", mode);
	/* Of another kind: who opens it says so. */
	if (r == -ELOOP || r == -EINVAL)
		return 0;
	if (r == -EPERM || r == -EROFS) {
		say_errno(archive->options.say, r,
			  "%s: should be its owner's alone (mode %04o)", path,
			  mode);
		r = 0;
	}
	return r < 0 ? say_errno(archive->options.say, r, "%s", path) : 0;
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
	r = store_mend(archive, archive->dir, 0700, made);
	if (r < 0)
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
	return r == 0 ? store_mend(archive, path, 0600, true) : r;
}

/* SQLite would make it by the umask; the other two get the mode that this one has. */
static int make_index(struct archive *archive, const char *path)
{
	const struct io *io = archive->options.io;
	int fd = io_open(io, path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return say_errno(archive->options.say, fd, "%s", path);
	io_close(io, fd);
	return store_mend(archive, path, 0600, true);
}

static int prepare_index(struct archive *archive)
{
	struct segment_path path;
	struct io_identity is;
	int r;

	snprintf(path.text, sizeof(path.text), "%s/index.db", archive->dir);
	r = io_identify_path(archive->options.io, path.text, &is);
	if (r == -ENOENT)
		return make_index(archive, path.text);
	return r < 0 ? say_errno(archive->options.say, r, "%s", path.text) :
		       store_mend(archive, path.text, 0600, false);
}

/* What a writer has made before that had another umask. */
static int mend_companions(struct archive *archive)
{
	static const char *const suffixes[] = { "wal", "shm" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(suffixes); i++) {
		struct segment_path path;
		struct io_identity is;

		snprintf(path.text, sizeof(path.text), "%s/index.db-%s",
			 archive->dir, suffixes[i]);
		if (io_identify_path(archive->options.io, path.text, &is) == 0)
			r = store_mend(archive, path.text, 0600, false);
	}
	return r;
}

static int open_index(struct archive *archive)
{
	int r = prepare_index(archive);

	if (r == 0)
		r = index_open_writer(&archive->index, &archive->options);
	if (r == 0)
		r = mend_companions(archive);
	return r == 0 ? identity_begin(archive) : r;
}

/* An empty index is that of an archive that was about to be made. */
static int find_existing(const struct archive *archive)
{
	struct segment_path path;
	struct io_identity is;
	int r;

	snprintf(path.text, sizeof(path.text), "%s/index.db", archive->dir);
	r = io_identify_path(archive->options.io, path.text, &is);
	return r == 0 && is.len == 0 ? -ENOENT : r;
}

static int open_writer(struct archive *archive)
{
	const struct io *io = archive->options.io;
	int r = archive->options.existing ? find_existing(archive) : 0;

	if (r < 0)
		return r;
	r = make_dir(archive);
	if (r < 0)
		return say_errno(archive->options.say, r, "%s", archive->dir);
	r = take_lock(archive);
	if (r == 0)
		r = open_index(archive);
	if (r == 0)
		r = io_sync_dir(io, archive->dir);
	if (r == 0)
		r = tail_init(&archive->tail);
	archive->starts = true;
	if (r == 0)
		r = recover(archive);
	if (r == 0)
		r = tail_load(archive);
	if (r == 0)
		identity_note_index(archive);
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
	identity_fini(archive);
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

/* What SQLite then wrote to its file was us. */
static int commit_and_note(struct archive *archive)
{
	int r = commit(archive);

	identity_note_index(archive);
	return r;
}

int archive_finish(struct archive *archive, int r)
{
	bool in_doubt = false;

	if (r == 0)
		r = identity_check_all(archive);
	if (r == 0) {
		r = commit_and_note(archive);
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
	r = archive_finish(archive, r);
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
	/* What is not the archive's is not recovered: files would be removed. */
	r = identity_check(archive);
	if (r == 0) {
		r = recover(archive);
		identity_note_index(archive);
	}
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
