// SPDX-License-Identifier: MIT
/*
 * Sentences.
 */
#include "service/words.h"
#include "base/util.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

const char *words_of_bytes(uint64_t bytes, char room[WORDS_BYTES_LEN])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(room, WORDS_BYTES_LEN, "%" PRIu64 " bytes", bytes);
		return room;
	}
	for (; value >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1000;
	snprintf(room, WORDS_BYTES_LEN, "%.1f %s", value, units[unit]);
	return room;
}

const char *words_of_range(uint64_t first, uint64_t end,
			   char room[WORDS_RANGE_LEN])
{
	if (end > first)
		snprintf(room, WORDS_RANGE_LEN, "%" PRIu64 "..%" PRIu64, first,
			 end - 1);
	else
		snprintf(room, WORDS_RANGE_LEN, "none");
	return room;
}

const char *words_of_gap(const struct archive_gap *gap,
			 char room[WORDS_GAP_LEN])
{
	char range[WORDS_RANGE_LEN];

	if (gap->count)
		snprintf(room, WORDS_GAP_LEN, "%" PRIu64 " records missing: %s",
			 gap->count,
			 words_of_range(gap->first, gap->first + gap->count,
					range));
	else
		snprintf(room, WORDS_GAP_LEN,
			 "unknown number of records missing before record "
			 "%" PRIu64,
			 gap->first);
	return room;
}

void words_of_stall(const struct facts_job *job, char *to, size_t size)
{
	snprintf(to, size,
		 "%s: no progress for more than %" PRIu64 " s (stall_limit): "
		 "a disk, the TPM or the kernel does not answer; nothing is "
		 "saved or deleted until it does",
		 job_name(job->kind), job->limit_ms / 1000);
}

/* ---- who has the archive --------------------------------------------------- */

static void name_process(int pid, char *to, size_t size)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(comm, sizeof(comm), file))
			comm[0] = '\0';
		fclose(file);
	}
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(to, size, "pid %d (%s)", pid, *comm ? comm : "?");
}

/* /proc/locks: "1: FLOCK  ADVISORY  WRITE 12 08:01:3456 0 EOF" */
static int find_lock(const struct stat *st)
{
	cleanup_fclose FILE *file = fopen("/proc/locks", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned int major, minor;
		uint64_t inode;
		int pid;

		if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid,
			   &major, &minor, &inode) == 4 &&
		    inode == (uint64_t)st->st_ino &&
		    major == major(st->st_dev) && minor == minor(st->st_dev))
			return pid;
	}
	return -1;
}

/* False: nobody that can be seen from here has locked it. */
static bool name_lock_owner(const char *path, char *to, size_t size)
{
	struct stat st;
	int pid = stat(path, &st) < 0 ? -1 : find_lock(&st);

	if (pid > 0)
		name_process(pid, to, size);
	return pid > 0;
}

bool words_of_owner(const char *dir, char *to, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/lock", dir);
	return name_lock_owner(path, to, size);
}

void words_of_claim(const char *source, const char *archive, char *to,
		    size_t size)
{
	char owner[64] = "another process";

	if (words_of_owner(archive, owner, sizeof(owner))) {
		words_of_archive(-EBUSY, archive, to, size);
		return;
	}
	(void)name_lock_owner(source, owner, sizeof(owner));
	snprintf(to, size,
		 "%s: %s keeps this kernel: its archive would lack for good "
		 "what is taken here; ask it, or stop it first",
		 source, owner);
}

void words_of_archive(int r, const char *dir, char *to, size_t size)
{
	char owner[64];

	switch (r) {
	case -EBUSY:
		if (!words_of_owner(dir, owner, sizeof(owner)))
			snprintf(owner, sizeof(owner), "another process");
		snprintf(to, size, "%s: %s has this archive; there can be one",
			 dir, owner);
		break;
	case -ENOENT:
		snprintf(to, size, "%s: the folder that it is in is not there",
			 dir);
		break;
	case -EACCES:
	case -EPERM:
		snprintf(to, size, "%s: an archive is for root only", dir);
		break;
	default:
		snprintf(to, size, "%s: %s", dir, strerror(-r));
	}
}

