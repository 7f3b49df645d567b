// SPDX-License-Identifier: MIT
/*
 * Drains and copies. See keep.h for what a transaction is.
 *
 * What always holds at the deletion: the records about to be deleted are those
 * that were read in this session, from their first byte, and each of them is
 * committed, or was compared with the committed one, in the archive that its path names.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

#define AGAIN 2 /* there may be more to do; not KEEP_IS_OTHER */
#define HELD 3 /* it is placed, but nothing may be deleted */

/* Records of one transaction: the first ones of a list. */
struct chunk {
	enum keep_part part;
	uint64_t first; /* index */
	uint64_t max; /* records to take */
	uint64_t nr, nr_same, nr_new, new_len; /* read; compared; put */
	uint64_t offset; /* of what follows, or cannot be read, in its list */
	bool malformed; /* what follows is no record */
	uint64_t least; /* records that were counted before they were staged */
};

/* ---- reading --------------------------------------------------------------- */

static int take(struct keep *keep, struct keep_archived *archived,
		const struct imastage_record *record, struct chunk *chunk)
{
	int r = keep_step(keep, "read");

	if (r < 0)
		return r;
	if (chunk->first + chunk->nr < archived->end) {
		r = keep_archived_is(archived, record);
		chunk->nr_same += r == 0;
		return r;
	}
	r = archive_put(keep->options.archive, record);
	if (r == 0) {
		chunk->nr_new++;
		chunk->new_len += record->raw.len;
	}
	return r;
}

static int take_all(struct keep *keep, struct keep_list *list,
		    struct keep_archived *archived, struct chunk *chunk)
{
	struct imastage_record record;
	int r = 0;

	while (r == 0 && chunk->nr < chunk->max) {
		r = keep_list_next(list, &record);
		if (r == IMASTAGE_END)
			return 0;
		chunk->malformed = keep_is_malformed(r);
		if (r == 0)
			r = take(keep, archived, &record, chunk);
		if (r == 0)
			chunk->nr++;
	}
	chunk->offset = keep_list_offset(list);
	return r;
}

static int open_archived(struct keep *keep, uint64_t first,
			 struct keep_archived *ret_archived)
{
	struct archive_boot boot;
	int r = archive_last_boot(keep->options.archive, &boot);

	return r < 0 ? r :
		       keep_archived_open(keep->options.archive, &boot, first,
					  ret_archived);
}

/*
 * Reads, compares, puts. KEEP_IS_OTHER: what is archived is another record.
 */
static int read_chunk(struct keep *keep, struct chunk *chunk)
{
	cleanup_keep_archived struct keep_archived archived = { 0 };
	cleanup_keep_list struct keep_list list = { 0 };
	int r = open_archived(keep, chunk->first, &archived);

	if (r == 0)
		r = keep_list_open(keep->options.source, chunk->part, 0, &list);
	if (r == 0)
		r = take_all(keep, &list, &archived, chunk);
	if (r == 0)
		r = keep_step(keep, "put");
	return r;
}

/* ---- committing ------------------------------------------------------------ */

/* What is archived and stays in the kernel, from the first listed record on. */
static int commit_copied(struct keep *keep, struct keep_result *result,
			 const struct chunk *chunk)
{
	struct archive_pending pending = {
		.first = keep->first,
		.count = archive_end(keep->options.archive) - keep->first,
		.method = ARCHIVE_COPIED,
	};
	int r;

	result->nr_skipped += chunk->nr_same;
	if (chunk->nr_new == 0)
		return 0;
	r = archive_commit(keep->options.archive, &pending);
	if (r == 0) {
		result->nr_saved += chunk->nr_new;
		result->saved_len += chunk->new_len;
		r = keep_step(keep, "copied");
	}
	return r;
}

static int commit_deletion(struct keep *keep, struct keep_result *result,
			   const struct chunk *chunk)
{
	struct archive_pending pending = {
		.first = chunk->first,
		.count = chunk->nr,
		.method = chunk->part == KEEP_STAGED ? ARCHIVE_STAGED :
						       ARCHIVE_TRIM,
	};
	int r = chunk->nr_new ?
			archive_commit(keep->options.archive, &pending) :
			keep_set_pending(keep, &pending);

	if (r < 0)
		return r;
	result->nr_saved += chunk->nr_new;
	result->saved_len += chunk->new_len;
	result->nr_skipped += chunk->nr_same;
	return keep_step(keep, "committed");
}

