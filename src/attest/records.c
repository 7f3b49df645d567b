// SPDX-License-Identifier: MIT
/*
 * One row of records from two kinds of places. See records.h.
 */
#include "attest/records.h"

#include "archive/spool.h"
#include "base/util.h"
#include "keep/list.h"
#include "keep/live.h"

#include <errno.h>
#include <inttypes.h>

struct attest_records {
	struct attest_records_options options;
	const char *dir; /* of the archive */
	struct archive *archive; /* NULL: there is none */
	bool borrowed; /* the archive, of which nothing else is read */
	struct live *live; /* with an archive and a kernel */
	struct archive_boot boot; /* the same */
	struct spool *spool; /* without */
	struct attest_extent extent;
};

/* ---- opening --------------------------------------------------------------- */

static int open_live(struct attest_records *records)
{
	struct live_options options = {
		.archive = records->archive,
		.source = records->options.source,
		.boot_id = records->options.boot_id,
		.spool_dir = records->options.spool_dir,
		.say = records->options.say,
	};

	return live_new(&options, &records->live);
}

static int open_archive(struct attest_records *records)
{
	const struct archive_options *options = records->options.archive;
	int r = options ? archive_open_reader(options, &records->archive) :
			  -ENOENT;

	records->options.archive = NULL;
	if (r == -ENOENT)
		return 0;
	records->dir = options->dir;
	if (r < 0) {
		say_errno(records->options.say, r, "%s: opening the archive",
			  options->dir);
		return r;
	}
	return open_live(records);
}

int attest_records_open(const struct attest_records_options *options,
			struct attest_records **ret_records)
{
	struct attest_records *records = calloc(1, sizeof(*records));
	int r;

	if (!records)
		return -ENOMEM;
	records->options = *options;
	r = open_archive(records);
	if (r < 0)
		attest_records_close(records);
	else
		*ret_records = records;
	return r;
}

int attest_records_archived(struct archive *archive,
			    const struct archive_boot *boot,
			    const struct say *say,
			    struct attest_records **ret_records)
{
	struct attest_records *records = calloc(1, sizeof(*records));

	if (!records)
		return -ENOMEM;
	records->options.say = say;
	records->archive = archive;
	records->borrowed = true;
	records->boot = *boot;
	records->extent = (struct attest_extent){
		.first = boot->first,
		.end = boot->end,
		.archived = boot->end,
	};
	*ret_records = records;
	return 0;
}

void attest_records_close(struct attest_records *records)
{
	if (!records)
		return;
	live_free(records->live);
	if (!records->borrowed)
		archive_close(records->archive);
	spool_free(records->spool);
	free(records);
}

/* ---- the kernel's list alone ----------------------------------------------- */

static bool is_stopped(const struct attest_records *records)
{
	return records->options.stop &&
	       records->options.stop(records->options.context);
}

static int copy_list(struct attest_records *records, struct spool *spool)
{
	cleanup_keep_list struct keep_list list = { 0 };
	struct imastage_record record;
	int r = keep_list_open(records->options.source, KEEP_BOTH, 0, &list);

	while (r == 0) {
		r = is_stopped(records) ? -EINTR :
					  keep_list_next(&list, &record);
		if (r == 0)
			r = spool_put(spool, &record);
	}
	return r == IMASTAGE_END ? 0 : r;
}

/* Inside a session, so that it stands still. */
static int new_spool(struct attest_records *records, struct spool **ret_spool)
{
	struct source_counts counts;
	struct archive_place start = { 0 };
	struct spool *spool;
	int r = source_counts(records->options.source, &counts);

	if (r < 0)
		return r;
	start.index = counts.deleted;
	r = spool_new(&io_system, records->options.spool_dir, &start, &spool);
	if (r < 0)
		return r;
	r = copy_list(records, spool);
	if (r < 0)
		spool_free(spool);
	else
		*ret_spool = spool;
	return r;
}

static int refresh_alone(struct attest_records *records)
{
	struct spool *spool = NULL;
	int r = source_begin(records->options.source, SOURCE_READ);

	if (r < 0)
		return r;
	r = new_spool(records, &spool);
	source_end(records->options.source);
	if (r < 0)
		return r;
	spool_free(records->spool);
	records->spool = spool;
	records->extent = (struct attest_extent){
		.first = spool_start(spool).index,
		.end = spool_end(spool).index,
	};
	return 0;
}

/* ---- archive and list ------------------------------------------------------ */

static int refresh_live(struct attest_records *records)
{
	struct archive_place end = { 0 };
	int r = live_refresh(records->live);

	if (r == 0)
		r = live_boot(records->live, &records->boot);
	if (r == 0)
		r = live_end_place(records->live, &end);
	if (r < 0)
		return r;
	records->extent = (struct attest_extent){
		.first = records->boot.first,
		.end = end.index,
		.archived = records->boot.end,
	};
	return 0;
}

