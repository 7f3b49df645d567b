/* SPDX-License-Identifier: MIT */
/*
 * What the keeper did or could not do, as sentences: what happened, what it means
 * for the records, what to do about it.
 */
#ifndef SERVICE_WORDS_H
#define SERVICE_WORDS_H

#include "keep/keep.h"
#include "service/job.h"

/* Opening an archive for writing. */
void words_of_archive(int r, const char *dir, char *to, size_t size);

/* "pid 12 (imastaged)": who writes it. False: nobody. */
bool words_of_owner(const char *dir, char *to, size_t size);

/* Another keeper has the kernel, or the archive as well. */
void words_of_claim(const char *source, const char *archive, char *to,
		    size_t size);

/* A drain or reconciliation, with the @nr @holders in its way. */
void words_of_failure(int r, const struct source_holder *holders, size_t nr,
		      char *to, size_t size);
/* -EIDRM, with what archive_lost() says. */
void words_of_lost(const char *lost, char *to, size_t size);
/* Why the TPM lets nothing be deleted. @trouble: what its way says, or "". */
void words_of_keep_hold(enum keep_hold hold, const char *trouble, char *to,
			size_t size);

void words_of_report(const struct keep_report *report, char *to, size_t size);
void words_of_drain(const struct job *job, uint64_t nr_deleted, char *to,
		    size_t size);
void words_of_check(const struct keep_check *check, char *to, size_t size);
void words_of_failed_check(int r, char *to, size_t size);
void words_of_hold(int r, const struct job *job, char *to, size_t size);

/* A job that does not get on: what, since when, what it means. */
void words_of_stall(const struct facts_job *job, char *to, size_t size);

/* "40 records missing: 151..190", "unknown number of records missing before record 151" */
#define WORDS_GAP_LEN 96
const char *words_of_gap(const struct archive_gap *gap,
			 char room[WORDS_GAP_LEN]);

/* "151..190", "151" for one alone, "none": indices, both included. @end is behind the last. */
#define WORDS_RANGE_LEN 48
const char *words_of_range(uint64_t first, uint64_t end,
			   char room[WORDS_RANGE_LEN]);

/* "12.3 MB" */
#define WORDS_BYTES_LEN 32
const char *words_of_bytes(uint64_t bytes, char room[WORDS_BYTES_LEN]);

#endif