/* ---- deleting -------------------------------------------------------------- */

/* Without a count of what is deleted or staged, the one of what is current. */
static int check_read(struct keep *keep, const struct chunk *chunk,
		      const struct source_counts *counts)
{
	bool staged = chunk->part == KEEP_STAGED;

	if (staged ? chunk->nr >= chunk->least : chunk->nr <= counts->current)
		return 0;
	say(keep->options.say, SAY_ERROR,
	    "the kernel counts %" PRIu64 " records, but %" PRIu64
	    " were read from its %s list: nothing is deleted",
	    staged ? chunk->least : counts->current, chunk->nr,
	    staged ? "staged" : "current");
	return -EUCLEAN;
}

/* Nobody can have changed it since the session began; so that is looked at. */
static int check_count(struct keep *keep, const struct chunk *chunk)
{
	struct source_counts counts;
	int r = source_counts(keep->options.source, &counts);

	if (r < 0)
		return r;
	if (!counts.has_deleted)
		return check_read(keep, chunk, &counts);
	if (counts.deleted + keep->uncounted == keep->first &&
	    (chunk->part != KEEP_STAGED || counts.staged == chunk->nr))
		return 0;
	say(keep->options.say, SAY_ERROR,
	    "the kernel's list changed while nobody could: %" PRIu64
	    " deleted, %" PRIu64 " staged, but %" PRIu64 " and %" PRIu64
	    " should be; nothing is deleted",
	    counts.deleted, counts.staged, keep->first - keep->uncounted,
	    chunk->nr);
	return -EUCLEAN;
}

static int delete_chunk(struct keep *keep, const struct chunk *chunk)
{
	struct source *source = keep->options.source;
	uint64_t deleted = keep->first - keep->uncounted;
	int r = check_count(keep, chunk);

	if (r == 0)
		r = archive_check_identity(keep->options.archive);
	if (r < 0)
		return r;
	if (chunk->part == KEEP_STAGED)
		r = source_delete(source);
	else
		r = source_trim(source,
				source_abilities(source)->guarded_trim ?
					&deleted :
					NULL,
				chunk->nr);
	if (r == -ESTALE)
		say(keep->options.say, SAY_NOTICE,
		    "a kexec or reboot came first: %" PRIu64
		    " records are archived and stay in the kernel; the next one is known to have them",
		    chunk->nr);
	return r;
}

/* What remains listed of what is archived, when the chunk is gone. */
static int settle(struct keep *keep, const struct chunk *chunk)
{
	uint64_t end = archive_end(keep->options.archive);
	struct archive_pending rest = {
		.first = chunk->first + chunk->nr,
		.count = end - (chunk->first + chunk->nr),
		.method = ARCHIVE_COPIED,
	};

	return keep_set_pending(keep, &rest);
}

static int remove_chunk(struct keep *keep, struct keep_result *result,
			const struct chunk *chunk)
{
	int r = delete_chunk(keep, chunk);

	if (r < 0)
		return r;
	result->nr_deleted += chunk->nr;
	keep->first += chunk->nr;
	keep->mark.valid = false;
	r = keep_step(keep, "deleted");
	if (r == 0)
		r = settle(keep, chunk);
	if (r == 0)
		r = keep_step(keep, "settled");
	return r < 0 ? r : AGAIN;
}

/* ---- bytes that are no records --------------------------------------------- */

/*
 * What came before them is archived as it is; they stay in the kernel, and so
 * does everything that is listed with them.
 */
static int keep_what_can_be(struct keep *keep, struct keep_result *result,
			    const struct chunk *chunk, int err)
{
	int r;

	say(keep->options.say, SAY_ERROR,
	    "record %" PRIu64
	    " of the kernel's list cannot be read (%s), at byte %" PRIu64
	    " of its %s list: nothing is deleted from the kernel any more",
	    chunk->first + chunk->nr, strerror(-err), chunk->offset,
	    chunk->part == KEEP_STAGED ? "staged" : "current");
	r = commit_copied(keep, result, chunk);
	if (r == 0)
		r = keep_aside(keep, chunk->part == KEEP_STAGED, chunk->offset,
			       chunk->first + chunk->nr);
	return r < 0 ? r : err;
}

/* ---- one transaction ------------------------------------------------------- */

static int drain_chunk(struct keep *keep, struct keep_result *result,
		       struct chunk *chunk)
{
	int r;

