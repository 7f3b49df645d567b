// SPDX-License-Identifier: MIT
/*
 * Statements of the index: prepared, bound, stepped, read; errors translated.
 */
#include "archive/query.h"
#include "base/bytes.h"
#include "base/sql.h"
#include "log/buffer.h"

#include <errno.h>

int query_fail(struct index *index, int rc)
{
	return sql_fail(index->db, rc, index->path, index->say);
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
