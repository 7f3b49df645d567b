// SPDX-License-Identifier: MIT
/*
 * Looking for the prefix of a list that leads to what a TPM said.
 *
 * A PCR digest is the hash over the values of the selected PCRs, selection by
 * selection, in each by ascending number (TPM 2.0 Library, part 1, "Selecting
 * multiple PCR"). Of the parts so hashed, those before the first that the list
 * extends never change: their hash is computed once and copied.
 *
 * Who asks a TPM for a quote chooses the order of the selections. When none of the
 * values fit in the order given, those of all orders are tried, up to 24 of them.
 *
 * The window is a ring of entries, each the number of records and the values
 * of the parts that do change. Records for other PCRs change nothing and only
 * move the last entry's number.
 */
#include "base/bytes.h"
#include "log/replay.h"

#include <errno.h>
#include <imastage/align.h>
#include <stdlib.h>

#define VALUES_MAX 64
#define PARTS_MAX (IMASTAGE_SELECTIONS_MAX * IMASTAGE_NR_PCRS)
#define ORDERED_FROM \
	4 /* more selections are not tried in all orders: 4! is 24 */

struct expected {
	enum imastage_bank bank;
	unsigned int pcr;
	uint8_t value[IMASTAGE_DIGEST_MAX];
	bool seen; /* after @first to @last records, whatever of the others */
	uint64_t first, last;
};

/* One PCR value that goes into the digest. */
struct part {
	enum imastage_bank bank;
	unsigned int pcr;
	bool replayed; /* else its value is that in `others` */
	size_t value_at; /* of a replayed one, in a row of values */
};

/* Parts of one selection, which stay together whatever their order. */
struct run {
	size_t first, nr;
};

struct ring {
	uint8_t *entries; /* owned: nr_max times a u64 and value_len bytes */
	size_t nr_max;
	size_t value_len;
	size_t nr; /* entries there are */
	size_t last; /* position of the newest */
	bool lost; /* an entry had to be overwritten */
};

struct imastage_align {
	bool started; /* nothing can be expected any more */
	bool matched;
	uint64_t matched_records;

	struct expected values[VALUES_MAX];
	size_t nr_values;

	bool has_quote;
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct hash prefix, hash; /* initialised with has_quote */
	struct part parts[PARTS_MAX];
	size_t nr_parts;
	size_t nr_constant; /* parts that are in prefix */
	struct run runs[IMASTAGE_SELECTIONS_MAX]; /* as they were given */
	size_t nr_runs;
	bool ordered; /* runs are as the TPM has them: it was seen, or one */
	uint8_t others[IMASTAGE_NR_BANKS][IMASTAGE_NR_PCRS][IMASTAGE_DIGEST_MAX];
	uint32_t others_set[IMASTAGE_NR_BANKS]; /* masks of PCRs */
	struct ring ring;
};

int imastage_align_new(struct imastage_align **ret_align)
{
	struct imastage_align *align = calloc(1, sizeof(*align));

	if (!align)
		return -ENOMEM;
	*ret_align = align;
	return 0;
}

void imastage_align_free(struct imastage_align *align)
{
	if (!align)
		return;
	if (align->has_quote) {
		hash_fini(&align->prefix);
		hash_fini(&align->hash);
	}
	free(align->ring.entries);
	free(align);
}

/* ---- what is looked for ---------------------------------------------------- */

static int check_value(const struct imastage_align *align,
		       enum imastage_bank bank, unsigned int pcr,
		       struct imastage_bytes value)
{
	if (align->started)
		return -EBUSY;
	if ((unsigned int)bank >= IMASTAGE_NR_BANKS ||
	    pcr >= IMASTAGE_NR_PCRS ||
	    value.len != imastage_bank_digest_len(bank))
		return -EINVAL;
	return 0;
}

int imastage_align_expect_value(struct imastage_align *align,
				enum imastage_bank bank, unsigned int pcr,
				struct imastage_bytes value)
{
	int r = check_value(align, bank, pcr, value);
	struct expected *expected;

	if (r < 0)
		return r;
	if (align->nr_values == VALUES_MAX)
		return -E2BIG;
	expected = &align->values[align->nr_values++];
	expected->bank = bank;
	expected->pcr = pcr;
	memcpy(expected->value, value.data, value.len);
	return 0;
}