/* ---- drains ---------------------------------------------------------------- */

/* Open files keep a file system from being unmounted, and see the old one for ever. */
#define RESTART "; to unmount and repair it, stop imastaged, and start it after"

static void words_of_holders(const struct source_holder *holders, size_t nr,
			     char *to, size_t size)
{
	size_t len;

	if (nr == 0) {
		snprintf(to, size,
			 "the kernel's list is held open by a process that "
			 "cannot be seen from here");
		return;
	}
	len = (size_t)snprintf(to, size, "the kernel's list is held open by ");
	for (size_t i = 0; i < nr && len < size; i++)
		len += (size_t)snprintf(
			to + len, size - len, "%s%spid %d (%s) %s %s",
			i ? ", " : "",
			holders[i].view ? "our own view (imastage mount), " :
					  "",
			(int)holders[i].pid, holders[i].comm,
			holders[i].writes ? "writing" : "reading",
			holders[i].path);
}

void words_of_failure(int r, const struct source_holder *holders, size_t nr,
		      char *to, size_t size)
{
	static const struct {
		int error;
		const char *text;
	} all[] = {
		{ ENOSPC, "the archive's disk is full: records stay in the "
			  "kernel until there is room" },
		{ EDQUOT,
		  "the archive's disk quota is used up: records stay in "
		  "the kernel until there is room" },
		{ EROFS, "the archive's disk is read-only: records stay in the "
			 "kernel" RESTART },
		{ EIO, "input/output error, of the archive's disk unless the "
		       "log says other: records stay in the kernel" RESTART },
		{ EACCES, "a kexec or reboot is under way: records stay in the "
			  "kernel, the next one has them" },
		{ ESTALE,
		  "a kexec or reboot is under way: what was saved comes "
		  "back with the next kernel, and is known" },
		{ EPERM, "the kernel's list can be changed by root with "
			 "CAP_SYS_ADMIN only" },
		{ EBADMSG,
		  "the kernel's list or the archive cannot be "
		  "understood, the log says which: nothing is deleted" },
		{ ENOMEM, "out of memory: records stay in the kernel" },
		{ EAGAIN, "somebody else stages or deletes records at the same "
			  "time: records stay in the kernel, it is tried "
			  "again" },
		{ EUCLEAN,
		  "the kernel's list is not what the kernel says it is, the "
		  "log says how: nothing more is deleted" },
	};

	if (r == -EBUSY) {
		words_of_holders(holders, nr, to, size);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].error == -r) {
			snprintf(to, size, "%s", all[i].text);
			return;
		}
	}
	snprintf(to, size, "records cannot be saved and stay in the kernel: %s",
		 strerror(-r));
}

void words_of_lost(const char *lost, char *to, size_t size)
{
	snprintf(to, size,
		 "the archive is not what it was: %s; records stay in the "
		 "kernel: put it back, or restart imastaged, which opens what "
		 "is there then",
		 lost ? lost : "it was removed or changed by somebody");
}

void words_of_drain(const struct job *job, uint64_t nr_deleted, char *to,
		    size_t size)
{
	char bytes[WORDS_BYTES_LEN];

	snprintf(to, size,
		 "saved %" PRIu64 " records (%s) in %.3f s, deleted %" PRIu64
		 " from the kernel (%s)",
		 job->records, words_of_bytes(job->bytes, bytes),
		 (double)job->ms / 1000, nr_deleted, job->reason);
}

/* ---- the rest -------------------------------------------------------------- */

