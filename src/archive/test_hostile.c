// SPDX-License-Identifier: MIT
/*
 * Archives that are damaged, or somebody's trap: each is refused or found out by
 * archive_verify(), with the file and what is wrong; reading ends with an error
 * or an end, and never with a crash.
 */
#include "archive/archive.h"
#include "base/bytes.h"
#include "lib/keeping.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zstd.h>

#define FIRST "00000000000000000000.ima"

struct fixture {
	char dir[64];
	struct kept_said said;
	struct archive_options options;
	struct kept_list list;
};

/* 1,700 records in five segments or so, the first two compressed. */
static int setup(void **state)
{
	const struct archive_boot key = { .boot_id = "a" };
	struct fixture *f = calloc(1, sizeof(*f));
	struct archive *archive;
	struct archive_boot boot;

	assert_non_null(f);
	/* What is done here needs no disk, and is done some fifty times. */
	strcpy(f->dir, access("/dev/shm", W_OK) == 0 ?
			       "/dev/shm/imastage-test-hostile-XXXXXX" :
			       "/tmp/imastage-test-hostile-XXXXXX");
	keeping_make_dir(f->dir);
	kept_said_init(&f->said);
	f->options = (struct archive_options){
		.dir = f->dir,
		.say = &f->said.say,
		.segment_len = 60000,
	};
	kept_list_random(&f->list, 1700, 5);
	assert_int_equal(archive_open_writer(&f->options, &archive), 0);
	assert_int_equal(archive_new_boot(archive, &key, &boot), 0);
	assert_int_equal(kept_list_put(&f->list, archive, 0, f->list.nr), 0);
	assert_int_equal(archive_commit(archive, NULL), 0);
	assert_int_equal(archive_compress(archive, 2, NULL), 0);
	archive_close(archive);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keeping_remove_dir(f->dir);
	kept_list_fini(&f->list);
	free(f);
	return 0;
}

