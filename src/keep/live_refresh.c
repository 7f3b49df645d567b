// SPDX-License-Identifier: MIT
/*
 * Catching up with the kernel. See live.h.
 *
 * The order is what makes it right: first the kernel's list is held, so that
 * nobody can delete from it; then the archive is looked at, which by now has all
 * that was deleted; then what the kernel has beyond it is read.
 */
#include "keep/live_private.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

/* ---- which boot ------------------------------------------------------------ */

/* A hard boot makes it another list. Not under the lock. */
static void set_boot(struct live *live, const struct archive_boot *boot)
{
	struct live_spool *old = NULL;

	pthread_rwlock_wrlock(&live->lock);
	if (!live->has_boot || live->boot.id != boot->id) {
		old = live->spool;
		live->spool = NULL;
		live->placed.valid = false;
		live->mark.valid = false;
	}
	live->has_boot = true;
	live->boot = *boot;
	pthread_rwlock_unlock(&live->lock);
	live_spool_unref(old);
}

/* The archive's last boot must be that of this kernel. */
static int find_boot(struct live *live, const struct keep_identity *identity,
		     struct archive_boot *ret_boot)
{
	int r = archive_last_boot(live->options.archive, ret_boot);

	if (r < 0)
		return r;
	if (r == IMASTAGE_END ||
	    strcmp(ret_boot->boot_id, identity->boot_id) != 0)
		return -ESTALE;
	if (strcmp(live->boot_id, identity->boot_id) != 0) {
		live->placed.valid = false;
		live->mark.valid = false;
		memcpy(live->boot_id, identity->boot_id, sizeof(live->boot_id));
	}
	set_boot(live, ret_boot);
	return 0;
}

/* ---- where the kernel's list begins ---------------------------------------- */

static int place_by_facts(struct live *live,
			  const struct keep_identity *identity,
			  struct live_place *ret_place)
{
	struct keep_decision decision;
	struct archive_boot boot;
	struct keep_facts facts;
	int r = keep_gather(live->options.source, live->options.archive,
			    identity, &facts, &boot);

	if (r < 0)
		return r;
	decision = keep_decide(&facts);
	if (decision.what != KEEP_CASE_SAME)
		return -ESTALE;
	*ret_place = (struct live_place){
		.valid = true,
		.boot = boot.id,
		.first = decision.first,
		.uncounted = facts.counts_deleted ?
				     decision.first - facts.deleted :
				     0,
	};
	return 0;
}

/*
 * With a kernel that counts, looking at the archive's notes once is enough; an
 * unpatched one's list never moves; with Linux 7.2 every change of the archive
 * may mean another place.
 */
static int place(struct live *live, const struct keep_identity *identity,
		 const struct archive_boot *boot, bool changed)
{
	const struct source_abilities *abilities =
		source_abilities(live->options.source);
	struct live_place now = live->placed;
	struct source_counts counts;
	int r = source_counts(live->options.source, &counts);

	if (r < 0)
		return r;
	if (!now.valid || now.boot != boot->id ||
	    (changed && abilities->kind == SOURCE_LINUX_7_2))
		r = place_by_facts(live, identity, &now);
	if (r < 0)
		return r;
	if (counts.has_deleted)
		now.first = counts.deleted + now.uncounted;
	now.nr_listed = counts.staged + counts.current;
	if (now.first > boot->end)
		return -ESTALE; /* a gap that is not archived yet */
	if (!live->mark.valid || live->mark.first != now.first ||
	    counts.staged || abilities->kind == SOURCE_LINUX_7_2)
		live->mark.valid = false;
	live->placed = now;
	return 0;
}

/* ---- the spool ------------------------------------------------------------- */

/* Index behind all that is archived or spooled. */
static uint64_t end_index(const struct live *live)
{
	uint64_t end = live->boot.end;

	if (live->spool && spool_end(live->spool->spool).index > end)
		end = spool_end(live->spool->spool).index;
	return end;
}

/* The archive has overtaken it. */
static void drop_spool(struct live *live)
{
	struct live_spool *old = NULL;

	pthread_rwlock_wrlock(&live->lock);
	if (live->spool &&
	    spool_end(live->spool->spool).index <= live->boot.end) {
		old = live->spool;
		live->spool = NULL;
	}
	pthread_rwlock_unlock(&live->lock);
	live_spool_unref(old);
}

