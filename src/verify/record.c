// SPDX-License-Identifier: MIT
/*
 * Checks 10 and 12: what a record says, before it is extended. Aggregates are compared with
 * what was quoted and replayed, whatever a policy says; all else is the policy's to judge.
 */
#include "log/hash.h"
#include "verify/private.h"

#include <imastage/snapshot.h>

/* ---- aggregates ------------------------------------------------------------ */

/* ima_calc_boot_aggregate() of Linux: PCR 0 to 7 by sha1, 0 to 9 by all others. */
static uint32_t aggregate_pcrs(enum imastage_bank bank)
{
	return bank == IMASTAGE_SHA1 ? 0xff : VERIFY_BOOT_PCRS;
}

static int aggregate(const struct pcr_values *values, enum imastage_bank bank,
		     uint8_t ret_digest[IMASTAGE_DIGEST_MAX])
{
	struct hash hash;
	int r = hash_init(&hash, bank);

	if (r < 0)
		return r;
	r = hash_start(&hash);
	for (unsigned int pcr = 0; r == 0 && aggregate_pcrs(bank) >> pcr; pcr++)
		r = hash_update(&hash, verify_value(values, bank, pcr));
	if (r == 0)
		r = hash_end(&hash, ret_digest);
	hash_fini(&hash);
	return r;
}

static int compare_aggregate(struct verify_run *run, enum imastage_bank bank,
			     const struct verify_where *where,
			     const struct policy_reading *reading,
			     enum policy_computed *ret_computed)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	int r = aggregate(&run->pcrs.values, bank, digest);

	if (r < 0)
		return r;
	*ret_computed = POLICY_COMPUTED_SAME;
	if (bytes_equal(reading->digest,
			bytes_of(digest, imastage_bank_digest_len(bank))))
		return 0;
	*ret_computed = POLICY_COMPUTED_OTHER;
	verify_say(run->verdict, VERIFY_BOOT_AGGREGATE, where);
	return 0;
}

static int check_aggregate(struct verify_run *run,
			   const struct verify_where *where,
			   const struct policy_reading *reading,
			   enum policy_computed *ret_computed)
{
	enum imastage_bank bank = IMASTAGE_SHA1;
	int r = reading->algorithm.len == 0 ?
			0 :
			imastage_bank_by_name(reading->algorithm, &bank);

	if (run->began)
		verify_see_kexec(run, where);
	if (bytes_are_all(reading->digest, 0)) {
		verify_say(run->verdict, VERIFY_BOOT_NO_TPM, where);
		return 0;
	}
	if (bank == IMASTAGE_SHA1)
		verify_say(run->verdict, VERIFY_BOOT_WEAK, where);
	if (!run->has_values)
		return 0;
	if (r < 0 || (run->pcrs.values.set[bank] & aggregate_pcrs(bank)) !=
			     aggregate_pcrs(bank)) {
		verify_add(run->verdict, VERIFY_BOOT_UNQUOTED, where,
			   "those of its bank, %s",
			   r < 0 ? "an unknown one" : imastage_bank_name(bank));
		return 0;
	}
	return compare_aggregate(run, bank, where, reading, ret_computed);
}

static enum policy_computed check_snapshot(struct verify_run *run,
					   const struct imastage_record *record,
					   const struct verify_where *where)
{
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;

	if (imastage_snapshot_parse(record, &snapshot) < 0)
		verify_add(run->verdict, VERIFY_LOG_SNAPSHOT, where,
			   "its text is not of the form");
	else if (imastage_snapshot_compare(&snapshot, run->replay, &bank))
		verify_add(run->verdict, VERIFY_LOG_SNAPSHOT, where,
			   "PCR %u of the bank %s", snapshot.pcr,
			   imastage_bank_name(bank));
	else
		return POLICY_COMPUTED_SAME;
	return POLICY_COMPUTED_OTHER;
}

/* ---- a record -------------------------------------------------------------- */

/* IMA begins with it, and so does the PCR. */
static void check_first(struct verify_run *run, bool is_aggregate,
			const struct verify_where *where)
{
	if (imastage_replay_nr_records(run->replay) == 0)
		run->begins_anew = is_aggregate;
	if (!run->began && !run->request->from_snapshot && !is_aggregate)
		verify_say(run->verdict, VERIFY_BOOT_AGGREGATE_MISSING, where);
}

static int check_readable(struct verify_run *run,
			  const struct imastage_record *record,
			  const struct verify_where *where,
			  const struct policy_reading *reading,
			  enum policy_computed *ret_computed)
{
	if (reading->relabelled)
		verify_add(run->verdict, VERIFY_LOG_RELABELLED, where, "%s",
			   reading->relabelled);
	if (reading->is_buffer && imastage_record_is_snapshot(record))
		*ret_computed = check_snapshot(run, record, where);
	else if (policy_is_boot_aggregate(reading))
		return check_aggregate(run, where, reading, ret_computed);
	return 0;
}

/* What the list shows of a violation, nothing proves: it decides nothing. */
int verify_check_record(struct verify_run *run,
			const struct imastage_record *record,
			const struct verify_where *where)
{
	enum policy_computed computed = POLICY_NOT_COMPUTED;
	const struct policy_reading *reading = &run->reading;
	int r = 0;

	check_first(run, policy_is_boot_aggregate(reading), where);
	if (reading->readable)
		r = check_readable(run, record, where, reading, &computed);
	if (r == 0)
		r = verify_appraise(run, record, where, computed);
	if (r == 0 && reading->readable)
		verify_see_record(run, record, where);
	run->began = true;
	return r;
}
