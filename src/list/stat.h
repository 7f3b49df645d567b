/* SPDX-License-Identifier: MIT */
/*
 * What `imastage log stat` counts. cmd/log/stat.c knows the command line,
 * stat_report.c the output.
 */
#ifndef LIST_STAT_H
#define LIST_STAT_H

#include "list/input.h"
#include "list/tally.h"

#define STAT_POSITIONS_MAX 64
#define STAT_EXACT_LEN 4096 /* lengths up to here are counted each */
#define STAT_STEPS 16 /* above, in so many steps for each power of two */
#define STAT_BINS (STAT_EXACT_LEN + 64 * STAT_STEPS)

/* Where records of a name are. */
struct stat_positions {
	uint64_t nr;
	uint64_t index[STAT_POSITIONS_MAX]; /* of the first of them */
};

struct stat_large {
	uint64_t index;
	uint64_t len;
	struct imastage_buffer name; /* of the event, at most 4096 bytes */
};

struct stats {
	uint64_t nr_records;
	uint64_t nr_bytes;
	uint64_t nr_violations;
	uint64_t nr_unknown;
	uint64_t nr_duplicates;
	uint64_t first_index;
	struct tally templates;
	struct tally pcrs; /* by their number as text */
	struct tally paths;
	struct seen seen;
	struct stat_positions boots; /* boot_aggregate */
	struct stat_positions snapshots; /* snapshot_aggregate */
	uint64_t lengths[STAT_BINS]; /* records of each length */
	struct stat_large *large; /* the @top longest, the longest first */
	size_t nr_large;
	size_t top;
	const char *format; /* what the list is, NULL: has no records */
	const char *bank;
};

/* The length that @percent of the records do not exceed, within 1/16. */
uint64_t stat_percentile(const struct stats *stat, unsigned int percent);

/* -ENOMEM */
int stat_add(struct stats *stat, const struct imastage_record *record,
	     uint64_t index);

/* 0, -ENOMEM */
int stat_report(const struct stats *stat, bool json);

#endif
