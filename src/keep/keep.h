/* SPDX-License-Identifier: MIT */
/*
 * The keeper: the list of a kernel (source.h) and the archive, joined. Here is
 * where a record could be lost, so this is what always holds:
 *
 * - A record leaves the kernel only after the archive has committed it, or has
 *   it already and it was compared, byte for byte, in the same session; and only
 *   while that archive is the one that its path names, as it was left.
 * - Whatever stops it at whatever step, killed, powered off, a failing disk, a
 *   kexec: keep_drain() called again goes on without losing a record or
 *   archiving one twice. docs/keeper-reconcile.md says how.
 * - What does not fit is never made to fit: a gap is archived as a gap, and a
 *   list that contradicts the archive begins another folder. Both are said
 *   loudly.
 *
 *	struct keep_options options = { .source = source, .archive = archive };
 *	struct keep *keep;
 *	struct keep_result result;
 *	int r = keep_new(&options, &keep);
 *
 *	if (r == 0)
 *		r = keep_drain(keep, &(struct keep_limits){ 0 }, &result);
 *
 * One drain, of at most keep_limits.chunk records at a time:
 *	stage -> read, compare what is archived, put what is new -> commit, with
 *	a note of what is about to be deleted -> delete -> settle that note
 * keep_steps[] names the places in between.
 *
 * No threads, no clock, no daemon: who uses it says when. A keep is for one
 * thread at a time; readers of the whole list have keep/live.h. Memory is
 * constant.
 */
#ifndef KEEP_KEEP_H
#define KEEP_KEEP_H

#include "archive/archive.h"
#include "keep/decide.h"
#include "source/source.h"
#include "tpm/tpm.h"

#define KEEP_BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define KEEP_KEXEC_LOADED_PATH "/sys/kernel/kexec_loaded"
#define KEEP_CHUNK 65536 /* records, unless limits say other */

struct keep_options {
	struct source *source; /* all borrowed */
	struct archive *archive; /* of a writer */
	struct tpm *tpm; /* NULL: there is none */
	const struct say *say; /* NULL: silence */
	const char *boot_id; /* path; NULL: KEEP_BOOT_ID_PATH */
	const char *kexec_loaded; /* path; NULL: KEEP_KEXEC_LOADED_PATH */
	/* Where bytes are put aside that are no records, and through what;
	 * NULL: io_system. Without a folder they are not. */
	const char *aside_dir;
	const struct io *io;
	/*
	 * For tests: called at each of keep_steps[], with its name. Anything
	 * but 0 is a failure of the step, and returned.
	 */
	int (*step)(void *context, const char *name);
	void *context;
};

struct keep;

/* -ENOMEM. Touches neither the source nor the archive. */
int keep_new(const struct keep_options *options, struct keep **ret_keep);
void keep_free(struct keep *keep);

/* The steps at which something can go wrong, and what is so far; ends in NULL. */
struct keep_step_name {
	const char *name;
	const char *state;
};
extern const struct keep_step_name keep_steps[];

/* ---- which list it is ------------------------------------------------------ */

/* What tells hard boots and kernels apart. */
struct keep_identity {
	char boot_id[37];
	enum keep_tpm {
		KEEP_TPM_NONE,
		KEEP_TPM_ABSENT, /* there may be one, but there is none now */
		KEEP_TPM_SILENT,
		KEEP_TPM_ANSWERS
	} tpm;
	struct tpm_identity is; /* if it answers */
};

/*
 * @tpm: NULL: there is none. It is asked, which may take its time: hold nothing that
 * others wait for. Errors are those of reading @boot_id; -EBADMSG: it is none.
 */
int keep_identify(struct tpm *tpm, const char *boot_id, const struct say *log,
		  struct keep_identity *ret_identity);

/* What was found when kernel and archive were last brought together. */
struct keep_report {
	struct keep_decision decision;
	char boot[ARCHIVE_NAME_MAX]; /* folder that is appended to */
	uint64_t end; /* of it, before anything was done about it */
	bool staged; /* a staged list had been left behind */
};

/*
 * Brings together what is in the kernel and what is in the archive: decides
 * (keep/decide.h), begins another boot or archives a gap if it must be. What
 * was left staged is saved by the next keep_drain(). Reads the list once if
 * some of it may be archived. All other functions call it when it is needed:
 * at the beginning, after an error, and when the kernel's count or boot id is
 * not what it was.
 *
 * Errors of source_begin(), of the archive (which is rolled back), and
 * -EBADMSG	the kernel's list cannot be read
 * -ETIMEDOUT	the TPM does not answer, and without it nothing is filed
 */
