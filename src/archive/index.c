// SPDX-License-Identifier: MIT
/*
 * The index as a file: opened, checked, made; transactions.
 */
#include "archive/index.h"
#include "archive/query.h"
#include "archive/schema.h"
#include "base/sql.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <time.h>

#define BLOB_LEN_MAX ((int)4 << 20) /* marks of the longest segment fit */

/* ---- opening --------------------------------------------------------------- */

static int run(struct index *index, const char *text)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(index->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : query_fail(index, rc);
}

static int harden(struct index *index)
{
	int rc = sql_harden(index->db, BLOB_LEN_MAX);

	return rc == SQLITE_OK ? 0 : query_fail(index, rc);
}

static void close_db(struct index *index)
{
	for (size_t i = 0; i < INDEX_NR_QUERIES; i++) {
		sqlite3_finalize(index->queries[i]);
		index->queries[i] = NULL;
	}
	sqlite3_close(index->db);
	index->db = NULL;
}

static int open_db(struct index *index, const char *name, int flags,
		   const char *vfs)
{
	int rc = sqlite3_open_v2(name, &index->db, flags | SQLITE_OPEN_NOMUTEX,
				 vfs);
	int r = rc == SQLITE_OK ? harden(index) : query_fail(index, rc);

	if (r < 0)
		close_db(index);
	return r;
}

static int init(struct index *index, const struct archive_options *options)
{
	*index = (struct index){ .say = options->say };
	if (asprintf(&index->path, "%s/index.db", options->dir) < 0) {
		index->path = NULL;
		return -ENOMEM;
	}
	pthread_mutex_init(&index->lock, NULL);
	return 0;
}

void index_close(struct index *index)
{
	if (!index->path)
		return;
	(void)index_rollback(index);
	close_db(index);
	pthread_mutex_destroy(&index->lock);
	free(index->path);
	index->path = NULL;
}

bool index_has_moved(struct index *index)
{
	int moved = 0;

	sqlite3_file_control(index->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved;
}

/*
 * A write-ahead log of another archive is found out by what it makes of the rows: digests of
 * segments differ.
 */
static int check_companions(const struct index *index)
{
	return sql_check_companions(index->path, index->say);
}

/* ---- what it must be ------------------------------------------------------- */

static int get_pragma(struct index *index, const char *text, int64_t *ret)
{
	struct sqlite3_stmt *query;
	int rc;

	errno = 0;
	rc = sqlite3_prepare_v2(index->db, text, -1, &query, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(query);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return rc == SQLITE_ROW ? 0 : query_fail(index, rc);
}

static int check_table(struct index *index, struct sqlite3_stmt *query,
		       const struct schema_table *table)
{
	const void *name = sqlite3_column_text(query, 0);
	const void *text = sqlite3_column_text(query, 1);

	if (name && text && !strcmp(name, table->name) &&
	    !strcmp(text, table->text))
		return 0;
	return query_damaged(index, "its tables are not those of an archive");
}

/* The next one of @version behind the table @at; schema_nr_tables: there is none. */
static size_t next_table(size_t at, int64_t version)
{
	while (at < schema_nr_tables && schema_tables[at].since > version)
		at++;
	return at;
}

/* They are those of @version. */
static int check_tables(struct index *index, int64_t version)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_SCHEMA, &r);
	size_t at = next_table(0, version);

	if (!query)
		return r;
	while ((r = query_step(index, query)) == 0) {
		if (at == schema_nr_tables)
			r = query_damaged(index, "it has a table too many");
		else
			r = check_table(index, query, &schema_tables[at]);
		if (r < 0)
			break;
		at = next_table(at + 1, version);
	}
	query_give(index, query);
	if (r == IMASTAGE_END && at < schema_nr_tables)
		r = query_damaged(index, "it lacks a table");
	return r == IMASTAGE_END ? 0 : r;
}

#define OLDER 2 /* not IMASTAGE_END */

