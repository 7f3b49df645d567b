/* SPDX-License-Identifier: MIT */
/*
 * What this folder shares about replays beyond imastage/replay.h.
 */
#ifndef LOG_REPLAY_H
#define LOG_REPLAY_H

#include "log/digest.h"

#include <imastage/replay.h>

struct imastage_replay {
	uint32_t pcrs; /* mask of the PCRs replayed */
	uint64_t nr_records;
	struct imastage_hasher hasher; /* its banks are replayed */
	uint8_t value[IMASTAGE_NR_BANKS][IMASTAGE_NR_PCRS][IMASTAGE_DIGEST_MAX];
};

/* Is the record for one of the PCRs replayed? */
static inline bool replay_wants(const struct imastage_replay *replay,
				uint32_t pcr)
{
	return pcr < IMASTAGE_NR_PCRS && replay->pcrs & 1u << pcr;
}

/* Extends one PCR of @hash's bank; @digest has that bank's length. */
int replay_extend_bank(struct imastage_replay *replay, struct hash *hash,
		       unsigned int pcr, const uint8_t *digest);

/* What a violation extends. */
extern const uint8_t replay_ones[IMASTAGE_DIGEST_MAX];

#endif
