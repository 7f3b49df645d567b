// SPDX-License-Identifier: MIT
/*
 * Removing the oldest records.
 *
 * The row goes first, and with it what is known of the records: where the list
 * begins now, its chain and replay state there. Then the file is removed. In
 * between it is a file that no row speaks of, which the next writer removes; the
 * other way round there would be a row without its records, as after damage.
 */
#include "archive/query.h"
#include "archive/store.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct prune {
	struct archive *archive;
	const struct archive_prune_options *options;
	int64_t now;
	int64_t last; /* boot */
	int64_t oldest_to_keep; /* boot; older ones go */
	uint64_t bytes_left; /* on disk */
	bool has_hold;
	struct archive_hold hold; /* the one that keeps most */
	struct archive_prune_result result;
};

/* ---- what may go ----------------------------------------------------------- */

static bool is_old(const struct prune *prune, int64_t time)
{
	uint64_t max = prune->options->max_age;

	return max && time < prune->now && (uint64_t)(prune->now - time) > max;
}

static bool is_unwanted(const struct prune *prune, int64_t boot, int64_t time)
{
	uint64_t max = prune->options->max_bytes;

	return (max && prune->bytes_left > max) || is_old(prune, time) ||
	       boot < prune->oldest_to_keep;
}

/* May records of @boot below @end go? Says in the result why not. */
static bool is_free(struct prune *prune, int64_t boot, uint64_t end)
{
	const struct archive_hold *hold = &prune->hold;

	if (!prune->has_hold) {
		prune->result.unacknowledged = !prune->options->force;
		return prune->options->force;
	}
	if (boot < hold->boot || (boot == hold->boot && end <= hold->from))
		return true;
	prune->result.held = true;
	memcpy(prune->result.hold, hold->name, sizeof(hold->name));
	return false;
}

/* ---- removing -------------------------------------------------------------- */

static int set_base(struct archive *archive, const struct row *row)
{
	struct index_base base = {
		.place = place_behind(&row->is),
		.state = row->state,
	};
	int r;

	memcpy(base.chain, row->is.chain, sizeof(base.chain));
	r = index_set_base(&archive->index, row->is.boot, &base);
	return r == 0 ? index_remove_gaps(&archive->index, row->is.boot,
					  base.place.index) :
			r;
}

static int remove_row(struct archive *archive, const struct row *row)
{
	int r = index_begin(&archive->index);

	if (r == 0)
		r = index_remove_segment(&archive->index, row->id);
	if (r == 0)
		r = set_base(archive, row);
	return archive_finish(archive, r);
}

/* What cannot be removed is no record any more; the next writer tries again. */
static void remove_file(struct archive *archive, const struct row *row)
{
	struct segment_path path = segment_path(
		archive->dir, row->is.boot, row->is.first,
		row->is.compressed ? SEGMENT_COMPRESSED : SEGMENT_RAW);
	int r = identity_unlink(archive, path.text);

	if (r < 0)
		say_errno(archive->options.say, r,
			  "%s: is pruned, and cannot be removed", path.text);
}

static int prune_segment(struct prune *prune, const struct row *row)
{
	struct archive_prune_result *result = &prune->result;
	int r = prune->options->dry_run ? 0 : remove_row(prune->archive, row);

	if (r < 0)
		return r;
	if (!prune->options->dry_run)
		remove_file(prune->archive, row);
	result->nr_segments++;
	result->nr_records += row->is.count;
	result->bytes += row->is.stored_bytes;
	prune->bytes_left -= row->is.stored_bytes < prune->bytes_left ?
				     row->is.stored_bytes :
				     prune->bytes_left;
	return 0;
}

