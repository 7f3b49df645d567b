/* SPDX-License-Identifier: MIT */
/*
 * Statements of the index, prepared once and used again.
 *
 *	int r;
 *	struct sqlite3_stmt *query = query_take(index, QUERY_NOTE, &r);
 *
 *	if (!query)
 *		return r;
 *	sql_bind_text(query, 1, key);
 *	r = query_step(index, query);		(0: a row, IMASTAGE_END, error)
 *	if (r == 0)
 *		... query_text(index, query, 0, value, sizeof(value)) ...
 *	query_give(index, query);
 */
#ifndef ARCHIVE_QUERY_H
#define ARCHIVE_QUERY_H

#include "base/sql.h"
#include "archive/index.h"

#include <sqlite3.h>

enum query {
	QUERY_BEGIN,
	QUERY_COMMIT,
	QUERY_ROLLBACK,
	QUERY_TOUCH,
	QUERY_DATA_VERSION,
	QUERY_SCHEMA,
	QUERY_CHECK,
	QUERY_BOOT_ADD,
	QUERY_BOOT_NEXT,
	QUERY_BOOT_LAST,
	QUERY_BOOT_REMOVE,
	QUERY_BASE_GET,
	QUERY_BASE_SET,
	QUERY_KERNEL_ADD,
	QUERY_KERNELS_REMOVE,
	QUERY_TPM_SET,
	QUERY_TPM_REMOVE,
	QUERY_SEGMENT_AT,
	QUERY_SEGMENT_FROM,
	QUERY_SEGMENT_RAW,
	QUERY_SEGMENT_PUT,
	QUERY_SEGMENT_REMOVE,
	QUERY_STORED_BYTES,
	QUERY_GAP_NEXT,
	QUERY_GAP_PUT,
	QUERY_GAPS_REMOVE,
	QUERY_PENDING_GET,
	QUERY_PENDING_SET,
	QUERY_PENDING_CLEAR,
	QUERY_NOTE_GET,
	QUERY_NOTE_SET,
	QUERY_NOTE_CLEAR,
	QUERY_HOLD_PUT,
	QUERY_HOLD_REMOVE,
	QUERY_HOLD_NEXT,
	QUERY_HOLD_OLDEST,
	QUERY_QUOTE_ADD,
	QUERY_QUOTE_NEXT,
	QUERY_QUOTES_THIN,
	QUERY_QUOTES_REMOVE,
	NR_QUERIES,
};

_Static_assert(NR_QUERIES <= INDEX_NR_QUERIES, "room for all statements");

/* What each of them says. */
extern const char *const query_texts[NR_QUERIES];

/* Locks the index. NULL: it could not be prepared, *ret says why. */
struct sqlite3_stmt *query_take(struct index *index, enum query which,
				int *ret);
int query_step(struct index *index, struct sqlite3_stmt *query);
void query_give(struct index *index, struct sqlite3_stmt *query);

/* Takes, steps to the end and gives one without parameters. */
int query_run(struct index *index, enum query which);

/* Says what SQLite's @rc means, and returns it as an errno. */
int query_fail(struct index *index, int rc);

/* Says that what the index holds is wrong, and returns -EBADMSG. */
int query_damaged(struct index *index, const char *reason);

/* Parameters and other columns: base/sql.h. */
/* -EBADMSG when it does not fit with its NUL or has one inside; -ENOMEM. */
int query_text(struct index *index, struct sqlite3_stmt *query, int at,
	       char *ret_text, size_t size);
/* @ret_blob: its memory is used again. -ENOMEM. */
int query_blob(struct sqlite3_stmt *query, int at,
	       struct imastage_buffer *ret_blob);
/* -EBADMSG unless it is as long as a SHA-256. */
int query_sha256(struct index *index, struct sqlite3_stmt *query, int at,
		 uint8_t ret_sha256[ARCHIVE_SHA256_LEN]);

#endif
