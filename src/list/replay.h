/* SPDX-License-Identifier: MIT */
/*
 * What the parts of `imastage log replay` share: cmd_log_replay.c knows the
 * command line, replay_run.c lets the records go by, replay_forms.c does so again
 * for banks that kernels extend otherwise, replay_report.c says what came of it.
 * `align` runs the same.
 */
#ifndef LIST_REPLAY_H
#define LIST_REPLAY_H

#include "list/input.h"
#include "list/target.h"

#define REPLAY_DROP_NONE UINT64_MAX

struct replay_run {
	/* As wanted. */
	struct input *input;
	struct target *target;
	struct imastage_replay *replay;
	struct imastage_align *align; /* NULL: nothing is expected */
	uint64_t drop; /* index of the record to leave out */
	uint64_t skip; /* records at the start that are replayed already */
	bool from_snapshot;
	bool stop; /* leave @replay where it arrives */
	unsigned int nr_threads;

	/* What was found. */
	struct imastage_summary summary; /* of all parts */
	const char *bad_path; /* part of the first bad record */
	bool matched; /* all that is expected, see nr_matched */
	uint64_t nr_matched; /* records of the list that lead there */
	int alignment; /* IMASTAGE_ALIGN_* */
	uint64_t nr_before; /* that the replay had before the list */
	uint64_t dropped_at; /* records before the one that was dropped */
	bool read_once; /* other forms of banks could not be tried */
	uint64_t nr_before_snapshot; /* records that were not replayed */
	uint64_t snapshot_index; /* absolute, of the record started at */
};

/* 0, or negative after a complaint. */
int replay_run(struct replay_run *run);

/* The same with every record looked at here; for what imastage_check() lacks. */
int replay_run_slowly(struct replay_run *run);

/*
 * One of these, as often as it takes to find out in which form banks are extended.
 * The replay then has those. 0, or negative after a complaint.
 */
int replay_judge(struct replay_run *run, int (*once)(struct replay_run *run));

/*
 * Was the value that is expected of this PCR seen, whatever became of others?
 * *ret_nr (may be NULL): after how many records of the list, at last.
 */
bool replay_value_seen(const struct replay_run *run, enum imastage_bank bank,
		       unsigned int pcr, uint64_t *ret_nr);

bool replay_accepts(const struct replay_run *run);
void replay_report(const struct replay_run *run, bool json);

#endif
