/* SPDX-License-Identifier: MIT */
/*
 * The keeper's own quotes: history that proves itself. Two steps, so that the TPM, which may take
 * a second or be silent, keeps nobody from his records:
 *
 *	self_quote_ask()	by whoever can wait; asks the TPM, and touches nothing else
 *	self_quote_keep()	by who has the archive; when all that the quote proves is archived
 *
 * The quote carries the archive's chain as it was before the TPM was asked.
 */
#ifndef ATTEST_SELF_H
#define ATTEST_SELF_H

#include "attest/attest.h"

/* A plain value. */
struct self_quote {
	/* What is asked. */
	int64_t boot;
	struct attest_chain chain; /* as archive_chain() says */

	/* What came of it. */
	struct tpm_quote quote;
	struct evidence_pcrs read; /* beside it */
	size_t ak_len;
	uint8_t ak[TPM_PUBLIC_MAX];
	int64_t time; /* seconds since 1970 */
};

/* Of PCR 0 to 10 in the bank sha256, or the first that the TPM has. As tpm_quote(). */
int self_quote_ask(struct tpm *tpm, const struct tpm_ak *ak,
		   struct self_quote *quote);

/*
 * *ret_end: index behind the last record that it proves. -EAGAIN: what is archived does not lead
 * there (yet); -ESTALE: another boot has begun; or as archive_add_quote().
 */
int self_quote_keep(struct archive *archive, const struct self_quote *quote,
		    uint64_t *ret_end);

/* What was kept, for attest_write(). -EBADMSG: it is no quote. */
int self_quote_evidence(const struct archive_quote *kept,
			struct attest_evidence *ret_evidence,
			struct attest_chain *ret_chain);

#endif
