/* SPDX-License-Identifier: MIT */
/*
 * One thing that the keeper does, and what came of it. Jobs are done one after
 * the other on a thread of their own, so that whatever takes long (a disk, a
 * TPM, another process that has the list) stalls nobody who asks.
 */
#ifndef SERVICE_JOB_H
#define SERVICE_JOB_H

#include "attest/self.h"
#include "keep/decide.h"
#include "service/survey.h"

enum job_kind {
	JOB_NONE,
	JOB_RECONCILE, /* bring kernel and archive together */
	JOB_COUNT, /* how much does the kernel hold? */
	JOB_SURVEY, /* everything that a status says */
	JOB_DRAIN,
	JOB_FLUSH, /* drain, for a kexec is expected */
	JOB_QUOTE, /* keep a quote that the TPM was asked for by others */
	JOB_TRIM, /* delete what a verifier was sent, and nothing else */
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
#define JOB_GAPS_MAX 8

struct job {
	enum job_kind kind;

	/* what is asked */
	char reason[JOB_REASON_MAX]; /* of a drain: "records", "SIGHUP" */
	char name[ARCHIVE_NAME_MAX]; /* of a hold */
	char boot[ARCHIVE_NAME_MAX]; /* of a hold; empty: the last one. Of a drain: it is told */
	uint64_t from;
	uint64_t up_to; /* of a trim: records from @from to before it */
	struct archive_prune_options prune;
	const struct self_quote *quote; /* borrowed, until the job is done */
	uid_t by; /* who asks; 0: root, or this process' own user */

	/* what came of it */
	int result; /* 0 or negative errno */
	char text[JOB_TEXT_MAX]; /* a sentence: what, or why not */
	uint64_t records, bytes; /* saved */
	uint64_t deleted; /* by a trim */
	uint64_t ms;
	uint64_t nr_gaps; /* of the boot, after a drain; the last ones: */
	struct archive_gap gaps[JOB_GAPS_MAX];
	struct archive_prune_result pruned;
};

/* The keeper's own quotes, attest/self.h. */
struct facts_quote {
	bool off; /* there are none, and none are missed */
	char text[JOB_TEXT_MAX]; /* why: off, or the last one failed */
	int error; /* negative errno: the last one failed */
	int64_t time; /* of the newest that is kept; 0: none of this boot */
	uint64_t end; /* index behind the last record that it proves */
};

struct facts_drain {
	int64_t time; /* seconds since 1970, for people; 0: none yet */
	uint64_t records, bytes, ms;
	char reason[JOB_REASON_MAX];
};

/* The job at hand, as of now: the agent knows, not the keeper. */
struct facts_job {
	enum job_kind kind; /* JOB_NONE: there is none */
	uint64_t age_ms; /* since it was begun */
	uint64_t still_ms; /* since it last got on */
	uint64_t limit_ms; /* it is stalled when still for so long */
};

/* Why there is no keeper to ask. */
enum facts_absence {
	FACTS_PRESENT, /* there is one: these are its facts */
	FACTS_NOT_EXPECTED, /* none runs, nor should one */
	FACTS_DEAD, /* none runs, and one should */
	FACTS_SILENT, /* one runs, and does not answer */
};

/* What the keeper knows after a job, for status and metrics; verdict.h judges. */
struct facts {
	bool archive_named; /* by who asks: one that is not there is an error */
	struct survey survey; /* of the last JOB_SURVEY, counts newer */
	bool reconciled;
	char reconcile[JOB_TEXT_MAX]; /* what it found */
	struct facts_drain drain;
	uint64_t nr_drains, nr_failed, nr_records, nr_bytes; /* of this agent */
	uint64_t drain_ms; /* of all drains */
	/* Why nothing may be deleted, for the TPM does not allow it. */
	enum keep_hold hold;
	char hold_text[JOB_TEXT_MAX];
	int trouble; /* of the last drain or reconciliation; 0: none */
	char trouble_text[JOB_TEXT_MAX];
	int64_t trouble_since;
	int64_t checked; /* when; 0: never */
	char verdict[JOB_TEXT_MAX];
	bool rejected; /* the list does not explain the PCR */
	int check_error; /* negative errno: the last check could not be done */
	char check_text[JOB_TEXT_MAX];
	int tidy_error; /* the same of compressing and pruning */
	uint64_t mean_len; /* bytes of a record in the list, about */
	bool copies; /* nothing is deleted from this kernel */
	struct facts_quote quote;
	struct attest_chain chain; /* of survey.boot */
	uint64_t nr_waiting; /* records that the next drain would save */

	/* Filled in by whoever shows them. */
	struct facts_job job;
	int view_error, metrics_error; /* negative errno */
	enum facts_absence absence;
	char absence_text[JOB_TEXT_MAX]; /* of FACTS_DEAD and FACTS_SILENT */
};

static inline bool facts_is_stalled(const struct facts *facts)
{
	return facts->job.kind != JOB_NONE &&
	       facts->job.still_ms >= facts->job.limit_ms;
}

#endif
