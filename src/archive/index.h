/* SPDX-License-Identifier: MIT */
/*
 * The index: an SQLite database, and the only file that says Structured Query
 * Language. docs/format-archive.md describes the tables.
 *
 * Every function takes one step and lets go: no statement stays open between
 * calls, so that no reader holds a snapshot for long. Functions may be called by
 * several threads at once, as long as none has begun a transaction.
 *
 * Whatever is wrong is said with the path and SQLite's words, and returned
 * as the errno that fits: -EBADMSG damaged, -ENOTSUP another version, -ENOMEM,
 * -ENOSPC, -EROFS, -EBUSY, or -EIO.
 */
#ifndef ARCHIVE_INDEX_H
#define ARCHIVE_INDEX_H

#include "archive/row.h"

#include <pthread.h>

#define INDEX_NR_QUERIES 48

struct index {
	struct sqlite3 *db; /* owned */
	struct sqlite3_stmt
		*queries[INDEX_NR_QUERIES]; /* owned, made when used */
	pthread_mutex_t lock; /* of all of the above */
	char *path; /* owned */
	const struct say *say;
	bool in_transaction;
	int64_t data_version; /* at the last index_changed() */
};

/*
 * Of @options dir, io, vfs and say are used. Makes it when it is not there. The folder has to be
 * synced by the caller.
 */
int index_open_writer(struct index *index,
		      const struct archive_options *options);
/* -ENOENT: there is none. */
int index_open_reader(struct index *index,
		      const struct archive_options *options);
void index_close(struct index *index);

/* Does the path lead to another file than the one that is open? */
bool index_has_moved(struct index *index);

/* ---- transactions ---------------------------------------------------------- */

/* Begins one unless it has begun. */
int index_begin(struct index *index);

/* When it fails, it is open whether what was done is there after a power loss. */
int index_commit(struct index *index);
/* When it fails, for which lack of memory is enough, the transaction stays open. */
int index_rollback(struct index *index);

/*
 * A transaction of its own that changes nothing that matters. When it has succeeded, what is
 * seen is on stable storage, and what a failed commit left behind can no
 * longer come back.
 */
int index_touch(struct index *index);

/* ARCHIVE_CHANGED when anybody committed something since the last call. */
int index_changed(struct index *index);

/* 0, or ARCHIVE_DAMAGED after @report was called with what SQLite finds. */
int index_check(struct index *index,
		int (*report)(void *context, const char *text), void *context);

/* ---- boots ----------------------------------------------------------------- */

/* Where the oldest record kept begins, and what was there before it. */
struct index_base {
	struct archive_place place;
	uint8_t chain[ARCHIVE_SHA256_LEN];
	unsigned int banks; /* replayed */
	struct imastage_buffer
		state; /* owned; empty: fresh when place is 0, else not known */
};

int index_add_boot(struct index *index, const struct archive_boot *key,
		   int64_t now, unsigned int banks, int64_t *ret_id);
/* Of @key its reset_count, restart_count and ek. */
int index_set_tpm(struct index *index, int64_t boot,
		  const struct archive_boot *key);
int index_remove_boot(struct index *index, int64_t boot);
int index_add_kernel(struct index *index, int64_t boot, const char *boot_id,
		     uint64_t first, int64_t now);

/* The first with id >= @at_least. IMASTAGE_END: none. */
int index_next_boot(struct index *index, int64_t at_least,
		    struct archive_boot *ret_boot);
int index_last_boot(struct index *index, int64_t *ret_id);
/* The last with id < @before. IMASTAGE_END. */
int index_boot_before(struct index *index, int64_t before, int64_t *ret_id);

int index_get_base(struct index *index, int64_t boot,
		   struct index_base *ret_base);
/* But for the banks. */
int index_set_base(struct index *index, int64_t boot,
		   const struct index_base *base);

/* ---- segments -------------------------------------------------------------- */

enum index_parts {
	INDEX_MARKS = 1 << 0,
	INDEX_FRAMES = 1 << 1,
	INDEX_STATE = 1 << 2,
};

/*
 * *row must be zeros or a row that was got before, whose memory is used again.
 * Blobs not asked for are empty. IMASTAGE_END: there is none.
 */

/* The one with the largest first <= @index. */
int index_segment_at(struct index *index, int64_t boot, uint64_t at,
		     unsigned int parts, struct row *row);
/* The one with the smallest first >= @at. */
int index_segment_from(struct index *index, int64_t boot, uint64_t at,
		       unsigned int parts, struct row *row);
/*
 * The first to be compressed that is not before record @at of @boot: raw, and sealed or of
 * an older boot than @last.
 */
int index_segment_to_compress(struct index *index, int64_t last, int64_t boot,
			      uint64_t at, struct row *row);

/* Inserts it when row->id is 0, and sets that; else replaces it. */
int index_put_segment(struct index *index, struct row *row);
int index_remove_segment(struct index *index, int64_t id);

/* Stored bytes of all segments. */
int index_stored_bytes(struct index *index, uint64_t *ret_bytes);

/* ---- the rest -------------------------------------------------------------- */

/* With the smallest end > @at, or at @at and of unknown size. IMASTAGE_END. */
int index_next_gap(struct index *index, int64_t boot, uint64_t at,
		   struct archive_gap *ret_gap);
int index_put_gap(struct index *index, const struct archive_gap *gap);
int index_remove_gaps(struct index *index, int64_t boot, uint64_t before);

int index_set_pending(struct index *index,
		      const struct archive_pending *pending);
int index_get_pending(struct index *index, struct archive_pending *ret_pending);

/* A quote that was read, and where. Zeros at first; its memory is used again. */
struct index_quote {
	struct archive_quote is; /* views of what follows */
	int64_t id;
	struct imastage_buffer msg, sig, pcrs, ak; /* owned */
};

int index_add_quote(struct index *index, const struct archive_quote *quote);
/* Leaves ARCHIVE_QUOTES_MAX of the boot. */
int index_thin_quotes(struct index *index, int64_t boot);
/* The one behind *quote. IMASTAGE_END: there is none. */
int index_next_quote(struct index *index, int64_t boot,
		     struct index_quote *quote);
void index_quote_fini(struct index_quote *quote);

int index_set_note(struct index *index, const char *key, const char *value);
/* IMASTAGE_END: there is none. */
int index_get_note(struct index *index, const char *key,
		   char ret_value[ARCHIVE_VALUE_MAX]);

int index_put_hold(struct index *index, const struct archive_hold *hold);
/* IMASTAGE_END: there is none. */
int index_remove_hold(struct index *index, const char *name);
/* The first whose name sorts behind @after. */
int index_next_hold(struct index *index, const char *after,
		    struct archive_hold *ret_hold);
/* The one that keeps most. */
int index_oldest_hold(struct index *index, struct archive_hold *ret_hold);

#endif