static int remove_boot(struct archive *archive, int64_t boot)
{
	struct segment_path folder = segment_folder(archive->dir, boot);
	int r = index_begin(&archive->index);

	if (r == 0)
		r = index_remove_boot(&archive->index, boot);
	r = archive_finish(archive, r);
	if (r < 0)
		return r;
	r = identity_check(archive);
	if (r == 0)
		r = uncommitted_forget(archive, boot);
	if (r == 0)
		r = io_rmdir(archive->options.io, folder.text);
	if (r < 0)
		say_errno(archive->options.say, r,
			  "%s: is pruned, and cannot be removed", folder.text);
	return 0;
}

/* A boot of which nothing is left, and that will get nothing more. */
static int prune_boot(struct prune *prune, int64_t boot)
{
	int r = prune->options->dry_run ? 0 : remove_boot(prune->archive, boot);

	if (r == 0)
		prune->result.nr_boots++;
	return r;
}

/* ---- in order -------------------------------------------------------------- */

#define STOP 2 /* not IMASTAGE_END */

/* STOP: it stays, and so does all that is newer. */
static int consider_segment(struct prune *prune, const struct row *row)
{
	const struct archive_segment *is = &row->is;
	struct row next = { 0 };
	int r = IMASTAGE_END;

	if (is->boot == prune->last) {
		r = index_segment_from(&prune->archive->index, is->boot,
				       row_end(row), 0, &next);
		row_fini(&next);
		if (r != 0)
			return r == IMASTAGE_END ? STOP : r;
	}
	if (!is_unwanted(prune, is->boot, is->changed) ||
	    !is_free(prune, is->boot, row_end(row)))
		return STOP;
	return prune_segment(prune, row);
}

static int consider_segments(struct prune *prune, int64_t boot)
{
	struct row row = { 0 };
	uint64_t at = 0;
	int r;

	do {
		r = index_segment_from(&prune->archive->index, boot, at,
				       INDEX_STATE, &row);
		if (r != 0)
			break;
		at = row_end(&row);
		r = consider_segment(prune, &row);
	} while (r == 0);
	row_fini(&row);
	return r == IMASTAGE_END ? 0 : r;
}

static int consider_boot(void *context, const struct archive_boot *boot)
{
	struct prune *prune = context;
	int r = consider_segments(prune, boot->id);

	if (r != 0 || boot->id == prune->last)
		return r;
	if (boot->nr_segments == 0 &&
	    !is_unwanted(prune, boot->id, boot->created))
		return STOP;
	return is_free(prune, boot->id, boot->end) ?
		       prune_boot(prune, boot->id) :
		       STOP;
}

/* The boot that is the last but keep_boots: older ones are too many. */
static int find_oldest_to_keep(struct prune *prune)
{
	unsigned int keep = prune->options->keep_boots;
	int64_t id = prune->last;
	int r = 0;

	while (keep-- > 1 && id > 0 && r == 0) {
		r = index_boot_before(&prune->archive->index, id, &id);
		if (r == IMASTAGE_END)
			id = 0;
	}
	prune->oldest_to_keep = prune->options->keep_boots ? id : 0;
	return r < 0 ? r : 0;
}

static int prepare(struct prune *prune)
{
	struct index *index = &prune->archive->index;
	int r = prune->options->dry_run && !prune->archive->writes ?
			0 :
			store_idle(prune->archive);

	if (r == 0)
		r = index_last_boot(index, &prune->last);
	if (r >= 0)
		r = find_oldest_to_keep(prune);
	if (r == 0)
		r = index_stored_bytes(index, &prune->bytes_left);
	if (r == 0)
		r = index_oldest_hold(index, &prune->hold);
	prune->has_hold = r == 0;
	return r == IMASTAGE_END ? 0 : r;
}

int archive_prune(struct archive *archive,
		  const struct archive_prune_options *options,
		  struct archive_prune_result *ret_result)
{
	struct prune prune = {
		.archive = archive,
		.options = options,
		.now = options->now ? options->now : store_now(),
	};
	int r = prepare(&prune);

	if (r == 0)
		r = archive_each_boot(archive, consider_boot, &prune);
	if (r < 0)
		return r;
	*ret_result = prune.result;
	return 0;
}
