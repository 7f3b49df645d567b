/* SPDX-License-Identifier: MIT */
/*
 * What a TPM signs: TPMS_ATTEST, of the kind that quotes PCRs. All numbers are
 * big-endian:
 *	u32	magic, 0xff544347, which no key of a TPM signs otherwise
 *	u16	kind, 0x8018 for a quote
 *	u16, n	qualified name of the key that signs
 *	u16, n	qualifying data: what the verifier asked to be in it
 *	u64	clock, milliseconds
 *	u32	resets: hard boots
 *	u32	restarts since the last of these: resumes
 *	u8	1: the clock never said the same or more before
 *	u64	version of the firmware
 *	u32	number of selections; for each u16 bank, u8 3, u8[3] mask of PCRs
 *	u16, n	digest over the values of these PCRs
 * Source: TPM 2.0 Library, part 2, TPMS_ATTEST.
 */
#ifndef EVIDENCE_ATTEST_H
#define EVIDENCE_ATTEST_H

#include "evidence/wire.h"

struct evidence_clock {
	uint64_t clock; /* milliseconds */
	uint32_t resets;
	uint32_t restarts;
	bool safe;
};

struct evidence_attest {
	struct imastage_bytes signer; /* qualified name */
	struct imastage_bytes qualifying;
	struct evidence_clock clock;
	uint64_t firmware;
	struct evidence_selections selections;
	struct imastage_bytes pcr_digest;
};

/*
 * EVIDENCE_OTHER_MAGIC: not of a TPM; EVIDENCE_OTHER_TYPE: of a TPM, but no quote. Of
 * neither is anything set. -EBADMSG.
 */
int evidence_attest_parse(struct imastage_bytes bytes,
			  struct evidence_attest *ret_attest,
			  struct evidence_error *ret_error);

#endif
