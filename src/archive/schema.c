// SPDX-License-Identifier: MIT
/*
 * Tables and statements of the index, all the SQL there is. docs/format-archive.md
 * says what each column is.
 */
#include "archive/schema.h"
#include "archive/query.h"

/*
 * Compared word by word with what an index has, so that nobody's index can
 * make a statement do, or cost, something else.
 */
const struct schema_table schema_tables[] = {
	{ "archive",
	  "CREATE TABLE archive (\n"
	  "	id INTEGER PRIMARY KEY CHECK (id = 0),\n"
	  "	created INTEGER NOT NULL,\n"
	  "	touched INTEGER NOT NULL\n"
	  ") STRICT",
	  1 },
	{ "boots",
	  "CREATE TABLE boots (\n"
	  "	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	  "	created INTEGER NOT NULL,\n"
	  "	reset_count INTEGER,\n"
	  "	banks INTEGER NOT NULL,\n"
	  "	base_first INTEGER NOT NULL,\n"
	  "	base_binary INTEGER NOT NULL,\n"
	  "	base_ascii INTEGER NOT NULL,\n"
	  "	base_chain BLOB NOT NULL,\n"
	  "	base_state BLOB\n"
	  ") STRICT",
	  1 },
	{ "gaps",
	  "CREATE TABLE gaps (\n"
	  "	boot INTEGER NOT NULL,\n"
	  "	first INTEGER NOT NULL,\n"
	  "	count INTEGER NOT NULL,\n"
	  "	created INTEGER NOT NULL,\n"
	  "	reason TEXT NOT NULL,\n"
	  "	PRIMARY KEY (boot, first)\n"
	  ") STRICT, WITHOUT ROWID",
	  1 },
	{ "holds",
	  "CREATE TABLE holds (\n"
	  "	name TEXT PRIMARY KEY,\n"
	  "	boot INTEGER NOT NULL,\n"
	  "	first INTEGER NOT NULL,\n"
	  "	changed INTEGER NOT NULL\n"
	  ") STRICT, WITHOUT ROWID",
	  1 },
	{ "kernels",
	  "CREATE TABLE kernels (\n"
	  "	id INTEGER PRIMARY KEY,\n"
	  "	boot INTEGER NOT NULL,\n"
	  "	boot_id TEXT NOT NULL,\n"
	  "	first INTEGER NOT NULL,\n"
	  "	created INTEGER NOT NULL\n"
	  ") STRICT",
	  1 },
	{ "notes",
	  "CREATE TABLE notes (\n"
	  "	key TEXT PRIMARY KEY,\n"
	  "	value TEXT NOT NULL\n"
	  ") STRICT, WITHOUT ROWID",
	  1 },
	{ "pending",
	  "CREATE TABLE pending (\n"
	  "	id INTEGER PRIMARY KEY CHECK (id = 0),\n"
	  "	first INTEGER NOT NULL,\n"
	  "	count INTEGER NOT NULL,\n"
	  "	method INTEGER NOT NULL\n"
	  ") STRICT",
	  1 },
	{ "quotes",
	  "CREATE TABLE quotes (\n"
	  "	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	  "	boot INTEGER NOT NULL,\n"
	  "	chained INTEGER NOT NULL,\n"
	  "	chain BLOB NOT NULL,\n"
	  "	next INTEGER NOT NULL,\n"
	  "	created INTEGER NOT NULL,\n"
	  "	msg BLOB NOT NULL,\n"
	  "	sig BLOB NOT NULL,\n"
	  "	pcrs BLOB NOT NULL,\n"
	  "	ak BLOB NOT NULL\n"
	  ") STRICT",
	  3 },
	{ "segments",
	  "CREATE TABLE segments (\n"
	  "	id INTEGER PRIMARY KEY,\n"
	  "	boot INTEGER NOT NULL,\n"
	  "	first INTEGER NOT NULL,\n"
	  "	count INTEGER NOT NULL,\n"
	  "	bytes INTEGER NOT NULL,\n"
	  "	ascii INTEGER NOT NULL,\n"
	  "	binary_start INTEGER NOT NULL,\n"
	  "	ascii_start INTEGER NOT NULL,\n"
	  "	big_endian INTEGER NOT NULL,\n"
	  "	sealed INTEGER NOT NULL,\n"
	  "	compressed INTEGER NOT NULL,\n"
	  "	stored_bytes INTEGER NOT NULL,\n"
	  "	created INTEGER NOT NULL,\n"
	  "	changed INTEGER NOT NULL,\n"
	  "	sha256 BLOB NOT NULL,\n"
	  "	chain BLOB NOT NULL,\n"
	  "	state BLOB,\n"
	  "	marks BLOB NOT NULL,\n"
	  "	frames BLOB,\n"
	  "	UNIQUE (boot, first)\n"
	  ") STRICT",
	  1 },
	{ "segments_raw",
	  "CREATE INDEX segments_raw ON segments (boot, first)\n"
	  "	WHERE compressed = 0",
	  1 },
	{ "tpms",
	  "CREATE TABLE tpms (\n"
	  "	boot INTEGER PRIMARY KEY,\n"
	  "	reset_count INTEGER NOT NULL,\n"
	  "	restart_count INTEGER NOT NULL,\n"
	  "	ek_name BLOB\n"
	  ") STRICT",
	  2 },
};

