// SPDX-License-Identifier: MIT
/*
 * What came of a replay.
 */
#include "base/bytes.h"
#include "tool/json.h"
#include "list/replay.h"
#include "base/text.h"

#include <inttypes.h>

static bool expects(const struct replay_run *run)
{
	return target_expects(run->target);
}

/* Is the PCR where it should be? Without --until-match only at the end. */
static bool arrived(const struct replay_run *run)
{
	return run->matched && (run->target->until ||
				run->nr_matched == run->summary.nr_records);
}

/* Where records say nothing but their digests, only PCRs can tell that those are right. */
bool replay_accepts(const struct replay_run *run)
{
	return (run->summary.nr_opaque == 0 || expects(run)) &&
	       run->summary.nr_bad == 0 && run->summary.nr_disagree == 0 &&
	       (!expects(run) || arrived(run));
}

/* What of it is other than in the kernels of today. */
static bool is_padded(const struct replay_run *run, enum imastage_bank bank)
{
	return imastage_replay_form(run->replay, bank) != IMASTAGE_FORM_OWN;
}

/* Is this PCR where it should be, whatever of the others? */
static bool value_arrived(const struct replay_run *run, enum imastage_bank bank,
			  unsigned int pcr)
{
	uint64_t nr;

	return replay_value_seen(run, bank, pcr, &nr) &&
	       (run->target->until || nr == run->summary.nr_records);
}

static const char *verdict(const struct replay_run *run)
{
	if (run->summary.nr_opaque > 0 && !expects(run) &&
	    run->summary.nr_bad == 0 && run->summary.nr_disagree == 0)
		return "unproven";
	if (!replay_accepts(run))
		return "rejected";
	return expects(run) ? "match" : "consistent";
}

/* Calls @print for each value that was replayed, and the one expected, if any. */
static void for_each_value(const struct replay_run *run,
			   void (*print)(void *context, enum imastage_bank bank,
					 unsigned int pcr,
					 struct imastage_bytes value,
					 struct imastage_bytes expected),
			   void *context)
{
	const struct pcr_values *wanted = &run->target->expected;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			struct imastage_bytes value =
				imastage_replay_value(run->replay, bank, pcr);
			bool given = wanted->set[bank] & 1u << pcr;

			if (value.len == 0 &&
			    !imastage_replay_is_lost(run->replay, bank, pcr))
				continue;
			print(context, bank, pcr, value,
			      bytes_of(given ? wanted->of[bank][pcr] : NULL,
				       given ? imastage_bank_digest_len(bank) :
					       0));
		}
	}
}

/* ---- for people ------------------------------------------------------------ */

static void print_value(void *context, enum imastage_bank bank,
			unsigned int pcr, struct imastage_bytes value,
			struct imastage_bytes expected)
{
	const struct replay_run *run = context;
	uint64_t nr;

	printf("PCR %-2u %-6s  ", pcr, imastage_bank_name(bank));
	text_print_hex(stdout, value);
	if (value.len == 0)
		fputs("not known, because of opaque records", stdout);
	puts(is_padded(run, bank) ? "  (padded sha1)" : "");
	if (expected.len == 0 || arrived(run))
		return;
	if (!bytes_equal(value, expected)) {
		printf("      expected ");
		text_print_hex(stdout, expected);
		putchar('\n');
	}
	if (replay_value_seen(run, bank, pcr, &nr))
		printf("      which it has after %" PRIu64 " records\n", nr);
}

static void report_counts(const struct replay_run *run)
{
	const struct imastage_summary *s = &run->summary;

	printf("records        %" PRIu64 "\n", s->nr_records);
	printf("bytes          %" PRIu64 "\n", s->nr_bytes);
	printf("violations     %" PRIu64 "\n", s->nr_violations);
	if (s->nr_other_pcr)
		printf("for other PCRs %" PRIu64 "\n", s->nr_other_pcr);
	if (s->nr_unknown)
		printf("unknown        %" PRIu64
		       " records with fields that Linux does not have\n",
		       s->nr_unknown);
	if (s->nr_opaque)
		printf("opaque         %" PRIu64
		       " of them, whose fields are not known, and digests not "
		       "compared: --template\n",
		       s->nr_opaque);
	if (s->nr_padded)
		printf("padded sha1    %" PRIu64
		       " digests in the list are those of sha1 with zeros "
		       "behind them\n",
		       s->nr_padded);
	if (run->input->nr_left_out)
		printf("other content  %" PRIu64 " records, left out\n",
		       run->input->nr_left_out);
	if (run->drop != REPLAY_DROP_NONE)
		printf("left out       record %" PRIu64 "\n", run->drop);
	if (run->from_snapshot)
		printf("started at     record %" PRIu64
		       " of the list, number %" PRIu64 " since boot\n",
		       run->nr_before_snapshot, run->snapshot_index);
	if (s->nr_snapshots || run->from_snapshot)
		printf("snapshots      %" PRIu64 "\n", s->nr_snapshots);
	if (s->nr_odd_snapshots)
		printf("odd snapshots  %" PRIu64
		       " whose text is of another form; not compared\n",
		       s->nr_odd_snapshots);
}

static void report_faults(const struct replay_run *run)
{
	const struct imastage_summary *s = &run->summary;

	if (s->nr_bad) {
		printf("bad digest     %" PRIu64 ", first in record %" PRIu64
		       " at byte %" PRIu64 " of ",
		       s->nr_bad, s->first_bad_index, s->first_bad_offset);
		text_print(stdout, bytes_of_text(run->bad_path));
		putchar('\n');
	}
	if (s->nr_disagree)
		printf("disagreeing    snapshot_aggregate in record %" PRIu64
		       ", PCR %u of %s%s\n",
		       s->first_disagree_index, s->first_disagree_pcr,
		       imastage_bank_name(s->first_disagree_bank),
		       run->from_snapshot ?
			       "" :
			       "; if the list begins with it: --from-snapshot");
}

