/* SPDX-License-Identifier: MIT */
/*
 * What the parts of ima-replay share: its options and what a replay found.
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include "log/list.h"
#include "log/replay.h"

#define EXPECT_MAX 16
#define DROP_NONE UINT64_MAX

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REJECTED = 3,
};

/* A value that a PCR should have. */
struct expectation {
	enum log_bank bank;
	unsigned int pcr;
	uint8_t value[LOG_DIGEST_MAX];
};

struct options {
	uint32_t pcrs; /* mask */
	unsigned int banks; /* mask */
	enum log_bank list_bank; /* of the digests in the files */
	enum endian endian; /* of the files */
	struct expectation expected[EXPECT_MAX];
	unsigned int nr_expected;
	uint64_t drop; /* index of the record to leave out, or DROP_NONE */
	bool until_match;
	bool from_snapshot;
	bool list;
	bool json;
	bool count;
	char **files; /* NULL at the end */
};

struct result {
	uint64_t nr_records; /* in the files, the dropped one included */
	uint64_t nr_bytes;
	uint64_t nr_violations;
	uint64_t nr_other; /* records for PCRs that are not replayed */
	uint64_t nr_snapshots; /* snapshot_aggregate records */
	uint64_t nr_disagree; /* of these, whose values are not those replayed */
	uint64_t start; /* index of the record that the replay starts with */
	bool started; /* false: it waits for a snapshot_aggregate */
	uint64_t nr_bad; /* records whose digest is not that of their data */
	uint64_t bad_index; /* of the first of these, */
	const char *bad_file; /* the file it is in, */
	size_t bad_offset; /* and its offset there */
	bool matched; /* all expectations, see matched_records */
	uint64_t matched_records; /* records in the longest prefix that does */
	struct log_replay replay; /* after the last record */
};

/*
 * Returns EXIT_OK with *ret_options set, EXIT_USAGE after it has said what is
 * wrong, or -1 when help was asked for and printed.
 */
int options_parse(int argc, char **argv, struct options *ret_options);

#define SNAPSHOT_DISAGREES 1

/* Is it a snapshot_aggregate? */
bool snapshot_is(const struct log_record *record);

/*
 * With @start, gives the PCRs replayed the values that the snapshot_aggregate
 * holds; else compares. Returns SNAPSHOT_DISAGREES when they differ, -EBADMSG when
 * the record's text cannot be understood.
 */
int snapshot_use(const struct log_record *record, struct log_replay *replay,
		 bool start);

/* One line of --list. */
void report_record(const struct log_record *record, uint64_t index,
		   size_t offset);

/* What was found, as text or, with --json, as one JSON object. */
void report_result(const struct options *options, const struct result *result);

/* Does what was found accept the list? */
bool result_accepts(const struct options *options, const struct result *result);

#endif
