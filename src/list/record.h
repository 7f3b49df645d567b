/* SPDX-License-Identifier: MIT */
/*
 * One record for people and for JSON.
 */
#ifndef LIST_RECORD_H
#define LIST_RECORD_H

#include "tool/json.h"

#include <imastage/imastage.h>

/* The name of what was measured, empty when the template has none. */
struct imastage_bytes record_event_name(const struct imastage_record *record);

/* Name of the bank of the digest. */
const char *record_bank_name(const struct imastage_record *record);

#define RECORD_NO_OFFSET UINT64_MAX

/*
 * A line that is an object of CEL_JSON, so that it can be read again, with all
 * that is decoded behind what CEL has. @offset: in its part, RECORD_NO_OFFSET
 * to leave it out.
 */
void record_print_json(FILE *file, const struct imastage_record *record,
		       uint64_t index, uint64_t offset);

/* The members of a record that other objects have, too: PCR, template, name. */
void record_print_members(struct json *json,
			  const struct imastage_record *record);

#endif
