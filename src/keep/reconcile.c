// SPDX-License-Identifier: MIT
/*
 * Bringing kernel and archive together: what was decided is done, in an order
 * in which it can be stopped anywhere and begun again.
 *
 * - A new boot forgets what is pending together with being begun.
 * - A gap is archived before what is pending is settled: stopped in between, it
 *   is found again, and at worst archived twice, never missed.
 * - The kernel's boot id is noted last: until then it is another kernel.
 */
#include "keep/private.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>

/* ---- what the TPM says ----------------------------------------------------- */

static enum keep_answer answer_of(enum keep_verdict verdict)
{
	return verdict == KEEP_CHECK_MATCH    ? KEEP_YES :
	       verdict == KEEP_CHECK_MISMATCH ? KEEP_NO :
						KEEP_UNKNOWN;
}

static int ask_about(struct keep *keep, const struct keep_pcrs *pcrs,
		     uint64_t end, bool last, struct keep_reading *reading)
{
	struct keep_check check;
	int r;

	if (reading->content != KEEP_EQUAL)
		return 0;
	r = keep_replay_listed(keep, pcrs, end - reading->first, last, &check);
	if (r == 0)
		reading->replays = answer_of(check.verdict);
	return r;
}

/* Could it be the list of a hard boot, from its first record on? */
static int ask_if_fresh(struct keep *keep, const struct keep_pcrs *pcrs,
			struct keep_facts *facts)
{
	struct keep_check check;
	int r;

	if (facts->same_boot_id || facts->deleted > 0)
		return 0;
	r = keep_replay_fresh(keep, pcrs, &check);
	if (r == 0)
		facts->fresh = answer_of(check.verdict);
	return r;
}

static int ask_once(struct keep *keep, bool last, struct keep_facts *facts)
{
	struct keep_pcrs pcrs;
	int r = keep_read_pcrs(keep, &pcrs);

	/* It answered a moment ago. */
	if (r < 0) {
		facts->tpm = KEEP_NO;
		return 0;
	}
	r = ask_about(keep, &pcrs, facts->end, last, &facts->gone);
	if (r == 0 &&
	    (facts->kept.first < facts->end ||
	     (facts->counts_deleted && facts->kept.first == facts->end)))
		r = ask_about(keep, &pcrs, facts->end, last, &facts->kept);
	return r == 0 ? ask_if_fresh(keep, &pcrs, facts) : r;
}

static bool is_explained(const struct keep_facts *facts)
{
	return facts->gone.replays == KEEP_YES ||
	       facts->kept.replays == KEEP_YES || facts->fresh == KEEP_YES;
}

/* See keep_check() for why it may take another look. */
static int ask_tpm(struct keep *keep, struct keep_facts *facts)
{
	int r = 0;

	for (int i = 0; r == 0 && i < KEEP_TPM_TRIES; i++) {
		r = ask_once(keep, i + 1 == KEEP_TPM_TRIES, facts);
		if (facts->tpm != KEEP_YES || is_explained(facts))
			break;
	}
	return r;
}

/* ---- doing it -------------------------------------------------------------- */

/* A kexec that was expected of another kernel is over. */
static int drop_old_note(struct keep *keep,
			 const struct keep_identity *identity)
{
	struct archive *archive = keep->options.archive;
	char text[ARCHIVE_VALUE_MAX];
	int r = archive_get_note(archive, KEEP_NOTE_KEXEC, text, sizeof(text));

	if (r < 0 && r != -ENOENT)
		return r;
	keep->kexec_noted = r == 0 && !strcmp(text, identity->boot_id);
	if (r == -ENOENT || keep->kexec_noted)
		return 0;
	return archive_note(archive, KEEP_NOTE_KEXEC, NULL);
}

int keep_set_pending(struct keep *keep, const struct archive_pending *pending)
{
	struct archive *archive = keep->options.archive;
	struct archive_pending now;
	int r = archive_pending(archive, &now);

	if (r < 0)
		return r;
	if (pending->count == 0)
		return r == IMASTAGE_END ? 0 : archive_settle(archive);
	if (r == 0 && now.first == pending->first &&
	    now.count == pending->count && now.method == pending->method)
		return 0;
	return archive_commit(archive, pending);
}

