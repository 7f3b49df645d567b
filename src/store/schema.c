// SPDX-License-Identifier: MIT
/*
 * Tables and statements, all the SQL there is. docs/verifier-store.md says what each
 * column is.
 */
#include "store/db.h"

/*
 * Compared word by word with what a file has, so that nobody's file can make a statement
 * do, or cost, something else.
 */
const struct schema_table db_tables[] = {
	{ "challenges", "CREATE TABLE challenges (\n"
			"	bound BLOB PRIMARY KEY,\n"
			"	machine TEXT NOT NULL,\n"
			"	made INTEGER NOT NULL,\n"
			"	expires INTEGER NOT NULL,\n"
			"	reverify INTEGER NOT NULL,\n"
			"	challenge TEXT NOT NULL,\n"
			"	verdict INTEGER\n"
			") STRICT, WITHOUT ROWID" },
	{ "challenges_made",
	  "CREATE INDEX challenges_made ON challenges (machine, made)" },
	{ "checkpoints", "CREATE TABLE checkpoints (\n"
			 "	machine TEXT NOT NULL,\n"
			 "	sequence INTEGER NOT NULL,\n"
			 "	sha256 BLOB NOT NULL,\n"
			 "	envelope BLOB,\n"
			 "	PRIMARY KEY (machine, sequence)\n"
			 ") STRICT, WITHOUT ROWID" },
	{ "decisions", "CREATE TABLE decisions (\n"
		       "	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
		       "	made INTEGER NOT NULL,\n"
		       "	uid INTEGER NOT NULL,\n"
		       "	machine TEXT NOT NULL,\n"
		       "	what TEXT NOT NULL,\n"
		       "	reason TEXT NOT NULL\n"
		       ") STRICT" },
	{ "enrolments", "CREATE TABLE enrolments (\n"
			"	machine TEXT PRIMARY KEY,\n"
			"	expires INTEGER NOT NULL,\n"
			"	secret_sha256 BLOB NOT NULL,\n"
			"	host TEXT NOT NULL,\n"
			"	trust INTEGER NOT NULL,\n"
			"	trusted TEXT NOT NULL,\n"
			"	ak BLOB NOT NULL,\n"
			"	ak_name BLOB NOT NULL,\n"
			"	ak_qualified BLOB,\n"
			"	ek_name BLOB\n"
			") STRICT, WITHOUT ROWID" },
	{ "kept", "CREATE TABLE kept (\n"
		  "	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
		  "	machine TEXT NOT NULL,\n"
		  "	name TEXT NOT NULL UNIQUE,\n"
		  "	sha256 BLOB NOT NULL,\n"
		  "	bytes INTEGER NOT NULL,\n"
		  "	verdict INTEGER NOT NULL,\n"
		  "	made INTEGER NOT NULL,\n"
		  "	result INTEGER NOT NULL,\n"
		  "	resets INTEGER NOT NULL,\n"
		  "	first INTEGER NOT NULL,\n"
		  "	next INTEGER NOT NULL,\n"
		  "	policy BLOB,\n"
		  "	outcomes BLOB,\n"
		  "	ak BLOB NOT NULL,\n"
		  "	ak_qualified BLOB,\n"
		  "	asked BLOB NOT NULL,\n"
		  "	challenge TEXT,\n"
		  "	reverify INTEGER NOT NULL,\n"
		  "	goes_on INTEGER NOT NULL,\n"
		  "	checkpoint BLOB\n"
		  ") STRICT" },
	{ "kept_machine", "CREATE INDEX kept_machine ON kept (machine, id)" },
	{ "machines", "CREATE TABLE machines (\n"
		      "	id TEXT PRIMARY KEY,\n"
		      "	host TEXT NOT NULL,\n"
		      "	trust INTEGER NOT NULL,\n"
		      "	trusted TEXT NOT NULL,\n"
		      "	ak BLOB NOT NULL,\n"
		      "	ak_name BLOB NOT NULL UNIQUE,\n"
		      "	ak_qualified BLOB,\n"
		      "	ek_name BLOB,\n"
		      "	added INTEGER NOT NULL,\n"
		      "	barred TEXT NOT NULL,\n"
		      "	fresh INTEGER NOT NULL,\n"
		      "	carried_resets INTEGER NOT NULL,\n"
		      "	carried TEXT NOT NULL\n"
		      ") STRICT, WITHOUT ROWID" },
	{ "machines_ek", "CREATE INDEX machines_ek ON machines (ek_name)" },
	{ "verdicts", "CREATE TABLE verdicts (\n"
		      "	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
		      "	machine TEXT NOT NULL,\n"
		      "	made INTEGER NOT NULL,\n"
		      "	result INTEGER NOT NULL,\n"
		      "	proved INTEGER NOT NULL,\n"
		      "	resets INTEGER NOT NULL,\n"
		      "	first INTEGER NOT NULL,\n"
		      "	next INTEGER NOT NULL,\n"
		      "	reasons TEXT NOT NULL\n"
		      ") STRICT" },
	{ "verdicts_machine",
	  "CREATE INDEX verdicts_machine ON verdicts (machine, id)" },
	{ "verifier", "CREATE TABLE verifier (\n"
		      "	id INTEGER PRIMARY KEY CHECK (id = 0),\n"
		      "	name TEXT NOT NULL,\n"
		      "	made INTEGER NOT NULL\n"
		      ") STRICT" },
	{ 0 },
};