/* IMASTAGE_END: it is empty, as one that was about to be made. OLDER: of *ret_version. */
static int check_kind(struct index *index, int64_t *ret_version)
{
	int64_t id = 0, version = 0, schema = 0;
	int r = get_pragma(index, "PRAGMA application_id", &id);

	if (r == 0)
		r = get_pragma(index, "PRAGMA user_version", &version);
	if (r == 0)
		r = get_pragma(index, "SELECT count(*) FROM sqlite_schema",
			       &schema);
	if (r < 0)
		return r;
	if (id == 0 && version == 0 && schema == 0)
		return IMASTAGE_END;
	if (id != SCHEMA_APPLICATION_ID)
		return query_damaged(index,
				     "it is not the index of an archive");
	*ret_version = version;
	if (version >= 1 && version <= SCHEMA_VERSION) {
		r = check_tables(index, version);
		return r == 0 && version < SCHEMA_VERSION ? OLDER : r;
	}
	say(index->say, SAY_ERROR,
	    "%s: format version %lld is not known here, up to %d is; a newer imastage has made it: use that",
	    index->path, (long long)version, SCHEMA_VERSION);
	return -ENOTSUP;
}

/* To the latest version from @version, in one transaction: what is there stays as it is. */
static int upgrade(struct index *index, int64_t version)
{
	char text[64];
	int r = run(index, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < schema_nr_tables && r == 0; i++)
		if (schema_tables[i].since > version)
			r = run(index, schema_tables[i].text);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d; COMMIT",
		 SCHEMA_VERSION);
	if (r == 0)
		r = run(index, text);
	if (r == 0)
		say(index->say, SAY_NOTICE,
		    "%s: upgraded to format version %d; older programs cannot read it any more",
		    index->path, SCHEMA_VERSION);
	return r;
}

/* A reader changes nothing: tables that are missing are empty, and in memory. */
static int stand_in(struct index *index, int64_t version)
{
	static const char create[] = "CREATE TABLE ";
	char text[512];
	int r = 0;

	for (size_t i = 0; i < schema_nr_tables && r == 0; i++) {
		if (schema_tables[i].since <= version)
			continue;
		snprintf(text, sizeof(text), "CREATE TEMP TABLE %s",
			 schema_tables[i].text + strlen(create));
		r = run(index, text);
	}
	return r;
}

/* ---- writers --------------------------------------------------------------- */