	chunk->first = keep->first;
	r = read_chunk(keep, chunk);
	if (chunk->malformed)
		r = keep_what_can_be(keep, result, chunk, r);
	if (r != 0 || chunk->nr == 0)
		return r;
	r = commit_deletion(keep, result, chunk);
	return r < 0 ? r : remove_chunk(keep, result, chunk);
}

/* ---- a drain --------------------------------------------------------------- */

struct drain {
	struct keep *keep;
	const struct keep_limits *limits;
	struct keep_result *result;
	uint64_t left; /* current records to go: those that come later can wait */
};

/* @least: records that there must be; 0: nobody knows */
static int drain_staged(struct drain *drain, uint64_t least)
{
	struct chunk chunk = { .part = KEEP_STAGED,
			       .max = UINT64_MAX,
			       .least = least };

	return drain_chunk(drain->keep, drain->result, &chunk);
}

static int trim_and_drain(struct drain *drain, uint64_t nr)
{
	struct chunk chunk = { .part = KEEP_CURRENT, .max = nr };

	return drain_chunk(drain->keep, drain->result, &chunk);
}

/* The first @nr of the @current ones, or all where the kernel knows no less. */
static int stage_and_drain(struct drain *drain, uint64_t nr, uint64_t current)
{
	struct keep *keep = drain->keep;
	struct source *source = keep->options.source;
	bool all = !source_abilities(source)->stage_n;
	int r = source_stage(source, all ? SOURCE_ALL : nr);

	if (r == -ENOENT)
		return 0;
	if (r == -EEXIST)
		return AGAIN;
	if (r == -EACCES)
		say(keep->options.say, SAY_NOTICE,
		    "a kexec or reboot is under way: nothing is staged any more");
	if (r == 0)
		r = keep_step(keep, "staged");
	return r < 0 ? r : drain_staged(drain, all ? current : nr);
}

/* 1 or 0 */
static int has_staged(struct source *source, const struct source_counts *counts)
{
	if (counts->has_staged)
		return counts->staged > 0;
	return source_abilities(source)->stage ?
		       keep_list_any(source, KEEP_STAGED) :
		       0;
}

static bool will_trim(const struct drain *drain)
{
	return drain->limits->method == KEEP_TRIM &&
	       source_abilities(drain->keep->options.source)->trim;
}

/* Of @nr records, those before the index that a trim goes to. */
static uint64_t left_to_trim(const struct drain *drain, uint64_t nr)
{
	uint64_t first = drain->keep->first, up_to = drain->limits->up_to;
	uint64_t left = first < up_to ? up_to - first : 0;

	return nr < left ? nr : left;
}

static int drain_current(struct drain *drain, uint64_t current)
{
	uint64_t chunk = drain->limits->chunk, nr;
	int r;

	if (current <= drain->limits->leave || drain->left == 0)
		return 0;
	nr = current - drain->limits->leave;
	nr = nr < drain->left ? nr : drain->left;
	if (drain->limits->up_to)
		nr = left_to_trim(drain, nr);
	if (nr == 0)
		return 0;
	if (nr > (chunk ? chunk : KEEP_CHUNK))
		nr = chunk ? chunk : KEEP_CHUNK;
	r = will_trim(drain) ? trim_and_drain(drain, nr) :
			       stage_and_drain(drain, nr, current);
	if (r == AGAIN)
		drain->left -= nr;
	return r;
}

/* What somebody staged comes first: it is older than what is current. */
static int drain_next(struct drain *drain)
{
	struct source *source = drain->keep->options.source;
	struct source_counts counts;
	int r = source_counts(source, &counts);

	if (r == 0)
		r = has_staged(source, &counts);
	if (r < 0)
		return r;
	if (r > 0 && drain->limits->up_to)
		return -EEXIST;
	return r > 0 ? drain_staged(drain, 0) :
		       drain_current(drain, counts.current);
}

/*
 * Another record than was archived: then the list is not where it was thought
 * to be. That is found out anew in the same session, and only once.
 */
static int place_again(struct keep *keep, bool *again)
{
	if (*again)
		return -EUCLEAN;
	*again = true;
	(void)keep_fail(keep, 0);
	return AGAIN;
}

