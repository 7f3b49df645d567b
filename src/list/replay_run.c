// SPDX-License-Identifier: MIT
/*
 * The records of all parts go by.
 *
 * Indices in summaries are the reader's: they count from the first index of the
 * whole list. What is counted is counted from 0.
 */
#include "base/util.h"
#include "tool/cli.h"
#include "list/replay.h"

#include <errno.h>
#include <inttypes.h>

static int tick(void *context, uint64_t nr_records)
{
	(void)nr_records;
	return input_tick(context);
}

static void add_summary(struct replay_run *run,
			const struct imastage_summary *part)
{
	if (part->nr_bad && !run->summary.nr_bad)
		run->bad_path = input_path(run->input);
	imastage_summary_add(&run->summary, part);
}

static void note_match(struct replay_run *run, uint64_t nr_records)
{
	run->matched = true;
	run->nr_matched = nr_records;
}

/* One part by imastage_check(). @before: records before the list began. */
static int check_part(struct replay_run *run, uint64_t before)
{
	const struct imastage_check_options options = {
		.nr_threads = run->nr_threads,
		.stop_at_match = run->stop,
		.any_thread_reads = input_reads_at_once(run->input),
		.progress = tick,
		.context = run->input,
	};
	struct imastage_summary summary;
	int r = imastage_check(run->input->reader, run->replay, run->align,
			       &options, &summary);

	if (r < 0)
		return input_complain(run->input, r);
	add_summary(run, &summary);
	run->alignment = summary.alignment;
	if (summary.alignment == IMASTAGE_ALIGN_MATCH)
		note_match(run, summary.nr_aligned - before);
	return 0;
}

static int count_rest(struct replay_run *run)
{
	struct imastage_record record;
	int r;

	while ((r = input_next(run->input, &record)) == 0) {
		run->summary.nr_records++;
		run->summary.nr_bytes += record.raw.len;
		if (imastage_record_is_violation(&record))
			run->summary.nr_violations++;
	}
	return r < 0 ? r : 0;
}

static int skip_records(struct replay_run *run)
{
	struct imastage_record record;
	int r = 0;

	for (uint64_t i = 0; i < run->skip && r == 0; i++)
		r = input_next(run->input, &record);
	if (r != IMASTAGE_END)
		return r;
	cli_error("the list has fewer than the %" PRIu64
		  " records that were replayed when it was saved",
		  run->skip);
	return -ENODATA;
}

/* What stands at the start, should the list have no record at all. */
static int look_at_start(struct replay_run *run)
{
	int r = run->align ? imastage_align_check(run->align, run->replay) : 0;

	if (r == -EINVAL)
		cli_error("what is expected is neither replayed nor given");
	else if (r < 0)
		cli_error("%s", strerror(-r));
	if (r == IMASTAGE_ALIGN_MATCH)
		note_match(run, 0);
	return r < 0 ? r : 0;
}

static bool is_replayed(const struct replay_run *run, unsigned int pcr)
{
	bool any = false;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		any |= imastage_replay_value(run->replay, bank, pcr).len > 0;
	return any;
}

/* What was left out has extended PCRs, whose values are then not known. */
static int check_left_out(const struct replay_run *run)
{
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
		if (!(run->input->pcrs_left_out & 1u << pcr) ||
		    !is_replayed(run, pcr))
			continue;
		cli_error("PCR %u: records of other content than IMA's, which "
			  "were left out, have extended it; choose other PCRs "
			  "by --pcr",
			  pcr);
		return -EBADMSG;
	}
	return 0;
}

int replay_run(struct replay_run *run)
{
	uint64_t before = imastage_replay_nr_records(run->replay);
	int r;

	run->nr_before = before;
	run->dropped_at = REPLAY_DROP_NONE;
	r = skip_records(run);
	if (r == 0)
		r = look_at_start(run);
	/* One that records were skipped in, or the first after rewinding. */
	if (r == 0 && run->input->reader)
		r = check_part(run, before);
	while (r == 0 && !(run->stop && run->matched)) {
		r = input_next_part(run->input);
		if (r == 0)
			r = check_part(run, before);
	}
	if (r == 0)
		r = count_rest(run);
	return r < 0 ? r : check_left_out(run);
}

