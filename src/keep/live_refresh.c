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

#define TRIES 5

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
	    (changed && source_is_linux_7_2(abilities)))
		r = place_by_facts(live, identity, &now);
	if (r < 0)
		return r;
	if (counts.has_deleted)
		now.first = counts.deleted + now.uncounted;
	now.nr_listed = counts.staged + counts.current;
	if (now.first > boot->end)
		return -ESTALE; /* a gap that is not archived yet */
	if (!live->mark.valid || live->mark.first != now.first ||
	    counts.staged || source_is_linux_7_2(abilities))
		live->mark.valid = false;
	live->placed = now;
	return 0;
}

/* ---- the spool ------------------------------------------------------------- */

static uint64_t end_of(const struct live_spool *spool)
{
	return spool_end(spool->spool).index;
}

/* Index behind all that is archived or spooled. */
static uint64_t end_index(const struct live *live)
{
	return live->spool && end_of(live->spool) > live->boot.end ?
		       end_of(live->spool) :
		       live->boot.end;
}

/* @spool may be NULL: the archive has everything. */
static void set_spool(struct live *live, struct live_spool *spool)
{
	struct live_spool *old;

	pthread_rwlock_wrlock(&live->lock);
	old = live->spool;
	live->spool = spool;
	pthread_rwlock_unlock(&live->lock);
	live_spool_unref(old);
}

/* At the end of the archive. -EAGAIN: somebody copied to it just now. */
static int new_spool(struct live *live, struct live_spool **ret_spool)
{
	struct live_spool *spool;
	struct archive_place end;
	int r = archive_end_place(live->options.archive, live->boot.id, &end);

	if (r == 0 && end.index != live->boot.end)
		r = -EAGAIN;
	if (r < 0)
		return r;
	spool = calloc(1, sizeof(*spool));
	r = spool ? spool_new(live->options.io, live->options.spool_dir, &end,
			      &spool->spool) :
		    -ENOMEM;
	if (r < 0) {
		free(spool);
		return r;
	}
	atomic_init(&spool->refs, 1);
	*ret_spool = spool;
	return 0;
}

/* Adds to the spool that is read. */
static int spool_more(struct live *live, const struct imastage_record *record)
{
	int r;

	pthread_rwlock_wrlock(&live->lock);
	r = spool_put(live->spool->spool, record);
	pthread_rwlock_unlock(&live->lock);
	live->spool_failed = r < 0;
	return r;
}

/* Adds to one that nobody reads yet. */
static int spool_anew(struct live *live, struct live_spool **fresh,
		      const struct imastage_record *record)
{
	int r = *fresh ? 0 : new_spool(live, fresh);

	return r < 0 ? r : spool_put((*fresh)->spool, record);
}

/* ---- reading --------------------------------------------------------------- */

/* The rest of what is listed, and where it goes to. */
struct rest {
	struct keep_list list;
	uint64_t skip; /* records of it that are there */
	bool anew;
	struct live_spool *fresh; /* NULL: not made yet */
};

static int open_rest(struct live *live, struct rest *rest)
{
	struct source *source = live->options.source;
	uint64_t end;

	rest->anew = !live->spool || live->spool_failed;
	end = rest->anew ? live->boot.end : end_of(live->spool);
	if (live->mark.valid && live->mark.end == end)
		return keep_list_open(source, KEEP_CURRENT, live->mark.offset,
				      &rest->list);
	rest->skip = end - live->placed.first;
	return keep_list_open(source, KEEP_BOTH, 0, &rest->list);
}

static int spool_rest(struct live *live, struct rest *rest)
{
	struct imastage_record record;
	int r = 0;

	for (uint64_t i = 0; r == 0; i++) {
		r = keep_list_next(&rest->list, &record);
		if (r != 0 || i < rest->skip)
			continue;
		r = rest->anew ? spool_anew(live, &rest->fresh, &record) :
				 spool_more(live, &record);
	}
	return r == IMASTAGE_END ? 0 : r;
}

/* What was read before stays to be read until all of it is there again. */
static void publish(struct live *live, struct rest *rest, int r)
{
	if (rest->anew && r == 0) {
		set_spool(live, rest->fresh);
		live->spool_failed = false;
	} else {
		live_spool_unref(rest->fresh);
	}
	live->mark = (struct keep_mark){
		.valid = r == 0 && rest->list.nr_staged == 0,
		.first = live->placed.first,
		.end = end_index(live),
	};
	if (live->mark.valid)
		live->mark.offset = keep_list_offset(&rest->list);
}

static int read_rest(struct live *live)
{
	struct rest rest = { 0 };
	int r = open_rest(live, &rest);

	if (r < 0)
		return r;
	r = spool_rest(live, &rest);
	publish(live, &rest, r);
	keep_list_close(&rest.list);
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
	/* The archive has overtaken it. */
	if (live->spool && end_of(live->spool) <= live->boot.end)
		set_spool(live, NULL);
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
	for (int tries = 0; tries < TRIES; tries++) {
		r = source_begin(live->options.source, SOURCE_READ);
		if (r < 0)
			return r;
		/* It may have been waited for until another kernel ran (emulators). */
		r = keep_identify(NULL, live->options.boot_id,
				  live->options.say, &identity);
		if (r == 0)
			r = catch_up(live, &identity);
		source_end(live->options.source);
		if (r != -EAGAIN)
			break;
	}
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
