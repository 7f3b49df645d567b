/* SPDX-License-Identifier: MIT */
/*
 * Records that are read before their turn. A policy of a million names is larger than any
 * cache; what it says of a few records is fetched for all of them at once, so that the
 * processor waits once and not for each.
 */
#ifndef VERIFY_AHEAD_H
#define VERIFY_AHEAD_H

#include "verify/private.h"

#define VERIFY_AHEAD_RECORDS 16
#define VERIFY_AHEAD_LEN ((size_t)8 << 10)

/* What reading the list came to: a record, its end, or an error. */
struct verify_ahead_record {
	int r; /* as of verify_list */
	struct imastage_record record; /* copied, but for the last one */
	struct imastage_error place;
	/* Not of violations, nor of what is opaque; of what is withheld, its digest alone. */
	struct policy_reading reading;
	bool withheld; /* then its digests are given */
	struct imastage_digests given;
};

struct verify_ahead {
	size_t nr, at; /* records, and the next one's place */
	struct verify_ahead_record records[VERIFY_AHEAD_RECORDS];
	size_t len; /* of what was copied */
	uint8_t bytes[VERIFY_AHEAD_LEN];
};

/*
 * Bytes of a policy from which on it is worth it: copies cost more than what is in a cache
 * anyway. Tests set it.
 */
extern size_t verify_ahead_from;

/*
 * The next one, which stays until the call after it. Without a policy of that size nothing is read
 * ahead, nor copied. Memory does not depend on records: one that is too long to be copied is the last of
 * those read.
 */
struct verify_ahead_record *verify_next_record(struct verify_run *run);

#endif