static void change_index(struct fixture *f, const char *text)
{
	struct sqlite3 *db;
	char path[128];

	snprintf(path, sizeof(path), "%s/index.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void shell(struct fixture *f, const char *text)
{
	char command[1024];

	snprintf(command, sizeof(command), "cd %s && { %s; } 2>/dev/null",
		 f->dir, text);
	assert_int_equal(system(command), 0);
}

/* Reads all that can be read, from several places. */
static void read_all(struct archive *archive)
{
	for (uint64_t at = 0; at < 2000; at += 131) {
		struct archive_cursor *cursor;
		struct imastage_record record;
		struct archive_place place;
		unsigned int nr = 0;
		int r = archive_cursor_open(archive, 1, at, &cursor);

		(void)archive_locate(archive, 1, ARCHIVE_BINARY, 12, at * 100,
				     &place);
		(void)archive_locate(archive, 1, ARCHIVE_ASCII, 24, at * 200,
				     &place);
		if (r < 0)
			continue;
		do
			r = archive_cursor_next(cursor, &record);
		while ((r == 0 || r == ARCHIVE_GAP) && ++nr < 5000);
		archive_cursor_close(cursor);
	}
}

/* ---- what verify finds ----------------------------------------------------- */

struct damage {
	const char *sql, *command; /* that does it */
	const char *found; /* in what is reported */
	bool stops_writer; /* it is in what a writer goes on from */
};

static const struct damage damages[] = {
	/* rows */
	{ "UPDATE segments SET count = 9000000000000000000", NULL,
	  "a number is out of range", true },
	{ "UPDATE segments SET first = -5 WHERE first = 0", NULL,
	  "a number is out of range", true },
	{ "UPDATE segments SET count = 0 WHERE first = 0", NULL,
	  "a segment has no records", true },
	{ "UPDATE segments SET bytes = 1 << 40 WHERE first = 0", NULL,
	  "a segment is too long", true },
	{ "UPDATE segments SET count = bytes WHERE first = 0", NULL,
	  "more records than its bytes can hold", true },
	{ "UPDATE segments SET ascii = bytes * 5 WHERE first = 0", NULL,
	  "cannot have that length in ASCII", true },
	{ "UPDATE segments SET ascii = ascii + 1 WHERE first = 0", NULL,
	  "bytes in ASCII, and the index says", false },
	{ "UPDATE segments SET stored_bytes = 5 WHERE compressed = 0", NULL,
	  "two lengths", true },
	{ "UPDATE segments SET binary_start = 7 WHERE first > 0", NULL,
	  "the index says that it begins at bytes 7", false },
	{ "UPDATE segments SET sha256 = zeroblob(32) WHERE first = 0", NULL,
	  "not those that were archived", false },
	{ "UPDATE segments SET sha256 = zeroblob(31) WHERE first = 0", NULL,
	  "not one of SHA-256", true },
	{ "UPDATE segments SET chain = zeroblob(32) WHERE first = 0", NULL,
	  "its chain does not follow", false },
	{ "UPDATE segments SET state = x'00' WHERE first = 0", NULL,
	  "PCR values that the index has are not", false },
	{ "UPDATE segments SET state = NULL", NULL,
	  "PCR values that the index has are not", false },
	{ "UPDATE segments SET big_endian = 1 WHERE first = 0", NULL,
	  "too long", false },
	{ "DELETE FROM segments WHERE first = 0", NULL, "are missing", false },
	{ "INSERT INTO segments SELECT NULL, boot, 3, count, bytes, ascii, "
	  "binary_start, ascii_start, big_endian, sealed, compressed, "
	  "stored_bytes, created, changed, sha256, chain, state, marks, "
	  "frames FROM segments WHERE first = 0",
	  NULL, "are there twice", false },
	{ "INSERT INTO gaps VALUES (1, 5, 10, 0, 'no')", NULL,
	  "lie in the gap at 5", false },
	{ "INSERT INTO gaps VALUES (1, -5, 10, 0, 'no')", NULL,
	  "a gap is out of range", false },
	{ "INSERT INTO gaps VALUES (1, 1, 1, 0, printf('%200c', 'x'))", NULL,
	  "a text has no sensible length", false },
	{ "UPDATE boots SET base_binary = -1", NULL,
	  "a boot's base is out of range", true },
	{ "UPDATE boots SET banks = 0", NULL, "are no such", false },
	{ "INSERT INTO quotes VALUES (1, 1, 0, zeroblob(32), 99999999, 0, "
	  "x'00', x'00', x'00', x'00')",
	  NULL, "a quote proves records that are not there", false },
	{ "INSERT INTO quotes VALUES (1, 1, 9, zeroblob(32), 8, 0, "
	  "x'00', x'00', x'00', x'00')",
	  NULL, "a quote is of records that cannot be", false },
	{ "INSERT INTO quotes VALUES (1, 1, 0, zeroblob(31), 0, 0, "
	  "x'00', x'00', x'00', x'00')",
	  NULL, "a digest is not one of SHA-256", false },
	{ "INSERT INTO quotes VALUES (1, 1, 0, zeroblob(32), 0, 0, x'00', "
	  "zeroblob(32769), x'00', x'00')",
	  NULL, "a part of a quote is empty or too long", false },
	{ "INSERT INTO quotes VALUES (1, 1, 0, zeroblob(32), 0, 0, x'00', "
	  "x'00', x'00', x'')",
	  NULL, "a part of a quote is empty or too long", false },
	{ "INSERT INTO tpms VALUES (1, 1, 1, zeroblob(69))", NULL,
	  "the name of an endorsement key is too long", true },

	/* marks and frames */
	{ "UPDATE segments SET marks = zeroblob(length(marks)) "
	  "WHERE length(marks) > 8 AND compressed = 0",
	  NULL, "marks of a segment do not ascend", false },
	{ "UPDATE segments SET marks = x'00'", NULL,
	  "not as many marks as its records need", true },
	{ "UPDATE segments SET marks = CAST(x'0100000000000000' || "
	  "substr(marks, 9) AS BLOB) WHERE first = 0",
	  NULL, "first mark is not its start", false },
	{ "UPDATE segments SET marks = CAST(x'0000000000000000' || "
	  "x'ffffff00ffffff00' || substr(marks, 17) AS BLOB) "
	  "WHERE first = 0",
	  NULL, "lies behind the end", false },
	{ "UPDATE segments SET marks = "
	  "x'000000000000000000300000ffff0000' WHERE length(marks) = 16",
	  NULL, "the record at", false },
	{ "UPDATE segments SET frames = zeroblob(length(frames)) "
	  "WHERE compressed",
	  NULL, "frames of a segment do not ascend", false },
	{ "UPDATE segments SET frames = NULL", NULL,
	  "not as many frames as marks", false },
	{ "UPDATE segments SET frames = x'0000000020000000' "
	  "WHERE compressed AND length(frames) = 8",
	  NULL, "a frame", false },

	/* files */
	{ NULL,
	  "printf X | dd conv=notrunc bs=1 seek=100 "
	  "of=00000001/" FIRST ".zst",
	  ".zst: byte", false },
	{ NULL,
	  "for f in 00000001/*.ima; do printf X | "
	  "dd conv=notrunc bs=1 seek=70 of=$f; done",
	  ".ima: record", true },
	{ NULL,
	  "for f in 00000001/*.ima; do printf XXXX | "
	  "dd conv=notrunc bs=1 seek=24 of=$f; done",
	  "template name is too long", true },
	{ NULL, "for f in 00000001/*; do truncate -s 999 $f; done",
	  "the file ends before its segment does", true },
	{ NULL, "for f in 00000001/*; do echo more >>$f; done",
	  "bytes more than it should", false },
	{ NULL, "rm 00000001/" FIRST ".zst", "there is no such file", false },
	{ NULL, "rm -r 00000001", "there is no such file", true },
	{ NULL, "f=00000001/" FIRST ".zst; mv $f x; ln -s ../x $f",
	  "Too many levels of symbolic links", false },
	{ NULL, "f=00000001/" FIRST ".zst; rm $f; mkfifo $f",
	  "Invalid argument", false },
	{ NULL, "f=00000001/" FIRST ".zst; rm $f; mkdir $f", "Is a directory",
	  false },
};

static void check_damage(struct fixture *f, const struct damage *damage)
{
	struct archive *archive;
	char *found = NULL;

	if (damage->sql)
		change_index(f, damage->sql);
	if (damage->command)
		shell(f, damage->command);
	assert_int_equal(archive_open_reader(&f->options, &archive), 0);
	read_all(archive);
	found = keeping_try_findings(archive);
	archive_close(archive);

	if (!found || !strstr(found, damage->found)) {
		if (!strstr(f->said.text, damage->found))
			fail_msg("%s: found %s, said %s", damage->found, found,
				 f->said.text);
	}
	free(found);
	if (archive_open_writer(&f->options, &archive) == 0) {
		archive_close(archive);
		if (damage->stops_writer)
			fail_msg("%s: a writer went on", damage->found);
	} else if (!damage->stops_writer) {
		fail_msg("%s: no writer: %s", damage->found, f->said.text);
	}
}

TEST(damage_is_found)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		teardown(state);
		setup(state);
		check_damage(*state, &damages[i]);
	}
}