/* ---- record by record ------------------------------------------------------ */

struct slow {
	struct replay_run *run;
	struct imastage_hasher *hasher; /* of the list's bank alone, */
	unsigned int bank; /* which is this, when it is not replayed */
	bool started;
};

static void note_bad(struct slow *slow, const struct imastage_record *record,
		     const struct imastage_digests *digests)
{
	const struct input *input = slow->run->input;
	struct imastage_summary *summary = &slow->run->summary;
	int differs = imastage_record_check_digest(record, digests);

	summary->nr_padded += differs == IMASTAGE_DIGEST_PADDED;
	if (differs != IMASTAGE_DIGEST_DIFFERS || summary->nr_bad++)
		return;
	summary->first_bad_index = input_index(input);
	summary->first_bad_offset = input->offset;
	slow->run->bad_path = input_path(input);
}

/* The digest in a bank that is not replayed. */
static int hash_bank(struct slow *slow, const struct imastage_record *record,
		     struct imastage_digests *digests)
{
	const struct imastage_replay *replay = slow->run->replay;
	bool hashed = imastage_replay_banks(replay) & 1u << record->bank &&
		      imastage_replay_form(replay, record->bank) ==
			      IMASTAGE_FORM_OWN;
	int r = 0;

	if (hashed || record->opaque)
		return 0;
	if (!slow->hasher || slow->bank != record->bank) {
		imastage_hasher_free(slow->hasher);
		slow->hasher = NULL;
		slow->bank = record->bank;
		r = imastage_hasher_new(1u << record->bank, &slow->hasher);
	}
	return r < 0 ? r :
		       imastage_hasher_template(slow->hasher, record, digests);
}

static int extend(struct slow *slow, const struct imastage_record *record)
{
	struct replay_run *run = slow->run;
	struct imastage_digests digests;
	int r = imastage_replay_extend(run->replay, record, &digests);

	if (r == IMASTAGE_OTHER_PCR)
		run->summary.nr_other_pcr++;
	if (r >= 0)
		r = hash_bank(slow, record, &digests);
	if (r == 0)
		note_bad(slow, record, &digests);
	return r;
}

static void compare(struct replay_run *run,
		    const struct imastage_snapshot *snapshot)
{
	struct imastage_summary *summary = &run->summary;
	enum imastage_bank bank;

	if (!imastage_snapshot_compare(snapshot, run->replay, &bank) ||
	    summary->nr_disagree++ > 0)
		return;
	summary->first_disagree_index = input_index(run->input);
	summary->first_disagree_pcr = snapshot->pcr;
	summary->first_disagree_bank = bank;
}

static int start_at(struct slow *slow, const struct imastage_snapshot *snapshot)
{
	struct replay_run *run = slow->run;
	enum imastage_bank bank;
	unsigned int pcr;
	int r = imastage_snapshot_start(snapshot, run->replay, &bank, &pcr);

	if (r < 0) {
		cli_error("the snapshot_aggregate has no value of PCR %u in "
			  "bank %s; choose others by --pcr and --bank",
			  pcr, imastage_bank_name(bank));
		return r;
	}
	slow->started = true;
	run->snapshot_index = snapshot->nr_records;
	return look_at_start(run);
}

/* One that is not of its form proves nothing, and is nothing to start from. */
static int use_snapshot(struct slow *slow, const struct imastage_record *record)
{
	struct replay_run *run = slow->run;
	struct imastage_snapshot snapshot;
	int r = imastage_snapshot_parse(record, &snapshot);

	run->summary.nr_snapshots++;
	run->summary.nr_odd_snapshots += r < 0;
	if (r < 0 && !slow->started) {
		cli_error("%s: record %" PRIu64
			  ": a snapshot_aggregate that is not of its form",
			  input_path(run->input), input_index(run->input));
		return r;
	}
	if (!slow->started)
		return start_at(slow, &snapshot);
	if (r == 0)
		compare(run, &snapshot);
	return 0;
}

