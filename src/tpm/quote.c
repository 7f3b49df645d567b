// SPDX-License-Identifier: MIT
/*
 * Quotes and the clock. See quote.h.
 */
#include "tpm/quote.h"

#include "base/bytes.h"
#include "base/util.h"
#include "evidence/signature.h"
#include "tpm/private.h"
#include "tpm/selection.h"

#include <tss2/tss2_mu.h>

#include <errno.h>

static int take_msg(struct tpm *tpm, const TPM2B_ATTEST *attest,
		    struct tpm_quote *quote)
{
	if (attest->size > sizeof(attest->attestationData) ||
	    attest->size > sizeof(quote->msg))
		return tpm_refuse(tpm, -EBADMSG, "quote: it is too long");
	quote->msg_len = attest->size;
	memcpy(quote->msg, attest->attestationData, attest->size);
	return 0;
}

static int take_sig(struct tpm *tpm, const TPMT_SIGNATURE *signature,
		    struct tpm_quote *quote)
{
	quote->sig_len = 0;
	if (Tss2_MU_TPMT_SIGNATURE_Marshal(signature, quote->sig,
					   sizeof(quote->sig), &quote->sig_len))
		return tpm_refuse(tpm, -EBADMSG, "quote: no signature");
	return 0;
}

/* ---- is it what was asked for? ------------------------------------------------ */

static int check_msg(struct tpm *tpm, const struct tpm_quote *quote,
		     const struct tpm_ak *ak,
		     const struct evidence_selections *wanted,
		     struct imastage_bytes qualifying)
{
	struct evidence_error error;
	struct evidence_attest attest;
	int r = evidence_attest_parse(tpm_quote_msg(quote), &attest, &error);

	if (r)
		return tpm_refuse(
			tpm, -EBADMSG, "quote: byte %zu: %s", error.offset,
			*error.reason ? error.reason : "it is something else");
	if (!bytes_equal(attest.signer,
			 bytes_of(ak->qualified.bytes, ak->qualified.len)) ||
	    !bytes_equal(attest.qualifying, qualifying) ||
	    !evidence_selections_equal(&attest.selections, wanted))
		return tpm_refuse(
			tpm, -EBADMSG,
			"quote: it is of another key, question or PCRs than was asked for");
	return 0;
}

static int check_sig(struct tpm *tpm, const struct tpm_quote *quote,
		     const struct tpm_ak *ak)
{
	struct evidence_signature signature;
	struct evidence_public key;
	struct evidence_error error;
	int r = evidence_public_parse(tpm_ak_public(ak), &key, &error);

	if (r == 0)
		r = evidence_signature_parse(tpm_quote_sig(quote), &signature,
					     &error);
	if (r || signature.scheme != key.scheme || signature.hash != key.hash)
		return tpm_refuse(
			tpm, -EBADMSG,
			"quote: its signature has not the scheme of the key");
	return 0;
}

/* ---- asking for it --------------------------------------------------------------- */

static int ask(struct tpm *tpm, ESYS_TR key,
	       const struct evidence_selections *wanted,
	       struct imastage_bytes qualifying, struct tpm_quote *quote)
{
	static const TPMT_SIG_SCHEME own_scheme = { .scheme = TPM2_ALG_NULL };
	TPM2B_DATA data = { .size = (uint16_t)qualifying.len };
	cleanup_free TPM2B_ATTEST *attest = NULL;
	cleanup_free TPMT_SIGNATURE *signature = NULL;
	TPML_PCR_SELECTION pcrs;
	TSS2_RC rc;
	int r;

	if (qualifying.len)
		memcpy(data.buffer, qualifying.data, qualifying.len);
	tpm_selection_of(wanted, &pcrs);
	TPM_AGAIN(rc, Esys_Quote(tpm->link.esys, key, ESYS_TR_PASSWORD,
				 ESYS_TR_NONE, ESYS_TR_NONE, &data, &own_scheme,
				 &pcrs, &attest, &signature));
	r = tpm_failed(tpm, "quote", rc);
	if (r == 0)
		r = take_msg(tpm, attest, quote);
	return r < 0 ? r : take_sig(tpm, signature, quote);
}

/* The key that signs has to be the one that the evidence will name. */
static int check_same(struct tpm *tpm, ESYS_TR key, const struct tpm_ak *ak)
{
	struct tpm_ak now;
	int r = tpm_ak_describe(tpm, key, &now);

	if (r == 0 && (now.public_len != ak->public_len ||
		       memcmp(now.public, ak->public, ak->public_len) != 0))
		r = tpm_refuse(
			tpm, -ESTALE,
			"quote: another attestation key is there than before; start anew with that one");
	return r;
}

static int quote_by(struct tpm *tpm, const struct tpm_ak *ak,
		    const struct evidence_selections *wanted,
		    struct imastage_bytes qualifying, struct tpm_quote *quote)
{
	struct tpm_object key;
	int r = tpm_ak_load(tpm, ak, &key);

	if (r < 0)
		return r;
	r = check_same(tpm, key.esys, ak);
	if (r == 0)
		r = ask(tpm, key.esys, wanted, qualifying, quote);
	tpm_object_put(tpm, &key);
	if (r == 0)
		r = check_msg(tpm, quote, ak, wanted, qualifying);
	return r < 0 ? r : check_sig(tpm, quote, ak);
}

int tpm_quote(struct tpm *tpm, const struct tpm_ak *ak,
	      const struct evidence_selections *wanted,
	      struct imastage_bytes qualifying, struct tpm_quote *ret_quote)
{
	struct tpm_quote quote;
	int r;

	if (qualifying.len > sizeof(((TPM2B_DATA *)NULL)->buffer) ||
	    !tpm_selection_is_sound(wanted))
		return -EINVAL;
	r = tpm_begin(tpm);
	if (r < 0)
		return r;
	r = tpm_selection_check(tpm, wanted);
	if (r == 0)
		r = quote_by(tpm, ak, wanted, qualifying, &quote);
	tpm_end(tpm);
	if (r == 0)
		*ret_quote = quote;
	return r;
}

/* ---- clock --------------------------------------------------------------------- */

static int read_clock(struct tpm *tpm, struct evidence_clock *ret_clock)
{
	cleanup_free TPMS_TIME_INFO *now = NULL;
	TSS2_RC rc;
	int r;

	TPM_AGAIN(rc, Esys_ReadClock(tpm->link.esys, ESYS_TR_NONE, ESYS_TR_NONE,
				     ESYS_TR_NONE, &now));
	r = tpm_failed(tpm, "clock", rc);
	if (r < 0)
		return r;
	if (now->clockInfo.safe > 1)
		return tpm_refuse(tpm, -EBADMSG,
				  "clock: safe is neither yes nor no");
	*ret_clock = (struct evidence_clock){
		.clock = now->clockInfo.clock,
		.resets = now->clockInfo.resetCount,
		.restarts = now->clockInfo.restartCount,
		.safe = now->clockInfo.safe,
	};
	return 0;
}

int tpm_read_clock(struct tpm *tpm, struct evidence_clock *ret_clock)
{
	int r = tpm_begin(tpm);

	if (r < 0)
		return r;
	r = read_clock(tpm, ret_clock);
	tpm_end(tpm);
	return r;
}