/* 256 MiB of zeros, where the index expects some kilobytes. */
TEST(a_bomb_does_not_go_off)
{
	struct fixture *f = *state;
	const struct damage bomb = {
		NULL,
		"head -c 256M /dev/zero | zstd -q -f -o 00000001/" FIRST ".zst",
		"Frame requires too much memory", false
	};
	const struct damage sized = {
		"UPDATE segments SET stored_bytes = 400000 WHERE compressed",
		NULL, "", false
	};

	check_damage(f, &bomb);
	check_damage(f, &sized);
}

/* ---- what is not opened ---------------------------------------------------- */

struct refusal {
	const char *sql, *command;
	int writer, reader; /* what they return */
	const char *said;
};

static const struct refusal refusals[] = {
	{ "PRAGMA user_version = 4", NULL, -ENOTSUP, -ENOTSUP,
	  "format version 4 is not known" },
	{ "PRAGMA application_id = 5", NULL, -EBADMSG, -EBADMSG,
	  "not the index of an archive" },
	{ "CREATE TABLE zzz (a)", NULL, -EBADMSG, -EBADMSG,
	  "a table too many" },
	{ "CREATE VIEW aaa AS SELECT 1", NULL, -EBADMSG, -EBADMSG,
	  "not those of an archive" },
	{ "CREATE TRIGGER u AFTER UPDATE ON archive BEGIN SELECT 1; END", NULL,
	  -EBADMSG, -EBADMSG, "it has a table too many" },
	{ "DROP TABLE tpms", NULL, -EBADMSG, -EBADMSG, "it lacks a table" },
	{ "DROP TABLE notes; CREATE VIEW notes AS SELECT 'a' AS key, "
	  "'b' AS value",
	  NULL, -EBADMSG, -EBADMSG, "tables are not those" },
	{ NULL, "rm index.db*; echo nothing of the kind >index.db", -EBADMSG,
	  -EBADMSG, "file is not a database" },
	{ NULL, "rm index.db-*; truncate -s 5000 index.db", -EBADMSG, -EBADMSG,
	  "malformed" },
	{ NULL, "rm index.db*", -EBADMSG, -ENOENT, "index.db" },
	{ NULL, "rm -f index.db-wal; mkdir index.db-wal", -EBADMSG, -EBADMSG,
	  "index.db-wal: is no regular file" },
	{ NULL, "rm -f index.db-wal; ln -s /etc/passwd index.db-wal", -EBADMSG,
	  -EBADMSG, "index.db-wal: is no regular file" },
	{ NULL, "rm -f index.db-shm; mkfifo index.db-shm", -EBADMSG, 0,
	  "index.db-shm: is no regular file" },
	{ NULL, "ln -s nowhere index.db-journal", -EBADMSG, 0,
	  "index.db-journal: is no regular file" },
	{ NULL, "mkdir 00000009; touch 00000009/" FIRST, -EBADMSG, 0,
	  "of which index.db knows nothing" },
};

