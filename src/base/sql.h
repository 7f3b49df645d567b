/* SPDX-License-Identifier: MIT */
/*
 * What all users of SQLite share: how a file that may be an attacker's is opened, and what
 * its errors mean. Not part of libimastage.
 */
#ifndef BASE_SQL_H
#define BASE_SQL_H

#include "base/say.h"

#include <imastage/bytes.h>

struct sqlite3;
struct sqlite3_stmt;

#define SQL_BUSY_MS 10000 /* for the moments in which SQLite locks */

/*
 * What is in the file runs nothing, and no value is longer than @len_max. Returns SQLite's
 * code.
 */
int sql_harden(struct sqlite3 *db, int len_max);

/*
 * Says what SQLite's @rc means, with the path of the file, and returns the errno that fits:
 * -EBADMSG damaged, -ENOMEM, -ENOSPC, -EBUSY, -EROFS, -EACCES, what the system said, or
 * -EIO. @db may be NULL.
 */
int sql_fail(struct sqlite3 *db, int rc, const char *path,
	     const struct say *say);

/*
 * SQLite would name the file itself for what is wrong with one beside it. -EBADMSG after
 * it has said which one is no regular file; -ENOMEM.
 */
int sql_check_companions(const char *path, const struct say *say);

/*
 * Parameters count from 1, columns from 0. What is bound must stay until the step. Empty
 * bytes are NULL to SQLite.
 */
void sql_bind(struct sqlite3_stmt *query, int at, uint64_t number);
void sql_bind_text(struct sqlite3_stmt *query, int at, const char *text);
void sql_bind_bytes(struct sqlite3_stmt *query, int at,
		    struct imastage_bytes bytes);
uint64_t sql_number(struct sqlite3_stmt *query, int at);

#endif
