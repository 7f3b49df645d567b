/* SPDX-License-Identifier: MIT */
/*
 * What is wrong, by one table: status and its exit status, JSON, metrics, the state
 * that the service manager is told, all go by it. So none of them is well while
 * another one is not.
 *
 * A row has an id that never changes its meaning, and a function that looks at the
 * facts. Whatever can go wrong is a fact (job.h) and a row; docs/agent-protocol.md
 * lists them.
 */
#ifndef SERVICE_VERDICT_H
#define SERVICE_VERDICT_H

#include "service/job.h"

#define VERDICT_MAX 32 /* rows, at most */

struct verdict_wrong {
	const char *id; /* "gap", "job.stalled" */
	char text[JOB_TEXT_MAX]; /* a sentence: what, and what to do */
};

/* In the order of the table: what weighs most comes first. nr 0: all is well. */
struct verdict {
	size_t nr;
	struct verdict_wrong wrong[VERDICT_MAX];
};

void verdict_of(const struct facts *facts, struct verdict *ret_verdict);

bool verdict_has(const struct verdict *verdict, const char *id);

/* The ids of all rows; NULL behind the last one. */
const char *verdict_id(size_t row);

/* starting ok degraded rejected */
const char *verdict_state(const struct verdict *verdict);

/* "ok: ..." or "not ok: gap, job.stalled": the line that a status begins with. */
void verdict_line(const struct verdict *verdict, const struct facts *facts,
		  char *to, size_t size);

#endif