static void say_gap(struct keep *keep, const struct keep_decision *decision,
		    uint64_t end)
{
	if (decision->gap == KEEP_GAP_UNKNOWN)
		say(keep->options.say, SAY_ERROR,
		    "records are missing, nobody knows how many: somebody else has deleted them behind record %" PRIu64
		    ", and nothing explains the PCR from there until the next hard boot",
		    end);
	else
		say(keep->options.say, SAY_ERROR,
		    "%" PRIu64 " records are missing, %" PRIu64 "..%" PRIu64
		    ": deleted from the kernel by somebody else before they were archived; nothing explains the PCR from there until the next hard boot",
		    decision->gap, end, end + decision->gap - 1);
}

static int add_gap(struct keep *keep, const struct keep_decision *decision,
		   uint64_t end)
{
	uint64_t count = decision->gap == KEEP_GAP_UNKNOWN ? 0 : decision->gap;

	say_gap(keep, decision, end);
	archive_name_uncommitted(keep->options.archive);
	return archive_add_gap(keep->options.archive, count,
			       "deleted from the kernel by somebody else");
}

static void say_new_boot(struct keep *keep, const struct keep_report *report)
{
	const struct say *log = keep->options.say;

	if (report->decision.what == KEEP_CASE_CONTRADICTION)
		say(log, SAY_ERROR,
		    "the kernel's list contradicts the archive: it cannot be the list of which %" PRIu64
		    " records are archived. Nothing is added there; its records are archived as boot %s",
		    report->end, report->boot);
	else
		say(log, SAY_NOTICE, "%s: records are archived as boot %s",
		    keep_case_name(report->decision.what), report->boot);
}

static struct archive_boot key_of(const struct keep_identity *identity)
{
	struct archive_boot key = {
		.has_reset_count = identity->tpm == KEEP_TPM_ANSWERS,
		.has_restart_count = identity->tpm == KEEP_TPM_ANSWERS,
		.reset_count = identity->is.reset,
		.restart_count = identity->is.restart,
		.ek_len = identity->is.ek_len,
	};

	memcpy(key.ek, identity->is.ek, key.ek_len);
	memcpy(key.boot_id, identity->boot_id, sizeof(key.boot_id));
	return key;
}

static int begin_boot(struct keep *keep, const struct keep_identity *identity,
		      struct keep_report *report)
{
	struct archive_boot key = key_of(identity), boot;
	int r;

	r = archive_new_boot(keep->options.archive, &key, &boot);
	if (r < 0)
		return r;
	memcpy(report->boot, boot.name, sizeof(report->boot));
	say_new_boot(keep, report);
	r = keep_step(keep, "boot");
	if (r == 0 && report->decision.gap)
		r = add_gap(keep, &report->decision, 0);
	return r;
}

/* What the kernel still has of what is archived, said so that it stays true. */
static struct archive_pending
pending_after(const struct keep_decision *decision)
{
	struct archive_pending pending = {
		.first = decision->first,
		.count = decision->nr_kept,
		.method = ARCHIVE_COPIED,
	};

	return pending;
}

/* Staged in this kernel by us, and staged still: that is known exactly. */
static bool is_still_staged(const struct keep_facts *facts,
			    const struct keep_decision *decision)
{
	return decision->what == KEEP_CASE_SAME &&
	       facts->pending == KEEP_PENDING_STAGED && facts->staged &&
	       decision->nr_kept > 0;
}

static int note_uncounted(struct keep *keep, const char *boot, uint64_t nr)
{
	char text[ARCHIVE_NAME_MAX + 24];

	if (nr == keep->uncounted)
		return 0;
	snprintf(text, sizeof(text), "%s %" PRIu64, boot, nr);
	say(keep->options.say, SAY_WARNING,
	    "the kernel has forgotten of %" PRIu64
	    " records that they were deleted; the TPM proves that they were all",
	    nr);
	return archive_note(keep->options.archive, KEEP_NOTE_UNCOUNTED, text);
}

