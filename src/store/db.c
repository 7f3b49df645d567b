// SPDX-License-Identifier: MIT
/*
 * The file: opened, checked, made; statements; transactions.
 */
#include "store/db.h"
#include "base/hex.h"
#include "base/sql.h"
#include "base/util.h"

#include <errno.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <time.h>

#define BLOB_LEN_MAX ((int)1 << 20)

static int fail(struct store *store, int rc)
{
	return sql_fail(store->db, rc, store->path, store->say);
}

int db_damaged(struct store *store, const char *reason)
{
	say(store->say, SAY_ERROR, "%s: damaged: %s; restore it from a backup",
	    store->path, reason);
	return -EBADMSG;
}

static int run(struct store *store, const char *text)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(store->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : fail(store, rc);
}

int db_random(struct store *store, uint8_t *ret_data, size_t len)
{
	if (RAND_bytes(ret_data, (int)len) == 1)
		return 0;
	return say_errno(store->say, -EIO, "random numbers");
}

/* ---- statements ---------------------------------------------------------------- */

/*
 * A transaction that could not be taken back, for which lack of memory is enough, is open
 * still: nobody may see what is in it.
 */
static bool is_left_open(const struct store *store, enum query which)
{
	return which != QUERY_ROLLBACK && !store->in_round &&
	       !store->in_group && !sqlite3_get_autocommit(store->db);
}

struct sqlite3_stmt *db_take(struct store *store, enum query which, int *ret)
{
	struct sqlite3_stmt **query = &store->queries[which];
	int rc = SQLITE_OK;

	if (is_left_open(store, which)) {
		*ret = db_run(store, QUERY_ROLLBACK);
		if (*ret < 0)
			return NULL;
	}
	errno = 0;
	if (!*query)
		rc = sqlite3_prepare_v3(store->db, db_texts[which], -1,
					SQLITE_PREPARE_PERSISTENT, query, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_reset(*query);
		sqlite3_clear_bindings(*query);
		return *query;
	}
	*ret = fail(store, rc);
	return NULL;
}

int db_step(struct store *store, struct sqlite3_stmt *query)
{
	int rc, r;

	errno = 0;
	rc = sqlite3_step(query);
	if (rc == SQLITE_ROW)
		return 0;
	r = rc == SQLITE_DONE ? DB_END : fail(store, rc);
	sqlite3_reset(query);
	return r;
}

int db_finish(struct store *store, struct sqlite3_stmt *query)
{
	int r;

	do
		r = db_step(store, query);
	while (r == 0);
	sqlite3_reset(query);
	return r == DB_END ? 0 : r;
}

int db_run(struct store *store, enum query which)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, which, &r);

	return query ? db_finish(store, query) : r;
}

/* ---- transactions ---------------------------------------------------------------- */

static int group_is_lost(const struct store *store)
{
	return say_errno(store->say, -EIO,
			 "%s: the group of rounds is lost; begin it again",
			 store->path);
}

int db_begin(struct store *store)
{
	int r;

	if (store->group_lost)
		return group_is_lost(store);
	r = db_run(store, store->in_group ? QUERY_SAVEPOINT : QUERY_BEGIN);
	store->in_round = r == 0;
	return r;
}

static int take_back_part(struct store *store)
{
	int r = db_run(store, QUERY_ROLLBACK_TO);

	return r < 0 ? r : db_run(store, QUERY_RELEASE);
}

/* Whatever SQLite still has open of it. Quietly: why is said already. */
static void take_back(struct store *store)
{
	const struct say *say_to = store->say;

	store->say = NULL;
	if (store->in_group)
		store->group_lost |= take_back_part(store) < 0;
	else if (!sqlite3_get_autocommit(store->db))
		(void)db_run(store, QUERY_ROLLBACK);
	store->say = say_to;
}

int db_end(struct store *store, int r)
{
	if (r == 0)
		r = db_run(store,
			   store->in_group ? QUERY_RELEASE : QUERY_COMMIT);
	if (r != 0)
		take_back(store);
	store->in_round = false;
	return r;
}

int store_begin_group(struct store *store)
{
	int r = db_run(store, QUERY_BEGIN);

	store->in_group = r == 0;
	store->group_lost = false;
	return r;
}

int store_end_group(struct store *store)
{
	/* SQLite may have given up all of it, when the disk was full. */
	bool lost = store->group_lost || sqlite3_get_autocommit(store->db);
	int r;

	store->in_group = false;
	store->group_lost = false;
	store->in_round = true;
	r = db_end(store, lost ? -EIO : 0);
	return lost ? group_is_lost(store) : r;
}

