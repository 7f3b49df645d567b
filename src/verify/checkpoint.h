/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint: what a verifier needs to go on from the last records that it verified of a
 * machine. JSON in an envelope (dsse.h), signed by the verifier, so that it can be kept
 * anywhere; docs/format-checkpoint.md says what each member is.
 *
 * It advances over records that were proved, whatever they say. It carries what was wrong
 * in its boot, so that no later verdict of that boot is better. Each has the SHA-256 of the
 * envelope before it, so that the newest one vouches for the whole chain.
 */
#ifndef VERIFY_CHECKPOINT_H
#define VERIFY_CHECKPOINT_H

#include "evidence/qualifying.h"
#include "policy/dsse.h"
#include "verify/verify.h"

#define CHECKPOINT_TYPE "application/vnd.imastage.checkpoint+json"
#define CHECKPOINT_HASH_LEN 32
#define CHECKPOINT_POLICIES_MAX 8
#define CHECKPOINT_LEN_MAX ((size_t)96 << 10) /* of an envelope */

struct checkpoint {
	char machine[EVIDENCE_ID_MAX + 1];
	struct evidence_name ak_name;
	uint64_t sequence; /* 1 for the first of a machine */
	uint8_t previous[CHECKPOINT_HASH_LEN]; /* zeros for the first */
	uint64_t made; /* in seconds since 1970 */

	/* The boot: count of resets, with the digest of its first record. */
	struct evidence_clock clock; /* of the last quote */
	uint64_t firmware;
	bool has_first_record;
	uint8_t first_record[VERIFY_RECORD_LEN];

	uint64_t next; /* index of the first record that was not verified yet */
	struct pcr_values pcrs; /* of all that was quoted */
	unsigned int kexec; /* VERIFY_KEXEC_... */

	size_t nr_policies;
	uint8_t policies[CHECKPOINT_POLICIES_MAX][CHECKPOINT_HASH_LEN];

	enum verify_result verdict; /* the worst of this boot, */
	struct verify_carried carried; /* and why */
};

#define CHECKPOINT_NOT_PROVED 1

/*
 * What follows @before (NULL: it is the first) after @verdict, for the machine of @machine
 * and @ak_name. @hash: of the envelope of @before. CHECKPOINT_NOT_PROVED: there is no state
 * to go on from.
 */
int checkpoint_make(const struct checkpoint *before,
		    const uint8_t hash[CHECKPOINT_HASH_LEN],
		    const char *machine, const struct evidence_name *ak_name,
		    const struct verify_verdict *verdict, uint64_t now,
		    struct checkpoint *ret_checkpoint);

/* Appends the envelope, a line. As dsse_sign(). */
int checkpoint_sign(const struct checkpoint *checkpoint,
		    const struct dsse_key *key,
		    struct imastage_buffer *envelope);

/*
 * As dsse_open(); -EBADMSG, too, for a payload that is none, whose place is then in the
 * payload.
 */
int checkpoint_open(struct imastage_bytes envelope,
		    const struct dsse_keys *keys,
		    struct checkpoint *ret_checkpoint,
		    struct evidence_error *ret_error);

/* -EIO */
int checkpoint_hash(struct imastage_bytes envelope,
		    uint8_t ret_hash[CHECKPOINT_HASH_LEN]);

/*
 * Has the request know the last quote and what is carried, and start where it ended if
 * @goes_on; else the list is verified from record 0 again. @checkpoint must stay.
 */
void checkpoint_apply(const struct checkpoint *checkpoint, bool goes_on,
		      struct verify_request *request);

/*
 * Does it have a value of all that is asked for? Where it has not, the list has to be
 * verified from record 0 again.
 */
bool checkpoint_covers(const struct checkpoint *checkpoint,
		       const struct evidence_selections *asked);

#endif
