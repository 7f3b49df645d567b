// SPDX-License-Identifier: MIT
/* Counts by name. See tally.h. */
#include "report/tally.h"
#include "base/bytes.h"

#include <stdlib.h>

/* FNV-1a. Names that were made to collide cost as much as the table is long. */
static uint32_t hash_of(struct imastage_bytes name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * 16777619u;
	return hash;
}

static bool is_called(const struct tally_row *row, struct imastage_bytes name)
{
	return bytes_equal(bytes_of(row->name, row->name_len), name);
}

/* The slot of @name, or the empty one where it belongs: there always is one. */
static uint16_t *find(struct tally *tally, struct imastage_bytes name)
{
	for (uint32_t i = hash_of(name);; i++) {
		uint16_t *slot = &tally->slots[i % TALLY_SLOTS];

		if (*slot == 0 || is_called(&tally->rows[*slot - 1], name))
			return slot;
	}
}

static struct tally_row *add(struct tally *tally, struct imastage_bytes name,
			     int kind)
{
	struct tally_row *row = &tally->rows[tally->nr_rows++];

	row->kind = kind;
	row->name_len = name.len;
	if (name.len > 0)
		memcpy(row->name, name.data, name.len);
	return row;
}

static void add_many(struct tally *tally, struct imastage_bytes name, int kind,
		     uint64_t nr)
{
	uint16_t *slot = find(tally, name);

	if (*slot > 0) {
		tally->rows[*slot - 1].nr += nr;
	} else if (tally->nr_rows < TALLY_NAMES_MAX) {
		add(tally, name, kind)->nr = nr;
		*slot = (uint16_t)tally->nr_rows;
	} else {
		tally->nr_others += nr;
	}
}

void tally_count(struct tally *tally, struct imastage_bytes name, int kind)
{
	add_many(tally, bytes_first(name, TALLY_NAME_LEN_MAX), kind, 1);
}

void tally_merge(struct tally *tally, const struct tally *from)
{
	for (size_t i = 0; i < from->nr_rows; i++) {
		const struct tally_row *row = &from->rows[i];

		add_many(tally, bytes_of(row->name, row->name_len), row->kind,
			 row->nr);
	}
	tally->nr_others += from->nr_others;
}

static int by_count(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	return one->nr < other->nr ? 1 : one->nr > other->nr ? -1 : 0;
}

void tally_sort(struct tally *tally)
{
	qsort(tally->rows, tally->nr_rows, sizeof(tally->rows[0]), by_count);
}