static int go_on(struct keep *keep, const struct keep_facts *facts,
		 const struct keep_report *report)
{
	const struct keep_decision *decision = &report->decision;
	struct archive_pending pending = pending_after(decision);
	int r = 0;

	if (decision->gap)
		r = add_gap(keep, decision, facts->end);
	if (r == 0)
		r = keep_step(keep, "gap");
	if (r == 0 && facts->counts_deleted)
		r = note_uncounted(keep, report->boot,
				   decision->first - facts->deleted);
	if (r == 0 && !is_still_staged(facts, decision))
		r = keep_set_pending(keep, &pending);
	/* The kernel has all that follows: nothing else was committed, and lost. */
	if (r == 0 && !decision->gap)
		r = archive_forget_uncommitted(keep->options.archive);
	return r;
}

/* Once: it is looked for anew with each drain. */
static void say_hold(struct keep *keep, enum keep_hold hold)
{
	static const char *const texts[KEEP_NR_HOLDS] = {
		[KEEP_HOLD_SILENT] =
			"tpm.silent: the TPM does not answer: nothing is deleted until it does",
		[KEEP_HOLD_RESTART] =
			"tpm.restart: the TPM began anew while this hard boot went on, as by hibernation, and nothing explains its PCR 10 any more: nothing is deleted until the next hard boot",
		[KEEP_HOLD_UNPROVED] =
			"tpm.unproved: the TPM's PCR 10 proves neither that this kernel's list goes on where the archive ends, nor that it begins anew: nothing is deleted until it is proved, or until the next hard boot",
	};

	if (hold != KEEP_HOLD_NONE &&
	    (!keep->reported || keep->report.decision.hold != hold))
		say(keep->options.say, SAY_ERROR, "%s", texts[hold]);
}

static void say_decision(struct keep *keep, const struct keep_report *report)
{
	const struct keep_decision *decision = &report->decision;
	const struct say *log = keep->options.say;

	if (decision->likely)
		say(log, SAY_WARNING,
		    "the kernel's list begins with the %" PRIu64
		    " records that were to be deleted last: taken for these, as no TPM says otherwise",
		    decision->nr_kept);
	if (decision->what == KEEP_CASE_KEXEC)
		say(log, SAY_NOTICE,
		    "another kernel of the same hard boot: %" PRIu64
		    " archived records came back, boot %s is continued",
		    decision->nr_kept, report->boot);
	else if (decision->what == KEEP_CASE_SAME && decision->nr_kept)
		say(log, SAY_INFO,
		    "%" PRIu64 " archived records are in the kernel still",
		    decision->nr_kept);
}

/* It goes on from what it is now: not if its PCR does not. */
static int note_tpm(struct keep *keep, const struct keep_identity *identity,
		    int64_t boot)
{
	struct archive_boot key = key_of(identity);

	if (identity->tpm != KEEP_TPM_ANSWERS)
		return 0;
	return archive_continue_tpm(keep->options.archive, boot, &key);
}

static int apply(struct keep *keep, const struct keep_identity *identity,
		 const struct keep_facts *facts,
		 const struct archive_boot *boot, struct keep_report *report)
{
	int r;

	if (keep_case_is_new_boot(report->decision.what)) {
		keep->uncounted = 0;
		r = begin_boot(keep, identity, report);
	} else {
		say_decision(keep, report);
		keep->uncounted = facts->uncounted;
		r = go_on(keep, facts, report);
	}
	if (r == 0)
		r = keep_step(keep, "placed");
	if (r == 0 && !keep_case_is_new_boot(report->decision.what) &&
	    !facts->same_boot_id)
		r = archive_continue_boot(keep->options.archive, boot->id,
					  identity->boot_id);
	if (r == 0 && !keep_case_is_new_boot(report->decision.what) &&
	    report->decision.hold == KEEP_HOLD_NONE)
		r = note_tpm(keep, identity, boot->id);
	/* Until that is noted, this kernel needs it. */
	if (r == 0)
		r = drop_old_note(keep, identity);
	return r;
}