int keep_reconcile(struct keep *keep, struct keep_report *ret_report);

/* The last one, by whomever it was asked for. NULL: there was none yet. */
const struct keep_report *keep_last_report(const struct keep *keep);

/* ---- adding ---------------------------------------------------------------- */

enum keep_method {
	KEEP_STAGE, /* by A or N, and D: what is read stands still */
	KEEP_TRIM, /* by N or T:N: what is read is what is deleted */
};

struct keep_limits {
	/* Records to leave in the kernel, the newest. Linux 7.2 can only
	 * stage all. */
	uint64_t leave;
	uint64_t chunk; /* records of one transaction; 0: KEEP_CHUNK */
	/* Where the kernel cannot trim, it is staged. Where it cannot stage, it
	 * is trimmed only if that is asked for. */
	enum keep_method method;
	/* Of keep_trim(): records before this index; 0: all. */
	uint64_t up_to;
};

struct keep_result {
	uint64_t nr_saved, saved_len; /* records and bytes that were added */
	uint64_t nr_deleted; /* from the kernel */
	uint64_t nr_skipped; /* archived before, compared */
};

/*
 * Saves and deletes from the kernel until it has at most limits->leave records.
 * *ret_result says what was done, also on failure.
 *
 * -EBUSY	others have the list open: source_blockers()
 * -EACCES	a kexec or reboot is under way, nothing was staged
 * -ESTALE	the same, and nothing was deleted: it comes back, and is known
 * -EIDRM	the archive is no longer what its path names, or was changed by somebody:
 *		archive_lost(); nothing is deleted
 * -EOPNOTSUPP	nothing can be deleted here, or not by that method: keep_copy()
 * -EAGAIN	somebody else staged or deleted at the same time
 * -EUCLEAN	the kernel's list is not what its counts or its answers say
 * -ETIMEDOUT	the TPM does not answer, and is waited for: records were saved if
 *		it is known where they belong, nothing was deleted
 * -EREMCHG	its PCR does not go on (decision.hold of keep_last_report()):
 *		records were saved, nothing was deleted
 * -EBADMSG	the kernel's bytes are no records: what came before them is
 *		archived, nothing is deleted, they are put aside
 * or an error of source or archive. Afterwards both are as they were before the
 * transaction that failed, or as after it.
 */
int keep_drain(struct keep *keep, const struct keep_limits *limits,
	       struct keep_result *ret_result);

/*
 * Deletes, by T:N, exactly those listed records that come before @up_to; what of them is not
 * archived is saved first. All of the kernel's list before @up_to must be from @from on. Beside
 * what keep_drain() returns:
 * -ERANGE	the kernel has records before @from, or none so far as @up_to
 * -EEXIST	something is staged: who staged it has to delete it
 * -EOPNOTSUPP	this kernel has no T:N
 */
int keep_trim(struct keep *keep, uint64_t from, uint64_t up_to,
	      struct keep_result *ret_result);

/*
 * Saves what is new and deletes nothing: all that can be done on an unpatched
 * kernel. Costs what is new, as long as the kernel's list stays in place.
 */
int keep_copy(struct keep *keep, struct keep_result *ret_result);

/*
 * Before kexec or shutdown: drains, limits->leave or not, and copies if @limits is
 * NULL or if nothing can be deleted. If a kernel is loaded for kexec (or it cannot be seen whether one
 * is), it is noted first that the next one is likely of the same hard boot.
 */
int keep_flush_before_kexec(struct keep *keep, const struct keep_limits *limits,
			    struct keep_result *ret_result);

/* ---- the TPM's word -------------------------------------------------------- */

enum keep_verdict {
	KEEP_CHECK_MATCH, /* archived and listed records explain the PCR */
	KEEP_CHECK_MISMATCH, /* no number of them does */
	KEEP_CHECK_UNKNOWN, /* no TPM, or no replay since a gap */
};

struct keep_check {
	enum keep_verdict verdict;
	uint64_t nr_records; /* that the PCR stands for, if it matches */
	uint64_t nr_excess; /* recorded since it was read */
	unsigned int banks; /* that were compared */
	unsigned int padded; /* those that the kernel extends with padded sha1 */
};

/*
 * Do the records of the archive, followed by those in the kernel, replay to the
 * TPM's PCR 10? It is read first, so that the list can only be ahead.
 */
int keep_check(struct keep *keep, struct keep_check *ret_check);

#endif
