/* SPDX-License-Identifier: MIT */
/*
 * A verdict for people and as JSON: docs/verdict.md says what is in it.
 */
#ifndef CMD_VERIFY_PRINT_H
#define CMD_VERIFY_PRINT_H

#include "verify/reason.h"

void verdict_print_text(FILE *file, const struct verify_verdict *verdict);
void verdict_print_json(FILE *file, const struct verify_verdict *verdict);

#endif