static void report_arrival(const struct replay_run *run)
{
	uint64_t excess = run->summary.nr_records - run->nr_matched;

	if (run->target->until && run->matched)
		printf("expected PCRs  after %" PRIu64 " records, %" PRIu64
		       " in excess\n",
		       run->nr_matched, excess);
	else if (run->matched && excess)
		printf("expected PCRs  after %" PRIu64 " records; %" PRIu64
		       " follow, which --until-match would accept\n",
		       run->nr_matched, excess);
	else if (run->alignment == IMASTAGE_ALIGN_EARLIER)
		printf("expected PCRs  not in the last records; look further "
		       "back with --window\n");
	else if (!run->matched)
		printf("expected PCRs  not reached by any number of records\n");
	if (run->read_once)
		printf("not tried      padded sha1, for which the list has to "
		       "be read again; give a file\n");
}

/* "sha256, sm3" */
static void print_padded(const struct replay_run *run)
{
	const char *before = " (padded sha1 in ";

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!is_padded(run, bank))
			continue;
		printf("%s%s", before, imastage_bank_name(bank));
		before = ", ";
	}
	puts(before[1] == ' ' ? ")" : "");
}

static void report_text(const struct replay_run *run)
{
	report_counts(run);
	for_each_value(run, print_value, (void *)(uintptr_t)run);
	report_faults(run);
	if (expects(run))
		report_arrival(run);
	printf("verdict        %s", verdict(run));
	print_padded(run);
}

/* ---- for programs ---------------------------------------------------------- */

static const char *const form_names[IMASTAGE_NR_FORMS] = {
	[IMASTAGE_FORM_OWN] = "own",
	[IMASTAGE_FORM_PADDED] = "padded sha1",
	[IMASTAGE_FORM_PADDED_ONES] = "padded sha1, violations ones",
};

struct printed {
	struct json *json;
	const struct replay_run *run;
};

static void put_value(void *context, enum imastage_bank bank, unsigned int pcr,
		      struct imastage_bytes value,
		      struct imastage_bytes expected)
{
	const struct printed *printed = context;
	const struct replay_run *run = printed->run;
	struct json *json = printed->json;
	uint64_t nr;

	json_open(json, NULL, '{');
	json_text(json, "bank", imastage_bank_name(bank));
	json_number(json, "pcr", pcr);
	if (value.len > 0)
		json_hex(json, "value", value);
	else
		json_boolean(json, "not_known", true);
	if (is_padded(run, bank))
		json_text(json, "form",
			  form_names[imastage_replay_form(run->replay, bank)]);
	if (expected.len > 0) {
		json_hex(json, "expected", expected);
		json_text(json, "verdict",
			  value_arrived(run, bank, pcr) ? "match" : "rejected");
		if (replay_value_seen(run, bank, pcr, &nr))
			json_number(json, "matched_records", nr);
	}
	json_close(json, '}');
}

static void put_start(struct json *json, const struct replay_run *run)
{
	json_number(json, "records_before_snapshot", run->nr_before_snapshot);
	json_number(json, "snapshot_index", run->snapshot_index);
}

static void put_disagreement(struct json *json,
			     const struct imastage_summary *s)
{
	json_number(json, "first_disagreeing_snapshot",
		    s->first_disagree_index);
	json_number(json, "first_disagreeing_pcr", s->first_disagree_pcr);
	json_text(json, "first_disagreeing_bank",
		  imastage_bank_name(s->first_disagree_bank));
}

static void put_bad(struct json *json, const struct replay_run *run)
{
	json_number(json, "first_bad_record", run->summary.first_bad_index);
	json_number(json, "first_bad_offset", run->summary.first_bad_offset);
	json_bytes(json, "first_bad_file", bytes_of_text(run->bad_path));
}

static void report_json(const struct replay_run *run)
{
	const struct imastage_summary *s = &run->summary;
	struct json json;
	struct printed printed = { &json, run };

	json_start(&json, stdout, '{');
	json_number(&json, "records", s->nr_records);
	json_number(&json, "bytes", s->nr_bytes);
	json_number(&json, "violations", s->nr_violations);
	json_number(&json, "other_pcrs", s->nr_other_pcr);
	json_number(&json, "unknown", s->nr_unknown);
	json_number(&json, "other_content", run->input->nr_left_out);
	if (run->drop != REPLAY_DROP_NONE)
		json_number(&json, "dropped", run->drop);
	if (run->from_snapshot)
		put_start(&json, run);
	json_number(&json, "snapshots", s->nr_snapshots);
	json_number(&json, "odd_snapshots", s->nr_odd_snapshots);
	json_number(&json, "disagreeing_snapshots", s->nr_disagree);
	if (s->nr_disagree)
		put_disagreement(&json, s);
	json_number(&json, "opaque", s->nr_opaque);
	json_number(&json, "padded_digests", s->nr_padded);
	json_number(&json, "bad_digests", s->nr_bad);
	if (s->nr_bad)
		put_bad(&json, run);
	if (expects(run) && run->matched) {
		json_number(&json, "matched_records", run->nr_matched);
		json_number(&json, "excess_records",
			    s->nr_records - run->nr_matched);
	}
	json_open(&json, "pcrs", '[');
	for_each_value(run, put_value, &printed);
	json_close(&json, ']');
	if (run->read_once)
		json_boolean(&json, "padded_sha1_not_tried", true);
	json_text(&json, "verdict", verdict(run));
	json_end(&json, '}');
}

void replay_report(const struct replay_run *run, bool json)
{
	if (json)
		report_json(run);
	else
		report_text(run);
}
