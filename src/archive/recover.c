// SPDX-License-Identifier: MIT
/*
 * What a writer finds that was killed, or lost its power: files are made to be
 * what the index says. A file that no row speaks of was never committed, or is
 * what a prune or a compression left to be removed.
 */
#include "archive/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* A folder that is looked through. */
struct visit {
	struct archive *archive;
	int64_t boot;
	int64_t last; /* boot of the index; 0: it has none */
	uint64_t nr_kept;
	bool foreign; /* holds a file that is not ours */
};

static int remove_file(struct visit *visit, const char *path, const char *why)
{
	const struct archive_options *options = &visit->archive->options;
	int r = io_unlink(options->io, path);

	if (r < 0 && r != -ENOENT)
		return say_errno(options->say, r, "%s: removing", path);
	say(options->say, SAY_NOTICE, "%s: removed: %s", path, why);
	return 0;
}

/* What the index says of a file. */
enum verdict {
	SUPERFLUOUS, /* of records that it has elsewhere, or that were pruned */
	WANTED,
	UNKNOWN, /* of records that it does not have */
};

/* Of a record that no segment has: was it pruned? */
static int was_pruned(struct visit *visit, uint64_t first)
{
	struct index_base base;
	int r = index_get_base(&visit->archive->index, visit->boot, &base);

	if (r != 0)
		return r == IMASTAGE_END ? UNKNOWN : r;
	free(base.state.data);
	return first < base.place.index ? SUPERFLUOUS : UNKNOWN;
}

static bool is_file_of(const struct row *row, enum segment_kind kind,
		       uint64_t first)
{
	return row->is.first == first &&
	       row->is.compressed == (kind == SEGMENT_COMPRESSED);
}

/* Without the file that its row speaks of, this may be all there is of the records. */
static int compare(struct visit *visit, const struct row *row,
		   enum segment_kind kind, uint64_t first)
{
	struct archive *archive = visit->archive;
	struct segment_path path = segment_path(
		archive->dir, visit->boot, row->is.first,
		row->is.compressed ? SEGMENT_COMPRESSED : SEGMENT_RAW);
	int fd;

	if (is_file_of(row, kind, first))
		return WANTED;
	fd = io_open(archive->options.io, path.text, O_RDONLY, 0);
	if (fd < 0)
		return fd == -ENOENT ? WANTED : fd;
	io_close(archive->options.io, fd);
	return SUPERFLUOUS;
}

/* A verdict, or an error. */
static int judge(struct visit *visit, enum segment_kind kind, uint64_t first)
{
	struct row row = { 0 };
	int r;

	if (first > INT64_MAX)
		return UNKNOWN;
	r = index_segment_at(&visit->archive->index, visit->boot, first, 0,
			     &row);
	if (r == IMASTAGE_END || (r == 0 && first >= row_end(&row)))
		r = was_pruned(visit, first);
	else if (r == 0)
		r = compare(visit, &row, kind, first);
	row_fini(&row);
	return r;
}

static int visit_segment(void *context, const char *name)
{
	struct visit *visit = context;
	struct segment_path path;
	uint64_t first;
	enum segment_kind kind = segment_parse_name(name, &first);
	int r;

	if (kind == SEGMENT_OTHER) {
		visit->foreign = true;
		return 0;
	}
	path = segment_path(visit->archive->dir, visit->boot, first, kind);
	if (uncommitted_is(kind))
		return store_mend(visit->archive, path.text, 0600, false);
	r = judge(visit, kind, first);
	visit->nr_kept += r == WANTED;
	if (r == WANTED)
		return store_mend(visit->archive, path.text, 0600, false);
	if (r < 0)
		return r;
	if (r == UNKNOWN && visit->archive->starts)
		return uncommitted_keep_file(visit->archive, visit->boot, kind,
					     first);
	return remove_file(visit, path.text, "it was not committed");
}

/* A folder of a boot that was not committed, or was pruned. */
static int remove_folder(struct visit *visit, const char *path)
{
	const struct archive_options *options = &visit->archive->options;
	int r;

	if (visit->foreign) {
		say(options->say, SAY_WARNING,
		    "%s: holds files that are not the archive's, and stays",
		    path);
		return 0;
	}
	r = uncommitted_forget(visit->archive, visit->boot);
	if (r == 0)
		r = io_rmdir(options->io, path);
	if (r < 0 && r != -ENOENT)
		return say_errno(options->say, r, "%s: removing", path);
	return 0;
}

static int stop_at_segment(void *context, const char *name)
{
	uint64_t first;

	(void)context;
	return segment_parse_name(name, &first) != SEGMENT_OTHER;
}

/*
 * Records are put in a folder only after its boot was committed. So if there
 * are some in a folder that is newer than the index, this is not its index.
 */
static int check_age(struct visit *visit, const char *path)
{
	const struct archive_options *options = &visit->archive->options;
	int r;

	if (visit->boot <= visit->last)
		return 0;
	r = io_list(options->io, path, stop_at_segment, NULL);
	if (r <= 0)
		return r;
	say(options->say, SAY_ERROR,
	    "%s: has records of which index.db knows nothing: it is not the index that belongs to them, and nothing was changed",
	    path);
	return -EBADMSG;
}

static int complain_missing(struct visit *visit)
{
	struct archive *archive = visit->archive;
	struct row row = { 0 };
	uint64_t at = 0;
	int r;

	while ((r = index_segment_from(&archive->index, visit->boot, at, 0,
				       &row)) == 0) {
		struct segment_path path = segment_path(
			archive->dir, visit->boot, row.is.first,
			row.is.compressed ? SEGMENT_COMPRESSED : SEGMENT_RAW);
		int fd = io_open(archive->options.io, path.text, O_RDONLY, 0);

		if (fd >= 0)
			io_close(archive->options.io, fd);
		else
			say_errno(archive->options.say, fd,
				  "%s: records %" PRIu64 "..%" PRIu64
				  " are lost",
				  path.text, row.is.first, row_end(&row) - 1);
		at = row_end(&row);
	}
	row_fini(&row);
	return r == IMASTAGE_END ? 0 : r;
}

static int visit_folder(void *context, const char *name)
{
	struct visit *parent = context;
	struct archive *archive = parent->archive;
	struct visit visit = { .archive = archive, .last = parent->last };
	struct archive_boot boot;
	struct segment_path path;
	int r;

	if (segment_parse_folder(name, &visit.boot) < 0)
		return 0;
	path = segment_folder(archive->dir, visit.boot);
	r = check_age(&visit, path.text);
	if (r == 0)
		r = store_mend(archive, path.text, 0700, false);
	if (r < 0)
		return r;
	r = io_list(archive->options.io, path.text, visit_segment, &visit);
	if (r == 0)
		r = index_next_boot(&archive->index, visit.boot, &boot);
	if (r < 0)
		return r;
	if (r == IMASTAGE_END || boot.id != visit.boot)
		return remove_folder(&visit, path.text);
	return visit.nr_kept < boot.nr_segments ? complain_missing(&visit) : 0;
}

int recover(struct archive *archive)
{
	struct visit visit = { .archive = archive };
	int r = index_touch(&archive->index);

	if (r < 0)
		return r;
	archive->doubtful = false;
	r = index_last_boot(&archive->index, &visit.last);
	if (r >= 0)
		r = io_list(archive->options.io, archive->dir, visit_folder,
			    &visit);
	return r;
}
