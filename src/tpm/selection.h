/* SPDX-License-Identifier: MIT */
/*
 * Selections of PCRs, between our form and that of TSS.
 */
#ifndef TPM_SELECTION_H
#define TPM_SELECTION_H

#include "tpm/private.h"

/* Is there a bank, each one known and there once, with PCRs in each? */
bool tpm_selection_is_sound(const struct evidence_selections *selections);

/* Of a sound one, in the same order. */
void tpm_selection_of(const struct evidence_selections *selections,
		      TPML_PCR_SELECTION *ret_selection);

/* -ENOENT: the TPM does not have a bank of these. */
int tpm_selection_check(struct tpm *tpm,
			const struct evidence_selections *selections);

#endif
