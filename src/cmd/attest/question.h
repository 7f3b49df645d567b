/* SPDX-License-Identifier: MIT */
/*
 * What evidence has to answer: a verifier's challenge, or a nonce and what else options say.
 */
#ifndef CMD_ATTEST_QUESTION_H
#define CMD_ATTEST_QUESTION_H

#include "evidence/challenge.h"
#include "tool/opts.h"

/* Zeros at first. */
struct question {
	bool has_nonce, has_from, has_pcrs, raw_32;
	uint8_t nonce[EVIDENCE_NONCE_MAX];
	size_t nonce_len;
	unsigned int banks; /* of PCRs that are given without one; 0: sha256 */
	uint32_t bare_pcrs;

	/* after question_complete(): */
	struct challenge challenge; /* with has_challenge */
	bool has_challenge;
	struct evidence_selections pcrs;
	uint64_t from;
	uint8_t qualifying[EVIDENCE_NONCE_MAX];
	size_t qualifying_len;
};

extern const struct opt question_opts[];

/*
 * Reads the challenge at @path; NULL: there is none, "-": standard input. Returns enum
 * cli_status, after a complaint if that is not CLI_OK.
 */
int question_complete(struct question *question, const char *path);

/*
 * From which record on, when the TPM was reset @resets times by now: after a hard boot the
 * list begins anew.
 */
uint64_t question_first(const struct question *question, uint32_t resets);

#endif