const size_t schema_nr_tables =
	sizeof(schema_tables) / sizeof(schema_tables[0]);

/* ?3: of enum index_parts */
#define SEGMENT_COLUMNS                                        \
	"id, boot, first, count, bytes, ascii, binary_start, " \
	"ascii_start, big_endian, sealed, compressed, "        \
	"stored_bytes, created, changed, sha256, chain, "      \
	"CASE WHEN ?3 & 1 THEN marks END, "                    \
	"CASE WHEN ?3 & 2 THEN frames END, "                   \
	"CASE WHEN ?3 & 4 THEN state END "                     \
	"FROM segments "

/* A boot with what is counted of its segments, gaps and kernels. */
#define BOOT_TEXT                                                        \
	"SELECT b.id, b.created, "                                       \
	"coalesce(t.reset_count, b.reset_count), b.base_first, "         \
	"(SELECT first FROM segments WHERE boot = b.id "                 \
	"ORDER BY first LIMIT 1), "                                      \
	"(SELECT first + count FROM segments WHERE boot = b.id "         \
	"ORDER BY first DESC LIMIT 1), "                                 \
	"(SELECT first + count FROM gaps WHERE boot = b.id "             \
	"ORDER BY first DESC LIMIT 1), "                                 \
	"(SELECT total(bytes) FROM segments WHERE boot = b.id), "        \
	"(SELECT total(stored_bytes) FROM segments WHERE boot = b.id), " \
	"(SELECT count(*) FROM segments WHERE boot = b.id), "            \
	"(SELECT count(*) FROM gaps WHERE boot = b.id), "                \
	"(SELECT count(*) FROM kernels WHERE boot = b.id), "             \
	"(SELECT boot_id FROM kernels WHERE boot = b.id "                \
	"ORDER BY id DESC LIMIT 1), "                                    \
	"(SELECT total(count) FROM segments WHERE boot = b.id), "        \
	"t.restart_count, t.ek_name "                                    \
	"FROM boots b LEFT JOIN tpms t ON t.boot = b.id "                \
	"WHERE b.id >= ?1 ORDER BY b.id LIMIT 1"

#define GAP_COLUMNS "boot, first, count, created, reason FROM gaps "
#define HOLD_COLUMNS "name, boot, first, changed FROM holds "

