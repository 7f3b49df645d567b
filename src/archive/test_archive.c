// SPDX-License-Identifier: MIT
/* The archive on a real file system: what is put comes back, whoever reads. */
#include "archive/archive.h"
#include "base/bytes.h"
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>

struct fixture {
	char dir[64];
	struct kept_said said;
	struct archive_options options;
	struct archive *archive; /* a writer */
	struct archive_boot boot;
	struct kept_list list;
};

static const struct archive_boot first_kernel = {
	.has_reset_count = true,
	.reset_count = 7,
	.boot_id = "6f4e2f4c-63b8-4c7f-9f0c-6f3d1f0a0001",
};

static void open_again(struct fixture *f)
{
	archive_close(f->archive);
	f->archive = NULL;
	assert_int_equal(archive_open_writer(&f->options, &f->archive), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/imastage-test-archive-XXXXXX");
	keeping_make_dir(f->dir);
	kept_said_init(&f->said);
	f->options = (struct archive_options){
		.dir = f->dir,
		.say = &f->said.say,
		.segment_len = 20000,
	};
	open_again(f);
	assert_int_equal(archive_new_boot(f->archive, &first_kernel, &f->boot),
			 0);
	kept_list_random(&f->list, 2000, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	archive_close(f->archive);
	keeping_remove_dir(f->dir);
	kept_list_fini(&f->list);
	free(f);
	return 0;
}

static void add(struct fixture *f, uint64_t from, uint64_t to)
{
	assert_int_equal(kept_list_put(&f->list, f->archive, from, to), 0);
	assert_int_equal(archive_commit(f->archive, NULL), 0);
}

TEST(a_new_archive_is_empty)
{
	struct fixture *f = *state;
	struct archive_boot boot;
	struct archive_pending pending;

	assert_int_equal(archive_end(f->archive), 0);
	assert_non_null(archive_replay(f->archive));
	assert_int_equal(archive_pending(f->archive, &pending), IMASTAGE_END);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	assert_int_equal(boot.id, 1);
	assert_string_equal(boot.name, "00000001");
	assert_true(boot.has_reset_count);
	assert_int_equal(boot.reset_count, 7);
	assert_string_equal(boot.boot_id, first_kernel.boot_id);
	assert_int_equal(kept_list_check(&f->list, f->archive, boot.id), 0);
}

TEST(what_is_put_comes_back)
{
	struct fixture *f = *state;

	add(f, 0, 1);
	add(f, 1, 3);
	add(f, 3, 1000);
	assert_int_equal(archive_end(f->archive), 1000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 1000);
	open_again(f);
	assert_int_equal(archive_end(f->archive), 1000);
	assert_int_equal(imastage_replay_nr_records(archive_replay(f->archive)),
			 1000);
	add(f, 1000, 2000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 2000);
	assert_int_equal(f->said.nr_errors, 0);
}

TEST(what_is_not_committed_is_not_there)
{
	struct fixture *f = *state;

	add(f, 0, 100);
	assert_int_equal(kept_list_put(&f->list, f->archive, 100, 900), 0);
	assert_int_equal(archive_end(f->archive), 900);
	assert_int_equal(archive_rollback(f->archive), 0);
	assert_int_equal(archive_end(f->archive), 100);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 100);

	assert_int_equal(kept_list_put(&f->list, f->archive, 100, 900), 0);
	open_again(f);
	assert_int_equal(archive_end(f->archive), 100);
	add(f, 100, 2000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 2000);
}

TEST(pending_is_noted_with_the_records)
{
	const struct archive_pending pending = { 0, 50, ARCHIVE_STAGED };
	const struct archive_pending rest = { 20, 30, ARCHIVE_COPIED };
	struct fixture *f = *state;
	struct archive_pending found;
	struct archive_boot boot;

	assert_int_equal(kept_list_put(&f->list, f->archive, 0, 50), 0);
	assert_int_equal(archive_commit(f->archive, &pending), 0);
	open_again(f);
	assert_int_equal(archive_pending(f->archive, &found), 0);
	assert_int_equal(found.first, 0);
	assert_int_equal(found.count, 50);
	assert_int_equal(found.method, ARCHIVE_STAGED);

	/* Another one takes its place, with or without records. */
	assert_int_equal(archive_commit(f->archive, &rest), 0);
	open_again(f);
	assert_int_equal(archive_pending(f->archive, &found), 0);
	assert_int_equal(found.first, 20);
	assert_int_equal(found.method, ARCHIVE_COPIED);
	assert_int_equal(archive_settle(f->archive), 0);
	assert_int_equal(archive_pending(f->archive, &found), IMASTAGE_END);

	/* A hard boot leaves nothing in the kernel. */
	assert_int_equal(archive_commit(f->archive, &rest), 0);
	assert_int_equal(archive_new_boot(f->archive,
					  &(struct archive_boot){ 0 }, &boot),
			 0);
	assert_int_equal(archive_pending(f->archive, &found), IMASTAGE_END);
}

TEST(notes_are_kept)
{
	struct fixture *f = *state;
	char value[16];

	assert_int_equal(archive_get_note(f->archive, "k", value, 16), -ENOENT);
	assert_int_equal(archive_note(f->archive, "k", "a value"), 0);
	assert_int_equal(archive_get_note(f->archive, "k", value, 7), -ENOBUFS);
	open_again(f);
	assert_int_equal(archive_get_note(f->archive, "k", value, 16), 0);
	assert_string_equal(value, "a value");
	assert_int_equal(archive_note(f->archive, "k", NULL), 0);
	assert_int_equal(archive_get_note(f->archive, "k", value, 16), -ENOENT);
	assert_int_equal(archive_note(f->archive, "", "x"), -EINVAL);
}

TEST(there_is_one_writer)
{
	struct fixture *f = *state;
	struct archive *other;

	assert_int_equal(archive_open_writer(&f->options, &other), -EBUSY);
	assert_int_equal(archive_open_reader(&f->options, &other), 0);
	assert_int_equal(archive_note(other, "k", "v"), -EROFS);
	archive_close(other);
}

TEST(readers_follow)
{
	struct fixture *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive *reader;

	add(f, 0, 10);
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(archive_refresh(reader), ARCHIVE_CHANGED);
	assert_int_equal(archive_refresh(reader), 0);
	assert_int_equal(archive_cursor_open(reader, 1, 10, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), IMASTAGE_END);
	for (uint64_t i = 10; i < 1000; i += 99) {
		add(f, i, i + 99);
		assert_int_equal(archive_refresh(reader), ARCHIVE_CHANGED);
		for (unsigned int n = 0; n < 99; n++)
			assert_int_equal(archive_cursor_next(cursor, &record),
					 0);
		assert_int_equal(archive_cursor_next(cursor, &record),
				 IMASTAGE_END);
		assert_int_equal(archive_cursor_index(cursor), i + 99);
	}
	archive_cursor_close(cursor);
	assert_int_equal(kept_list_check(&f->list, reader, 1), 1000);
	archive_close(reader);
}

TEST(boots_are_told_apart)
{
	struct archive_boot key = { .boot_id = "another" }, boot;
	struct fixture *f = *state;

	add(f, 0, 500);
	assert_int_equal(archive_continue_boot(f->archive, 1, key.boot_id), 0);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	assert_string_equal(boot.boot_id, "another");
	assert_int_equal(boot.nr_kernels, 2);
	assert_int_equal(archive_new_boot(f->archive, &key, &boot), 0);
	assert_int_equal(boot.id, 2);
	assert_false(boot.has_reset_count);
	assert_int_equal(archive_end(f->archive), 0);
	add(f, 0, 20);
	assert_int_equal(archive_continue_boot(f->archive, 1, "x"), -ESTALE);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 500);
	assert_int_equal(kept_list_check(&f->list, f->archive, 2), 20);
	assert_int_equal(archive_find_boot(f->archive, "1", &boot), 0);
	assert_int_equal(boot.end, 500);
	assert_int_equal(archive_find_boot(f->archive, "3", &boot), -ENOENT);
	assert_int_equal(archive_find_boot(f->archive, "-1", &boot), -ENOENT);
}

