// SPDX-License-Identifier: MIT
/*
 * The steps of a batch.
 */
#include "log/batch.h"
#include "base/bytes.h"
#include "log/buffer.h"
#include "log/copy.h"

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

int batch_read(struct imastage_reader *reader,
	       const struct imastage_replay *replay, struct batch_record *place)
{
	int r = imastage_reader_next(reader, &place->record);

	if (r)
		return r;
	place->offset = imastage_reader_offset(reader) - place->record.raw.len;
	place->wanted = replay_wants(replay, place->record.pcr);
	return 0;
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

void batch_add_view(struct batch *batch)
{
	struct batch_record *added = batch_place(batch);

	added->violation = imastage_record_is_violation(&added->record);
	added->snapshot = imastage_record_is_snapshot(&added->record);
	take_account(&batch->tally, added);
	batch->nr++;
}

int batch_add(struct batch *batch)
{
	struct imastage_record *record = &batch_place(batch)->record;
	size_t len = record_copy_len(record);
	bool fits = len <= batch->bytes.capacity - batch->bytes.len;

	if (!fits && batch->nr > 0)
		return -ENOBUFS;
	if (!fits && buffer_reserve(&batch->bytes, len) < 0)
		return -ENOMEM;
	/* There is room: adding never moves what earlier records look at. */
	record_copy(record, batch->bytes.data + batch->bytes.len);
	batch->bytes.len += len;
	batch_add_view(batch);
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

/* What the PCR has now, for whoever follows. */
static void note_values(struct batch *batch, size_t i,
			const struct imastage_replay *replay)
{
	unsigned int pcr = batch->records[i].record.pcr;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (replay->banks & 1u << bank)
			memcpy(batch->digests[i].of[bank],
			       replay->value[bank][pcr],
			       imastage_bank_digest_len(bank));
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
		 struct imastage_hasher *hasher, bool followed)
{
	int r = 0;

	for (size_t i = 0; i < batch->nr && r == 0; i++) {
		const struct batch_record *b = &batch->records[i];

		if (b->snapshot)
			compare_snapshot(batch, i, replay);
		if (b->wanted)
			r = replay_extend_digests(replay, hasher, &b->record,
						  b->violation,
						  &batch->digests[i]);
		if (b->wanted && followed)
			note_values(batch, i, replay);
	}
	return r;
}