static int drain_placed(struct drain *drain)
{
	struct keep *keep = drain->keep;
	struct source_counts counts = { 0 };
	bool again = false;
	int r = source_counts(keep->options.source, &counts);

	/* Nothing is staged for an archive that is gone; one that has failed is rolled back first. */
	if (r == 0 && keep->placed)
		r = archive_check_identity(keep->options.archive);
	drain->left = counts.current;
	do {
		if (r >= 0)
			r = keep_place(keep);
		if (r == 0 && keep_held(keep))
			return HELD;
		if (r == 0)
			r = keep_step(keep, "begun");
		if (r == 0)
			r = drain_next(drain);
		if (r == KEEP_IS_OTHER)
			r = place_again(keep, &again);
	} while (r == AGAIN);
	return r;
}

/* We were told of a kexec, and here we are still. */
static int forget_kexec(struct keep *keep)
{
	int r;

	if (!keep->kexec_noted)
		return 0;
	r = archive_note(keep->options.archive, KEEP_NOTE_KEXEC, NULL);
	keep->kexec_noted = r < 0;
	return r;
}

/* A kernel that can only trim is not even opened for writing, unless told to. */
static bool can_drain(const struct keep *keep, const struct keep_limits *limits)
{
	const struct source_abilities *abilities =
		source_abilities(keep->options.source);

	return abilities->stage ||
	       (abilities->trim && limits->method == KEEP_TRIM);
}

static int drain(struct keep *keep, const struct keep_limits *limits,
		 struct keep_result *result)
{
	struct drain drain = { keep, limits, result, 0 };
	int r = can_drain(keep, limits) ? keep_look(keep) : -EOPNOTSUPP;

	if (r == 0)
		r = source_begin(keep->options.source, SOURCE_WRITE);
	if (r < 0)
		return r;
	r = drain_placed(&drain);
	if (r < 0)
		r = keep_fail(keep, r);
	source_end(keep->options.source);
	return r;
}

/* ---- copying --------------------------------------------------------------- */

/*
 * Where the last copy ended, if the list is what it was: nobody can delete, or
 * who did would have been counted and what he staged is to be seen.
 */
static bool can_go_on(const struct keep *keep,
		      const struct source_counts *counts)
{
	const struct keep_mark *mark = &keep->mark;
	bool stands = source_abilities(keep->options.source)->kind ==
			      SOURCE_UNPATCHED ||
		      (counts->has_deleted && counts->staged == 0);

	return mark->valid && stands && mark->first == keep->first &&
	       mark->end == archive_end(keep->options.archive);
}

static int open_copy(struct keep *keep, struct keep_archived *archived,
		     struct keep_list *list, struct chunk *chunk)
{
	struct source *source = keep->options.source;
	struct source_counts counts;
	int r = source_counts(source, &counts);
	bool go_on = r == 0 && can_go_on(keep, &counts);

	chunk->first = go_on ? keep->mark.end : keep->first;
	if (r == 0)
		r = open_archived(keep, chunk->first, archived);
	if (r == 0)
		r = go_on ? keep_list_open(source, KEEP_CURRENT,
					   keep->mark.offset, list) :
			    keep_list_open(source, KEEP_BOTH, 0, list);
	return r;
}

/* Commits now and then, so that little is lost when the power is. */
static int copy_chunks(struct keep *keep, struct keep_archived *archived,
		       struct keep_list *list, struct keep_result *result,
		       struct chunk *chunk)
{
	int r;

	do {
		chunk->max = chunk->nr + KEEP_CHUNK;
		chunk->nr_same = 0;
		chunk->nr_new = 0;
		chunk->new_len = 0;
		r = take_all(keep, list, archived, chunk);
		chunk->part = list->staged ? KEEP_STAGED : KEEP_CURRENT;
		if (chunk->malformed)
			return keep_what_can_be(keep, result, chunk, r);
		if (r == 0)
			r = keep_step(keep, "put");
		if (r == 0)
			r = commit_copied(keep, result, chunk);
	} while (r == 0 && chunk->nr == chunk->max);
	return r;
}

static int copy_placed(struct keep *keep, struct keep_result *result)
{
	cleanup_keep_archived struct keep_archived archived = { 0 };
	cleanup_keep_list struct keep_list list = { 0 };
	struct chunk chunk = { .part = KEEP_BOTH };
	int r = open_copy(keep, &archived, &list, &chunk);

	if (r == 0)
		r = copy_chunks(keep, &archived, &list, result, &chunk);
	if (r == 0)
		keep->mark = (struct keep_mark){
			.valid = list.nr_staged == 0,
			.first = keep->first,
			.end = archive_end(keep->options.archive),
			.offset = keep_list_offset(&list),
		};
	return r;
}

