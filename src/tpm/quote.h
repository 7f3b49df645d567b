/* SPDX-License-Identifier: MIT */
/*
 * What a TPM says about itself, for others to check: quotes, PCR values, its clock.
 *
 * A quote takes a TPM from some milliseconds to a second, in which IMA waits to extend;
 * so ask for none too often, and hold nothing that others wait for. One struct tpm does one
 * thing at a time: who quotes beside a keeper opens a TPM of his own.
 */
#ifndef TPM_QUOTE_H
#define TPM_QUOTE_H

#include "evidence/attest.h"
#include "evidence/pcrs.h"
#include "tpm/ak.h"

#define TPM_QUOTE_MSG_MAX 1280
#define TPM_QUOTE_SIG_MAX 544

/* A plain value, which nobody releases. */
struct tpm_quote {
	size_t msg_len, sig_len;
	uint8_t msg[TPM_QUOTE_MSG_MAX]; /* TPMS_ATTEST, as it was signed */
	uint8_t sig[TPM_QUOTE_SIG_MAX]; /* TPMT_SIGNATURE */
};

/*
 * @wanted: banks that the TPM has, each once, with PCRs in each
 * @qualifying: at most 64 bytes; all TPMs take 32
 *
 * The answer is what was asked for: signer, qualifying data and selection are compared,
 * the scheme of the signature is the key's. (The signature itself is not checked: the
 * verifier does.) Beside what tpm_ak_open() says of the key: -ESTALE: there is another
 * one than was opened; -ENOENT: the TPM has no such bank; -EINVAL.
 */
int tpm_quote(struct tpm *tpm, const struct tpm_ak *ak,
	      const struct evidence_selections *wanted,
	      struct imastage_bytes qualifying, struct tpm_quote *ret_quote);

/* Of the quote, views of it; so is what is in *ret_attest. */
static inline struct imastage_bytes tpm_quote_msg(const struct tpm_quote *quote)
{
	struct imastage_bytes bytes = { quote->msg, quote->msg_len };

	return bytes;
}

static inline struct imastage_bytes tpm_quote_sig(const struct tpm_quote *quote)
{
	struct imastage_bytes bytes = { quote->sig, quote->sig_len };

	return bytes;
}

/*
 * The values of all these PCRs, of one moment. Which may be another one than the
 * quote's: compare evidence_pcrs_digest() with the quote's digest. Returns as tpm_quote() and
 * tpm_read_pcrs().
 */
int tpm_read_selections(struct tpm *tpm,
			const struct evidence_selections *wanted,
			struct evidence_pcrs *ret_pcrs);

int tpm_read_clock(struct tpm *tpm, struct evidence_clock *ret_clock);

#endif