static void check_refusal(struct fixture *f, const struct refusal *refusal)
{
	struct archive *archive;
	int r;

	if (refusal->sql)
		change_index(f, refusal->sql);
	if (refusal->command)
		shell(f, refusal->command);
	r = archive_open_reader(&f->options, &archive);
	assert_int_equal(r, refusal->reader);
	if (r == 0)
		archive_close(archive);
	assert_int_equal(archive_open_writer(&f->options, &archive),
			 refusal->writer);
	if (!strstr(f->said.text, refusal->said))
		fail_msg("%s: said %s", refusal->said, f->said.text);
}

TEST(what_is_no_archive_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct fixture *f;

		teardown(state);
		setup(state);
		f = *state;
		check_refusal(f, &refusals[i]);
		/* Nothing was removed. */
		shell(f, "test -s 00000001/" FIRST ".zst");
	}
}

/* ---- the write-ahead log --------------------------------------------------- */

/* As a writer leaves it that is killed: what it committed last is in the log. */
static void leave_wal(struct fixture *f, uint64_t from, uint64_t to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct archive *archive;

		if (archive_open_writer(&f->options, &archive) == 0 &&
		    kept_list_put(&f->list, archive, from, to) == 0 &&
		    archive_commit(archive, NULL) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* If it finds nothing wrong with itself, it is the list, up to a commit. */
static void check_list(struct fixture *f, struct archive *archive)
{
	char *found = keeping_try_findings(archive);

	if (found && !*found) {
		uint64_t end = kept_list_check(&f->list, archive, 1);

		assert_true(end == 1700 || end == 1800 || end == 1900);
	}
	free(found);
}

/* The archive as it was left, but for one byte of the log or of its index. */
static void change_wal(struct fixture *f, uint32_t *seed)
{
	char command[400];

	snprintf(
		command, sizeof(command),
		"rm -rf * && cp -a %s.safe/. . && "
		"printf '\\%03o' | dd conv=notrunc bs=1 seek=%u of=index.db-%s",
		f->dir, next_random(seed, 256), next_random(seed, 30000),
		next_random(seed, 3) ? "wal" : "shm");
	shell(f, command);
}

/* A log with any byte changed: all of the list, less of it, or an error. */
TEST(a_damaged_log_shows_no_other_list)
{
	struct fixture *f = *state;
	struct archive *archive;
	uint32_t seed = 11;

	kept_list_fini(&f->list);
	kept_list_random(&f->list, 1900, 5);
	leave_wal(f, 1700, 1800);
	leave_wal(f, 1800, 1900);
	shell(f, "test -s index.db-wal && cp -a . $PWD.safe");
	for (int i = 0; i < 60; i++) {
		change_wal(f, &seed);
		if (archive_open_reader(&f->options, &archive) == 0) {
			check_list(f, archive);
			archive_close(archive);
		}
		if (archive_open_writer(&f->options, &archive) == 0) {
			check_list(f, archive);
			archive_close(archive);
		}
	}
	shell(f, "rm -rf $PWD.safe");
}

/* The log of another archive, whose frames are all right. */
TEST(a_log_of_another_archive_is_found_out)
{
	struct fixture *f = *state, *other;
	struct archive *archive;
	char command[256];
	void *second;

	assert_int_equal(setup(&second), 0);
	other = second;
	kept_list_fini(&other->list);
	kept_list_random(&other->list, 1900, 6);
	leave_wal(other, 1700, 1900);
	snprintf(command, sizeof(command),
		 "rm -f index.db-shm; cp %s/index.db-wal .", other->dir);
	shell(f, command);
	if (archive_open_reader(&f->options, &archive) == 0) {
		char *found = keeping_try_findings(archive);

		assert_true(!found || *found);
		free(found);
		archive_close(archive);
	}
	assert_int_equal(archive_open_writer(&f->options, &archive), -EBADMSG);
	teardown(&second);
}

TEST(other_files_stay)
{
	struct fixture *f = *state;
	struct archive *archive;

	shell(f, "mkdir -p 00000000 x 00000001/sub; touch 00000001/note.txt "
		 "00000001/0.ima README");
	assert_int_equal(archive_open_writer(&f->options, &archive), 0);
	keeping_verify(archive);
	archive_close(archive);
	shell(f, "test -d 00000000 -a -d x -a -d 00000001/sub -a "
		 "-e 00000001/note.txt -a -e 00000001/0.ima -a -e README");
	assert_int_equal(f->said.nr_errors, 0);
}

/* As on a read-only file system: what readers share cannot be made. */
TEST(a_read_only_copy_can_be_read)
{
	struct fixture *f = *state;
	struct archive *archive;

	shell(f, "rm -f index.db-wal index.db-shm; mkdir index.db-shm");
	assert_int_equal(archive_open_reader(&f->options, &archive), 0);
	assert_int_equal(kept_list_check(&f->list, archive, 1), f->list.nr);
	keeping_verify(archive);
	archive_close(archive);
	assert_int_equal(f->said.nr_errors, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(damage_is_found), CASE(a_bomb_does_not_go_off),
	  CASE(what_is_no_archive_is_refused),
	  CASE(a_damaged_log_shows_no_other_list),
	  CASE(a_log_of_another_archive_is_found_out), CASE(other_files_stay),
	  CASE(a_read_only_copy_can_be_read))
