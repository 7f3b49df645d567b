/* SPDX-License-Identifier: MIT */
/*
 * Evidence of this machine: a quote, and the records that it proves.
 *
 *	attest_records_open(&options, &records);
 *	attest_take(tpm, &ak, records, &request, &evidence);
 *	attest_write(records, &evidence, &options, sink);
 *
 * The TPM answers first, then the records are read, so that these can only be ahead; what is
 * ahead is left out. While the TPM is asked nothing is held that others wait for.
 */
#ifndef ATTEST_ATTEST_H
#define ATTEST_ATTEST_H

#include "attest/align.h"
#include "evidence/container.h"
#include "evidence/withheld.h"
#include "tpm/quote.h"

struct attest_request {
	const struct evidence_selections *pcrs;
	struct imastage_bytes qualifying;
	const struct say *say;
	/* For tests: called with "quoted" after each quote. May be NULL. */
	void (*step)(void *context, const char *name);
	void *context;
};

struct attest_evidence {
	struct tpm_quote quote;
	struct evidence_pcrs pcrs; /* values that the quote is over */
	struct evidence_clock clock; /* of the quote */
	uint64_t end; /* index behind the last record that it proves */
	uint8_t ak[TPM_PUBLIC_MAX]; /* TPM2B_PUBLIC */
	size_t ak_len;
};

/*
 * Quotes until what is listed leads there, a few times. What is wrong is said, with what to
 * do about it, but for what tpm_trouble() tells. Beside what tpm_quote() and
 * attest_records_refresh() return:
 * -EKEYEXPIRED	other quoted PCRs changed each time
 * -EUCLEAN	the list does not explain the quote
 * -ENODATA	records are missing
 */
int attest_take(struct tpm *tpm, const struct tpm_ak *ak,
		struct attest_records *records,
		const struct attest_request *request,
		struct attest_evidence *ret_evidence);

/*
 * Finds what @quote proves; @read: values of the PCRs beside it; @at, @thorough: as for
 * attest_align(), and so is what is returned. -EBADMSG: it is no quote.
 */
int attest_align_quote(struct attest_records *records,
		       const struct tpm_quote *quote,
		       const struct evidence_pcrs *read, uint64_t at,
		       bool thorough, struct attest_prefix *ret_prefix);

/* Of the keeper's own quotes: what its qualifying data is made of. */
struct attest_chain {
	uint8_t value[MANIFEST_CHAIN_LEN];
	uint64_t chained;
};

struct attest_file {
	enum manifest_kind kind;
	const struct attest_chain *chain; /* NULL: none */
	uint64_t first; /* at most evidence->end */
	bool excess; /* also what is ahead of the quote */
	bool pack; /* in a frame */
	/* What is not shown (evidence/withheld.h). */
	struct withheld_prefixes withhold;
	struct imastage_bytes boot_log; /* empty: none */

	/* What was written. */
	uint64_t nr_records, nr_excess;
	uint64_t nr_withheld; /* of both */
};

/* As container_write(), and attest_records_each(). */
int attest_write(struct attest_records *records,
		 const struct attest_evidence *evidence,
		 struct attest_file *file, struct imastage_sink sink);

#endif
