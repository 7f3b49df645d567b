/* SPDX-License-Identifier: MIT */
/*
 * The endorsement key in the TPM.
 */
#ifndef TPM_EK_PRIVATE_H
#define TPM_EK_PRIVATE_H

#include "tpm/credential.h"
#include "tpm/private.h"

/* The persistent one if it is by the template, else it is made. */
int tpm_ek_load(struct tpm *tpm, enum tpm_ek_kind kind,
		struct tpm_object *ret_object);

#endif
