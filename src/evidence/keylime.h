/* SPDX-License-Identifier: MIT */
/*
 * A quote as Keylime's agents send it: one line of text,
 *	r<TPMS_ATTEST>:<TPMT_SIGNATURE>:<PCR values as of tpm2_quote -o>
 * each part in base64.
 */
#ifndef EVIDENCE_KEYLIME_H
#define EVIDENCE_KEYLIME_H

#include "evidence/wire.h"

#define EVIDENCE_KEYLIME_LEN_MAX ((size_t)1 << 20)

struct evidence_keylime {
	struct imastage_bytes msg, sig, pcrs; /* views of @memory */
	uint8_t *memory; /* owned */
};

/* -EBADMSG; -EFBIG above EVIDENCE_KEYLIME_LEN_MAX; -ENOMEM. */
int evidence_keylime_parse(struct imastage_bytes text,
			   struct evidence_keylime *ret_quote,
			   struct evidence_error *ret_error);

/* One of all zeros is fine. */
void evidence_keylime_fini(struct evidence_keylime *quote);

#endif
