/* SPDX-License-Identifier: MIT */
/*
 * What history comes to by another policy, for people and as JSON: imastage-reverify(1) says
 * what is in it.
 */
#ifndef CMD_VERIFY_REVERIFY_PRINT_H
#define CMD_VERIFY_REVERIFY_PRINT_H

#include "store/history.h"
#include "tool/json.h"

/* Of all machines. */
struct reverify_sum {
	uint64_t nr_machines, nr_in_part, nr_lost; /* of these */
	uint64_t nr_rounds, nr_records, nr_bytes;
	uint64_t nr_of[CHANGE_NR_KINDS]; /* records */
	enum verify_result result;
	struct history_strays strays;
};

void reverify_print_machine(FILE *file, const struct history *history);
void reverify_print_sum(FILE *file, const struct reverify_sum *sum);

/* One object: begin, each machine, end. @policy: its SHA-256, or NULL. */
void reverify_begin_json(struct json *json, FILE *file, const uint8_t *policy);
void reverify_put_machine(struct json *json, const struct history *history);
void reverify_end_json(struct json *json, const struct reverify_sum *sum);

#endif