static int make_tables(struct index *index)
{
	char text[256];
	int r = run(index, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < schema_nr_tables && r == 0; i++)
		r = run(index, schema_tables[i].text);
	snprintf(text, sizeof(text),
		 "INSERT INTO archive VALUES (0, %lld, 0);"
		 "PRAGMA application_id = %d; PRAGMA user_version = %d;"
		 "COMMIT",
		 (long long)time(NULL), SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
	return r == 0 ? run(index, text) : r;
}

/* The files of the write-ahead log stay, for readers who may not make them. */
static int prepare_writer(struct index *index)
{
	int64_t version = 0;
	int stay = 1, r;

	sqlite3_file_control(index->db, "main", SQLITE_FCNTL_PERSIST_WAL,
			     &stay);
	r = run(index, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		       "PRAGMA journal_size_limit = 4194304");
	if (r == 0)
		r = check_kind(index, &version);
	if (r == OLDER)
		return upgrade(index, version);
	return r == IMASTAGE_END ? make_tables(index) : r;
}

int index_open_writer(struct index *index,
		      const struct archive_options *options)
{
	int r = init(index, options);

	if (r == 0)
		r = check_companions(index);
	if (r == 0)
		r = open_db(index, index->path,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOFOLLOW,
			    options->vfs);
	if (r == 0)
		r = prepare_writer(index);
	if (r < 0)
		index_close(index);
	return r;
}

/* ---- readers --------------------------------------------------------------- */

static int open_to_read(struct index *index, const char *name, int flags,
			const char *vfs)
{
	int64_t version = 0;
	int r = open_db(index, name,
			flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW,
			vfs);

	if (r == 0)
		r = check_kind(index, &version);
	if (r == OLDER)
		r = stand_in(index, version);
	if (r == IMASTAGE_END) {
		say(index->say, SAY_ERROR, "%s: no archive has been made yet",
		    index->path);
		r = -ENOENT;
	}
	if (r < 0)
		close_db(index);
	return r;
}

/* The path as a URI of SQLite's. -ENOMEM. */
static int make_uri(const char *path, char **ret_uri)
{
	char *uri = malloc(3 * strlen(path) + 64), *at = uri;

	if (!uri)
		return -ENOMEM;
	at += sprintf(at, "file:");
	for (; *path; path++)
		at += sprintf(at,
			      isalnum((unsigned char)*path) || *path == '/' ?
				      "%c" :
				      "%%%02x",
			      (unsigned char)*path);
	sprintf(at, "?immutable=1");
	*ret_uri = uri;
	return 0;
}

/* Is there nothing in the write-ahead log? */
static bool has_no_wal(const struct index *index,
		       const struct archive_options *options)
{
	cleanup_free char *path = NULL;
	uint64_t len = 0;
	int fd;

	if (asprintf(&path, "%s-wal", index->path) < 0)
		return false;
	fd = io_open(options->io, path, O_RDONLY, 0);
	if (fd < 0)
		return fd == -ENOENT;
	if (io_size(options->io, fd, &len) < 0)
		len = 1;
	io_close(options->io, fd);
	return len == 0;
}

/*
 * Where not even the files that readers share can be made, as on a read-only
 * file system, there can be no writer either, and the file does not change.
 */
static int open_immutable(struct index *index,
			  const struct archive_options *options)
{
	cleanup_free char *uri = NULL;
	int r = make_uri(index->path, &uri);

	return r < 0 ? r :
		       open_to_read(index, uri, SQLITE_OPEN_URI, options->vfs);
}

/* What it says is not said before it is known that it was all. */
static int open_either_way(struct index *index,
			   const struct archive_options *options)
{
	int r;

	index->say = NULL;
	r = open_to_read(index, index->path, 0, options->vfs);
	index->say = options->say;
	if (r == 0)
		return 0;
	return has_no_wal(index, options) ?
		       open_immutable(index, options) :
		       open_to_read(index, index->path, 0, options->vfs);
}

/* Not by opening it: see io_identify_path(). */
static int is_there(const struct index *index,
		    const struct archive_options *options)
{
	struct io_identity is;
	int r = io_identify_path(options->io, index->path, &is);

	return r < 0 ? say_errno(options->say, r, "%s", index->path) : 0;
}

int index_open_reader(struct index *index,
		      const struct archive_options *options)
{
	int r = init(index, options);

	if (r == 0)
		r = is_there(index, options);
	if (r == 0)
		r = open_either_way(index, options);
	if (r < 0 && index->path && check_companions(index) < 0)
		r = -EBADMSG;
	if (r < 0)
		index_close(index);
	return r;
}

/* ---- transactions ---------------------------------------------------------- */

int index_begin(struct index *index)
{
	int r = index->in_transaction ? 0 : query_run(index, QUERY_BEGIN);

	if (r == 0)
		index->in_transaction = true;
	return r;
}

int index_commit(struct index *index)
{
	int r = index->in_transaction ? query_run(index, QUERY_COMMIT) : 0;

	if (r == 0)
		index->in_transaction = false;
	return r;
}

int index_rollback(struct index *index)
{
	int r = 0;

	if (index->db && !sqlite3_get_autocommit(index->db))
		r = query_run(index, QUERY_ROLLBACK);
	if (r == 0)
		index->in_transaction = false;
	return r;
}

int index_touch(struct index *index)
{
	int r = index_rollback(index);

	return r == 0 ? query_run(index, QUERY_TOUCH) : r;
}

int index_changed(struct index *index)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, QUERY_DATA_VERSION, &r);
	int64_t before = index->data_version;

	if (!query)
		return r;
	r = query_step(index, query);
	if (r == 0)
		index->data_version = (int64_t)sql_number(query, 0);
	if (r == 0 && index->data_version != before)
		r = ARCHIVE_CHANGED;
	query_give(index, query);
	return r;
}

int index_check(struct index *index,
		int (*report)(void *context, const char *text), void *context)
{
	int r, nr = 0;
	struct sqlite3_stmt *query = query_take(index, QUERY_CHECK, &r);

	if (!query)
		return r;
	while ((r = query_step(index, query)) == 0) {
		const char *text = (const char *)sqlite3_column_text(query, 0);

		if (text && !strcmp(text, "ok"))
			continue;
		nr++;
		r = report(context, text ? text : "no memory");
		if (r)
			break;
	}
	query_give(index, query);
	if (r != IMASTAGE_END)
		return r;
	return nr ? ARCHIVE_DAMAGED : 0;
}
