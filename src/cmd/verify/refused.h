/* SPDX-License-Identifier: MIT */
/*
 * The records that a policy refuses, with what would approve them: noted while a list is
 * verified, looked up once it is, and shown with the verdict.
 *
 *	refused_begin() refused_note()... refused_end()	for each part of the evidence
 *	refused_look_up()				once, for all of them
 *	refused_print(), refused_put(), refused_fill()	as lines, as JSON, for the page
 */
#ifndef CMD_VERIFY_REFUSED_H
#define CMD_VERIFY_REFUSED_H

#include "cmd/policy/approval.h"
#include "report/report.h"

#define REFUSED_PARTS_MAX 256

struct refused_record; /* one of them, with its texts */

struct refused_part {
	size_t first, nr; /* of those that are kept */
	uint64_t nr_all;
};

/* All zeros at first. Memory is bounded: as many are kept as a page shows. */
struct refused {
	struct refused_record *of[REPORT_SHOWN_MAX]; /* owned */
	size_t nr;
	struct refused_part parts[REFUSED_PARTS_MAX];
	size_t nr_parts; /* that have ended; behind them, the one that is read */
};

/* What was noted of the part that is read is forgotten: it is read anew. */
void refused_begin(struct refused *refused);
/* -ENOMEM */
int refused_note(struct refused *refused, uint64_t index,
		 const struct approval_file *file);
void refused_end(struct refused *refused);

/* -ENOMEM; -EBADMSG: the policy is damaged. */
int refused_look_up(struct refused *refused,
		    const struct approval_policy *policy);
void refused_fini(struct refused *refused);

/* Of the part @nr, the first being 0. Nothing for one in which none was refused. */
void refused_print(const struct refused *refused, size_t nr, FILE *file);
void refused_put(const struct refused *refused, size_t nr, struct json *json);

/* For report_fill(); the context is a struct refused. */
void refused_fill(void *context, size_t nr, struct report_record *record);

#endif
