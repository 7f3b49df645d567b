/* SPDX-License-Identifier: MIT */
/*
 * What `imastage policy check` finds: in a policy alone, and where it meets a list.
 */
#ifndef CMD_POLICY_CHECK_H
#define CMD_POLICY_CHECK_H

#include "policy/policy.h"
#include "tool/json.h"

struct check {
	struct json *json; /* NULL: for people */
	size_t nr; /* findings */
};

/* @subject may have no length; @more: another text, or NULL. */
void check_find(struct check *check, const char *id,
		struct imastage_bytes subject, const char *meaning,
		const char *more);

/*
 * Which records of the list each exclude takes, and what comes of all others. Returns enum
 * cli_status, after a complaint.
 */
int check_list(struct check *check, const struct policy *policy,
	       const char *list);

#endif