/* In the order of the columns of machines and of machine_parts(). */
#define PARTS "host, trust, trusted, ak, ak_name, ak_qualified, ek_name"
#define MACHINE_COLUMNS                                                \
	"SELECT id, " PARTS ", added, barred, fresh, carried_resets, " \
	"carried FROM machines "

const char *const db_texts[NR_QUERIES] = {
	[QUERY_BEGIN] = "BEGIN IMMEDIATE",
	[QUERY_COMMIT] = "COMMIT",
	[QUERY_ROLLBACK] = "ROLLBACK",
	[QUERY_SAVEPOINT] = "SAVEPOINT round",
	[QUERY_RELEASE] = "RELEASE round",
	[QUERY_ROLLBACK_TO] = "ROLLBACK TO round",
	[QUERY_SCHEMA] = "SELECT name, sql FROM sqlite_schema "
			 "WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
	[QUERY_CHECK] = "PRAGMA integrity_check(10)",
	[QUERY_VERIFIER_GET] = "SELECT name FROM verifier",

	[QUERY_MACHINE_GET] = MACHINE_COLUMNS "WHERE id = ?1",
	[QUERY_MACHINE_BY_AK] = MACHINE_COLUMNS "WHERE ak_name = ?1",
	[QUERY_MACHINE_BY_EK] = MACHINE_COLUMNS
	"WHERE ek_name = ?1 ORDER BY id LIMIT 1",
	[QUERY_MACHINE_NEXT] = MACHINE_COLUMNS
	"WHERE id > ?1 ORDER BY id LIMIT 1",
	[QUERY_MACHINE_PUT] =
		"INSERT INTO machines (id, " PARTS
		", added, barred, fresh, carried_resets, carried) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13) ON CONFLICT (id) DO UPDATE SET host = ?2, trust = ?3, "
		"trusted = ?4, ak = ?5, ak_name = ?6, ak_qualified = ?7, "
		"ek_name = ?8, added = ?9, barred = ?10, fresh = ?11, "
		"carried_resets = ?12, carried = ?13",
	[QUERY_MACHINE_REMOVE] = "DELETE FROM machines WHERE id = ?1",

	[QUERY_ENROLMENT_PUT] =
		"INSERT OR REPLACE INTO enrolments (machine, " PARTS
		", expires, secret_sha256) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[QUERY_ENROLMENT_GET] = "SELECT machine, " PARTS
				", expires, secret_sha256 "
				"FROM enrolments WHERE machine = ?1",
	[QUERY_ENROLMENT_REMOVE] = "DELETE FROM enrolments WHERE machine = ?1",
	[QUERY_ENROLMENT_PRUNE] = "DELETE FROM enrolments WHERE expires < ?1",

	[QUERY_CHALLENGE_PUT] =
		"INSERT INTO challenges (bound, machine, made, expires, "
		"reverify, challenge) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[QUERY_CHALLENGE_GET] = "SELECT machine, reverify, challenge, verdict "
				"FROM challenges WHERE bound = ?1",
	[QUERY_CHALLENGE_USE] =
		"UPDATE challenges SET verdict = ?2 "
		"WHERE bound = ?1 AND verdict IS NULL RETURNING machine",
	[QUERY_CHALLENGE_PRUNE] =
		"DELETE FROM challenges WHERE machine = ?1 AND expires < ?2",
	[QUERY_CHALLENGE_LIMIT] =
		"DELETE FROM challenges WHERE bound IN "
		"(SELECT bound FROM challenges WHERE machine = ?1 AND "
		"verdict IS NULL ORDER BY made DESC LIMIT -1 OFFSET ?2)",
	[QUERY_CHALLENGES_REMOVE] = "DELETE FROM challenges WHERE machine = ?1",

	[QUERY_CHECKPOINT_LAST] =
		"SELECT sequence, sha256, envelope FROM checkpoints "
		"WHERE machine = ?1 ORDER BY sequence DESC LIMIT 1",
	[QUERY_CHECKPOINT_AT] = "SELECT sequence, sha256, envelope "
				"FROM checkpoints "
				"WHERE machine = ?1 AND sequence = ?2",
	[QUERY_CHECKPOINT_PUT] =
		"INSERT INTO checkpoints (machine, sequence, sha256, envelope) "
		"VALUES (?1, ?2, ?3, ?4)",
	[QUERY_CHECKPOINT_THIN] = "UPDATE checkpoints SET envelope = NULL "
				  "WHERE machine = ?1 AND sequence = ?2 - 1",
	[QUERY_CHECKPOINTS_REMOVE] =
		"DELETE FROM checkpoints WHERE machine = ?1",

	[QUERY_VERDICT_PUT] =
		"INSERT INTO verdicts (machine, made, result, proved, resets, "
		"first, next, reasons) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
		"RETURNING id",
	[QUERY_VERDICT_LAST] =
		"SELECT id, made, result, proved, resets, first, next, reasons "
		"FROM verdicts WHERE machine = ?1 AND id < ?2 "
		"ORDER BY id DESC LIMIT 1",
	[QUERY_VERDICT_PRUNE] =
		"DELETE FROM verdicts WHERE machine = ?1 AND id <= "
		"(SELECT id FROM verdicts WHERE machine = ?1 "
		"ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[QUERY_VERDICTS_REMOVE] = "DELETE FROM verdicts WHERE machine = ?1",

	[QUERY_KEPT_PUT] =
		"INSERT INTO kept (machine, name, sha256, bytes, verdict, made, "
		"result, resets, first, next, policy, outcomes, ak, "
		"ak_qualified, asked, challenge, reverify, goes_on, checkpoint) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	[QUERY_KEPT_NEXT] =
		"SELECT id, name, sha256, bytes, made, result, resets, first, "
		"next, policy, outcomes FROM kept "
		"WHERE machine = ?1 AND id > ?2 ORDER BY id LIMIT 1",
	[QUERY_KEPT_ROUND] =
		"SELECT ak, ak_qualified, asked, challenge, reverify, goes_on, "
		"checkpoint, machine FROM kept WHERE id = ?1",
	[QUERY_KEPT_NAMED] = "SELECT id FROM kept WHERE name = ?1",
	[QUERY_KEPT_SUM] = "SELECT count(*), coalesce(sum(bytes), 0) FROM kept "
			   "WHERE machine = ?1",
	[QUERY_KEPT_SUM_BEFORE] =
		"SELECT count(*), coalesce(sum(bytes), 0) FROM kept "
		"WHERE machine = ?1 AND made <= ?2",
	[QUERY_KEPT_REMOVE_BEFORE] =
		"DELETE FROM kept WHERE machine = ?1 AND made <= ?2",
	[QUERY_KEPT_REMOVE] = "DELETE FROM kept WHERE machine = ?1",

	[QUERY_DECISION_PUT] =
		"INSERT INTO decisions (made, uid, machine, what, reason) "
		"VALUES (?1, ?2, ?3, ?4, ?5)",
};
