// SPDX-License-Identifier: MIT
/*
 * An archive that the program of version 1 has made (tests/archive-1): read as it is,
 * upgraded by the first writer, and as good as before.
 */
#include "archive/archive.h"

#include "base/file.h"
#include "base/util.h"
#include "lib/hexfile.h"
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)1 << 20)

struct fixture {
	char dir[64];
	struct kept_said said;
	struct archive_options options;
};

static void make_index(const struct fixture *f)
{
	struct sqlite3 *db;
	char path[128];
	uint8_t *data;
	char *text;
	size_t len;

	assert_int_equal(file_read(TEST_DATA "/archive-1/index.sql", TEXT_MAX,
				   &data, &len),
			 0);
	text = strndup((char *)data, len);
	free(data);
	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/index.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	free(text);
}

static void make_segment(const struct fixture *f, const char *boot)
{
	char path[128];
	uint8_t *data;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), TEST_DATA "/archive-1/%s.hex", boot);
	assert_int_equal(hexfile_read(path, &data, &len), 0);
	snprintf(path, sizeof(path), "%s/%s", f->dir, boot);
	assert_return_code(mkdir(path, 0700), errno);
	snprintf(path, sizeof(path), "%s/%s/%020d.ima", f->dir, boot, 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(data);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/imastage-test-upgrade-XXXXXX");
	keeping_make_dir(f->dir);
	kept_said_init(&f->said);
	f->options =
		(struct archive_options){ .dir = f->dir, .say = &f->said.say };
	make_index(f);
	make_segment(f, "00000001");
	make_segment(f, "00000002");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keeping_remove_dir(f->dir);
	free(f);
	return 0;
}

static int64_t version(const struct fixture *f)
{
	struct sqlite3_stmt *query;
	struct sqlite3 *db;
	char path[128];
	int64_t number;

	snprintf(path, sizeof(path), "%s/index.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1,
					    &query, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(query), SQLITE_ROW);
	number = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return number;
}

/* All that version 1 has said of it. */
static void assert_whole(struct archive *archive)
{
	struct archive_boot boot;

	assert_int_equal(archive_find_boot(archive, "1", &boot), 0);
	assert_int_equal(boot.end, 7);
	assert_int_equal(boot.nr_kernels, 2);
	assert_true(boot.has_reset_count);
	assert_int_equal(boot.reset_count, 1);
	assert_false(boot.has_restart_count);
	assert_int_equal(boot.ek_len, 0);
	assert_int_equal(archive_last_boot(archive, &boot), 0);
	assert_int_equal(boot.id, 2);
	assert_int_equal(boot.end, 3);
	assert_int_equal(boot.reset_count, 2);
	assert_int_equal(archive_verify(archive,
					&(struct archive_verify_options){ 0 }),
			 0);
}

TEST(a_reader_reads_it_as_it_is)
{
	struct fixture *f = *state;
	struct archive *archive;

	assert_int_equal(archive_open_reader(&f->options, &archive), 0);
	assert_whole(archive);
	archive_close(archive);
	assert_int_equal(version(f), 1);
}

TEST(a_writer_upgrades_it)
{
	static const struct archive_boot key = {
		.has_reset_count = true,
		.has_restart_count = true,
		.reset_count = 2,
		.restart_count = 5,
		.ek_len = 3,
		.ek = { 1, 2, 3 },
	};
	struct fixture *f = *state;
	struct archive *archive, *reader;
	struct archive_boot boot;

	assert_int_equal(archive_open_writer(&f->options, &archive), 0);
	assert_non_null(strstr(f->said.text, "upgraded to format version 3"));
	assert_whole(archive);
	assert_int_equal(archive_continue_tpm(archive, 1, &key), -ESTALE);
	assert_int_equal(archive_continue_tpm(archive, 2, &key), 0);
	archive_close(archive);
	assert_int_equal(version(f), 3);

	assert_int_equal(archive_open_writer(&f->options, &archive), 0);
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(archive_last_boot(reader, &boot), 0);
	assert_int_equal(boot.restart_count, 5);
	assert_int_equal(boot.ek_len, 3);
	assert_memory_equal(boot.ek, key.ek, 3);
	archive_close(reader);
	archive_close(archive);
}

/* One that is open while the archive is upgraded under it goes on. */
TEST(a_reader_survives_the_upgrade)
{
	struct fixture *f = *state;
	struct archive *archive, *reader;

	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_whole(reader);
	assert_int_equal(archive_open_writer(&f->options, &archive), 0);
	assert_int_equal(archive_refresh(reader), ARCHIVE_CHANGED);
	assert_whole(reader);
	archive_close(archive);
	archive_close(reader);
}

/* A table too many is none of version 1, and no reason to make it one. */
TEST(what_is_no_archive_of_version_1_is_refused)
{
	struct fixture *f = *state;
	struct archive *archive;
	struct sqlite3 *db;
	char path[128];

	snprintf(path, sizeof(path), "%s/index.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE tpms (a)", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(archive_open_reader(&f->options, &archive), -EBADMSG);
	assert_int_equal(archive_open_writer(&f->options, &archive), -EBADMSG);
	assert_int_equal(version(f), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

TEST_MAIN(CASE(a_reader_reads_it_as_it_is), CASE(a_writer_upgrades_it),
	  CASE(a_reader_survives_the_upgrade),
	  CASE(what_is_no_archive_of_version_1_is_refused))
