/* SPDX-License-Identifier: MIT */
/*
 * How records are judged now, beside how they were when they were verified. Records of the
 * same path and digest that changed in the same way are one change with a count, so that a
 * file that was measured in each boot is one line. Memory is bounded: CHANGES_MAX changes of
 * each kind are kept, and all records are counted.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "store/outcomes.h"

#define CHANGES_MAX 64

enum change_kind {
	CHANGE_REFUSED, /* and was not */
	CHANGE_WARNED, /* a warning, and was none */
	CHANGE_APPROVED, /* and was refused, or a warning */
	CHANGE_NR_KINDS
};

/* "refused", "warned", "approved" */
const char *change_kind_name(enum change_kind kind);

struct change_place {
	uint32_t resets; /* the boot */
	uint64_t index; /* of the record */
};

struct change {
	size_t path_len;
	uint8_t path[VERIFY_PATH_MAX]; /* as the list has it: any bytes */
	const char *algorithm; /* of the digest; NULL: there is none */
	size_t digest_len;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct outcome before, now;
	char text[VERIFY_TEXT_MAX]; /* details of the policy; may be empty */
	char package[VERIFY_TEXT_MAX]; /* of the digest; empty: not known */
	uint64_t nr; /* records */
	struct change_place first, last;
};

/* Zeros at first. Large. */
struct changes {
	uint64_t nr_records; /* that were judged */
	uint64_t nr_of[CHANGE_NR_KINDS]; /* records */
	uint64_t nr_unjudged; /* no policy judged them before, ... */
	uint64_t nr_unknown; /* or what it said is not known */
	size_t nr_changes[CHANGE_NR_KINDS];
	struct change of[CHANGE_NR_KINDS][CHANGES_MAX];
};

/* A record that the policy of @request has judged now. */
void changes_see(struct changes *changes, const struct verify_request *request,
		 uint32_t resets, const struct verify_where *where,
		 const struct policy_reading *reading,
		 const struct policy_judgement *judgement,
		 const struct outcome *before);

/* Adds what @more has seen, which comes behind. */
void changes_join(struct changes *changes, const struct changes *more);

#endif
