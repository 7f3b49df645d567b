/* SPDX-License-Identifier: MIT */
/*
 * How many there are of each name, for a bounded number of names. Those that come when the
 * table is full are counted together.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include <imastage/bytes.h>

#define TALLY_NAMES_MAX 256
#define TALLY_NAME_LEN_MAX 64 /* of a longer one, its beginning counts */
#define TALLY_SLOTS 1024

struct tally_row {
	uint64_t nr;
	int kind; /* of the first one that was counted */
	size_t name_len;
	uint8_t name[TALLY_NAME_LEN_MAX];
};

struct tally {
	size_t nr_rows;
	struct tally_row rows[TALLY_NAMES_MAX];
	uint16_t slots[TALLY_SLOTS]; /* number of a row from 1; 0: empty */
	uint64_t nr_others;
};

/* One of all zeros is empty. */
void tally_count(struct tally *tally, struct imastage_bytes name, int kind);

/* Adds all that @from has counted. */
void tally_merge(struct tally *tally, const struct tally *from);

/* Orders the rows by their counts, the largest first. Nothing is counted afterwards. */
void tally_sort(struct tally *tally);

#endif
