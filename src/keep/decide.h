/* SPDX-License-Identifier: MIT */
/*
 * Where the list of a kernel belongs: which index its first record has, and in
 * which boot. The decision is a function of facts, without I/O, so that all
 * combinations can be tried; docs/keeper-reconcile.md is its table.
 *
 * The facts are about two lists. Archived are the records 0 to @end - 1 of the
 * boot that was appended to last. Listed is what the kernel has, staged and
 * current as one. Some of what is archived may be listed still: what was
 * about to be deleted when we were killed, what a kexec brought back, what was
 * only copied. The archive remembers from which index on that may be so
 * (archive_pending): it is *kept*, or it is *gone*. A kernel that counts what
 * it deleted tells. With others the records themselves are compared, and where
 * both are possible, the TPM's PCR decides.
 */
#ifndef KEEP_DECIDE_H
#define KEEP_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

enum keep_answer {
	KEEP_UNKNOWN,
	KEEP_YES,
	KEEP_NO
};

/* What was to happen to archived records that the kernel may still have. */
enum keep_pending {
	KEEP_NOTHING_PENDING,
	KEEP_PENDING_STAGED, /* staged, and to be deleted by D */
	KEEP_PENDING_TRIM, /* current, and to be deleted by N */
	KEEP_PENDING_COPIED, /* nothing: they are to stay for now */
};

/* What is listed, beside what is archived from some index on. */
enum keep_content {
	KEEP_EQUAL, /* begins with all of it; or there is nothing of it */
	KEEP_DIFFERS, /* some record is another one */
	KEEP_SHORTER, /* ends before it does, equal so far */
};

/* What if the kernel's list began at index @first? */
struct keep_reading {
	uint64_t first;
	enum keep_content content;
	uint64_t nr_equal; /* records that were compared and equal */
	enum keep_answer replays; /* archived and listed, to the TPM's PCR? */
};

struct keep_facts {
	bool counts_deleted; /* the kernel knows how many it deleted */
	bool can_delete; /* somebody can delete from its list */

	bool has_boot; /* the archive is not empty; else nothing below counts */
	uint64_t end;
	/* A TPM that is known answers; no: it is silent; unknown: there is none. */
	enum keep_answer tpm;
	/* Its counts of resets and restarts, and its endorsement key, are as they
	 * were in that boot. */
	enum keep_answer same_reset, same_restart, same_ek;
	bool same_boot_id; /* it is the kernel that was drained last */
	bool kexec_expected; /* we were told to flush for one */
	enum keep_pending pending;

	uint64_t deleted; /* if the kernel counts: what it says */
	uint64_t uncounted; /* and what was deleted before it began to count */
	uint64_t nr_listed;
	bool staged; /* some are staged */

	/* Where the kernel's count says; if it has none, where what is pending
	 * begins, or @end */
	struct keep_reading kept;
	/* The same behind what was about to be deleted; else at @end. If the
	 * kernel counts: where it would begin if the count is not to be had */
	struct keep_reading gone;
	/* Where, behind @kept, what is listed is found in what is archived:
	 * somebody else has deleted. 0 when it is not. */
	uint64_t found;
	/* Does what is listed replay to the TPM's PCR alone, as a boot's list? */
	enum keep_answer fresh;
};

enum keep_case {
	KEEP_CASE_FIRST, /* the archive is empty */
	KEEP_CASE_SAME, /* the kernel that was drained last */
	KEEP_CASE_KEXEC, /* another kernel, no hard boot in between */
	KEEP_CASE_HARD_BOOT,
	KEEP_CASE_GAP, /* somebody else deleted what is not archived */
	KEEP_CASE_CONTRADICTION, /* it cannot be what is archived */
	KEEP_CASE_WAIT, /* nothing is filed before the TPM answers */
	KEEP_NR_CASES
};

#define KEEP_GAP_UNKNOWN UINT64_MAX

/* Why nothing may be deleted for now; records are saved all the same. */
enum keep_hold {
	KEEP_HOLD_NONE,
	KEEP_HOLD_SILENT, /* the TPM does not answer */
	KEEP_HOLD_RESTART, /* its PCR does not go on: it began anew meanwhile */
	KEEP_HOLD_UNPROVED, /* its PCR does not say which boot it is */
	KEEP_NR_HOLDS
};

struct keep_decision {
	enum keep_case what;
	/* Index of the kernel's first record. Where the kernel counts, that is
	 * @deleted + @uncounted, unless its count was lost on the way, by a
	 * kernel in between that has none, and the TPM proves it. */
	uint64_t first;
	/* Records that are missing before it, from the end of the archive (of
	 * index 0, in a new boot) on; KEEP_GAP_UNKNOWN: at least one */
	uint64_t gap;
	uint64_t nr_kept; /* listed records that are archived */
	/* Nothing but likelihood spoke for it: another reading was possible,
	 * and no TPM there to ask. */
	bool likely;
	enum keep_hold hold;
};

/* Is it a new folder that the kernel's records go to? */
static inline bool keep_case_is_new_boot(enum keep_case what)
{
	return what == KEEP_CASE_FIRST || what == KEEP_CASE_HARD_BOOT ||
	       what == KEEP_CASE_CONTRADICTION;
}

/* "kexec", for logs, status and tests. */
const char *keep_case_name(enum keep_case what);

/* "tpm.silent", "tpm.restart", "tpm.unproved", for status, JSON and tests. */
const char *keep_hold_name(enum keep_hold hold);

/* Could the TPM make a difference? Then @replays and @fresh are wanted. */
bool keep_asks_tpm(const struct keep_facts *facts);

struct keep_decision keep_decide(const struct keep_facts *facts);

#endif
