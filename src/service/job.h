/* SPDX-License-Identifier: MIT */
/*
 * One thing that the keeper does, and what came of it. Jobs are done one after
 * the other on a thread of their own, so that whatever takes long (a disk, a
 * TPM, another process that has the list) stalls nobody who asks.
 */
#ifndef SERVICE_JOB_H
#define SERVICE_JOB_H

#include "service/survey.h"

enum job_kind {
	JOB_NONE,
	JOB_RECONCILE, /* bring kernel and archive together */
	JOB_COUNT, /* how much does the kernel hold? */
	JOB_SURVEY, /* everything that a status says */
	JOB_DRAIN,
	JOB_FLUSH, /* drain, for a kexec is expected */
	JOB_CHECK, /* replay against the TPM */
	JOB_TIDY, /* compress, prune by the configuration */
	JOB_HOLD,
	JOB_RELEASE,
	JOB_PRUNE,
	JOB_NR_KINDS
};

const char *job_name(enum job_kind kind);

#define JOB_TEXT_MAX 512
#define JOB_REASON_MAX 32

struct job {
	enum job_kind kind;

	/* what is asked */
	char reason[JOB_REASON_MAX]; /* of a drain: "records", "SIGHUP" */
	char name[ARCHIVE_NAME_MAX]; /* of a hold */
	char boot[ARCHIVE_NAME_MAX]; /* of a hold; empty: the last one */
	uint64_t from;
	struct archive_prune_options prune;
	uid_t by; /* who asks; 0: root, or this process' own user */

	/* what came of it */
	int result; /* 0 or negative errno */
	char text[JOB_TEXT_MAX]; /* a sentence: what, or why not */
	uint64_t records, bytes; /* saved */
	uint64_t ms;
	struct archive_prune_result pruned;
};

struct facts_drain {
	int64_t time; /* seconds since 1970, for people; 0: none yet */
	uint64_t records, bytes, ms;
	char reason[JOB_REASON_MAX];
};

/* What the keeper knows after a job, for status and metrics. */
struct facts {
	struct survey survey; /* of the last JOB_SURVEY, counts newer */
	bool reconciled;
	char reconcile[JOB_TEXT_MAX]; /* what it found */
	struct facts_drain drain;
	uint64_t nr_drains, nr_failed, nr_records, nr_bytes; /* of this agent */
	uint64_t drain_ms; /* of all drains */
	int trouble; /* of the last drain or reconciliation; 0: none */
	char trouble_text[JOB_TEXT_MAX];
	int64_t trouble_since;
	int64_t checked; /* when; 0: never */
	char verdict[JOB_TEXT_MAX];
	bool rejected; /* the list does not explain the PCR */
	uint64_t mean_len; /* bytes of a record in the list, about */
	bool copies; /* nothing is deleted from this kernel */
	uint64_t nr_waiting; /* records that the next drain would save */
};

#endif