/* ---- parameters and columns ----------------------------------------------------------- */

struct imastage_bytes db_bytes(struct sqlite3_stmt *query, int at)
{
	const void *data = sqlite3_column_blob(query, at);
	int len = sqlite3_column_bytes(query, at);

	return bytes_of(data, data ? (size_t)len : 0);
}

int db_text(struct store *store, struct sqlite3_stmt *query, int at,
	    char *ret_text, size_t size)
{
	const unsigned char *text = sqlite3_column_text(query, at);
	size_t len = (size_t)sqlite3_column_bytes(query, at);

	if (!text && sqlite3_column_type(query, at) != SQLITE_NULL)
		return -ENOMEM;
	if (!text || len >= size || memchr(text, 0, len))
		return db_damaged(store, "a text has no sensible length");
	memcpy(ret_text, text, len);
	ret_text[len] = '\0';
	return 0;
}

int db_copy(struct store *store, struct sqlite3_stmt *query, int at,
	    size_t capacity, uint8_t *ret_data, size_t *ret_len)
{
	struct imastage_bytes bytes = db_bytes(query, at);

	if (!bytes.data && sqlite3_column_bytes(query, at) > 0)
		return -ENOMEM;
	if (bytes.len > capacity)
		return db_damaged(store, "a value is too long");
	if (bytes.len > 0)
		memcpy(ret_data, bytes.data, bytes.len);
	*ret_len = bytes.len;
	return 0;
}

/* ---- what it must be --------------------------------------------------------------------- */

static int get_pragma(struct store *store, const char *text, int64_t *ret)
{
	struct sqlite3_stmt *query;
	int rc, r;

	errno = 0;
	rc = sqlite3_prepare_v2(store->db, text, -1, &query, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(query);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(query, 0);
	r = rc == SQLITE_ROW ? 0 : fail(store, rc);
	sqlite3_finalize(query);
	return r;
}

static bool is_table(struct sqlite3_stmt *query,
		     const struct schema_table *table)
{
	const void *name = sqlite3_column_text(query, 0);
	const void *text = sqlite3_column_text(query, 1);

	return table->name && name && text && !strcmp(name, table->name) &&
	       !strcmp(text, table->text);
}

/* The version that has brought a table. */
static int64_t since(const struct schema_table *table)
{
	return strncmp(table->name, "kept", strlen("kept")) ? 1 : 2;
}

/* The first from @table on that a file of that version has. */
static const struct schema_table *table_of(const struct schema_table *table,
					   int64_t version)
{
	while (table->name && since(table) > version)
		table++;
	return table;
}

static int check_tables(struct store *store, int64_t version)
{
	const struct schema_table *table = table_of(db_tables, version);
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_SCHEMA, &r);

	if (!query)
		return r;
	while ((r = db_step(store, query)) == 0) {
		if (!is_table(query, table))
			break;
		table = table_of(table + 1, version);
	}
	sqlite3_reset(query);
	if (r < 0)
		return r;
	return r == DB_END && !table->name ?
		       0 :
		       db_damaged(store, "its tables are not those of a store");
}

/* Somebody else may have done it meanwhile. */
static int add_tables(struct store *store, int64_t version)
{
	char text[64];
	int64_t now = 0;
	int r = get_pragma(store, "PRAGMA user_version", &now);

	if (r == 0 && now == SCHEMA_VERSION)
		return check_tables(store, now);
	if (r == 0)
		r = check_tables(store, version);
	for (const struct schema_table *table = db_tables;
	     r == 0 && table->name; table++)
		if (since(table) > version)
			r = run(store, table->text);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d",
		 SCHEMA_VERSION);
	return r == 0 ? run(store, text) : r;
}

/* All of it, or nothing. */
static int upgrade(struct store *store, int64_t version)
{
	int r = db_begin(store);

	return r < 0 ? r : db_end(store, add_tables(store, version));
}

