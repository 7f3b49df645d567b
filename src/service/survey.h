/* SPDX-License-Identifier: MIT */
/*
 * How things stand: what the kernel holds, what the archive holds, who keeps
 * what and who is in the way. A plain value, so that one thread can take it and
 * another one show it.
 */
#ifndef SERVICE_SURVEY_H
#define SERVICE_SURVEY_H

#include "archive/archive.h"
#include "source/source.h"

struct json_object; /* json-c */

#define SURVEY_HOLDERS_MAX 8
#define SURVEY_TEXT_MAX 256
#define SURVEY_GAPS_MAX 32
#define SURVEY_HOLDS_MAX 64

struct survey_gap {
	char boot[ARCHIVE_NAME_MAX];
	struct archive_gap is;
};

struct survey_hold {
	char boot[ARCHIVE_NAME_MAX];
	struct archive_hold is;
};

struct survey {
	int kernel_error; /* negative errno: nothing is known of the kernel */
	char kernel_text[SURVEY_TEXT_MAX]; /* what to do about it, if known */
	int64_t counted; /* when the kernel was last looked at; 0: never */
	struct source_abilities abilities;
	struct source_counts counts;
	size_t nr_holders;
	struct source_holder holders[SURVEY_HOLDERS_MAX];

	int archive_error; /* the same of the archive; -ENOENT: none yet */
	uint64_t nr_boots, nr_records, nr_segments; /* all that is kept */
	uint64_t nr_missing; /* in gaps whose size is known */
	uint64_t bytes, stored_bytes;
	bool has_boot;
	struct archive_boot boot; /* the last one */
	bool has_pending;
	struct archive_pending pending;
	int64_t appended; /* when the last segment was; 0: never */

	/* Index of the kernel's first record; archived before it: */
	bool has_first;
	uint64_t first;
	uint64_t nr_freed; /* records that exist, not those of gaps */
	uint64_t freed_bytes; /* of the list; up to a mark while it has some of the archive */

	/* Of all, as many as fit here; the last ones of gaps. */
	uint64_t nr_gaps, nr_holds;
	struct survey_gap gaps[SURVEY_GAPS_MAX];
	struct survey_hold holds[SURVEY_HOLDS_MAX];
};

/*
 * Either may be NULL: its error stays as it is in *survey. Opens no list, and
 * costs a few small files and rows.
 */
void survey_kernel(struct survey *survey, struct source *source);
void survey_archive(struct survey *survey, struct archive *archive);

/* From which index on the kernel has records: what the keeper knows. */
void survey_set_first(struct survey *survey, struct archive *archive,
		      uint64_t first);

/*
 * The members "kernel", "archive", "freed", "gaps", "holds", "holders" of a
 * status, as docs/agent-protocol.md has them, added to @to.
 */
void survey_add_json(const struct survey *survey, struct json_object *to);

/* A member of "gaps". */
struct json_object *survey_gap_json(const struct archive_gap *gap,
				    const char *boot);

/* "2026-11-25T22:40:01Z" */
#define SURVEY_TIME_LEN 32
const char *survey_time(int64_t seconds, char room[SURVEY_TIME_LEN]);

/* Members of an object; memory that is missing leaves them out. */
void survey_put_number(struct json_object *to, const char *name,
		       uint64_t value);
void survey_put_text(struct json_object *to, const char *name,
		     const char *text);

#endif
