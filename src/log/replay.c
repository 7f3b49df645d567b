// SPDX-License-Identifier: MIT
/*
 * PCR replay: new = hash(old || digest), as TPM2_PCR_Extend does.
 */
#include "log/replay.h"
#include "base/bytes.h"
#include "log/sha_ni.h"

#include <errno.h>
#include <stdlib.h>

/* clang-format off */
#define ONES8 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
/* clang-format on */
static const uint8_t long_ones[IMASTAGE_DIGEST_MAX] = { ONES8, ONES8, ONES8,
							ONES8, ONES8, ONES8,
							ONES8, ONES8 };

static const uint8_t short_ones[IMASTAGE_DIGEST_MAX] = { ONES8, ONES8, 0xff,
							 0xff,	0xff,  0xff };

/* What a violation extends. */
static const uint8_t *ones(const struct imastage_replay *replay,
			   enum imastage_bank bank)
{
	return replay->form[bank] == IMASTAGE_FORM_PADDED ? short_ones :
							    long_ones;
}

/* Digests of banks that are not in their own form: sha1's and zeros. */
struct padded {
	uint8_t digest[IMASTAGE_DIGEST_MAX];
};

static void pad(const struct imastage_digests *digests,
		struct padded *ret_padded)
{
	size_t len = imastage_bank_digest_len(IMASTAGE_SHA1);

	memcpy(ret_padded->digest, digests->of[IMASTAGE_SHA1], len);
	memset(ret_padded->digest + len, 0, IMASTAGE_DIGEST_MAX - len);
}

void replay_take_listed(const struct imastage_record *record,
			struct imastage_digests *digests)
{
	memcpy(digests->of[record->bank], record->digest.data,
	       record->digest.len);
}

/* PCRs 17 to 22 wait for a dynamic launch: all ones until there is one. */
static uint8_t start_value(unsigned int pcr)
{
	return pcr >= 17 && pcr <= 22 ? 0xff : 0;
}

int imastage_replay_new(unsigned int banks, uint32_t pcrs,
			struct imastage_replay **ret_replay)
{
	struct imastage_replay *replay;
	int r;

	if (pcrs == 0 || pcrs >> IMASTAGE_NR_PCRS)
		return -EINVAL;
	replay = calloc(1, sizeof(*replay));
	if (!replay)
		return -ENOMEM;
	r = hasher_init(&replay->hasher, banks);
	if (r < 0) {
		imastage_replay_free(replay);
		return r;
	}
	replay->pcrs = pcrs;
	replay->banks = banks;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			memset(replay->value[bank][pcr], start_value(pcr),
			       IMASTAGE_DIGEST_MAX);
	*ret_replay = replay;
	return 0;
}

int imastage_replay_clone(const struct imastage_replay *replay,
			  struct imastage_replay **ret_replay)
{
	struct imastage_replay *clone;
	int r;

	r = imastage_replay_new(replay->banks, replay->pcrs, &clone);
	if (r < 0)
		return r;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (replay->padded & 1u << bank)
			(void)imastage_replay_set_form(clone, bank,
						       replay->form[bank]);
	memcpy(clone->lost, replay->lost, sizeof(clone->lost));
	clone->nr_records = replay->nr_records;
	memcpy(clone->value, replay->value, sizeof(clone->value));
	*ret_replay = clone;
	return 0;
}

void imastage_replay_free(struct imastage_replay *replay)
{
	if (!replay)
		return;
	hasher_fini(&replay->hasher);
	free(replay);
}

unsigned int imastage_replay_banks(const struct imastage_replay *replay)
{
	return replay->banks;
}

uint32_t imastage_replay_pcrs(const struct imastage_replay *replay)
{
	return replay->pcrs;
}

uint64_t imastage_replay_nr_records(const struct imastage_replay *replay)
{
	return replay->nr_records;
}

static bool is_replayed(const struct imastage_replay *replay,
			enum imastage_bank bank, unsigned int pcr)
{
	return (unsigned int)bank < IMASTAGE_NR_BANKS &&
	       replay->banks & 1u << bank && replay_wants(replay, pcr);
}

/* Template digests of banks in their own form, and sha1 for the others. */
static void choose_digests(struct imastage_replay *replay)
{
	replay->hasher.banks = replay->banks & ~replay->padded;
	if (replay->padded)
		replay->hasher.banks |= 1u << IMASTAGE_SHA1;
}

int imastage_replay_set_form(struct imastage_replay *replay,
			     enum imastage_bank bank, enum imastage_form form)
{
	int r;

	if ((unsigned int)bank >= IMASTAGE_NR_BANKS ||
	    (unsigned int)form >= IMASTAGE_NR_FORMS ||
	    !(replay->banks & 1u << bank) ||
	    (bank == IMASTAGE_SHA1 && form != IMASTAGE_FORM_OWN))
		return -EINVAL;
	r = hasher_make_ready(&replay->hasher, 1u << IMASTAGE_SHA1);
	if (r < 0)
		return r;
	replay->form[bank] = form;
	replay->padded &= ~(1u << bank);
	if (form != IMASTAGE_FORM_OWN)
		replay->padded |= 1u << bank;
	choose_digests(replay);
	return 0;
}

enum imastage_form imastage_replay_form(const struct imastage_replay *replay,
					enum imastage_bank bank)
{
	return (unsigned int)bank < IMASTAGE_NR_BANKS ? replay->form[bank] :
							IMASTAGE_FORM_OWN;
}

