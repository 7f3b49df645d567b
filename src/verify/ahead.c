// SPDX-License-Identifier: MIT
/*
 * Reading ahead.
 */
#include "verify/ahead.h"
#include "evidence/withheld.h"
#include "log/copy.h"

size_t verify_ahead_from = (size_t)2 << 20;

static bool reads_ahead(const struct verify_run *run)
{
	return run->appraisal &&
	       policy_image(run->request->policy).len >= verify_ahead_from;
}

/* Its first two fields, and in them what the policy is asked about. */
static int look_into(struct verify_run *run, struct verify_ahead_record *next)
{
	int r = 0;

	next->reading = (struct policy_reading){ 0 };
	next->withheld = withheld_is(&next->record);
	if (next->withheld)
		return withheld_read(&next->record, run->banks, &next->given,
				     &next->place.reason);
	if (!imastage_record_is_violation(&next->record) &&
	    !next->record.opaque)
		r = policy_read_record(&next->record, &next->reading);
	if (r == 0 && reads_ahead(run) && next->reading.readable)
		policy_expect_reading(run->request->policy, &next->reading);
	return r;
}

/* False: what the record looks at does not outlive the reader's next call. */
static bool keep(struct verify_ahead *ahead, struct verify_ahead_record *next)
{
	size_t len = record_copy_len(&next->record);

	if (len > VERIFY_AHEAD_LEN - ahead->len)
		return false;
	record_copy(&next->record, ahead->bytes + ahead->len);
	ahead->len += len;
	return true;
}

/* False: nothing can be read behind it. */
static bool read_one(struct verify_run *run, struct verify_ahead_record *next)
{
	bool kept;

	next->place = (struct imastage_error){ 0 };
	next->r =
		run->list.next(run->list.context, &next->record, &next->place);
	if (next->r)
		return false;
	kept = reads_ahead(run) && keep(run->ahead, next);
	next->r = look_into(run, next);
	return kept && next->r == 0;
}

static void expect_all(const struct verify_run *run)
{
	const struct verify_ahead *ahead = run->ahead;

	for (size_t i = 0; i < ahead->nr; i++)
		if (ahead->records[i].r == 0 &&
		    ahead->records[i].reading.has_hash)
			policy_expect(run->request->policy,
				      ahead->records[i].reading.hash);
}

static void fill(struct verify_run *run)
{
	struct verify_ahead *ahead = run->ahead;
	bool more = true;

	ahead->nr = 0;
	ahead->at = 0;
	ahead->len = 0;
	while (more && ahead->nr < VERIFY_AHEAD_RECORDS)
		more = read_one(run, &ahead->records[ahead->nr++]);
	if (reads_ahead(run))
		expect_all(run);
}

struct verify_ahead_record *verify_next_record(struct verify_run *run)
{
	struct verify_ahead *ahead = run->ahead;

	if (ahead->at == ahead->nr)
		fill(run);
	return &ahead->records[ahead->at++];
}
