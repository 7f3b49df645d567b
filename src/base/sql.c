// SPDX-License-Identifier: MIT
/*
 * SQLite: files that are believed in nothing, errors as errnos.
 */
#include "base/sql.h"
#include "base/util.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

int sql_harden(struct sqlite3 *db, int len_max)
{
	sqlite3_busy_timeout(db, SQL_BUSY_MS);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, len_max);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	errno = 0;
	return sqlite3_exec(db,
			    "PRAGMA trusted_schema = OFF;"
			    "PRAGMA cell_size_check = ON;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA cache_size = -512;",
			    NULL, NULL, NULL);
}

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

int sql_fail(struct sqlite3 *db, int rc, const char *path,
	     const struct say *say_to)
{
	const char *text = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
	int number = refusal(db);
	int r = errno_of(rc, number);

	if (number && r == -number)
		say(say_to, SAY_ERROR, "%s: %s: %s", path, text,
		    strerror(number));
	else
		say(say_to, SAY_ERROR, "%s: %s", path, text);
	return r;
}

int sql_check_companions(const char *path, const struct say *say_to)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		cleanup_free char *name = NULL;
		struct stat attr;

		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return -ENOMEM;
		if (lstat(name, &attr) < 0 || S_ISREG(attr.st_mode))
			continue;
		say(say_to, SAY_ERROR,
		    "%s: is no regular file, and not the database's: remove it",
		    name);
		return -EBADMSG;
	}
	return 0;
}

/* ---- parameters and columns -------------------------------------------------- */

void sql_bind(struct sqlite3_stmt *query, int at, uint64_t number)
{
	sqlite3_bind_int64(query, at, (sqlite3_int64)number);
}

void sql_bind_text(struct sqlite3_stmt *query, int at, const char *text)
{
	sqlite3_bind_text(query, at, text, -1, SQLITE_STATIC);
}

void sql_bind_bytes(struct sqlite3_stmt *query, int at,
		    struct imastage_bytes bytes)
{
	sqlite3_bind_blob64(query, at, bytes.len ? bytes.data : NULL, bytes.len,
			    SQLITE_STATIC);
}

uint64_t sql_number(struct sqlite3_stmt *query, int at)
{
	return (uint64_t)sqlite3_column_int64(query, at);
}