TEST(a_gap_has_a_place)
{
	struct fixture *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive_place before, place;

	add(f, 0, 300);
	assert_int_equal(archive_end_place(f->archive, 1, &before), 0);
	assert_int_equal(archive_add_gap(f->archive, 5, "lost"), 0);
	assert_int_equal(archive_add_gap(f->archive, 2, "again"), 0);
	assert_null(archive_replay(f->archive));
	assert_int_equal(archive_end(f->archive), 307);
	open_again(f);
	assert_null(archive_replay(f->archive));
	assert_int_equal(archive_end(f->archive), 307);
	add(f, 300, 600);
	open_again(f);
	assert_null(archive_replay(f->archive));

	assert_int_equal(archive_cursor_open(f->archive, 1, 299, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), ARCHIVE_GAP);
	assert_int_equal(archive_cursor_gap(cursor)->count, 7);
	assert_int_equal(archive_cursor_gap(cursor)->first, 300);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	assert_int_equal(archive_cursor_index(cursor), 308);
	archive_cursor_close(cursor);

	assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY, 0,
					before.binary + 6, &place),
			 0);
	assert_true(place.index < 300);
	assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY, 0,
					before.binary + 7, &place),
			 0);
	assert_int_equal(place.index, 307);
}

/* Every offset, in every unit, against a walk through the list. */
TEST(places_are_found)
{
	struct fixture *f = *state;
	struct archive_place place, end;

	add(f, 0, 2000);
	assert_int_equal(archive_end_place(f->archive, 1, &end), 0);
	assert_int_equal(end.index, 2000);
	assert_int_equal(end.binary, f->list.bytes.len);
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t offset = f->list.offsets[i] + i * 12;

		assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY,
						12, offset, &place),
				 0);
		assert_true(place.index <= i);
		assert_true(i - place.index < ARCHIVE_MARK_RECORDS);
		assert_int_equal(place.binary, f->list.offsets[place.index]);
		assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_INDEX, 0,
						i, &end),
				 0);
		assert_memory_equal(&end, &place, sizeof(end));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(a_new_archive_is_empty), CASE(what_is_put_comes_back),
	  CASE(what_is_not_committed_is_not_there),
	  CASE(pending_is_noted_with_the_records), CASE(notes_are_kept),
	  CASE(there_is_one_writer), CASE(readers_follow),
	  CASE(boots_are_told_apart), CASE(a_gap_has_a_place),
	  CASE(places_are_found))
