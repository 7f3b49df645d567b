/* SPDX-License-Identifier: MIT */
/*
 * A TPM by whatever way there is to one: for tests, which answer for it.
 */
#ifndef TPM_PRIVATE_H
#define TPM_PRIVATE_H

#include "tpm/esys.h"
#include "tpm/tpm.h"

/* As tpm_open(). @link is taken over, on failure closed. */
int tpm_new(struct tpm_esys link, const struct say *log, struct tpm **ret_tpm);

#endif
