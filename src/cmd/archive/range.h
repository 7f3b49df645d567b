/* SPDX-License-Identifier: MIT */
/*
 * A range of the records of an archive: the options that choose it, and its
 * records one after the other.
 */
#ifndef CMD_ARCHIVE_RANGE_H
#define CMD_ARCHIVE_RANGE_H

#include "cmd/keeper/place.h"

struct range {
	/* options */
	const char *boot_name; /* NULL: the last one */
	uint64_t from; /* the first record; 0: the oldest that is kept, */
	uint64_t to; /* the last one; UINT64_MAX: that of the archive */
	bool has_index; /* but not if it is named */
	bool skip_gaps;

	struct archive *archive;
	struct archive_boot boot;
	struct archive_cursor *cursor;
	uint64_t next; /* index of the record that is next */
	uint64_t nr_missing; /* records of gaps that were skipped, */
	uint64_t nr_gaps; /* and how many gaps */
	int failed; /* what stopped it, after a complaint */
	bool damaged; /* that is what it was */

	/* of the record at hand, for range_source() */
	struct imastage_record record;
	size_t used;
	bool has_record;
};

/* clang-format off */
#define RANGE_INIT { .to = UINT64_MAX, }
/* clang-format on */

/* Their context is a struct range. */
extern const struct opt range_opts[];

/* Opens archive, boot and cursor. CLI_OK, or CLI_FAILED after a complaint. */
int range_open(struct range *range, const struct place *place);
void range_close(struct range *range);

/*
 * The next record, of segments that are compared with their digests. IMASTAGE_END; -ENODATA in front of a gap, unless it is to be
 * skipped; negative in any case after a complaint.
 */
int range_next(struct range *range, struct imastage_record *ret_record);

/* The records' bytes, in a row. */
struct imastage_source range_source(struct range *range);

/*
 * After the last record: CLI_REJECTED when what was read is not what was archived, after a
 * line for each finding as `archive verify` has it, with record and byte; CLI_FAILED when
 * something else failed; else @status.
 */
int range_judge(struct range *range, int status);

/* A word about gaps that were skipped. */
void range_say_gaps(const struct range *range);

#endif
