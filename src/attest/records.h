/* SPDX-License-Identifier: MIT */
/*
 * The records of a boot, for evidence: archive and kernel's list as one row (keep/live.h), or,
 * where there is no archive, what the kernel lists alone, copied to a nameless file.
 *
 * What always holds: nothing is held that others wait for but in attest_records_refresh(), and
 * there for as long as reading what is new takes. What was read stays as it was read.
 *
 * Needs no keeper, and disturbs none. For one thread.
 */
#ifndef ATTEST_RECORDS_H
#define ATTEST_RECORDS_H

#include "archive/archive.h"
#include "source/source.h"

struct attest_records;

struct attest_records_options {
	/* NULL: none is looked at. Its texts have to stay. */
	const struct archive_options *archive;
	struct source *source; /* borrowed */
	const char *boot_id; /* path; NULL: the kernel's */
	const char *spool_dir; /* where a nameless file is made; must be there */
	const struct say *say; /* what is wrong, and what to do about it */
	bool (*stop)(void *context); /* true: -EINTR; may be NULL */
	void *context;
};

/* An archive that is not there is none. -ENOMEM, or what was said of the archive. */
int attest_records_open(const struct attest_records_options *options,
			struct attest_records **ret_records);

/* The same of what is archived of @boot alone. @archive, of a reader or writer, is borrowed. -ENOMEM. */
int attest_records_archived(struct archive *archive,
			    const struct archive_boot *boot,
			    const struct say *say,
			    struct attest_records **ret_records);
void attest_records_close(struct attest_records *records);

/*
 * On return every record is there whose PCR extend was over before. What is wrong is said:
 * -EBUSY	a writer has the kernel's list, for as long as the source waits
 * -ESTALE	the archive is not brought together with this kernel
 * or an error of reading either.
 */
int attest_records_refresh(struct attest_records *records);

/* As of the last refresh: the oldest record, the index behind the last; behind the last that
 * is archived: 0 without an archive. */
struct attest_extent {
	uint64_t first, end, archived;
};
struct attest_extent
attest_records_extent(const struct attest_records *records);

/* As archive_replay_at(). */
int attest_records_replay_at(struct attest_records *records, uint64_t at,
			     struct imastage_replay **ret_replay);

/*
 * Gives the records from @from to before @to to @take, which ends it by returning another
 * value than 0: returns that. What is wrong is said: -ENODATA: records are missing (a gap);
 * -ESTALE: pruned meanwhile; -EINTR; or what reading says.
 */
int attest_records_each(struct attest_records *records, uint64_t from,
			uint64_t to,
			int (*take)(void *context,
				    const struct imastage_record *record),
			void *context);

#endif
