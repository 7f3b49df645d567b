// SPDX-License-Identifier: MIT
/*
 * PCR replay: new = hash(old || digest), as TPM2_PCR_Extend does.
 */
#include "log/replay.h"

/* PCRs 17 to 22 wait for a dynamic launch: all ones until there is one. */
static uint8_t start_value(unsigned int pcr)
{
	return pcr >= 17 && pcr <= 22 ? 0xff : 0;
}

void log_replay_init(struct log_replay *replay, struct log_hasher *hasher,
		     uint32_t pcrs)
{
	replay->hasher = hasher;
	replay->pcrs = pcrs;
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < LOG_NR_PCRS; pcr++)
			memset(replay->value[bank][pcr], start_value(pcr),
			       LOG_DIGEST_MAX);
}

struct bytes log_replay_value(const struct log_replay *replay,
			      enum log_bank bank, unsigned int pcr)
{
	return bytes_of(replay->value[bank][pcr], log_bank_digest_len(bank));
}

static int extend_bank(struct log_replay *replay, enum log_bank bank,
		       unsigned int pcr, const uint8_t *digest)
{
	struct bytes old = log_replay_value(replay, bank, pcr);

	return log_hasher_hash(replay->hasher, bank, old,
			       bytes_of(digest, old.len),
			       replay->value[bank][pcr]);
}

int log_replay_extend(struct log_replay *replay,
		      const struct log_record *record,
		      const struct log_digests *digests)
{
	uint8_t ones[LOG_DIGEST_MAX];
	bool violation = log_record_is_violation(record);
	int r = 0;

	if (record->pcr >= LOG_NR_PCRS || !(replay->pcrs & 1u << record->pcr))
		return LOG_REPLAY_OTHER_PCR;
	memset(ones, 0xff, sizeof(ones));
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS && r == 0; bank++)
		if (replay->hasher->banks & 1u << bank)
			r = extend_bank(replay, bank, record->pcr,
					violation ? ones : digests->of[bank]);
	return r;
}