static int take_record(struct slow *slow, const struct imastage_record *record)
{
	struct replay_run *run = slow->run;
	bool dropped = input_index(run->input) == run->drop;
	int r = 0;

	run->summary.nr_records++;
	run->summary.nr_bytes += record->raw.len;
	if (imastage_record_is_violation(record))
		run->summary.nr_violations++;
	if (!imastage_record_is_known(record))
		run->summary.nr_unknown++;
	run->summary.nr_opaque += record->opaque &&
				  !imastage_record_is_violation(record);
	if (!dropped && imastage_record_is_snapshot(record))
		r = use_snapshot(slow, record);
	if (r == 0 && !slow->started)
		run->nr_before_snapshot++;
	if (r < 0 || !slow->started)
		return r;
	if (dropped)
		run->dropped_at = run->summary.nr_records - 1;
	if (dropped)
		return 0;
	r = extend(slow, record);
	if (r == 0 && run->align) {
		r = imastage_align_check(run->align, run->replay);
		if (r == IMASTAGE_ALIGN_MATCH)
			note_match(run, run->summary.nr_records);
	}
	if (r < 0)
		cli_error("%s", strerror(-r));
	return r < 0 ? r : 0;
}

/* What was replayed are fewer records than those of the list, or more. */
static uint64_t list_records(const struct replay_run *run, uint64_t nr_replayed)
{
	uint64_t nr = nr_replayed + run->nr_before_snapshot - run->nr_before;

	return nr + (run->dropped_at < nr);
}

bool replay_value_seen(const struct replay_run *run, enum imastage_bank bank,
		       unsigned int pcr, uint64_t *ret_nr)
{
	uint64_t first, last;

	if (!run->align ||
	    imastage_align_value(run->align, bank, pcr, &first, &last) < 0)
		return false;
	if (ret_nr)
		*ret_nr = list_records(run, last);
	return true;
}

/* A window is looked through at the end; it counts what was replayed. */
static int finish(const struct slow *slow)
{
	struct replay_run *run = slow->run;
	uint64_t nr = 0;

	if (!run->align)
		return 0;
	run->alignment = imastage_align_finish(run->align, &nr);
	if (run->alignment == IMASTAGE_ALIGN_MATCH && !run->matched)
		note_match(run, list_records(run, nr));
	return run->alignment < 0 ? run->alignment : 0;
}

static int check_drop(const struct replay_run *run)
{
	if (run->drop == REPLAY_DROP_NONE ||
	    (run->drop >= run->input->options->first_index &&
	     run->drop - run->input->options->first_index <
		     run->summary.nr_records))
		return 0;
	cli_error("there is no record %" PRIu64 " to drop", run->drop);
	return -ERANGE;
}

int replay_run_slowly(struct replay_run *run)
{
	struct slow slow = { .run = run, .started = !run->from_snapshot };
	struct imastage_record record;
	int r = slow.started ? look_at_start(run) : 0;

	run->nr_before = imastage_replay_nr_records(run->replay);
	run->dropped_at = REPLAY_DROP_NONE;
	while (r == 0 && (r = input_next(run->input, &record)) == 0)
		r = take_record(&slow, &record);
	if (r == IMASTAGE_END)
		r = finish(&slow);
	imastage_hasher_free(slow.hasher);
	if (r == 0)
		r = check_left_out(run);
	if (r == 0)
		r = check_drop(run);
	if (r == 0 && !slow.started) {
		cli_error("there is no snapshot_aggregate to start from");
		r = -ENOENT;
	}
	return r;
}
