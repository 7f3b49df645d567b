/* SPDX-License-Identifier: MIT */
/*
 * A verdict for people and as JSON: docs/verdict.md says what is in it.
 */
#ifndef CMD_VERIFY_PRINT_H
#define CMD_VERIFY_PRINT_H

#include "cmd/verify/refused.h"
#include "tool/json.h"
#include "verify/reason.h"

/* "note", "warning" or "failure": never changes. */
const char *print_level_name(enum verify_id id);

void verdict_print_text(FILE *file, const struct verify_verdict *verdict);
void verdict_print_json(FILE *file, const struct verify_verdict *verdict);

/* The same as a member @name of an object. */
void verdict_put_json(struct json *json, const char *name,
		      const struct verify_verdict *verdict);

/* Those of several files, in their order. */
struct verdict_set {
	const struct verify_verdict *verdicts;
	char *const *names;
	size_t nr;
	enum verify_result result; /* of all together */
	bool is_one; /* and shown as one, not as a set */
	const struct refused *refused; /* a part for each of them; or NULL */
};

void verdict_print_set(FILE *file, const struct verdict_set *set, bool json);

#endif
