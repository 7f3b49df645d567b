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
	unsigned int banks; /* the same of banks */
	unsigned int padded; /* those that are not in their own form */
	enum imastage_form form[IMASTAGE_NR_BANKS];
	uint32_t lost[IMASTAGE_NR_BANKS]; /* masks of PCRs */
	uint64_t nr_records;
	struct imastage_hasher hasher; /* makes what they are extended with */
	uint8_t value[IMASTAGE_NR_BANKS][IMASTAGE_NR_PCRS][IMASTAGE_DIGEST_MAX];
};

/* Is the record for one of the PCRs replayed? */
static inline bool replay_wants(const struct imastage_replay *replay,
				uint32_t pcr)
{
	return pcr < IMASTAGE_NR_PCRS && replay->pcrs & 1u << pcr;
}

/*
 * Extends all banks with @record, whose template digests are @digests. @hasher has the
 * replay's banks, and may be its own. Where it cannot be known what a bank is extended
 * with, its value is lost. -EIO.
 */
int replay_extend_digests(struct imastage_replay *replay,
			  struct imastage_hasher *hasher,
			  const struct imastage_record *record, bool violation,
			  const struct imastage_digests *digests);

/* Can it be known what @record, a @violation or not, extends the bank with? */
static inline bool replay_knows(const struct imastage_replay *replay,
				enum imastage_bank bank,
				const struct imastage_record *record,
				bool violation)
{
	if (!record->opaque || violation)
		return true;
	return record->bank ==
	       (replay->padded & 1u << bank ? IMASTAGE_SHA1 : bank);
}

/*
 * Extends with digests that are given, in place of those of a record's data: of all banks that are
 * replayed in their own form, and of sha1 for the others. Else as imastage_replay_extend().
 */
int replay_extend_given(struct imastage_replay *replay,
			const struct imastage_record *record,
			const struct imastage_digests *given);

/* The digests of an opaque record, as far as there are any. */
void replay_take_listed(const struct imastage_record *record,
			struct imastage_digests *digests);

#endif