static void set_placed(struct keep *keep, const struct keep_identity *identity,
		       const struct keep_facts *facts,
		       const struct keep_report *report)
{
	keep->placed = true;
	keep->first = report->decision.first;
	if (facts->counts_deleted)
		keep->uncounted = keep->first - facts->deleted;
	keep->placed_as = *identity;
	memcpy(keep->boot_id, identity->boot_id, sizeof(keep->boot_id));
	keep->mark.valid = false;
	keep->report = *report;
	keep->reported = true;
}

/* Nothing is done, so that nothing is wrong. */
static int wait_for_tpm(struct keep *keep, const struct keep_report *report)
{
	keep->report = *report;
	keep->reported = true;
	return -ETIMEDOUT;
}

int keep_held(const struct keep *keep)
{
	static const int errors[KEEP_NR_HOLDS] = {
		[KEEP_HOLD_SILENT] = -ETIMEDOUT,
		[KEEP_HOLD_RESTART] = -EREMCHG,
		[KEEP_HOLD_UNPROVED] = -EREMCHG,
	};

	return errors[keep->report.decision.hold];
}

static int place_anew(struct keep *keep)
{
	struct archive_boot boot = { 0 };
	struct keep_report report = { 0 };
	struct keep_identity identity = keep->identity;
	struct keep_facts facts;
	int r = archive_rollback(keep->options.archive);

	if (r == 0)
		r = archive_check_identity(keep->options.archive);
	if (r == 0)
		r = keep_step(keep, "place");
	if (r == 0)
		r = keep_gather(keep->options.source, keep->options.archive,
				&identity, &facts, &boot);
	if (r == 0 && keep_asks_tpm(&facts))
		r = ask_tpm(keep, &facts);
	if (r < 0)
		return r;
	report.decision = keep_decide(&facts);
	say_hold(keep, report.decision.hold);
	if (report.decision.what == KEEP_CASE_WAIT)
		return wait_for_tpm(keep, &report);
	report.end = facts.end;
	report.staged = facts.staged;
	memcpy(report.boot, boot.name, sizeof(report.boot));
	r = keep_step(keep, "decided");
	if (r == 0)
		r = apply(keep, &identity, &facts, &boot, &report);
	if (r == 0)
		set_placed(keep, &identity, &facts, &report);
	return r;
}

static bool is_same_tpm(const struct keep_identity *a,
			const struct keep_identity *b)
{
	return a->tpm == b->tpm && a->is.reset == b->is.reset &&
	       a->is.restart == b->is.restart && a->is.ek_len == b->is.ek_len &&
	       !memcmp(a->is.ek, b->is.ek, a->is.ek_len);
}

/* The session may have been waited for until another kernel ran (emulators). */
static int look_again(struct keep *keep)
{
	struct keep_identity now;
	int r = keep_identify(NULL, keep->options.boot_id, keep->options.say,
			      &now);

	if (r == 0 && strcmp(now.boot_id, keep->identity.boot_id) != 0)
		r = keep_look(keep);
	return r;
}

/* Nothing that can be seen from here has changed. */
static int is_in_place(struct keep *keep, bool *ret_in_place)
{
	struct source_counts counts;
	int r = look_again(keep);

	if (r == 0)
		r = source_counts(keep->options.source, &counts);
	if (r == 0)
		*ret_in_place =
			keep->placed &&
			!strcmp(keep->identity.boot_id, keep->boot_id) &&
			is_same_tpm(&keep->identity, &keep->placed_as) &&
			(!counts.has_deleted ||
			 counts.deleted + keep->uncounted == keep->first);
	return r;
}

int keep_place(struct keep *keep)
{
	bool in_place;
	int r = is_in_place(keep, &in_place);

	if (r == 0 && !in_place)
		r = place_anew(keep);
	return r < 0 ? keep_fail(keep, r) : r;
}

int keep_reconcile(struct keep *keep, struct keep_report *ret_report)
{
	int r = keep_look(keep);

	if (r == 0)
		r = source_begin(keep->options.source, SOURCE_READ);
	if (r < 0)
		return r;
	keep->placed = false;
	r = keep_place(keep);
	source_end(keep->options.source);
	if (r == 0)
		*ret_report = keep->report;
	return r;
}
