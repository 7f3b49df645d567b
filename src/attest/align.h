/* SPDX-License-Identifier: MIT */
/*
 * How many records a quote proves, and the values of all quoted PCRs at that moment.
 *
 * A PCR that IMA extends goes on while a quote is made, so its value is none that was read
 * beside the quote: it is what the list gives, at the record where the digest over all values
 * is the quote's. Where the list is replayed from is the archive's word, which costs nothing
 * if it is wrong: then no record fits.
 */
#ifndef ATTEST_ALIGN_H
#define ATTEST_ALIGN_H

#include "attest/records.h"
#include "evidence/attest.h"
#include "evidence/pcrs.h"

struct attest_prefix {
	uint64_t end; /* index behind the last record that is proved */
	struct evidence_pcrs pcrs; /* with the quote's digest */
	struct evidence_clock clock; /* of the quote, see attest_align_quote() */
};

/* What is looked for. */
struct attest_sought {
	const struct evidence_attest *attest;
	enum imastage_bank hash; /* of the signature's scheme */
	const struct evidence_pcrs *read; /* as the TPM said beside the quote */
	uint64_t at; /* index at which the list surely was: PCRs are not behind it */
};

/*
 * IMASTAGE_END: no number of records leads there. With @thorough what is archived is replayed
 * from as early as can be, and in the forms of old kernels, too. Errors of
 * attest_records_each(); -ENOTSUP: OpenSSL lacks a hash.
 */
int attest_align(struct attest_records *records,
		 const struct attest_sought *sought, bool thorough,
		 struct attest_prefix *ret_prefix);

#endif
