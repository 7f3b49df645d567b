// SPDX-License-Identifier: MIT
/*
 * Check 12, of records: the policy judges, and what it says becomes a reason.
 */
#include "verify/private.h"

#include <inttypes.h>

#define NO_REASON VERIFY_NR_IDS

/* For files, buffers and keys. */
static const enum verify_id ids[POLICY_NR_OUTCOMES][POLICY_DENIED] = {
	[POLICY_BY_DIGEST] = { NO_REASON, NO_REASON, NO_REASON },
	[POLICY_BY_SIGNATURE] = { NO_REASON, NO_REASON, NO_REASON },
	[POLICY_BY_BOTH] = { NO_REASON, NO_REASON, NO_REASON },
	[POLICY_BY_REPLAY] = { NO_REASON, NO_REASON, NO_REASON },
	[POLICY_KEY_LEARNT] = { NO_REASON, NO_REASON, VERIFY_KEY_LEARNT },
	[POLICY_KEY_IGNORED] = { NO_REASON, NO_REASON, VERIFY_KEY_IGNORED },
	[POLICY_EXCLUDED] = { VERIFY_FILE_EXCLUDED, VERIFY_FILE_EXCLUDED,
			      VERIFY_FILE_EXCLUDED },
	[POLICY_IS_DENIED] = { VERIFY_FILE_DENIED, VERIFY_FILE_DENIED,
			       VERIFY_FILE_DENIED },
	[POLICY_RETIRED] = { VERIFY_FILE_RETIRED, VERIFY_FILE_RETIRED,
			     VERIFY_FILE_RETIRED },
	[POLICY_UNLISTED] = { VERIFY_FILE_UNLISTED, VERIFY_BUFFER_UNLISTED,
			      VERIFY_KEY_UNLISTED },
	[POLICY_DIFFERS] = { VERIFY_FILE_DIGEST, VERIFY_BUFFER_DIGEST,
			     VERIFY_KEY_DIGEST },
	[POLICY_UNSIGNED] = { VERIFY_FILE_UNSIGNED, VERIFY_FILE_UNSIGNED,
			      VERIFY_FILE_UNSIGNED },
	[POLICY_IS_WEAK] = { VERIFY_FILE_WEAK, VERIFY_FILE_WEAK,
			     VERIFY_FILE_WEAK },
	[POLICY_IS_VIOLATION] = { VERIFY_FILE_VIOLATION, VERIFY_FILE_VIOLATION,
				  VERIFY_FILE_VIOLATION },
	[POLICY_IS_WITHHELD] = { VERIFY_FILE_WITHHELD, VERIFY_FILE_WITHHELD,
				 VERIFY_FILE_WITHHELD },
	[POLICY_UNPROVED] = { VERIFY_FILE_UNPROVED, VERIFY_FILE_UNPROVED,
			      VERIFY_FILE_UNPROVED },
	[POLICY_MALFORMED] = { VERIFY_FILE_UNREADABLE, VERIFY_FILE_UNREADABLE,
			       VERIFY_FILE_UNREADABLE },
	/* Said by check 10. */
	[POLICY_NO_TPM] = { NO_REASON, NO_REASON, NO_REASON },
	[POLICY_OTHER_AGGREGATE] = { NO_REASON, NO_REASON, NO_REASON },
};

int verify_begin_appraisal(struct verify_run *run)
{
	const struct verify_request *request = run->request;
	struct verify_verdict *verdict = run->verdict;

	if (!request->policy)
		return 0;
	verdict->has_policy = true;
	memcpy(verdict->policy, policy_hash(request->policy),
	       sizeof(verdict->policy));
	return policy_appraisal_new(request->policy, request->keys,
				    request->now, &run->appraisal);
}

static bool tolerates_violations(const struct verify_request *request)
{
	switch (request->violations) {
	case VERIFY_VIOLATIONS_FAIL:
		return false;
	case VERIFY_VIOLATIONS_WARN:
		return true;
	default:
		return !request->policy ||
		       policy_switches(request->policy)->violations_warn;
	}
}

