// SPDX-License-Identifier: MIT
/*
 * All checks in their order, and the verdict, which is the worst of their reasons.
 */
#include "verify/verify.h"
#include "evidence/qualifying.h"
#include "verify/private.h"

#include <stdlib.h>

/* ---- the request ----------------------------------------------------------- */

static bool is_sane_nonce(const struct verify_request *request)
{
	size_t len = request->nonce.len;
	bool bound = request->verifier.len > 0 && request->machine.len > 0;
	bool raw = request->verifier.len == 0 && request->machine.len == 0;

	if (request->history)
		return true;
	if (bound)
		return len >= EVIDENCE_NONCE_MIN && len <= EVIDENCE_NONCE_MAX &&
		       request->verifier.len <= EVIDENCE_ID_MAX &&
		       request->machine.len <= EVIDENCE_ID_MAX;
	return raw && len >= EVIDENCE_NONCE_MIN &&
	       (len <= VERIFY_RAW_NONCE_MAX || (request->raw_32 && len == 32));
}

/* Banks in which IMA's PCRs are asked for, as a mask; 0 when one is not in all of them. */
static unsigned int asked_banks(const struct verify_request *request)
{
	unsigned int banks = 0;

	for (size_t i = 0; i < request->asked.nr; i++) {
		uint32_t pcrs = request->asked.of[i].pcrs & request->list_pcrs;
		enum imastage_bank bank;

		if (pcrs == 0)
			continue;
		if (pcrs != request->list_pcrs ||
		    imastage_bank_by_tpm_alg(request->asked.of[i].alg, &bank) <
			    0 ||
		    banks & 1u << bank)
			return 0;
		banks |= 1u << bank;
	}
	return banks;
}

/* A start has a value of each PCR that is replayed. */
static bool is_sane_start(const struct verify_request *request,
			  unsigned int banks)
{
	if (!request->start)
		return request->from_snapshot || request->first_index == 0;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (banks & 1u << bank &&
		    (request->start->set[bank] & request->list_pcrs) !=
			    request->list_pcrs)
			return false;
	return !request->from_snapshot;
}

static int check_request(struct verify_run *run)
{
	const struct verify_request *request = run->request;

	if (!is_sane_nonce(request) || request->list_pcrs == 0 ||
	    request->asked.nr > IMASTAGE_SELECTIONS_MAX)
		return -EINVAL;
	run->banks = asked_banks(request);
	if (run->banks == 0 || !is_sane_start(request, run->banks))
		return -EINVAL;
	return 0;
}

/* ---- the verdict ----------------------------------------------------------- */

/* Were all records before judged by the policy of this round, and no other one? */
static bool same_policy(const struct verify_run *run)
{
	const struct verify_request *request = run->request;

	return request->nr_policies == 1 &&
	       !memcmp(request->policies[0], policy_hash(request->policy),
		       VERIFY_RECORD_LEN);
}

/* What does not come of this round. */
static void add_known(struct verify_run *run)
{
	const struct verify_request *request = run->request;
	struct verify_verdict *verdict = run->verdict;

	if (request->carried && verdict->has_quote &&
	    request->carried->resets == verdict->clock.resets)
		verify_add_carried(verdict, request->carried);
	if (request->start && request->policy && !same_policy(run))
		verify_say(verdict, VERIFY_POLICY_CHANGED, NULL);
	if (request->from_file)
		verify_say(verdict, VERIFY_CHECKPOINT_AGE, NULL);
	if (request->barred)
		verify_add(verdict, VERIFY_MACHINE_BARRED, NULL, "%s",
			   request->barred);
	if (request->trusted)
		verify_add(verdict, VERIFY_MACHINE_TRUSTED, NULL, "%s",
			   request->trusted);
}

/* Whatever records say: are they what was measured? */
static void conclude(struct verify_run *run)
{
	struct verify_verdict *verdict = run->verdict;

	verdict->genuine =
		verdict->has_quote &&
		!verify_failed(verdict, VERIFY_AK_FORM, VERIFY_QUOTE_EXPIRED);
	verdict->proved =
		run->matched &&
		!verify_failed(verdict, VERIFY_AK_FORM, VERIFY_TPM_RESTART) &&
		!verify_has(verdict, VERIFY_LOG_RELABELLED);
	add_known(run);
	verify_conclude(verdict);
	verdict->continues = verdict->proved && run->request->start;
	verdict->kexec = run->kexec;
	if (verdict->proved)
		verdict->pcrs = run->pcrs.values;
}

static int check_all(struct verify_run *run)
{
	const struct verify_watch *watch = run->request->watch;
	int r = check_request(run);

	if (r == 0 && watch)
		watch->begin(watch->context, run->request);
	if (r == 0)
		r = verify_check_ak(run);
	if (r == 0)
		r = verify_check_signature(run);
	if (r == 0)
		r = verify_check_attest(run);
	if (r == 0)
		verify_check_clock(run);
	if (r == 0)
		r = verify_check_pcrs(run);
	if (r == 0)
		r = verify_check_list(run);
	if (r == 0)
		verify_check_boot(run);
	return r;
}

int verify_quote(const struct verify_request *request,
		 const struct verify_evidence *evidence,
		 struct verify_list list, struct verify_verdict *ret_verdict)
{
	struct verify_run run = { .request = request,
				  .evidence = evidence,
				  .list = list,
				  .verdict = ret_verdict };
	int r;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	run.kexec = request->start ? request->kexec : 0;
	r = check_all(&run);
	if (r == 0)
		conclude(&run);
	imastage_replay_free(run.replay);
	imastage_replay_free(run.padded[0]);
	imastage_replay_free(run.padded[1]);
	imastage_hasher_free(run.hasher);
	imastage_hasher_free(run.excess_hasher);
	policy_appraisal_free(run.appraisal);
	free(run.ahead);
	return r;
}
