// SPDX-License-Identifier: MIT
/*
 * Counting what a list is made of.
 */
#include "base/bytes.h"
#include "list/record.h"
#include "list/stat.h"

#include <errno.h>

#define NAME_MAX_KEPT 4096

/* ---- lengths --------------------------------------------------------------- */

static size_t bin_of(uint64_t len)
{
	unsigned int power;

	if (len < STAT_EXACT_LEN)
		return (size_t)len;
	power = 63 - (unsigned int)__builtin_clzll(len);
	return STAT_EXACT_LEN + power * STAT_STEPS +
	       (size_t)(len >> (power - 4) & (STAT_STEPS - 1));
}

/* The longest that is counted there. */
static uint64_t len_of(size_t bin)
{
	uint64_t power, step;

	if (bin < STAT_EXACT_LEN)
		return bin;
	power = (bin - STAT_EXACT_LEN) / STAT_STEPS;
	step = (bin - STAT_EXACT_LEN) % STAT_STEPS;
	return ((STAT_STEPS + step + 1) << (power - 4)) - 1;
}

uint64_t stat_percentile(const struct stats *stat, unsigned int percent)
{
	uint64_t below = 0;
	uint64_t wanted = stat->nr_records / 100 * percent +
			  (stat->nr_records % 100 * percent + 99) / 100;

	for (size_t bin = 0; bin < STAT_BINS; bin++) {
		below += stat->lengths[bin];
		if (below >= wanted && below > 0)
			return len_of(bin);
	}
	return 0;
}

/* ---- the longest ----------------------------------------------------------- */

static int keep_large(struct stat_large *large, struct imastage_bytes name)
{
	struct imastage_sink sink = imastage_sink_buffer(&large->name);

	name = bytes_first(name, NAME_MAX_KEPT);
	large->name.len = 0;
	return name.len ? sink.write(sink.context, name.data, name.len) : 0;
}

static int note_length(struct stats *stat, const struct imastage_record *record,
		       uint64_t index)
{
	uint64_t len = record->raw.len;
	struct stat_large new = { index, len, { NULL, 0, 0 } };
	size_t at = stat->nr_large;

	stat->lengths[bin_of(len)]++;
	if (stat->top == 0 ||
	    (at == stat->top && stat->large[at - 1].len >= len))
		return 0;
	if (at == stat->top) {
		at--;
		new.name = stat->large[at].name;
	} else {
		stat->nr_large++;
	}
	for (; at > 0 && stat->large[at - 1].len < len; at--)
		stat->large[at] = stat->large[at - 1];
	stat->large[at] = new;
	return keep_large(&stat->large[at], record_event_name(record));
}

/* ---- all of a record ------------------------------------------------------- */

static void note_position(struct stat_positions *positions, uint64_t index)
{
	if (positions->nr < STAT_POSITIONS_MAX)
		positions->index[positions->nr] = index;
	positions->nr++;
}

/* The other one is of Linux 7.3, where IMA began late. */
static bool begins_kernel(struct imastage_bytes name)
{
	return bytes_equal_text(name, "boot_aggregate") ||
	       bytes_equal_text(name, "boot_aggregate_late");
}

static void note_kind(struct stats *stat, const struct imastage_record *record,
		      uint64_t index)
{
	stat->nr_violations += imastage_record_is_violation(record);
	stat->nr_unknown += !imastage_record_is_known(record);
	if (begins_kernel(record_event_name(record)))
		note_position(&stat->boots, index);
	if (imastage_record_is_snapshot(record))
		note_position(&stat->snapshots, index);
}

static int note_duplicate(struct stats *stat,
			  const struct imastage_record *record)
{
	int r;

	if (imastage_record_is_violation(record))
		return 0;
	r = seen_add(&stat->seen, record->digest, record->pcr);
	if (r < 0)
		return r;
	stat->nr_duplicates += r == SEEN_BEFORE;
	return 0;
}

int stat_add(struct stats *stat, const struct imastage_record *record,
	     uint64_t index)
{
	struct imastage_bytes name;
	size_t len = record->raw.len;
	char pcr[16];
	int r;

	if (stat->nr_records++ == 0)
		stat->first_index = index;
	stat->nr_bytes += len;
	note_kind(stat, record, index);
	snprintf(pcr, sizeof(pcr), "%u", record->pcr);
	r = tally_add(&stat->pcrs, bytes_of_text(pcr), len);
	if (r == 0)
		r = tally_add(&stat->templates, record->name, len);
	if (r == 0 && imastage_record_event_name(record, &name) == 0)
		r = tally_add(&stat->paths, name, len);
	if (r == 0)
		r = note_duplicate(stat, record);
	if (r == 0)
		r = note_length(stat, record, index);
	return r;
}
