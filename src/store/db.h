/* SPDX-License-Identifier: MIT */
/*
 * The store as a file, and its statements: prepared once, used again.
 *
 *	int r;
 *	struct sqlite3_stmt *query = db_take(store, QUERY_NOTE, &r);
 *
 *	if (!query)
 *		return r;
 *	sqlite3_bind_...
 *	r = db_step(store, query);	(0: a row, DB_END, error)
 *	sqlite3_reset(query)
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/sql.h"
#include "store/store.h"

#include <sqlite3.h>

#define DB_END 100

enum query {
	QUERY_BEGIN,
	QUERY_COMMIT,
	QUERY_ROLLBACK,
	QUERY_SAVEPOINT,
	QUERY_RELEASE,
	QUERY_ROLLBACK_TO,
	QUERY_SCHEMA,
	QUERY_CHECK,
	QUERY_VERIFIER_GET,
	QUERY_MACHINE_GET,
	QUERY_MACHINE_BY_AK,
	QUERY_MACHINE_BY_EK,
	QUERY_MACHINE_NEXT,
	QUERY_MACHINE_PUT,
	QUERY_MACHINE_REMOVE,
	QUERY_ENROLMENT_PUT,
	QUERY_ENROLMENT_GET,
	QUERY_ENROLMENT_REMOVE,
	QUERY_ENROLMENT_PRUNE,
	QUERY_CHALLENGE_PUT,
	QUERY_CHALLENGE_GET,
	QUERY_CHALLENGE_USE,
	QUERY_CHALLENGE_PRUNE,
	QUERY_CHALLENGE_LIMIT,
	QUERY_CHALLENGES_REMOVE,
	QUERY_CHECKPOINT_LAST,
	QUERY_CHECKPOINT_AT,
	QUERY_CHECKPOINT_PUT,
	QUERY_CHECKPOINT_THIN,
	QUERY_CHECKPOINTS_REMOVE,
	QUERY_VERDICT_PUT,
	QUERY_VERDICT_LAST,
	QUERY_VERDICT_PRUNE,
	QUERY_VERDICTS_REMOVE,
	QUERY_KEPT_PUT,
	QUERY_KEPT_NEXT,
	QUERY_KEPT_ROUND,
	QUERY_KEPT_NAMED,
	QUERY_KEPT_SUM,
	QUERY_KEPT_SUM_BEFORE,
	QUERY_KEPT_REMOVE_BEFORE,
	QUERY_KEPT_REMOVE,
	QUERY_DECISION_PUT,
	NR_QUERIES,
};

struct schema_table {
	const char *name;
	const char *text;
};

#define SCHEMA_APPLICATION_ID 0x494d5653 /* "IMVS" */
#define SCHEMA_VERSION 2

/* In ascending order of names; the last has none. */
extern const struct schema_table db_tables[];
extern const char *const db_texts[NR_QUERIES];

struct store {
	struct sqlite3 *db; /* owned */
	struct sqlite3_stmt *queries[NR_QUERIES]; /* owned, made when used */
	char *path; /* owned */
	const struct io *io; /* for what is not SQLite's */
	char *kept; /* owned; folder of the evidence that is kept */
	char *arriving; /* owned; in it, what no verdict has named yet */
	bool keeps;
	const struct say *say;
	char verifier[STORE_ID_LEN + 1];
	bool in_round; /* between db_begin() and db_end() */
	bool in_group;
	bool group_lost; /* a part of it could not be taken back */
	struct dsse_key *own[DSSE_KEYS_MAX]; /* owned; the first one signs */
	struct dsse_keys keys; /* the same */
};

/* Opens, checks, makes. */
int db_open(struct store *store, const struct store_options *options);
void db_close(struct store *store);

/* NULL: *ret says why. */
struct sqlite3_stmt *db_take(struct store *store, enum query which, int *ret);
int db_step(struct store *store, struct sqlite3_stmt *query);
/* Steps to the end and resets. */
int db_finish(struct store *store, struct sqlite3_stmt *query);
/* One without parameters. */
int db_run(struct store *store, enum query which);
int db_damaged(struct store *store, const char *reason);

/*
 * A transaction, or a part of the group's. db_end() with the result so far: commits when it
 * is 0, else takes all of it back. Returns the result, or what went wrong.
 */
int db_begin(struct store *store);
int db_end(struct store *store, int r);

/* Parameters and other columns: base/sql.h. */
/* A view, until the next step. Empty for NULL. */
struct imastage_bytes db_bytes(struct sqlite3_stmt *query, int at);
/* -EBADMSG when it does not fit with its NUL, or has one inside. */
int db_text(struct store *store, struct sqlite3_stmt *query, int at,
	    char *ret_text, size_t size);
/* -EBADMSG when it is longer than @capacity. */
int db_copy(struct store *store, struct sqlite3_stmt *query, int at,
	    size_t capacity, uint8_t *ret_data, size_t *ret_len);

/* Random bytes of OpenSSL's. -EIO after it has said so. */
int db_random(struct store *store, uint8_t *ret_data, size_t len);

#endif
