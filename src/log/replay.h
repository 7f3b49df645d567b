/* SPDX-License-Identifier: MIT */
/*
 * Replay: the values that PCRs have after a list of records was extended into
 * them, for several banks and PCRs at once.
 *
 * Invariant: value[bank][pcr] is what the TPM holds when it was reset and then
 * extended with exactly the records given so far, in that order, and nothing
 * else. A record of a violation extends all ones.
 */
#ifndef LOG_REPLAY_H
#define LOG_REPLAY_H

#include "log/hasher.h"

#define LOG_NR_PCRS 24
#define LOG_PCR_IMA 10 /* where IMA records unless told otherwise */

#define LOG_REPLAY_OTHER_PCR 1

struct log_replay {
	struct log_hasher *hasher; /* borrowed; its banks are replayed */
	uint32_t pcrs; /* mask of the PCRs replayed */
	uint8_t value[LOG_NR_BANKS][LOG_NR_PCRS][LOG_DIGEST_MAX];
};

/* Starts with the values that a TPM gives its PCRs at start-up. */
void log_replay_init(struct log_replay *replay, struct log_hasher *hasher,
		     uint32_t pcrs);

/*
 * @digests: those of @record, from the same hasher. Returns
 * LOG_REPLAY_OTHER_PCR, having changed nothing, when the record is not for one
 * of the PCRs replayed; -EIO when OpenSSL fails.
 */
int log_replay_extend(struct log_replay *replay,
		      const struct log_record *record,
		      const struct log_digests *digests);

/* The view is valid until the next extend. @pcr: below LOG_NR_PCRS */
struct bytes log_replay_value(const struct log_replay *replay,
			      enum log_bank bank, unsigned int pcr);

#endif
