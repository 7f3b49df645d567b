// SPDX-License-Identifier: MIT
/*
 * Checks 4 to 8: the quote's own words, and that the PCR values are what it signs.
 */
#include "evidence/qualifying.h"
#include "verify/private.h"

/* ---- what was signed ------------------------------------------------------- */

/* A key in PEM has no name. */
static int check_signer(struct verify_run *run)
{
	struct imastage_bytes name = run->request->qualified_name;

	if (name.len == 0)
		verify_say(run->verdict, VERIFY_AK_UNQUALIFIED, NULL);
	else if (!bytes_equal(name, run->attest.signer))
		verify_say(run->verdict, VERIFY_AK_SIGNER, NULL);
	return run->ak.area.len == 0 ?
		       0 :
		       verify_ak_hierarchy(&run->ak, run->attest.signer,
					   run->verdict);
}

static int wanted_of_chain(const struct verify_run *run,
			   uint8_t ret_data[EVIDENCE_BOUND_LEN])
{
	const struct verify_chain *chain = run->evidence->chain;

	return chain ? evidence_bind_chain(chain->value, chain->chained,
					   ret_data) :
		       -ENODATA;
}

static int check_history(struct verify_run *run)
{
	uint8_t wanted[EVIDENCE_BOUND_LEN];
	int r = wanted_of_chain(run, wanted);

	verify_say(run->verdict, VERIFY_QUOTE_HISTORY, NULL);
	if (r == -ENODATA)
		verify_add(run->verdict, VERIFY_QUOTE_NONCE, NULL,
			   "the manifest does not say which chain of the "
			   "archive it is about");
	else if (r == 0 && !bytes_equal(bytes_of(wanted, sizeof(wanted)),
					run->attest.qualifying))
		verify_add(run->verdict, VERIFY_QUOTE_NONCE, NULL,
			   "it is not about the chain in the manifest");
	return r == -ENODATA ? 0 : r;
}

static int check_nonce(struct verify_run *run)
{
	const struct verify_request *request = run->request;
	struct imastage_bytes wanted = request->nonce;
	uint8_t bound[EVIDENCE_BOUND_LEN];
	int r = 0;

	if (request->history)
		return check_history(run);
	if (request->verifier.len > 0 || request->machine.len > 0) {
		r = evidence_bind(request->nonce, request->verifier,
				  request->machine, bound);
		wanted = bytes_of(bound, sizeof(bound));
	} else {
		verify_say(run->verdict, VERIFY_QUOTE_RAW, NULL);
	}
	if (r == 0 && !bytes_equal(wanted, run->attest.qualifying))
		verify_add(run->verdict, VERIFY_QUOTE_NONCE, NULL,
			   "it carries %zu bytes, where %zu are wanted",
			   run->attest.qualifying.len, wanted.len);
	return r;
}

static void check_challenge(struct verify_run *run)
{
	if (run->request->challenge == VERIFY_CHALLENGE_USED)
		verify_say(run->verdict, VERIFY_QUOTE_USED, NULL);
	else if (run->request->challenge == VERIFY_CHALLENGE_EXPIRED)
		verify_say(run->verdict, VERIFY_QUOTE_EXPIRED, NULL);
}

int verify_check_attest(struct verify_run *run)
{
	struct evidence_error error;
	int r = evidence_attest_parse(run->evidence->msg, &run->attest, &error);

	if (r) {
		verify_add_error(run->verdict,
				 r == EVIDENCE_OTHER_MAGIC ?
					 VERIFY_QUOTE_MAGIC :
				 r == EVIDENCE_OTHER_TYPE ? VERIFY_QUOTE_TYPE :
							    VERIFY_QUOTE_FORM,
				 &error);
		return 0;
	}
	run->has_attest = true;
	run->verdict->has_quote = true;
	run->verdict->clock = run->attest.clock;
	run->verdict->firmware = run->attest.firmware;
	check_challenge(run);
	r = check_signer(run);
	return r < 0 ? r : check_nonce(run);
}

/* ---- clock ----------------------------------------------------------------- */

/*
 * Counters differ modulo 2^32: those that a TPM shows to keys outside of its endorsement
 * hierarchy have a secret constant added. A TPM writes its clock every 2^22 ms at least,
 * so that is what an unclean loss of power can take away.
 */
#define CLOCK_LOST_MAX (UINT64_C(1) << 22)

static bool went_back(uint32_t now, uint32_t before)
{
	return (now - before) >> 31;
}

/* All counters of a TPM begin anew, and its clock. */
static bool was_cleared(const struct evidence_clock *now,
			const struct evidence_clock *last)
{
	return now->resets == 0 && now->restarts == 0 &&
	       now->clock < last->clock;
}

static void check_same_boot(struct verify_run *run,
			    const struct evidence_clock *now,
			    const struct evidence_clock *last)
{
	if (went_back(now->restarts, last->restarts))
		verify_add(run->verdict, VERIFY_CLOCK_RESTART, NULL,
			   "from %u to %u", last->restarts, now->restarts);
	if (now->clock < last->clock)
		verify_add(run->verdict, VERIFY_CLOCK_BACK, NULL,
			   "by %llu ms within a boot",
			   (unsigned long long)(last->clock - now->clock));
}

