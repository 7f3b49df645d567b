/* SPDX-License-Identifier: MIT */
/*
 * A status as JSON, docs/agent-protocol.md, and the same for people.
 */
#ifndef SERVICE_STATUS_H
#define SERVICE_STATUS_H

#include "service/job.h"

struct json_object; /* json-c */

/*
 * {"ok":false,"verdict":"not ok: gap","wrong":[...],"kernel":...,"archive":...,...};
 * an agent adds the member "agent". The caller puts it.
 */
struct json_object *status_json(const struct facts *facts);

/*
 * Prints it, whoever made it: nothing in @status is trusted to be there or to be of
 * the right type.
 */
void status_print(FILE *file, struct json_object *status);

/* The line for a member of "gaps". */
void status_print_gap(FILE *file, struct json_object *gap);

#endif
