/* SPDX-License-Identifier: MIT */
/*
 * What a policy said of each record of a round, one after the other, in few bytes:
 *
 *	u8	outcome: 0 not judged; else its number in the low 5 bits, and 1 approved,
 *		2 a warning, 3 refused in the 2 above
 *	...	how many records in a row have it: 7 bits a byte, the low ones first, the
 *		uppermost bit of each byte but the last
 *	...	the next ones
 *
 * A machine chooses what changes how often, so there is an end: of the records behind
 * OUTCOMES_LEN_MAX bytes nothing is known.
 */
#ifndef STORE_OUTCOMES_H
#define STORE_OUTCOMES_H

#include "verify/verify.h"

#define OUTCOMES_LEN_MAX ((size_t)256 << 10)

/* Of one record. */
struct outcome {
	bool known, judged;
	enum verify_level level;
	enum policy_outcome outcome;
};

/* @judgement: NULL without a policy. */
struct outcome outcome_of(const struct verify_request *request,
			  const struct policy_judgement *judgement);

/* ---- writing ------------------------------------------------------------------ */

/* Zeros at first. */
struct outcomes {
	struct imastage_buffer runs; /* owned */
	uint8_t code; /* of the run at hand */
	uint64_t nr; /* of records in it */
	bool full;
	int error; /* -ENOMEM: what is here is not all */
};

void outcomes_clear(struct outcomes *outcomes);
void outcomes_fini(struct outcomes *outcomes);
void outcomes_add(struct outcomes *outcomes, const struct outcome *outcome);
/* What is in @runs is all of it now. 0, or the error of one of these. */
int outcomes_end(struct outcomes *outcomes);

/* ---- reading -------------------------------------------------------------------- */

struct outcomes_reader {
	struct imastage_bytes left;
	uint8_t code;
	uint64_t nr; /* records that are still to come of the run at hand */
};

/* Of the next record. Not known: behind the end, or behind what is no such text. */
struct outcome outcomes_next(struct outcomes_reader *reader);

#endif
