// SPDX-License-Identifier: MIT
/*
 * The steps of a batch.
 */
#include "log/batch.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <errno.h>
#include <imastage/snapshot.h>
#include <stdlib.h>

int batch_reset(struct batch *batch, uint64_t first_index)
{
	if (batch->bytes.capacity > BATCH_LEN)
		batch_fini(batch);
	batch->nr = 0;
	batch->bytes.len = 0;
	batch->first_index = first_index;
	batch->tally = (struct imastage_summary){ 0 };
	return buffer_reserve(&batch->bytes, BATCH_LEN);
}

void batch_fini(struct batch *batch)
{
	free(batch->bytes.data);
	batch->bytes = (struct imastage_buffer){ 0 };
}

/* There is room: adding never moves what earlier records look at. */
static struct imastage_bytes copy(struct batch *batch,
				  struct imastage_bytes bytes)
{
	uint8_t *at = batch->bytes.data + batch->bytes.len;

	if (bytes.len > 0)
		memcpy(at, bytes.data, bytes.len);
	batch->bytes.len += bytes.len;
	return bytes_of(at, bytes.len);
}

static void take_account(struct imastage_summary *tally,
			 const struct batch_record *added)
{
	tally->nr_records++;
	tally->nr_bytes += added->record.raw.len;
	tally->nr_violations += added->violation;
	tally->nr_other_pcr += !added->wanted;
	tally->nr_opaque += added->record.opaque && !added->violation;
	tally->nr_unknown += !imastage_record_is_known(&added->record);
}

int batch_add(struct batch *batch, const struct imastage_record *record,
	      uint64_t offset, bool wanted)
{
	size_t len = record->digest.len + record->name.len + record->data.len;
	struct batch_record *added = &batch->records[batch->nr];
	bool fits = len <= batch->bytes.capacity - batch->bytes.len;

	if (batch->nr == BATCH_RECORDS || (!fits && batch->nr > 0))
		return -ENOBUFS;
	if (!fits && buffer_reserve(&batch->bytes, len) < 0)
		return -ENOMEM;
	added->record = *record;
	added->record.digest = copy(batch, record->digest);
	added->record.name = copy(batch, record->name);
	added->record.data = copy(batch, record->data);
	added->offset = offset;
	added->violation = imastage_record_is_violation(record);
	added->wanted = wanted;
	added->snapshot = imastage_record_is_snapshot(record);
	take_account(&batch->tally, added);
	batch->nr++;
	return 0;
}

static void compare_digest(struct batch *batch, size_t i)
{
	const struct batch_record *r = &batch->records[i];
	struct imastage_summary *tally = &batch->tally;
	int differs =
		imastage_record_check_digest(&r->record, &batch->digests[i]);

	if (differs == IMASTAGE_DIGEST_PADDED)
		tally->nr_padded++;
	if (differs != IMASTAGE_DIGEST_DIFFERS || tally->nr_bad++ > 0)
		return;
	tally->first_bad_index = batch->first_index + i;
	tally->first_bad_offset = r->offset;
}

int batch_hash(struct batch *batch, struct imastage_hasher *hasher)
{
	for (size_t i = 0; i < batch->nr; i++) {
		const struct batch_record *r = &batch->records[i];

		if (r->record.opaque) {
			replay_take_listed(&r->record, &batch->digests[i]);
			continue;
		}
		if (imastage_hasher_template(hasher, &r->record,
					     &batch->digests[i]) < 0)
			return -EIO;
		if (!r->violation)
			compare_digest(batch, i);
	}
	return 0;
}

/* With @digest; *ret_value gets what the PCR has then, and may be the same. */
static int extend_bank(const struct batch_record *b, const uint8_t *digest,
		       struct imastage_replay *replay, struct hash *hash,
		       uint8_t *ret_value)
{
	unsigned int pcr = b->record.pcr;

	if (b->violation)
		digest = replay_violation(replay, hash->bank);
	if (replay_extend_bank(replay, hash, pcr, digest) < 0)
		return -EIO;
	memcpy(ret_value, replay->value[hash->bank][pcr],
	       imastage_bank_digest_len(hash->bank));
	return 0;
}

static int extend_banks(struct batch *batch, size_t i,
			struct imastage_replay *replay,
			struct imastage_hasher *hasher)
{
	const struct batch_record *b = &batch->records[i];
	struct imastage_digests *digests = &batch->digests[i];
	struct replay_padded padded;
	int r = 0;

	if (replay->padded)
		replay_pad(digests, &padded);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS && r == 0;
	     bank++) {
		if (!(replay->banks & 1u << bank))
			continue;
		if (replay_knows(replay, bank, &b->record, b->violation))
			r = extend_bank(b,
					replay->padded & 1u << bank ?
						padded.digest :
						digests->of[bank],
					replay, &hasher->hash[bank],
					digests->of[bank]);
		else
			replay->lost[bank] |= 1u << b->record.pcr;
	}
	return r;
}

static void compare_snapshot(struct batch *batch, size_t i,
			     const struct imastage_replay *replay)
{
	struct imastage_summary *tally = &batch->tally;
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;

	tally->nr_snapshots++;
	if (imastage_snapshot_parse(&batch->records[i].record, &snapshot) < 0)
		tally->nr_odd_snapshots++;
	else if (imastage_snapshot_compare(&snapshot, replay, &bank) &&
		 tally->nr_disagree++ == 0) {
		tally->first_disagree_index = batch->first_index + i;
		tally->first_disagree_pcr = snapshot.pcr;
		tally->first_disagree_bank = bank;
	}
}

int batch_extend(struct batch *batch, struct imastage_replay *replay,
		 struct imastage_hasher *hasher)
{
	int r = 0;

	for (size_t i = 0; i < batch->nr && r == 0; i++) {
		const struct batch_record *b = &batch->records[i];

		if (b->snapshot)
			compare_snapshot(batch, i, replay);
		if (b->wanted)
			r = extend_banks(batch, i, replay, hasher);
	}
	return r;
}