static void say_blockers(const struct attest_records *records)
{
	struct source_holder holder = { 0 };
	size_t nr = source_blockers(records->options.source, &holder, 1);

	say(records->options.say, SAY_ERROR,
	    "the kernel's list is being written to by %s (pid %d): try again",
	    nr ? holder.comm : "another process", nr ? (int)holder.pid : 0);
}

static int complain(const struct attest_records *records, int r)
{
	const struct say *log = records->options.say;

	if (r == -EBUSY)
		say_blockers(records);
	else if (r == -ESTALE)
		say(log, SAY_ERROR,
		    "%s: the archive is not brought together with this kernel; start imastaged, or run 'imastage collect', and try again",
		    records->dir);
	else if (r < 0 && r != -EINTR)
		say_errno(log, r, "reading the kernel's list%s",
			  records->live ? " and the archive" : "");
	return r;
}

static int refresh_archived(struct attest_records *records)
{
	int r = archive_find_boot(records->archive, records->boot.name,
				  &records->boot);

	if (r < 0)
		return r;
	records->extent.first = records->boot.first;
	records->extent.end = records->boot.end;
	records->extent.archived = records->boot.end;
	return 0;
}

int attest_records_refresh(struct attest_records *records)
{
	if (records->borrowed)
		return refresh_archived(records);
	return complain(records, records->live ? refresh_live(records) :
						 refresh_alone(records));
}

struct attest_extent attest_records_extent(const struct attest_records *records)
{
	return records->extent;
}

int attest_records_replay_at(struct attest_records *records, uint64_t at,
			     struct imastage_replay **ret_replay)
{
	return records->archive ?
		       archive_replay_at(records->archive, records->boot.id, at,
					 ret_replay) :
		       IMASTAGE_END;
}

/* ---- records, one after the other ------------------------------------------ */

#define AT_END 8 /* of what is wanted; no answer of a cursor */

struct walk {
	struct attest_records *records;
	uint64_t next, to;
	int (*take)(void *context, const struct imastage_record *record);
	void *context;
};

static int step(void *context, const struct imastage_record *record)
{
	struct walk *walk = context;
	int r;

	if (walk->next == walk->to)
		return AT_END;
	if (walk->next % 4096 == 0 && is_stopped(walk->records))
		return -EINTR;
	r = walk->take(walk->context, record);
	walk->next++;
	return r == 0 && walk->next == walk->to ? AT_END : r;
}

static int walk_spool(struct walk *walk)
{
	struct imastage_record record;
	struct spool_cursor *cursor;
	int r = spool_cursor_open(walk->records->spool, walk->next, &cursor);

	if (r < 0)
		return r;
	while (r == 0) {
		r = spool_cursor_next(cursor, &record);
		if (r == 0)
			r = step(walk, &record);
	}
	spool_cursor_close(cursor);
	return r;
}

static void say_gap(const struct walk *walk, const struct archive_gap *gap)
{
	say(walk->records->options.say, SAY_ERROR,
	    "records are missing from %" PRIu64
	    " on (%s): what comes behind them explains no quote until the next hard boot",
	    gap->first, gap->reason);
}

static int walk_live(struct walk *walk)
{
	struct live_cursor *cursor;
	int r = live_cursor_open(walk->records->live, walk->next, &cursor);

	if (r < 0)
		return r;
	r = live_cursor_each(cursor, step, walk);
	if (r == ARCHIVE_GAP) {
		say_gap(walk, live_cursor_gap(cursor));
		r = -ENODATA;
	} else if (r < 0 && r != -EINTR) {
		say_errno(walk->records->options.say, r,
			  "reading record %" PRIu64, walk->next);
	}
	live_cursor_close(cursor);
	return r;
}

static int walk_archived(struct walk *walk)
{
	struct archive_cursor *cursor;
	struct imastage_record record;
	int r = archive_cursor_open(walk->records->archive,
				    walk->records->boot.id, walk->next,
				    &cursor);

	if (r < 0)
		return r;
	while (r == 0) {
		r = archive_cursor_next(cursor, &record);
		if (r == 0)
			r = step(walk, &record);
	}
	if (r == ARCHIVE_GAP) {
		say_gap(walk, archive_cursor_gap(cursor));
		r = -ENODATA;
	}
	archive_cursor_close(cursor);
	return r;
}

int attest_records_each(struct attest_records *records, uint64_t from,
			uint64_t to,
			int (*take)(void *context,
				    const struct imastage_record *record),
			void *context)
{
	struct walk walk = { records, from, to, take, context };
	int r;

	if (from >= to)
		return 0;
	r = records->borrowed ? walk_archived(&walk) :
	    records->live     ? walk_live(&walk) :
				walk_spool(&walk);
	if (r == AT_END)
		return 0;
	return r == IMASTAGE_END ? -EAGAIN : r;
}
