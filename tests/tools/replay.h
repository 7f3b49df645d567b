/* SPDX-License-Identifier: MIT */
/*
 * What the parts of ima-replay share: its options and what a replay found.
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include <imastage/imastage.h>

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
	enum imastage_bank bank;
	unsigned int pcr;
	uint8_t value[IMASTAGE_DIGEST_MAX];
};

struct options {
	uint32_t pcrs; /* mask */
	unsigned int banks; /* mask */
	enum imastage_bank list_bank; /* of the digests in the files */
	enum imastage_endian endian; /* of the files */
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
	uint64_t bad_offset; /* and its offset there */
	bool matched; /* all expectations, see matched_records */
	uint64_t matched_records; /* records in the longest prefix that does */
};

/*
 * Returns EXIT_OK with *ret_options set, EXIT_USAGE after it has said what is
 * wrong, or -1 when help was asked for and printed.
 */
int options_parse(int argc, char **argv, struct options *ret_options);

/* One line of --list. */
void report_record(const struct imastage_record *record, uint64_t index,
		   uint64_t offset);

/*
 * What was found, as text or, with --json, as one JSON object; @replay stands
 * after the last record.
 */
void report_result(const struct options *options, const struct result *result,
		   const struct imastage_replay *replay);

/* Does what was found accept the list? */
bool result_accepts(const struct options *options, const struct result *result);

#endif