bool imastage_replay_is_lost(const struct imastage_replay *replay,
			     enum imastage_bank bank, unsigned int pcr)
{
	return is_replayed(replay, bank, pcr) && replay->lost[bank] & 1u << pcr;
}

struct imastage_bytes
imastage_replay_value(const struct imastage_replay *replay,
		      enum imastage_bank bank, unsigned int pcr)
{
	if (!is_replayed(replay, bank, pcr) ||
	    imastage_replay_is_lost(replay, bank, pcr))
		return bytes_of(NULL, 0);
	return bytes_of(replay->value[bank][pcr],
			imastage_bank_digest_len(bank));
}

int imastage_replay_set_value(struct imastage_replay *replay,
			      enum imastage_bank bank, unsigned int pcr,
			      struct imastage_bytes value)
{
	if (!is_replayed(replay, bank, pcr) ||
	    value.len != imastage_bank_digest_len(bank))
		return -EINVAL;
	memcpy(replay->value[bank][pcr], value.data, value.len);
	return 0;
}

static inline void join(uint8_t *message, const uint8_t *value,
			const uint8_t *digest, size_t len)
{
	memcpy(message, value, len);
	memcpy(message + len, digest, len);
}

static int extend_bank(struct imastage_replay *replay, struct hash *hash,
		       unsigned int pcr, const uint8_t *digest)
{
	size_t len = imastage_bank_digest_len(hash->bank);
	uint8_t *value = replay->value[hash->bank][pcr];
	uint8_t message[2 * IMASTAGE_DIGEST_MAX];

	/*
	 * In one piece: a whole block is hashed from where it is. A copy of a size that is
	 * known costs next to nothing, so that is said for the common ones.
	 */
	if (len == SHA256_DIGEST_LENGTH)
		join(message, value, digest, SHA256_DIGEST_LENGTH);
	else if (len == SHA_DIGEST_LENGTH)
		join(message, value, digest, SHA_DIGEST_LENGTH);
	else
		join(message, value, digest, len);
	return hash_two(hash, bytes_of(message, 2 * len), bytes_of(NULL, 0),
			value);
}

/* With @digest[bank] each of @banks. */
static int extend_banks(struct imastage_replay *replay,
			struct imastage_hasher *hasher, unsigned int banks,
			unsigned int pcr,
			const uint8_t *digest[IMASTAGE_NR_BANKS])
{
	unsigned int ni = hasher_ni_banks(hasher, banks);
	int r = 0;

	if (ni)
		sha_ni_extend(hasher_if(ni, IMASTAGE_SHA1,
					replay->value[IMASTAGE_SHA1][pcr]),
			      digest[IMASTAGE_SHA1],
			      hasher_if(ni, IMASTAGE_SHA256,
					replay->value[IMASTAGE_SHA256][pcr]),
			      digest[IMASTAGE_SHA256]);
	for (banks &= ~ni; banks && r == 0; banks &= banks - 1) {
		int bank = __builtin_ctz(banks);

		r = extend_bank(replay, &hasher->hash[bank], pcr, digest[bank]);
	}
	return r;
}

int replay_extend_digests(struct imastage_replay *replay,
			  struct imastage_hasher *hasher,
			  const struct imastage_record *record, bool violation,
			  const struct imastage_digests *digests)
{
	const uint8_t *digest[IMASTAGE_NR_BANKS] = { NULL };
	unsigned int known = replay->banks;
	struct padded padded;

	if (replay->padded)
		pad(digests, &padded);
	for (unsigned int banks = known; banks; banks &= banks - 1) {
		enum imastage_bank bank =
			(enum imastage_bank)__builtin_ctz(banks);

		digest[bank] = replay->padded & 1u << bank ? padded.digest :
							     digests->of[bank];
		if (violation)
			digest[bank] = ones(replay, bank);
		if (replay_knows(replay, bank, record, violation))
			continue;
		replay->lost[bank] |= 1u << record->pcr;
		known &= ~(1u << bank);
	}
	return extend_banks(replay, hasher, known, record->pcr, digest);
}

int replay_extend_given(struct imastage_replay *replay,
			const struct imastage_record *record,
			const struct imastage_digests *given)
{
	bool wanted = replay_wants(replay, record->pcr);
	int r = wanted ? replay_extend_digests(replay, &replay->hasher, record,
					       false, given) :
			 0;

	if (r < 0)
		return r;
	replay->nr_records++;
	return wanted ? 0 : IMASTAGE_OTHER_PCR;
}

int imastage_replay_extend(struct imastage_replay *replay,
			   const struct imastage_record *record,
			   struct imastage_digests *ret_digests)
{
	bool wanted = replay_wants(replay, record->pcr);
	bool hashed = wanted || ret_digests;
	struct imastage_digests own;
	int r = 0;

	if (!ret_digests)
		ret_digests = &own;
	if (hashed && record->opaque)
		replay_take_listed(record, ret_digests);
	else if (hashed)
		r = imastage_hasher_template(&replay->hasher, record,
					     ret_digests);
	if (r == 0 && wanted)
		r = replay_extend_digests(replay, &replay->hasher, record,
					  imastage_record_is_violation(record),
					  ret_digests);
	if (r < 0)
		return r;
	replay->nr_records++;
	return wanted ? 0 : IMASTAGE_OTHER_PCR;
}