int imastage_align_set_other(struct imastage_align *align,
			     enum imastage_bank bank, unsigned int pcr,
			     struct imastage_bytes value)
{
	int r = check_value(align, bank, pcr, value);

	if (r < 0)
		return r;
	memcpy(align->others[bank][pcr], value.data, value.len);
	align->others_set[bank] |= 1u << pcr;
	return 0;
}

/* The parts of one selection; -EINVAL when it selects what is not there. */
static int add_parts(struct imastage_align *align,
		     const struct imastage_selection *selection)
{
	if ((unsigned int)selection->bank >= IMASTAGE_NR_BANKS ||
	    selection->pcrs >> IMASTAGE_NR_PCRS)
		return -EINVAL;
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
		struct part part = { selection->bank, pcr, false, 0 };

		if (selection->pcrs & 1u << pcr)
			align->parts[align->nr_parts++] = part;
	}
	return 0;
}

static int add_run(struct imastage_align *align,
		   const struct imastage_selection *selection)
{
	struct run *run = &align->runs[align->nr_runs++];
	int r;

	run->first = align->nr_parts;
	r = add_parts(align, selection);
	run->nr = align->nr_parts - run->first;
	return r;
}

static int init_hashes(struct imastage_align *align, enum imastage_bank bank)
{
	int r = hash_init(&align->prefix, bank);

	if (r < 0)
		return r;
	r = hash_init(&align->hash, bank);
	if (r < 0)
		hash_fini(&align->prefix);
	return r;
}

int imastage_align_expect_quote(struct imastage_align *align,
				enum imastage_bank hash,
				const struct imastage_selection *selections,
				size_t nr_selections,
				struct imastage_bytes pcr_digest, size_t window)
{
	int r = check_value(align, hash, 0, pcr_digest);

	if (r == 0 && align->has_quote)
		r = -EBUSY;
	if (r == 0 && nr_selections > IMASTAGE_SELECTIONS_MAX)
		r = -E2BIG;
	align->nr_parts = r == 0 ? 0 : align->nr_parts;
	align->nr_runs = r == 0 ? 0 : align->nr_runs;
	for (size_t i = 0; i < nr_selections && r == 0; i++)
		r = add_run(align, &selections[i]);
	if (r == 0)
		r = init_hashes(align, hash);
	if (r < 0)
		return r;
	align->has_quote = true;
	align->ordered = nr_selections < 2 || nr_selections > ORDERED_FROM;
	align->ring.nr_max = window;
	memcpy(align->digest, pcr_digest.data, pcr_digest.len);
	return 0;
}

/* ---- before the first record ----------------------------------------------- */

static int check_expected(const struct imastage_align *align,
			  const struct imastage_replay *replay)
{
	for (size_t i = 0; i < align->nr_values; i++)
		if (!imastage_replay_value(replay, align->values[i].bank,
					   align->values[i].pcr)
			     .len)
			return -EINVAL;
	return 0;
}

static struct imastage_bytes other_value(const struct imastage_align *align,
					 const struct part *part)
{
	return bytes_of(align->others[part->bank][part->pcr],
			imastage_bank_digest_len(part->bank));
}

static int prepare_parts(struct imastage_align *align,
			 const struct imastage_replay *replay)
{
	for (size_t i = 0; i < align->nr_parts; i++) {
		struct part *part = &align->parts[i];
		size_t len =
			imastage_replay_value(replay, part->bank, part->pcr).len;

		part->replayed = len > 0;
		part->value_at = align->ring.value_len;
		align->ring.value_len += len;
		if (!part->replayed &&
		    !(align->others_set[part->bank] & 1u << part->pcr))
			return -EINVAL;
	}
	return 0;
}

static int hash_constant_parts(struct imastage_align *align)
{
	size_t i = 0;
	int r = hash_start(&align->prefix);

	while (r == 0 && i < align->nr_parts && !align->parts[i].replayed)
		r = hash_update(&align->prefix,
				other_value(align, &align->parts[i++]));
	align->nr_constant = i;
	return r;
}

