// SPDX-License-Identifier: MIT
/*
 * The decision itself: same hard boot or another, then the first index.
 *
 * What always holds: records that are archived are never given another index,
 * and nothing that is listed is taken for archived unless it was compared and
 * is equal, or the kernel's own count says so and it is equal.
 */
#include "keep/decide.h"

const char *keep_case_name(enum keep_case what)
{
	static const char *const names[KEEP_NR_CASES] = {
		[KEEP_CASE_FIRST] = "first",
		[KEEP_CASE_SAME] = "same kernel",
		[KEEP_CASE_KEXEC] = "kexec",
		[KEEP_CASE_HARD_BOOT] = "hard boot",
		[KEEP_CASE_GAP] = "gap",
		[KEEP_CASE_CONTRADICTION] = "contradiction",
		[KEEP_CASE_WAIT] = "wait",
	};

	return names[what];
}

const char *keep_hold_name(enum keep_hold hold)
{
	static const char *const names[KEEP_NR_HOLDS] = {
		[KEEP_HOLD_NONE] = "none",
		[KEEP_HOLD_SILENT] = "tpm.silent",
		[KEEP_HOLD_RESTART] = "tpm.restart",
		[KEEP_HOLD_UNPROVED] = "tpm.unproved",
	};

	return names[hold];
}

/* The kernel lists records that we have: no other boot's list would. */
static bool is_known(const struct keep_reading *reading)
{
	return reading->content == KEEP_EQUAL && reading->nr_equal > 0;
}

/* The TPM has proved that what is archived goes on with what is listed. */
static bool goes_on(const struct keep_facts *facts)
{
	return facts->kept.replays == KEEP_YES ||
	       facts->gone.replays == KEEP_YES;
}

/* It was asked, and it does not. */
static bool does_not_go_on(const struct keep_facts *facts)
{
	return !goes_on(facts) && (facts->kept.replays == KEEP_NO ||
				   facts->gone.replays == KEEP_NO);
}

/*
 * Without a TPM, and with another boot id. The count of deleted records
 * survives kexec and nothing else. The note of an expected kexec counts where
 * that count is missing, unless there should be records which are not.
 */
static bool looks_like_kexec(const struct keep_facts *facts)
{
	if (facts->end == 0)
		return true;
	if (facts->counts_deleted && facts->deleted > 0)
		return true;
	if (is_known(&facts->kept))
		return true;
	return facts->kexec_expected && !facts->counts_deleted &&
	       (facts->kept.content == KEEP_EQUAL ||
		facts->pending != KEEP_PENDING_COPIED);
}

static bool is_same_hard_boot(const struct keep_facts *facts)
{
	if (facts->same_boot_id || goes_on(facts))
		return true;
	if (facts->fresh == KEEP_YES || facts->same_reset == KEEP_NO ||
	    facts->same_ek == KEEP_NO)
		return false;
	return facts->same_reset == KEEP_YES || looks_like_kexec(facts);
}

static struct keep_decision in_new_boot(const struct keep_facts *facts,
					enum keep_case what)
{
	uint64_t first = facts->counts_deleted ? facts->deleted : 0;
	struct keep_decision decision = { .what = what,
					  .first = first,
					  .gap = first };

	return decision;
}

static struct keep_decision in_same_boot(const struct keep_facts *facts,
					 uint64_t first)
{
	struct keep_decision decision = {
		.what = facts->same_boot_id ? KEEP_CASE_SAME : KEEP_CASE_KEXEC,
		.first = first,
		.nr_kept = facts->end - first,
	};

	return decision;
}

static struct keep_decision with_gap(uint64_t first, uint64_t gap)
{
	struct keep_decision decision = { .what = KEEP_CASE_GAP,
					  .first = first,
					  .gap = gap };

	return decision;
}

static struct keep_decision by_count(const struct keep_facts *facts)
{
	uint64_t first = facts->deleted + facts->uncounted;

	if (first > facts->end)
		return with_gap(first, first - facts->end);
	if (facts->kept.content == KEEP_EQUAL)
		return in_same_boot(facts, first);
	if (!facts->same_boot_id && facts->gone.content == KEEP_EQUAL &&
	    facts->gone.replays == KEEP_YES)
		return in_same_boot(facts, facts->gone.first);
	return in_new_boot(facts, KEEP_CASE_CONTRADICTION);
}

/*
 * Is what may be listed still there? What was staged in this very kernel is
 * staged until it is deleted: current records that look the same are others.
 */