/* DB_END: it is empty, as one that was about to be made. */
static int check_kind(struct store *store)
{
	int64_t id = 0, version = 0, schema = 0;
	int r = get_pragma(store, "PRAGMA application_id", &id);

	if (r == 0)
		r = get_pragma(store, "PRAGMA user_version", &version);
	if (r == 0)
		r = get_pragma(store, "SELECT count(*) FROM sqlite_schema",
			       &schema);
	if (r < 0)
		return r;
	if (id == 0 && version == 0 && schema == 0)
		return DB_END;
	if (id != SCHEMA_APPLICATION_ID) {
		say(store->say, SAY_ERROR,
		    "%s: is not the store of a verifier; name another file",
		    store->path);
		return -EBADMSG;
	}
	if (version == SCHEMA_VERSION)
		return check_tables(store, version);
	if (version > 0 && version < SCHEMA_VERSION)
		return upgrade(store, version);
	say(store->say, SAY_ERROR,
	    "%s: format version %lld is not known here, up to %d is; a newer imastage has made it: use that",
	    store->path, (long long)version, SCHEMA_VERSION);
	return -ENOTSUP;
}

/* ---- making ---------------------------------------------------------------------------- */

static int make_tables(struct store *store)
{
	uint8_t random[STORE_ID_LEN / 2];
	char id[HEX_TEXT_LEN(STORE_ID_LEN / 2)], text[256];
	int r = db_random(store, random, sizeof(random));

	if (r == 0)
		r = run(store, "BEGIN IMMEDIATE");
	for (size_t i = 0; r == 0 && db_tables[i].name; i++)
		r = run(store, db_tables[i].text);
	hex_encode(bytes_of(random, sizeof(random)), id);
	snprintf(text, sizeof(text),
		 "INSERT INTO verifier VALUES (0, '%s', %lld);"
		 "PRAGMA application_id = %d; PRAGMA user_version = %d;"
		 "COMMIT",
		 id, (long long)time(NULL), SCHEMA_APPLICATION_ID,
		 SCHEMA_VERSION);
	return r == 0 ? run(store, text) : r;
}

/* Two may make it at once: the second finds it made. */
static int make(struct store *store)
{
	const struct say *say_to = store->say;
	int r;

	store->say = NULL;
	r = make_tables(store);
	take_back(store);
	store->say = say_to;
	if (r == 0)
		return 0;
	return check_kind(store) == 0 ? 0 : make_tables(store);
}

static int get_verifier(struct store *store)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_VERIFIER_GET, &r);

	if (!query)
		return r;
	r = db_step(store, query);
	if (r == 0)
		r = db_text(store, query, 0, store->verifier,
			    sizeof(store->verifier));
	sqlite3_reset(query);
	if (r == DB_END || (r == 0 && !*store->verifier))
		r = db_damaged(store, "the verifier has no id");
	return r;
}

static int prepare(struct store *store, bool create)
{
	int r = run(store, "PRAGMA journal_mode = WAL;"
			   "PRAGMA synchronous = FULL;"
			   "PRAGMA journal_size_limit = 4194304");

	if (r == 0)
		r = check_kind(store);
	if (r == DB_END && create)
		r = make(store);
	if (r == DB_END) {
		say(store->say, SAY_ERROR,
		    "%s: is empty; make a store by enrolling a machine",
		    store->path);
		r = -ENOENT;
	}
	return r < 0 ? r : get_verifier(store);
}

int db_open(struct store *store, const struct store_options *options)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
		    SQLITE_OPEN_NOMUTEX |
		    (options->create ? SQLITE_OPEN_CREATE : 0);
	int r = sql_check_companions(store->path, store->say), rc;
	mode_t mask;

	if (r < 0)
		return r;
	mask = umask(0077);
	rc = sqlite3_open_v2(store->path, &store->db, flags, options->vfs);
	if (rc == SQLITE_OK)
		rc = sql_harden(store->db, BLOB_LEN_MAX);
	r = rc == SQLITE_OK ? prepare(store, options->create) : fail(store, rc);
	umask(mask);
	return r;
}

void db_close(struct store *store)
{
	if (!store->db)
		return;
	if (!sqlite3_get_autocommit(store->db))
		(void)db_run(store, QUERY_ROLLBACK);
	for (size_t i = 0; i < NR_QUERIES; i++)
		sqlite3_finalize(store->queries[i]);
	sqlite3_close(store->db);
	store->db = NULL;
}

int store_check(struct store *store)
{
	int r, answer = 0;
	struct sqlite3_stmt *query = db_take(store, QUERY_CHECK, &r);

	if (!query)
		return r;
	while ((r = db_step(store, query)) == 0) {
		const char *text = (const char *)sqlite3_column_text(query, 0);

		if (text && !strcmp(text, "ok"))
			continue;
		answer = STORE_DAMAGED;
		say(store->say, SAY_ERROR, "%s: %s", store->path,
		    text ? text : "no memory");
	}
	sqlite3_reset(query);
	return r == DB_END ? answer : r;
}