static int prepare(struct imastage_align *align,
		   const struct imastage_replay *replay)
{
	struct ring *ring = &align->ring;
	int r = check_expected(align, replay);

	if (r < 0 || !align->has_quote)
		return r;
	ring->value_len = 0;
	r = prepare_parts(align, replay);
	if (r == 0)
		r = hash_constant_parts(align);
	if (r < 0 || ring->nr_max == 0)
		return r;
	ring->entries =
		calloc(ring->nr_max, sizeof(uint64_t) + ring->value_len);
	return ring->entries ? 0 : -ENOMEM;
}

/* ---- at each record -------------------------------------------------------- */

static bool value_holds(struct expected *e,
			const struct imastage_replay *replay)
{
	if (imastage_replay_is_lost(replay, e->bank, e->pcr) ||
	    memcmp(e->value, replay->value[e->bank][e->pcr],
		   imastage_bank_digest_len(e->bank)))
		return false;
	if (!e->seen)
		e->first = replay->nr_records;
	e->seen = true;
	e->last = replay->nr_records;
	return true;
}

/* All are looked at: one that does not hold hides no other. */
static bool values_hold(struct imastage_align *align,
			const struct imastage_replay *replay)
{
	bool all = true;

	for (size_t i = 0; i < align->nr_values; i++)
		if (!value_holds(&align->values[i], replay))
			all = false;
	return all;
}

static int hash_run(struct imastage_align *align, const struct part *parts,
		    size_t nr, const uint8_t *values)
{
	int r = 0;

	for (size_t i = 0; i < nr && r == 0; i++) {
		struct imastage_bytes value = other_value(align, &parts[i]);

		if (parts[i].replayed)
			value.data = values + parts[i].value_at;
		r = hash_update(&align->hash, value);
	}
	return r;
}

static int end_digest(struct imastage_align *align)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	int r = hash_end(&align->hash, digest);

	if (r < 0)
		return r;
	return !memcmp(digest, align->digest,
		       imastage_bank_digest_len(align->hash.bank));
}

/* Is it the quote's digest, with the replayed parts' values in @values? */
static int digest_holds(struct imastage_align *align, const uint8_t *values)
{
	int r = hash_copy(&align->hash, &align->prefix);

	if (r == 0)
		r = hash_run(align, align->parts + align->nr_constant,
			     align->nr_parts - align->nr_constant, values);
	return r < 0 ? r : end_digest(align);
}

static void swap_sizes(size_t *a, size_t *b)
{
	size_t kept = *a;

	*a = *b;
	*b = kept;
}

static int order_holds(struct imastage_align *align, const size_t *order,
		       const uint8_t *values)
{
	int r = hash_start(&align->hash);

	for (size_t i = 0; i < align->nr_runs && r == 0; i++) {
		const struct run *run = &align->runs[order[i]];

		r = hash_run(align, align->parts + run->first, run->nr, values);
	}
	return r < 0 ? r : end_digest(align);
}

/* The order that comes next by the alphabet, false behind the last. */
static bool next_order(size_t *order, size_t nr)
{
	size_t i = nr - 1, j = nr - 1;

	while (i > 0 && order[i - 1] > order[i])
		i--;
	if (i == 0)
		return false;
	while (order[j] < order[i - 1])
		j--;
	swap_sizes(&order[j], &order[i - 1]);
	for (j = nr - 1; i < j; i++, j--)
		swap_sizes(&order[i], &order[j]);
	return true;
}

/*
 * The same with the selections in any other order than they were given in. A TPM
 * hashes them as it was asked, and who asked may have been another program.
 */
static int other_order_holds(struct imastage_align *align,
			     const uint8_t *values)
{
	size_t order[ORDERED_FROM];
	int r = 0;

	if (align->ordered)
		return 0;
	for (size_t i = 0; i < align->nr_runs; i++)
		order[i] = i;
	while (r == 0 && next_order(order, align->nr_runs))
		r = order_holds(align, order, values);
	return r;
}

static int any_order_holds(struct imastage_align *align, const uint8_t *values)
{
	int r = digest_holds(align, values);

	if (r == 1)
		align->ordered = true;
	return r ? r : other_order_holds(align, values);
}

/* Puts the values of the replayed parts in a row. */
static void collect(const struct imastage_align *align,
		    const struct imastage_replay *replay, uint8_t *ret_values)
{
	for (size_t i = align->nr_constant; i < align->nr_parts; i++) {
		const struct part *part = &align->parts[i];
		size_t len = imastage_bank_digest_len(part->bank);

		if (!part->replayed)
			continue;
		memcpy(ret_values, replay->value[part->bank][part->pcr], len);
		ret_values += len;
	}
}