/* At the end of the archive. */
static int new_spool(struct live *live)
{
	struct live_spool *spool = calloc(1, sizeof(*spool));
	struct archive_place end;
	int r = spool ? archive_end_place(live->options.archive, live->boot.id,
					  &end) :
			-ENOMEM;

	if (r == 0 && end.index != live->boot.end)
		r = -EAGAIN;
	if (r == 0)
		r = spool_new(live->options.io, live->options.spool_dir, &end,
			      &spool->spool);
	if (r < 0) {
		free(spool);
		return r;
	}
	atomic_init(&spool->refs, 1);
	pthread_rwlock_wrlock(&live->lock);
	live->spool = spool;
	pthread_rwlock_unlock(&live->lock);
	return 0;
}

static int spool(struct live *live, const struct imastage_record *record)
{
	int r = live->spool ? 0 : new_spool(live);

	if (r < 0)
		return r;
	pthread_rwlock_wrlock(&live->lock);
	r = spool_put(live->spool->spool, record);
	pthread_rwlock_unlock(&live->lock);
	return r;
}

/* ---- reading --------------------------------------------------------------- */

static int open_list(struct live *live, uint64_t end,
		     struct keep_list *ret_list, uint64_t *ret_skip)
{
	struct source *source = live->options.source;

	if (live->mark.valid && live->mark.end == end) {
		*ret_skip = 0;
		return keep_list_open(source, KEEP_CURRENT, live->mark.offset,
				      ret_list);
	}
	*ret_skip = end - live->placed.first;
	return keep_list_open(source, KEEP_BOTH, 0, ret_list);
}

static int spool_rest(struct live *live, struct keep_list *list, uint64_t skip)
{
	struct imastage_record record;
	int r = 0;

	for (uint64_t i = 0; r == 0; i++) {
		r = keep_list_next(list, &record);
		if (r == 0 && i >= skip)
			r = spool(live, &record);
	}
	return r == IMASTAGE_END ? 0 : r;
}

static int read_rest(struct live *live)
{
	cleanup_keep_list struct keep_list list = { 0 };
	uint64_t end = end_index(live), skip;
	int r = open_list(live, end, &list, &skip);

	if (r == 0)
		r = spool_rest(live, &list, skip);
	live->mark = (struct keep_mark){
		.valid = r == 0 && list.nr_staged == 0,
		.first = live->placed.first,
		.end = end_index(live),
	};
	if (live->mark.valid)
		live->mark.offset = keep_list_offset(&list);
	return r;
}

static int catch_up(struct live *live, const struct keep_identity *identity)
{
	struct archive_boot boot;
	int r = archive_refresh(live->options.archive);
	bool changed = r == ARCHIVE_CHANGED;

	if (r >= 0)
		r = find_boot(live, identity, &boot);
	if (r == 0)
		r = place(live, identity, &boot, changed);
	if (r < 0)
		return r;
	drop_spool(live);
	return read_rest(live);
}

/* The counts alone say it: that blocks nobody. */
static bool is_nothing_new(struct live *live,
			   const struct keep_identity *identity)
{
	struct source_counts counts;

	return live->placed.valid &&
	       !strcmp(live->boot_id, identity->boot_id) &&
	       source_counts(live->options.source, &counts) == 0 &&
	       counts.has_deleted &&
	       counts.deleted + counts.staged + counts.current +
			       live->placed.uncounted ==
		       end_index(live);
}

static int refresh(struct live *live)
{
	struct keep_identity identity;
	int r = keep_identify(NULL, live->options.boot_id, live->options.say,
			      &identity);

	if (r < 0)
		return r;
	if (is_nothing_new(live, &identity))
		return 0;
	r = source_begin(live->options.source, SOURCE_READ);
	if (r < 0)
		return r;
	r = catch_up(live, &identity);
	source_end(live->options.source);
	return r;
}

int live_refresh(struct live *live)
{
	int r;

	pthread_mutex_lock(&live->refreshing);
	r = refresh(live);
	pthread_mutex_unlock(&live->refreshing);
	return r;
}
