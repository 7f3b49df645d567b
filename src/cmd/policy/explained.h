/* SPDX-License-Identifier: MIT */
/*
 * One file that is explained.
 */
#ifndef CMD_POLICY_EXPLAINED_H
#define CMD_POLICY_EXPLAINED_H

#include "catalog/explain.h"
#include "policy/appraise.h"

struct explained {
	const struct policy *policy;
	const char *policy_path;
	const uint64_t *index; /* of its record; NULL: it is of no list */
	bool is_path_alone; /* without a digest: nothing is judged */
	struct policy_reading reading;
	struct policy_judgement judgement;
	struct explanation found;
};

/* Fills in @found. -EBADMSG */
int explained_look_up(struct explained *explained);
bool explained_is_allowed(const struct explained *explained);
/* -ENOMEM */
int explained_print(const struct explained *explained, bool json);

/* A record that somebody could have measured. */
struct explained_record {
	struct imastage_record record;
	struct imastage_buffer data; /* owned */
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

/* -ENOMEM */
int explained_make(struct explained_record *made,
		   struct imastage_bytes algorithm,
		   struct imastage_bytes digest, struct imastage_bytes path);
void explained_free(struct explained_record *made);

#endif