static void check_new_boot(struct verify_run *run,
			   const struct evidence_clock *now,
			   const struct evidence_clock *last)
{
	if (now->clock < last->clock &&
	    last->clock - now->clock > CLOCK_LOST_MAX)
		verify_add(run->verdict, VERIFY_CLOCK_BACK, NULL,
			   "by %llu ms, more than a loss of power can cost",
			   (unsigned long long)(last->clock - now->clock));
	verify_add(run->verdict, VERIFY_BOOT_TAIL, NULL,
		   "the TPM's clock went on by %lld ms since",
		   (long long)(now->clock - last->clock));
	if (now->resets - last->resets > 1)
		verify_add(run->verdict, VERIFY_BOOT_UNSEEN, NULL, "%u of them",
			   now->resets - last->resets - 1);
	if (run->request->start)
		verify_add(run->verdict, VERIFY_BOOT_OTHER, NULL,
			   "ask from record 0");
}

static void check_since_last(struct verify_run *run)
{
	const struct evidence_clock *now = &run->attest.clock;
	const struct evidence_clock *last = &run->request->last;

	if (was_cleared(now, last) && (now->resets == last->resets ||
				       went_back(now->resets, last->resets)))
		verify_add(run->verdict, VERIFY_TPM_CLEARED, NULL,
			   "enrol it again");
	else if (went_back(now->resets, last->resets))
		verify_add(run->verdict, VERIFY_CLOCK_RESET, NULL,
			   "from %u to %u", last->resets, now->resets);
	else if (now->resets == last->resets)
		check_same_boot(run, now, last);
	else
		check_new_boot(run, now, last);
}

/* What a machine measured between two quotes is told late: later ones may be withheld. */
static void check_gap(struct verify_run *run)
{
	const struct verify_request *request = run->request;
	uint64_t now = run->attest.clock.clock, last = request->last.clock;

	if (request->gap_max > 0 && now > last && now - last > request->gap_max)
		verify_add(run->verdict, VERIFY_CLOCK_GAP, NULL, "%llu ms",
			   (unsigned long long)(now - last));
}

void verify_check_clock(struct verify_run *run)
{
	const struct verify_request *request = run->request;

	if (!run->has_attest)
		return;
	if (!run->attest.clock.safe)
		verify_say(run->verdict, VERIFY_CLOCK_UNSAFE, NULL);
	if (request->has_firmware && request->firmware != run->attest.firmware)
		verify_add(run->verdict, VERIFY_TPM_FIRMWARE, NULL,
			   "0x%016llx before, 0x%016llx now",
			   (unsigned long long)request->firmware,
			   (unsigned long long)run->attest.firmware);
	if (request->has_last) {
		check_since_last(run);
		check_gap(run);
	} else {
		verify_say(run->verdict, VERIFY_CLOCK_FIRST, NULL);
	}
}

/* ---- PCRs ------------------------------------------------------------------ */

/* SHA-1 alone proves nothing any more. */
static void check_banks(struct verify_run *run)
{
	if (!(run->banks & ~(1u << IMASTAGE_SHA1)))
		verify_say(run->verdict, VERIFY_QUOTE_BANK, NULL);
}

static int check_digest(struct verify_run *run)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	enum imastage_bank hash;
	int r = imastage_bank_by_tpm_alg(run->ak.hash, &hash);

	if (r == 0)
		r = evidence_pcrs_digest(&run->pcrs, hash, digest);
	if (r < 0)
		return r;
	if (bytes_equal(run->attest.pcr_digest,
			bytes_of(digest, imastage_bank_digest_len(hash))))
		run->has_values = true;
	else
		verify_say(run->verdict, VERIFY_PCRS_DIGEST, NULL);
	return 0;
}

static bool check_selections(struct verify_run *run)
{
	bool as_quoted = evidence_selections_equal(&run->pcrs.selections,
						   &run->attest.selections);

	if (!as_quoted)
		verify_say(run->verdict, VERIFY_PCRS_SELECTION, NULL);
	return as_quoted && !verify_has(run->verdict, VERIFY_QUOTE_SELECTION);
}

int verify_check_pcrs(struct verify_run *run)
{
	struct evidence_error error;

	check_banks(run);
	if (run->has_attest &&
	    !evidence_selections_equal(&run->attest.selections,
				       &run->request->asked))
		verify_say(run->verdict, VERIFY_QUOTE_SELECTION, NULL);
	if (evidence_pcrs_parse(run->evidence->pcrs, &run->pcrs, &error) < 0) {
		verify_add_error(run->verdict, VERIFY_PCRS_FORM, &error);
		return 0;
	}
	if (!run->has_attest || !check_selections(run) || !run->has_ak)
		return 0;
	return check_digest(run);
}