static bool may_be_kept(const struct keep_facts *facts)
{
	if (facts->kept.content != KEEP_EQUAL)
		return false;
	return facts->pending != KEEP_PENDING_STAGED || facts->staged ||
	       !facts->same_boot_id;
}

static bool may_be_gone(const struct keep_facts *facts)
{
	return facts->pending != KEEP_PENDING_COPIED &&
	       facts->gone.content == KEEP_EQUAL;
}

static bool may_be_both(const struct keep_facts *facts)
{
	return may_be_kept(facts) && may_be_gone(facts) &&
	       facts->kept.first < facts->gone.first;
}

/* Nobody has told us, and somebody has deleted what was to stay. */
static struct keep_decision by_foreign_trim(const struct keep_facts *facts)
{
	if (facts->found)
		return in_same_boot(facts, facts->found);
	if (facts->gone.content == KEEP_EQUAL &&
	    facts->gone.replays == KEEP_YES)
		return in_same_boot(facts, facts->gone.first);
	if (facts->kept.content == KEEP_SHORTER && facts->nr_listed > 0)
		return in_new_boot(facts, KEEP_CASE_CONTRADICTION);
	if (!facts->can_delete)
		return in_new_boot(facts, KEEP_CASE_CONTRADICTION);
	return with_gap(facts->end, KEEP_GAP_UNKNOWN);
}

/*
 * Kept or gone? Records that are equal are most likely the same ones, but
 * violations can be recorded again byte for byte, and after a kexec without
 * digests so can files.
 */
static struct keep_decision by_content(const struct keep_facts *facts)
{
	struct keep_decision decision;
	bool gone;

	if (!may_be_kept(facts) && !may_be_gone(facts))
		return by_foreign_trim(facts);
	gone = may_be_gone(facts) && facts->gone.replays == KEEP_YES &&
	       facts->kept.replays != KEEP_YES;
	if (!may_be_kept(facts) || gone)
		return in_same_boot(facts, facts->gone.first);
	decision = in_same_boot(facts, facts->kept.first);
	decision.likely = may_be_both(facts) &&
			  facts->kept.replays == facts->gone.replays;
	return decision;
}

/* The records alone do not say it. */
static bool is_open(const struct keep_facts *facts)
{
	if (facts->counts_deleted)
		return false;
	return may_be_both(facts) ||
	       (!may_be_kept(facts) && !may_be_gone(facts));
}

static bool is_another_life(const struct keep_facts *facts)
{
	return facts->same_reset == KEEP_NO || facts->same_restart == KEEP_NO ||
	       facts->same_ek == KEEP_NO;
}

bool keep_asks_tpm(const struct keep_facts *facts)
{
	return facts->has_boot && facts->tpm == KEEP_YES &&
	       (!facts->same_boot_id || is_another_life(facts) ||
		is_open(facts));
}

/*
 * A PCR is asked about when it is not sure that it goes on. Where records are
 * missing it cannot, and that is known and said already.
 */
static enum keep_hold hold_of(const struct keep_facts *facts,
			      enum keep_case what)
{
	if (facts->tpm == KEEP_NO)
		return KEEP_HOLD_SILENT;
	if (facts->tpm != KEEP_YES || !does_not_go_on(facts) ||
	    (what != KEEP_CASE_SAME && what != KEEP_CASE_KEXEC))
		return KEEP_HOLD_NONE;
	if (facts->same_boot_id)
		return is_another_life(facts) ? KEEP_HOLD_RESTART :
						KEEP_HOLD_NONE;
	return facts->same_restart == KEEP_NO ? KEEP_HOLD_RESTART :
						KEEP_HOLD_UNPROVED;
}

static struct keep_decision decide(const struct keep_facts *facts)
{
	if (!facts->has_boot)
		return in_new_boot(facts, KEEP_CASE_FIRST);
	if (facts->tpm == KEEP_NO && (!facts->same_boot_id || is_open(facts)))
		return (struct keep_decision){ .what = KEEP_CASE_WAIT };
	if (!is_same_hard_boot(facts))
		return in_new_boot(facts, KEEP_CASE_HARD_BOOT);
	return facts->counts_deleted ? by_count(facts) : by_content(facts);
}

struct keep_decision keep_decide(const struct keep_facts *facts)
{
	struct keep_decision decision = decide(facts);

	decision.hold = hold_of(facts, decision.what);
	return decision;
}