static int copy(struct keep *keep, struct keep_result *result)
{
	bool again = false;
	int r = source_begin(keep->options.source, SOURCE_READ);

	if (r < 0)
		return r;
	do {
		r = keep_place(keep);
		if (r == 0)
			r = keep_step(keep, "begun");
		if (r == 0)
			r = copy_placed(keep, result);
		if (r == KEEP_IS_OTHER)
			r = place_again(keep, &again);
	} while (r == AGAIN);
	if (r < 0)
		r = keep_fail(keep, r);
	source_end(keep->options.source);
	return r;
}

int keep_copy(struct keep *keep, struct keep_result *ret_result)
{
	int r = keep_look(keep);

	*ret_result = (struct keep_result){ 0 };
	if (r == 0)
		r = copy(keep, ret_result);
	return r < 0 ? r : forget_kexec(keep);
}

/* What may not be deleted is saved all the same. */
static int drain_or_copy(struct keep *keep, const struct keep_limits *limits,
			 struct keep_result *result)
{
	int r = drain(keep, limits, result);

	if (r != HELD)
		return r;
	r = copy(keep, result);
	return r < 0 ? r : keep_held(keep);
}

int keep_drain(struct keep *keep, const struct keep_limits *limits,
	       struct keep_result *ret_result)
{
	int r;

	*ret_result = (struct keep_result){ 0 };
	r = drain_or_copy(keep, limits, ret_result);
	return r < 0 ? r : forget_kexec(keep);
}

/* ---- a trim ------------------------------------------------------------------ */

/* Placed by this, and once more by the drain, should another one come in between. */
static int check_trim(struct keep *keep, uint64_t from, uint64_t up_to)
{
	struct source_counts counts;
	int r = keep_look(keep);

	if (r == 0)
		r = source_begin(keep->options.source, SOURCE_READ);
	if (r < 0)
		return r;
	r = keep_place(keep);
	if (r == 0)
		r = source_counts(keep->options.source, &counts);
	if (r == 0 && (keep->first < from ||
		       up_to > keep->first + counts.staged + counts.current))
		r = -ERANGE;
	if (r == 0 && counts.staged)
		r = -EEXIST;
	source_end(keep->options.source);
	return r < 0 ? r : 0;
}

int keep_trim(struct keep *keep, uint64_t from, uint64_t up_to,
	      struct keep_result *ret_result)
{
	const struct keep_limits limits = { .method = KEEP_TRIM,
					    .up_to = up_to };
	int r = 0;

	*ret_result = (struct keep_result){ 0 };
	if (!source_abilities(keep->options.source)->guarded_trim)
		return -EOPNOTSUPP;
	r = check_trim(keep, from, up_to);
	if (r == 0 && keep->first < up_to)
		r = keep_drain(keep, &limits, ret_result);
	return r;
}

/* ---- before kexec ---------------------------------------------------------- */

static bool may_kexec(const struct keep *keep)
{
	cleanup_fclose FILE *file = fopen(keep->options.kexec_loaded, "re");

	return !file || fgetc(file) != '0';
}

/* Noted first: however far the flush gets, the kexec is to be expected. */
static int note_kexec(struct keep *keep)
{
	struct keep_identity identity;
	int r;

	if (!may_kexec(keep))
		return 0;
	r = keep_identify(NULL, keep->options.boot_id, keep->options.say,
			  &identity);

	if (r == 0)
		r = archive_note(keep->options.archive, KEEP_NOTE_KEXEC,
				 identity.boot_id);
	if (r == 0)
		keep->kexec_noted = true;
	return r < 0 ? r : keep_step(keep, "noted");
}

int keep_flush_before_kexec(struct keep *keep, const struct keep_limits *limits,
			    struct keep_result *ret_result)
{
	struct keep_limits all = { 0 };
	int r = note_kexec(keep);

	*ret_result = (struct keep_result){ 0 };
	if (r < 0)
		return r;
	if (limits)
		all = *limits;
	all.leave = 0;
	r = limits ? drain_or_copy(keep, &all, ret_result) : -EOPNOTSUPP;
	if (r != -EOPNOTSUPP)
		return r;
	r = keep_look(keep);
	return r < 0 ? r : copy(keep, ret_result);
}