const char *const query_texts[NR_QUERIES] = {
	[QUERY_BEGIN] = "BEGIN IMMEDIATE",
	[QUERY_COMMIT] = "COMMIT",
	[QUERY_ROLLBACK] = "ROLLBACK",
	[QUERY_TOUCH] = "UPDATE archive SET touched = touched + 1",
	[QUERY_DATA_VERSION] = "PRAGMA data_version",
	[QUERY_SCHEMA] = "SELECT name, sql FROM sqlite_schema "
			 "WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
	[QUERY_CHECK] = "PRAGMA integrity_check(10)",

	[QUERY_BOOT_ADD] =
		"INSERT INTO boots (created, reset_count, banks, base_first, "
		"base_binary, base_ascii, base_chain, base_state) "
		"VALUES (?1, ?2, ?3, 0, 0, 0, zeroblob(32), NULL)",
	[QUERY_BOOT_NEXT] = BOOT_TEXT,
	[QUERY_BOOT_LAST] = "SELECT max(id) FROM boots WHERE id < ?1",
	[QUERY_BOOT_REMOVE] = "DELETE FROM boots WHERE id = ?1",
	[QUERY_BASE_GET] = "SELECT base_first, base_binary, base_ascii, "
			   "base_chain, banks, base_state "
			   "FROM boots WHERE id = ?1",
	[QUERY_BASE_SET] =
		"UPDATE boots SET base_first = ?2, base_binary = ?3, "
		"base_ascii = ?4, base_chain = ?5, base_state = ?6 "
		"WHERE id = ?1",
	[QUERY_KERNEL_ADD] =
		"INSERT INTO kernels (boot, boot_id, first, created) "
		"VALUES (?1, ?2, ?3, ?4)",
	[QUERY_TPM_SET] = "INSERT OR REPLACE INTO tpms "
			  "(boot, reset_count, restart_count, ek_name) "
			  "VALUES (?1, ?2, ?3, ?4)",
	[QUERY_TPM_REMOVE] = "DELETE FROM tpms WHERE boot = ?1",
	[QUERY_KERNELS_REMOVE] = "DELETE FROM kernels WHERE boot = ?1",

	[QUERY_SEGMENT_AT] = "SELECT " SEGMENT_COLUMNS
			     "WHERE boot = ?1 AND first <= ?2 "
			     "ORDER BY first DESC LIMIT 1",
	[QUERY_SEGMENT_FROM] = "SELECT " SEGMENT_COLUMNS
			       "WHERE boot = ?1 AND first >= ?2 "
			       "ORDER BY first LIMIT 1",
	[QUERY_SEGMENT_RAW] = "SELECT " SEGMENT_COLUMNS
			      "WHERE compressed = 0 AND "
			      "(sealed OR boot < ?1) AND "
			      "(boot, first) >= (?4, ?2) "
			      "ORDER BY boot, first LIMIT 1",
	[QUERY_SEGMENT_PUT] =
		"INSERT OR REPLACE INTO segments (id, boot, first, count, "
		"bytes, ascii, binary_start, ascii_start, big_endian, sealed, "
		"compressed, stored_bytes, created, changed, sha256, chain, "
		"state, marks, frames) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
		"?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	[QUERY_SEGMENT_REMOVE] = "DELETE FROM segments WHERE id = ?1",
	[QUERY_STORED_BYTES] = "SELECT total(stored_bytes) FROM segments",

	[QUERY_GAP_NEXT] = "SELECT " GAP_COLUMNS "WHERE boot = ?1 AND "
			   "(first + count > ?2 OR "
			   "(count = 0 AND first = ?2)) "
			   "ORDER BY first LIMIT 1",
	[QUERY_GAP_PUT] = "INSERT OR REPLACE INTO gaps "
			  "(boot, first, count, created, reason) "
			  "VALUES (?1, ?2, ?3, ?4, ?5)",
	[QUERY_GAPS_REMOVE] = "DELETE FROM gaps WHERE boot = ?1 AND first < ?2",

	[QUERY_QUOTE_ADD] =
		"INSERT INTO quotes (boot, chained, chain, next, created, "
		"msg, sig, pcrs, ak) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[QUERY_QUOTE_NEXT] =
		"SELECT id, chained, chain, next, created, msg, sig, pcrs, ak "
		"FROM quotes WHERE boot = ?1 AND id > ?2 ORDER BY id LIMIT 1",
	[QUERY_QUOTES_THIN] =
		"DELETE FROM quotes WHERE boot = ?1 AND id > "
		"(SELECT min(id) FROM quotes WHERE boot = ?1) AND id < "
		"(SELECT id FROM quotes WHERE boot = ?1 "
		"ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[QUERY_QUOTES_REMOVE] = "DELETE FROM quotes WHERE boot = ?1",

	[QUERY_PENDING_GET] = "SELECT first, count, method FROM pending",
	[QUERY_PENDING_SET] =
		"INSERT OR REPLACE INTO pending "
		"(id, first, count, method) VALUES (0, ?1, ?2, ?3)",
	[QUERY_PENDING_CLEAR] = "DELETE FROM pending",
	[QUERY_NOTE_GET] = "SELECT value FROM notes WHERE key = ?1",
	[QUERY_NOTE_SET] = "INSERT OR REPLACE INTO notes (key, value) "
			   "VALUES (?1, ?2)",
	[QUERY_NOTE_CLEAR] = "DELETE FROM notes WHERE key = ?1",
	[QUERY_HOLD_PUT] =
		"INSERT OR REPLACE INTO holds "
		"(name, boot, first, changed) VALUES (?1, ?2, ?3, ?4)",
	[QUERY_HOLD_REMOVE] = "DELETE FROM holds WHERE name = ?1 "
			      "RETURNING name",
	[QUERY_HOLD_NEXT] = "SELECT " HOLD_COLUMNS "WHERE name > ?1 "
			    "ORDER BY name LIMIT 1",
	[QUERY_HOLD_OLDEST] = "SELECT " HOLD_COLUMNS
			      "ORDER BY boot, first LIMIT 1",
};