static const char *const cases[KEEP_NR_CASES] = {
	[KEEP_CASE_FIRST] = "the archive is new",
	[KEEP_CASE_SAME] = "the same kernel as before",
	[KEEP_CASE_KEXEC] = "another kernel of the same hard boot",
	[KEEP_CASE_HARD_BOOT] = "a hard boot",
	[KEEP_CASE_GAP] = "records are missing: somebody else deleted them",
	[KEEP_CASE_CONTRADICTION] =
		"the kernel's list contradicts the archive: a new folder",
	[KEEP_CASE_WAIT] = "the TPM is waited for",
};

void words_of_keep_hold(enum keep_hold hold, const char *trouble, char *to,
			size_t size)
{
	static const char *const texts[KEEP_NR_HOLDS] = {
		[KEEP_HOLD_NONE] = "",
		[KEEP_HOLD_SILENT] =
			"waiting for the TPM, nothing is deleted until it answers; if there is none any more, say 'tpm = none'",
		[KEEP_HOLD_RESTART] =
			"the TPM began anew while this hard boot went on (as by hibernation): nothing explains its PCR 10 until the next hard boot; records are saved, none is deleted",
		[KEEP_HOLD_UNPROVED] =
			"the TPM's PCR 10 does not prove where the kernel's list belongs: records are saved, none is deleted until it does, or until the next hard boot",
	};

	snprintf(to, size, "%s%s%s%s", texts[hold], *trouble ? " (" : "",
		 trouble, *trouble ? ")" : "");
}

void words_of_report(const struct keep_report *report, char *to, size_t size)
{
	const struct keep_decision *decision = &report->decision;
	char gap[64] = "";

	if (decision->gap == KEEP_GAP_UNKNOWN)
		snprintf(gap, sizeof(gap), ", an unknown number missing");
	else if (decision->gap)
		snprintf(gap, sizeof(gap), ", %" PRIu64 " missing",
			 decision->gap);
	snprintf(to, size,
		 "%s%s; boot %s, the kernel's list begins with record %" PRIu64
		 ", %" PRIu64 " of it are archived%s%s",
		 cases[decision->what], decision->likely ? " (likely)" : "",
		 report->boot, decision->first, decision->nr_kept,
		 report->staged ? ", some were left staged" : "", gap);
}

void words_of_check(const struct keep_check *check, char *to, size_t size)
{
	switch (check->verdict) {
	case KEEP_CHECK_MATCH:
		snprintf(to, size,
			 "archive and kernel explain the TPM's PCR 10: %" PRIu64
			 " records, %" PRIu64 " since%s",
			 check->nr_records, check->nr_excess,
			 check->padded ? "; some banks have padded sha1" : "");
		break;
	case KEEP_CHECK_MISMATCH:
		snprintf(to, size,
			 "archive and kernel do not explain the TPM's PCR 10: "
			 "records were lost, changed or added by somebody");
		break;
	default:
		snprintf(to, size,
			 "nothing to check against: no TPM, or "
			 "records are missing since a gap");
	}
}

void words_of_failed_check(int r, char *to, size_t size)
{
	snprintf(to, size,
		 "archive and kernel could not be compared with the TPM's PCR "
		 "10: %s; it is tried again",
		 strerror(-r));
}

void words_of_hold(int r, const struct job *job, char *to, size_t size)
{
	switch (r) {
	case -ENOENT:
		if (job->kind == JOB_RELEASE)
			snprintf(to, size, "there is no hold '%s'", job->name);
		else
			snprintf(to, size, "there is no boot '%s'", job->boot);
		break;
	case -EPERM:
		snprintf(to, size,
			 "hold '%s' belongs to another user; it is changed by "
			 "its owner or by root",
			 job->name);
		break;
	case -ERANGE:
		snprintf(to, size,
			 "record %" PRIu64 " is behind the end of the archive",
			 job->from);
		break;
	case -EINVAL:
		snprintf(to, size,
			 "a hold has a name of 1 to %d bytes without control "
			 "characters",
			 ARCHIVE_NAME_MAX - 1);
		break;
	default:
		snprintf(to, size, "%s", strerror(-r));
	}
}
