// SPDX-License-Identifier: MIT
/*
 * Statements of the index: prepared, bound, stepped, read; errors translated.
 */
#include "archive/query.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <errno.h>

/*
 * Why the system refused what SQLite last tried, 0: it did not. SQLite itself notes
 * that only for some statements, a COMMIT not among them.
 */
static int refusal(struct sqlite3 *db)
{
	struct sqlite3_vfs *vfs = NULL;
	int number = 0;

	if (!db)
		return 0;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
	if (vfs && vfs->xGetLastError)
		number = vfs->xGetLastError(vfs, 0, NULL);
	return number ? number : sqlite3_system_errno(db);
}

static int errno_of(int rc, int number)
{
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
		/* What it makes of a page that the disk does not give. */
		return number == EIO ? -EIO : -EBADMSG;
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
		return -EBADMSG;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return number ? -number : -ENOENT;
	default:
		return rc == SQLITE_IOERR_NOMEM ? -ENOMEM :
		       number			? -number :
						  -EIO;
	}
}

int query_fail(struct index *index, int rc)
{
	const char *text = index->db ? sqlite3_errmsg(index->db) :
				       sqlite3_errstr(rc);
	int number = refusal(index->db);
	int r = errno_of(rc, number);

	if (number && r == -number)
		say(index->say, SAY_ERROR, "%s: %s: %s", index->path, text,
		    strerror(number));
	else
		say(index->say, SAY_ERROR, "%s: %s", index->path, text);
	return r;
}

int query_damaged(struct index *index, const char *reason)
{
	say(index->say, SAY_ERROR, "%s: damaged: %s", index->path, reason);
	return -EBADMSG;
}

/* ---- taking and giving ----------------------------------------------------- */

struct sqlite3_stmt *query_take(struct index *index, enum query which, int *ret)
{
	struct sqlite3_stmt **query = &index->queries[which];
	int rc;

	pthread_mutex_lock(&index->lock);
	errno = 0;
	rc = *query ?
		     SQLITE_OK :
		     sqlite3_prepare_v3(index->db, query_texts[which], -1,
					SQLITE_PREPARE_PERSISTENT, query, NULL);
	if (rc == SQLITE_OK)
		return *query;
	*ret = query_fail(index, rc);
	pthread_mutex_unlock(&index->lock);
	return NULL;
}

int query_step(struct index *index, struct sqlite3_stmt *query)
{
	int rc;

	errno = 0;
	rc = sqlite3_step(query);
	if (rc == SQLITE_ROW)
		return 0;
	return rc == SQLITE_DONE ? IMASTAGE_END : query_fail(index, rc);
}

void query_give(struct index *index, struct sqlite3_stmt *query)
{
	sqlite3_reset(query);
	sqlite3_clear_bindings(query);
	pthread_mutex_unlock(&index->lock);
}

int query_run(struct index *index, enum query which)
{
	int r;
	struct sqlite3_stmt *query = query_take(index, which, &r);

	if (!query)
		return r;
	do
		r = query_step(index, query);
	while (r == 0);
	query_give(index, query);
	return r == IMASTAGE_END ? 0 : r;
}

/* ---- parameters and columns ------------------------------------------------ */

void query_bind(struct sqlite3_stmt *query, int at, uint64_t number)
{
	sqlite3_bind_int64(query, at, (sqlite3_int64)number);
}

void query_bind_text(struct sqlite3_stmt *query, int at, const char *text)
{
	sqlite3_bind_text(query, at, text, -1, SQLITE_STATIC);
}

void query_bind_blob(struct sqlite3_stmt *query, int at,
		     struct imastage_bytes blob)
{
	sqlite3_bind_blob64(query, at, blob.len ? blob.data : NULL, blob.len,
			    SQLITE_STATIC);
}

uint64_t query_number(struct sqlite3_stmt *query, int at)
{
	return (uint64_t)sqlite3_column_int64(query, at);
}

int query_text(struct index *index, struct sqlite3_stmt *query, int at,
	       char *ret_text, size_t size)
{
	const unsigned char *text = sqlite3_column_text(query, at);
	size_t len = (size_t)sqlite3_column_bytes(query, at);

	if (!text && sqlite3_column_type(query, at) != SQLITE_NULL)
		return -ENOMEM;
	if (!text || len >= size || memchr(text, 0, len))
		return query_damaged(index, "a text has no sensible length");
	memcpy(ret_text, text, len);
	ret_text[len] = '\0';
	return 0;
}

int query_blob(struct sqlite3_stmt *query, int at,
	       struct imastage_buffer *ret_blob)
{
	const void *data = sqlite3_column_blob(query, at);
	size_t len = (size_t)sqlite3_column_bytes(query, at);

	ret_blob->len = 0;
	if (!data && len)
		return -ENOMEM;
	return len ? buffer_put(ret_blob, bytes_of(data, len)) : 0;
}

int query_sha256(struct index *index, struct sqlite3_stmt *query, int at,
		 uint8_t ret_sha256[ARCHIVE_SHA256_LEN])
{
	const void *data = sqlite3_column_blob(query, at);

	if (sqlite3_column_bytes(query, at) != ARCHIVE_SHA256_LEN)
		return query_damaged(index, "a digest is not one of SHA-256");
	if (!data)
		return -ENOMEM;
	memcpy(ret_sha256, data, ARCHIVE_SHA256_LEN);
	return 0;
}
