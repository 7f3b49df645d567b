/* SPDX-License-Identifier: MIT */
/*
 * An attestation key for people and as JSON.
 */
#ifndef CMD_ATTEST_AK_H
#define CMD_ATTEST_AK_H

#include "tpm/ak.h"

void ak_print(const struct tpm_ak *ak, bool json);

#endif
