/* SPDX-License-Identifier: MIT */
/*
 * What enrolment and adding by hand share: a machine's keys, looked at.
 */
#ifndef CMD_VERIFIER_TRUST_H
#define CMD_VERIFIER_TRUST_H

#include "store/store.h"

/*
 * Sets the machine's AK and its name. CLI_REJECTED after a complaint: it is no key that
 * only quotes, in a TPM.
 */
int trust_set_ak(struct store_machine *machine, struct imastage_bytes ak);

#endif