/* A value that is not known any more is no value of a quote. */
static bool any_lost(const struct imastage_align *align,
		     const struct imastage_replay *replay)
{
	for (size_t i = 0; i < align->nr_parts; i++)
		if (imastage_replay_is_lost(replay, align->parts[i].bank,
					    align->parts[i].pcr))
			return true;
	return false;
}

static uint8_t *entry_at(const struct ring *ring, size_t position)
{
	return ring->entries + position * (sizeof(uint64_t) + ring->value_len);
}

/* Keeps the values, or only the number when they are as before. */
static void keep(struct ring *ring, const uint8_t *values, uint64_t nr_records)
{
	uint8_t *entry = entry_at(ring, ring->last);

	if (ring->nr == 0 ||
	    memcmp(entry + sizeof(nr_records), values, ring->value_len)) {
		if (ring->nr > 0)
			ring->last = (ring->last + 1) % ring->nr_max;
		ring->lost = ring->lost || ring->nr == ring->nr_max;
		ring->nr += ring->nr < ring->nr_max;
		entry = entry_at(ring, ring->last);
		memcpy(entry + sizeof(nr_records), values, ring->value_len);
	}
	memcpy(entry, &nr_records, sizeof(nr_records));
}

int imastage_align_check(struct imastage_align *align,
			 const struct imastage_replay *replay)
{
	uint8_t values[PARTS_MAX * IMASTAGE_DIGEST_MAX];
	int r = align->started ? 0 : prepare(align, replay);

	if (r < 0)
		return r;
	align->started = true;
	if (!values_hold(align, replay))
		return IMASTAGE_ALIGN_NONE;
	if (align->has_quote && any_lost(align, replay))
		return IMASTAGE_ALIGN_NONE;
	if (align->has_quote)
		collect(align, replay, values);
	if (align->ring.entries) {
		keep(&align->ring, values, replay->nr_records);
		return IMASTAGE_ALIGN_NONE;
	}
	r = align->has_quote ? any_order_holds(align, values) :
			       align->nr_values > 0;
	if (r == 1) {
		align->matched = true;
		align->matched_records = replay->nr_records;
	}
	return r < 0 ? r : r ? IMASTAGE_ALIGN_MATCH : IMASTAGE_ALIGN_NONE;
}

/* Looks through the window, the newest entry first, for what @holds. */
static int search_ring(struct imastage_align *align,
		       int (*holds)(struct imastage_align *align,
				    const uint8_t *values))
{
	const struct ring *ring = &align->ring;
	size_t position = ring->last;

	for (size_t i = 0; i < ring->nr; i++) {
		const uint8_t *entry = entry_at(ring, position);
		int r = holds(align, entry + sizeof(uint64_t));

		if (r < 0)
			return r;
		if (r == 1) {
			align->matched = true;
			memcpy(&align->matched_records, entry,
			       sizeof(align->matched_records));
			return IMASTAGE_ALIGN_MATCH;
		}
		position = (position ? position : ring->nr_max) - 1;
	}
	return ring->lost ? IMASTAGE_ALIGN_EARLIER : IMASTAGE_ALIGN_NONE;
}

int imastage_align_value(const struct imastage_align *align,
			 enum imastage_bank bank, unsigned int pcr,
			 uint64_t *ret_first, uint64_t *ret_last)
{
	for (size_t i = 0; i < align->nr_values; i++) {
		const struct expected *e = &align->values[i];

		if (e->bank != bank || e->pcr != pcr || !e->seen)
			continue;
		*ret_first = e->first;
		*ret_last = e->last;
		return 0;
	}
	return -ENOENT;
}

int imastage_align_finish(struct imastage_align *align,
			  uint64_t *ret_nr_records)
{
	int r = align->matched ? IMASTAGE_ALIGN_MATCH : IMASTAGE_ALIGN_NONE;

	if (align->ring.entries && !align->matched) {
		r = search_ring(align, digest_holds);
		if (r != IMASTAGE_ALIGN_MATCH && r >= 0 && !align->ordered)
			r = search_ring(align, other_order_holds);
	}
	if (r == IMASTAGE_ALIGN_MATCH)
		*ret_nr_records = align->matched_records;
	return r;
}