/* What a digest belongs to, or why it is denied. */
static void add_reason(struct verify_run *run, enum verify_id id,
		       const struct verify_where *where,
		       const struct policy_judgement *judgement)
{
	struct policy_package package =
		policy_package_of(run->request->policy, judgement->package);

	if (judgement->reason)
		verify_add(run->verdict, id, where, "%s", judgement->reason);
	else if (judgement->package)
		verify_add(run->verdict, id, where, "%.*s%s%.*s",
			   (int)package.name.len,
			   (const char *)package.name.data,
			   package.version.len > 0 ? " " : "",
			   (int)package.version.len,
			   (const char *)package.version.data);
	else
		verify_say(run->verdict, id, where);
}

static enum verify_id id_of(const struct verify_request *request,
			    const struct policy_judgement *judgement)
{
	if (judgement->outcome == POLICY_IS_VIOLATION &&
	    tolerates_violations(request))
		return VERIFY_LOG_VIOLATION;
	if (judgement->outcome == POLICY_IS_WITHHELD &&
	    policy_switches(request->policy)->withheld_warn)
		return VERIFY_LOG_WITHHELD;
	if (judgement->was_other)
		return VERIFY_FILE_SIGNED_OTHER;
	return ids[judgement->outcome][judgement->space];
}

enum verify_level
verify_judgement_level(const struct verify_request *request,
		       const struct policy_judgement *judgement)
{
	enum verify_id id = id_of(request, judgement);

	if (judgement->outcome == POLICY_OTHER_AGGREGATE)
		id = VERIFY_BOOT_AGGREGATE;
	else if (judgement->outcome == POLICY_NO_TPM)
		id = VERIFY_BOOT_NO_TPM;
	return id == NO_REASON ? VERIFY_NOTE : verify_id_level(id);
}

static void say(struct verify_run *run, const struct verify_where *where,
		const struct policy_judgement *judgement,
		enum policy_computed computed)
{
	enum verify_id id = id_of(run->request, judgement);

	if (judgement->outcome == POLICY_OTHER_AGGREGATE &&
	    computed == POLICY_NOT_COMPUTED)
		id = VERIFY_BOOT_AGGREGATE;
	if (id != NO_REASON)
		add_reason(run, id, where, judgement);
}

static int judge(struct verify_run *run, const struct imastage_record *record,
		 enum policy_computed computed)
{
	if (run->given)
		return policy_appraise_withheld(run->appraisal, run->given,
						run->banks, &run->reading,
						&run->judgement);
	if (!record->opaque)
		return policy_appraise(run->appraisal, record, &run->reading,
				       computed, &run->judgement);
	run->judgement = (struct policy_judgement){
		.outcome = POLICY_MALFORMED,
		.reason = "its data is not known",
	};
	return 0;
}

/* Without a policy, what nobody could judge is said. */
static void say_unjudged(struct verify_run *run,
			 const struct imastage_record *record,
			 const struct verify_where *where)
{
	if (run->given)
		verify_say(run->verdict, VERIFY_LOG_WITHHELD, where);
	if (imastage_record_is_violation(record))
		verify_say(run->verdict,
			   tolerates_violations(run->request) ?
				   VERIFY_LOG_VIOLATION :
				   VERIFY_FILE_VIOLATION,
			   where);
}

void verify_say_unproved(struct verify_run *run,
			 const struct imastage_record *record,
			 const struct verify_where *where)
{
	run->reading = (struct policy_reading){ 0 };
	run->judgement =
		(struct policy_judgement){ .outcome = POLICY_UNPROVED };
	run->verdict->nr_outcomes[POLICY_UNPROVED] += run->appraisal != NULL;
	verify_add(run->verdict,
		   run->appraisal ? VERIFY_FILE_UNPROVED : VERIFY_LOG_PCR,
		   where, "PCR %u", record->pcr);
}

int verify_appraise(struct verify_run *run,
		    const struct imastage_record *record,
		    const struct verify_where *where,
		    enum policy_computed computed)
{
	int r;

	if (!run->appraisal) {
		say_unjudged(run, record, where);
		return 0;
	}
	r = judge(run, record, computed);
	if (r < 0)
		return r;
	run->verdict->nr_outcomes[run->judgement.outcome]++;
	say(run, where, &run->judgement, computed);
	return 0;
}
