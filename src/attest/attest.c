// SPDX-License-Identifier: MIT
/*
 * Quotes that are aligned. See attest.h.
 */
#include "attest/attest.h"

#include "base/bytes.h"
#include "evidence/signature.h"

#include <errno.h>
#include <inttypes.h>

/*
 * A PCR that is not IMA's may change between a quote and the reading of values, and a record may
 * be archived just before the TPM has it. Both are over at the next quote.
 */
#define TRIES 4

struct taking {
	struct tpm *tpm;
	const struct tpm_ak *ak;
	struct attest_records *records;
	const struct attest_request *request;
	struct attest_evidence *evidence;
	struct evidence_pcrs before, read; /* beside the quote */
};

static int find_hash(const struct tpm_quote *quote,
		     enum imastage_bank *ret_hash)
{
	struct evidence_signature signature;
	struct evidence_error error;
	int r = evidence_signature_parse(tpm_quote_sig(quote), &signature,
					 &error);

	return r == 0 ? imastage_bank_by_tpm_alg(signature.hash, ret_hash) :
			-EBADMSG;
}

/* The TPM, and nothing else. */
static int ask_tpm(struct taking *taking)
{
	const struct attest_request *request = taking->request;
	int r = tpm_read_selections(taking->tpm, request->pcrs,
				    &taking->before);

	if (r == 0)
		r = tpm_quote(taking->tpm, taking->ak, request->pcrs,
			      request->qualifying, &taking->evidence->quote);
	if (r == 0)
		r = tpm_read_selections(taking->tpm, request->pcrs,
					&taking->read);
	if (r == 0 && request->step)
		request->step(request->context, "quoted");
	return r;
}

int attest_align_quote(struct attest_records *records,
		       const struct tpm_quote *quote,
		       const struct evidence_pcrs *read, uint64_t at,
		       bool thorough, struct attest_prefix *ret_prefix)
{
	struct evidence_attest attest;
	struct evidence_error error;
	struct attest_sought sought = { .attest = &attest,
					.read = read,
					.at = at };
	int r = evidence_attest_parse(tpm_quote_msg(quote), &attest, &error);

	if (r != 0 || find_hash(quote, &sought.hash) < 0)
		return -EBADMSG;
	r = attest_align(records, &sought, thorough, ret_prefix);
	if (r == 0)
		ret_prefix->clock = attest.clock;
	return r;
}

static int align(struct taking *taking, uint64_t at, bool thorough)
{
	struct attest_evidence *evidence = taking->evidence;
	struct attest_prefix prefix;
	int r = attest_align_quote(taking->records, &evidence->quote,
				   &taking->read, at, thorough, &prefix);

	if (r != 0)
		return r;
	evidence->end = prefix.end;
	evidence->pcrs = prefix.pcrs;
	evidence->clock = prefix.clock;
	return 0;
}

/* Where the list surely was when the TPM was asked is known before. */
static int take_once(struct taking *taking, bool thorough)
{
	uint64_t at = attest_records_extent(taking->records).archived;
	int r = ask_tpm(taking);

	if (r == 0)
		r = attest_records_refresh(taking->records);
	return r == 0 ? align(taking, at, thorough) : r;
}

/* Did something else than IMA extend a PCR that is quoted? */
static bool others_changed(const struct taking *taking)
{
	const struct pcr_values *a = &taking->before.values,
				*b = &taking->read.values;

	for (int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			if (pcr != IMASTAGE_PCR_IMA &&
			    b->set[bank] & 1u << pcr &&
			    memcmp(a->of[bank][pcr], b->of[bank][pcr],
				   imastage_bank_digest_len(bank)) != 0)
				return true;
	return false;
}

static int complain(const struct taking *taking)
{
	struct attest_extent extent = attest_records_extent(taking->records);
	const struct say *log = taking->request->say;

	if (others_changed(taking)) {
		say(log, SAY_ERROR,
		    "PCRs other than IMA's changed while they were quoted, each time: quote fewer of them, or try again");
		return -EKEYEXPIRED;
	}
	if (extent.first > 0 && extent.archived == 0) {
		say(log, SAY_ERROR,
		    "records before %" PRIu64
		    " were deleted from the kernel and there is no archive: nothing explains the quote until the next hard boot",
		    extent.first);
		return -ENODATA;
	}
	say(log, SAY_ERROR,
	    "the list is behind the quote: none of its %" PRIu64
	    " records lead there, so some are missing, or something else has extended the PCR; 'imastage status' says what the keeper knows",
	    extent.end);
	return -EUCLEAN;
}

int attest_take(struct tpm *tpm, const struct tpm_ak *ak,
		struct attest_records *records,
		const struct attest_request *request,
		struct attest_evidence *ret_evidence)
{
	struct attest_evidence evidence = { .ak_len = ak->public_len };
	struct taking taking = { .tpm = tpm,
				 .ak = ak,
				 .records = records,
				 .request = request,
				 .evidence = &evidence };
	int r = attest_records_refresh(records);

	if (r < 0)
		return r;
	r = IMASTAGE_END;
	for (int i = 0; r == IMASTAGE_END && i < TRIES; i++)
		r = take_once(&taking, i + 1 == TRIES);
	if (r == IMASTAGE_END)
		r = complain(&taking);
	if (r < 0)
		return r;
	memcpy(evidence.ak, ak->public, ak->public_len);
	*ret_evidence = evidence;
	return 0;
}
