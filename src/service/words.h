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

/* A drain or reconciliation, with the @nr @holders in its way. */
void words_of_failure(int r, const struct source_holder *holders, size_t nr,
		      char *to, size_t size);
void words_of_report(const struct keep_report *report, char *to, size_t size);
void words_of_drain(const struct job *job, uint64_t nr_deleted, char *to,
		    size_t size);
void words_of_check(const struct keep_check *check, char *to, size_t size);
void words_of_hold(int r, const struct job *job, char *to, size_t size);

/* "12.3 MB" */
#define WORDS_BYTES_LEN 32
const char *words_of_bytes(uint64_t bytes, char room[WORDS_BYTES_LEN]);

#endif
