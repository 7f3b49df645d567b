// SPDX-License-Identifier: MIT
/* The archive on a real file system: what is put comes back, whoever reads. */
#include "archive/query.h"
#include "archive/store.h"
#include "base/bytes.h"
#include "base/file.h"
#include "lib/keeping.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>

/* The segments' files have @len bytes and no more. */
static void check_size(struct kept_archive *f, uint64_t len)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "test $(cat %s/00000001/*.ima | wc -c) = %llu", f->dir,
		 (unsigned long long)len);
	assert_int_equal(system(command), 0);
}

TEST(a_new_archive_is_empty)
{
	struct kept_archive *f = *state;
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
	assert_string_equal(boot.boot_id, f->boot.boot_id);
	assert_int_equal(kept_list_check(&f->list, f->archive, boot.id), 0);
}

TEST(what_is_put_comes_back)
{
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 1);
	kept_archive_add(f, 1, 3);
	kept_archive_add(f, 3, 1000);
	assert_int_equal(archive_end(f->archive), 1000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 1000);
	kept_archive_open_again(f);
	assert_int_equal(archive_end(f->archive), 1000);
	assert_int_equal(imastage_replay_nr_records(archive_replay(f->archive)),
			 1000);
	kept_archive_add(f, 1000, 2000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 2000);
	assert_int_equal(f->said.nr_errors, 0);
}

TEST(what_is_not_committed_is_not_there)
{
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 100);
	assert_int_equal(kept_list_put(&f->list, f->archive, 100, 900), 0);
	assert_int_equal(archive_end(f->archive), 900);
	assert_int_equal(archive_rollback(f->archive), 0);
	assert_int_equal(archive_end(f->archive), 100);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 100);

	assert_int_equal(kept_list_put(&f->list, f->archive, 100, 900), 0);
	kept_archive_open_again(f);
	assert_int_equal(archive_end(f->archive), 100);
	check_size(f, f->list.offsets[100]);
	kept_archive_add(f, 100, 2000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 2000);
}

TEST(pending_is_noted_with_the_records)
{
	const struct archive_pending pending = { 0, 50, ARCHIVE_STAGED };
	const struct archive_pending rest = { 20, 30, ARCHIVE_COPIED };
	struct kept_archive *f = *state;
	struct archive_pending found;
	struct archive_boot boot;

	assert_int_equal(kept_list_put(&f->list, f->archive, 0, 50), 0);
	assert_int_equal(archive_commit(f->archive, &pending), 0);
	kept_archive_open_again(f);
	assert_int_equal(archive_pending(f->archive, &found), 0);
	assert_int_equal(found.first, 0);
	assert_int_equal(found.count, 50);
	assert_int_equal(found.method, ARCHIVE_STAGED);

	/* Another one takes its place, with or without records. */
	assert_int_equal(archive_commit(f->archive, &rest), 0);
	kept_archive_open_again(f);
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
	struct kept_archive *f = *state;
	char value[16];

	assert_int_equal(archive_get_note(f->archive, "k", value, 16), -ENOENT);
	assert_int_equal(archive_note(f->archive, "k", "a value"), 0);
	assert_int_equal(archive_get_note(f->archive, "k", value, 7), -ENOBUFS);
	kept_archive_open_again(f);
	assert_int_equal(archive_get_note(f->archive, "k", value, 16), 0);
	assert_string_equal(value, "a value");
	assert_int_equal(archive_note(f->archive, "k", NULL), 0);
	assert_int_equal(archive_get_note(f->archive, "k", value, 16), -ENOENT);
	assert_int_equal(archive_note(f->archive, "", "x"), -EINVAL);
}

TEST(there_is_one_writer)
{
	struct kept_archive *f = *state;
	struct archive *other;

	assert_int_equal(archive_open_writer(&f->options, &other), -EBUSY);
	assert_int_equal(archive_open_reader(&f->options, &other), 0);
	assert_int_equal(archive_note(other, "k", "v"), -EROFS);
	archive_close(other);
}

TEST(readers_follow)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive *reader;

	kept_archive_add(f, 0, 10);
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(archive_refresh(reader), ARCHIVE_CHANGED);
	assert_int_equal(archive_refresh(reader), 0);
	assert_int_equal(archive_cursor_open(reader, 1, 10, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), IMASTAGE_END);
	for (uint64_t i = 10; i < 1000; i += 99) {
		kept_archive_add(f, i, i + 99);
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
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 500);
	assert_int_equal(archive_continue_boot(f->archive, 1, key.boot_id), 0);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	assert_string_equal(boot.boot_id, "another");
	assert_int_equal(boot.nr_kernels, 2);
	assert_int_equal(archive_new_boot(f->archive, &key, &boot), 0);
	assert_int_equal(boot.id, 2);
	assert_false(boot.has_reset_count);
	assert_int_equal(archive_end(f->archive), 0);
	kept_archive_add(f, 0, 20);
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
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive_place before, place;

	kept_archive_add(f, 0, 300);
	assert_int_equal(archive_end_place(f->archive, 1, &before), 0);
	assert_int_equal(archive_add_gap(f->archive, 5, "lost"), 0);
	assert_int_equal(archive_add_gap(f->archive, 2, "again"), 0);
	assert_null(archive_replay(f->archive));
	assert_int_equal(archive_end(f->archive), 307);
	kept_archive_open_again(f);
	assert_null(archive_replay(f->archive));
	assert_int_equal(archive_end(f->archive), 307);
	kept_archive_add(f, 300, 600);
	kept_archive_open_again(f);
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
	struct kept_archive *f = *state;
	struct archive_place place, end;

	kept_archive_add(f, 0, 2000);
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

/* How often the index was asked for a segment. */
static int nr_asked(struct kept_archive *f)
{
	return sqlite3_stmt_status(f->archive->index.queries[QUERY_SEGMENT_AT],
				   SQLITE_STMTSTATUS_RUN, 0);
}

/* Steps for all of @nr records, each looked for by its byte. */
static int steps(struct kept_archive *f, uint64_t nr)
{
	struct archive_place place;
	int before = nr_asked(f);

	for (uint64_t i = 0; i < nr; i++)
		assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY,
						0, f->list.offsets[i], &place),
				 0);
	return nr_asked(f) - before;
}

/* Not more steps when the list is longer; what halving it takes would be. */
TEST(a_place_is_found_in_few_steps)
{
	struct kept_archive *f = *state;
	int few;

	kept_archive_add(f, 0, 500);
	few = steps(f, 500);
	kept_archive_add(f, 500, 2000);
	assert_true(steps(f, 500) <= 2 * few);
	assert_true(steps(f, 2000) <= 4 * 2000);
}

/* A cursor in the middle of a segment asks for that once, and for no end. */
TEST(a_cursor_is_opened_in_one_step)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	int before;

	kept_archive_add(f, 0, 2000);
	before = nr_asked(f);
	assert_int_equal(archive_cursor_open(f->archive, 1, 777, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	assert_int_equal(nr_asked(f) - before, 1);
	assert_int_equal(archive_cursor_index(cursor), 778);
	archive_cursor_close(cursor);
	assert_int_equal(archive_cursor_open(f->archive, 1, 2000, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), IMASTAGE_END);
	archive_cursor_close(cursor);
	assert_int_equal(archive_cursor_open(f->archive, 1, 2001, &cursor),
			 -ERANGE);
	assert_int_equal(archive_cursor_open(f->archive, 2, 0, &cursor),
			 -ENOENT);
}

/* ---- upkeep ---------------------------------------------------------------- */

static uint64_t stored_bytes(struct kept_archive *f)
{
	struct archive_boot boot;

	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	return boot.stored_bytes;
}

TEST(compressed_segments_read_the_same)
{
	struct kept_archive *f = *state;
	struct archive *reader;
	uint64_t before;
	unsigned int done;

	kept_archive_add(f, 0, 2000);
	before = stored_bytes(f);
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(archive_compress(f->archive, 3, &done), 0);
	assert_int_equal(done, 3);
	assert_int_equal(kept_list_check(&f->list, reader, 1), 2000);
	assert_int_equal(archive_compress(f->archive, 1000, &done), 0);
	assert_true(done > 5);
	assert_true(stored_bytes(f) < before);
	assert_int_equal(kept_list_check(&f->list, reader, 1), 2000);
	keeping_verify(reader);
	archive_close(reader);
	assert_int_equal(archive_compress(f->archive, 1000, &done), 0);
	assert_int_equal(done, 0);
	kept_archive_open_again(f);
	assert_int_equal(archive_end(f->archive), 2000);
	assert_int_equal(kept_list_check(&f->list, f->archive, 1), 2000);
	assert_int_equal(f->said.nr_errors, 0);
}

/* From every record on, compressed or not. */
TEST(reading_begins_anywhere)
{
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 2000);
	assert_int_equal(archive_compress(f->archive, 5, NULL), 0);
	for (uint64_t i = 0; i < 2000; i += 7) {
		struct archive_cursor *cursor;
		struct imastage_record record;

		assert_int_equal(archive_cursor_open(f->archive, 1, i, &cursor),
				 0);
		assert_int_equal(archive_cursor_next(cursor, &record), 0);
		assert_memory_equal(record.raw.data,
				    f->list.bytes.data + f->list.offsets[i],
				    record.raw.len);
		archive_cursor_close(cursor);
	}
}

TEST(nothing_is_pruned_that_nobody_acknowledged)
{
	const struct archive_prune_options options = { .max_bytes = 1 };
	struct archive_prune_result result;
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 2000);
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_int_equal(result.nr_segments, 0);
	assert_true(result.unacknowledged);
	assert_int_equal(archive_hold(f->archive, "verifier", 0, 100, 0), 0);
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_int_equal(result.nr_segments, 0);
	assert_true(result.held);
	assert_string_equal(result.hold, "verifier");
	assert_int_equal(archive_hold(f->archive, "v", 0, 2001, 0), -ERANGE);
	assert_int_equal(archive_hold(f->archive, "", 0, 1, 0), -EINVAL);
	assert_int_equal(archive_release(f->archive, "v", 0), -ENOENT);
}

TEST(pruning_leaves_what_a_hold_keeps)
{
	struct archive_prune_options options = { .max_bytes = 1,
						 .dry_run = true };
	struct archive_prune_result planned, result;
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive_place place;
	struct archive_boot boot;
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 2000);
	assert_int_equal(archive_compress(f->archive, 2, NULL), 0);
	assert_int_equal(archive_hold(f->archive, "verifier", 0, 1000, 0), 0);
	assert_int_equal(archive_hold(f->archive, "late", 0, 1500, 0), 0);
	assert_int_equal(archive_prune(f->archive, &options, &planned), 0);
	options.dry_run = false;
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_memory_equal(&planned, &result, sizeof(result));
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	assert_int_equal(boot.first, result.nr_records);
	assert_true(boot.first > 0 && boot.first <= 1000);
	keeping_verify(f->archive);

	assert_int_equal(archive_cursor_open(f->archive, 1, 0, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), -ESTALE);
	archive_cursor_close(cursor);
	assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY, 0, 0,
					&place),
			 -ESTALE);
	assert_int_equal(archive_locate(f->archive, 1, ARCHIVE_BINARY, 0,
					f->list.offsets[boot.first], &place),
			 0);
	assert_int_equal(place.index, boot.first);
	kept_archive_open_again(f);
	assert_int_equal(archive_end(f->archive), 2000);
	assert_int_equal(imastage_replay_nr_records(archive_replay(f->archive)),
			 2000);
	assert_int_equal(f->said.nr_errors, 0);
}

static int count_boot(void *context, const struct archive_boot *boot)
{
	int *nr = context;

	(void)boot;
	(*nr)++;
	return 0;
}

TEST(old_boots_go_whole)
{
	const struct archive_prune_options options = { .keep_boots = 2,
						       .force = true };
	struct archive_prune_result result;
	struct archive_boot boot;
	struct kept_archive *f = *state;
	int nr = 0;

	kept_archive_add(f, 0, 300);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(archive_new_boot(f->archive, &f->boot, &boot),
				 0);
		if (i != 1)
			kept_archive_add(f, 0, 300);
	}
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_int_equal(result.nr_boots, 2);
	assert_int_equal(archive_each_boot(f->archive, count_boot, &nr), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(archive_find_boot(f->archive, "2", &boot), -ENOENT);
	assert_int_equal(kept_list_check(&f->list, f->archive, 4), 300);
	assert_int_equal(archive_new_boot(f->archive, &f->boot, &boot), 0);
	assert_int_equal(boot.id, 5);
	assert_int_equal(f->said.nr_errors, 0);
}

TEST(age_is_counted_from_the_last_record)
{
	struct archive_prune_options options = { .max_age = 60, .force = true };
	struct archive_prune_result result;
	struct archive_boot boot;
	struct kept_archive *f = *state;

	kept_archive_add(f, 0, 2000);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	options.now = boot.created + 59;
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_int_equal(result.nr_segments, 0);
	options.now = boot.created + 1000;
	assert_int_equal(archive_prune(f->archive, &options, &result), 0);
	assert_int_equal(result.nr_segments, boot.nr_segments - 1);
}

/* ---- bytes ----------------------------------------------------------------- */

static int append_file(void *context, const struct archive_segment *segment)
{
	struct kept_archive *f = context;
	char command[256];

	snprintf(command, sizeof(command),
		 "%s %s/00000001/%020llu.ima%s >>%s/list",
		 segment->compressed ? "zstdcat" : "cat", f->dir,
		 (unsigned long long)segment->first,
		 segment->compressed ? ".zst" : "", f->dir);
	assert_int_equal(system(command), 0);
	return 0;
}

/* What cat and zstdcat make of the segments is the list. */
static void check_files(struct kept_archive *f)
{
	char path[128];
	uint8_t *data;
	size_t len;

	snprintf(path, sizeof(path), "%s/list", f->dir);
	unlink(path);
	assert_int_equal(archive_each_segment(f->archive, 1, append_file, f),
			 0);
	assert_int_equal(file_read(path, SIZE_MAX, &data, &len), 0);
	assert_int_equal(len, f->list.bytes.len);
	assert_memory_equal(data, f->list.bytes.data, len);
	free(data);
}

/* All of it, by pieces of up to @len bytes where it can be copied. */
static void check_copies(struct kept_archive *f, struct archive *archive,
			 size_t len, unsigned int *ret_copied)
{
	const uint8_t *at = f->list.bytes.data;
	const uint8_t *end = at + f->list.bytes.len;
	struct archive_cursor *cursor;
	struct imastage_record record;
	uint8_t data[5000];

	*ret_copied = 0;
	assert_int_equal(archive_cursor_open(archive, 1, 0, &cursor), 0);
	assert_int_equal(archive_cursor_copy(cursor, data, len), 0);
	while (archive_cursor_next(cursor, &record) == 0) {
		ssize_t n;

		assert_memory_equal(at, record.raw.data, record.raw.len);
		at += record.raw.len;
		while ((n = archive_cursor_copy(cursor, data, len)) > 0) {
			assert_in_range(n, 1, end - at);
			assert_memory_equal(at, data, n);
			at += n;
			++*ret_copied;
		}
		assert_int_equal(n, 0);
	}
	assert_ptr_equal(at, end);
	assert_int_equal(archive_cursor_index(cursor), f->list.nr);
	archive_cursor_close(cursor);
}

/* A reader as well, whose last segment grows while it is copied. */
TEST(bytes_are_copied_up_to_the_end_of_a_segment)
{
	struct kept_archive *f = *state;
	struct archive_boot boot;
	unsigned int copied;

	kept_archive_add(f, 0, 700);
	kept_archive_add(f, 700, 2000);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	assert_true(boot.nr_segments > 10);
	check_copies(f, f->archive, 5000, &copied);
	assert_true(copied >= boot.nr_segments - 1);
	check_copies(f, f->archive, 7, &copied);
	assert_int_equal(archive_compress(f->archive, 1000, NULL), 0);
	check_copies(f, f->archive, 5000, &copied);
	assert_true(copied < 8); /* what is not compressed: the last one */
	assert_int_equal(f->said.nr_errors, 0);
}

/* All of it, in ASCII, up to @len bytes at once where that can be. */
static void check_lines(struct kept_archive *f,
			const struct imastage_buffer *want, size_t len,
			unsigned int *ret_shown)
{
	const struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_ASCII,
	};
	struct imastage_buffer lines = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&lines);
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct imastage_writer *writer;
	char data[5000];
	size_t n;

	*ret_shown = 0;
	assert_int_equal(imastage_writer_new(sink, &to, &writer), 0);
	assert_int_equal(archive_cursor_open(f->archive, 1, 3, &cursor), 0);
	assert_int_equal(archive_cursor_show(cursor, data, len), 0);
	while (archive_cursor_next(cursor, &record) == 0) {
		assert_int_equal(imastage_writer_put(writer, &record), 0);
		while ((n = archive_cursor_show(cursor, data, len)) > 0) {
			assert_int_equal(sink.write(sink.context, data, n), 0);
			++*ret_shown;
		}
	}
	assert_int_equal(archive_cursor_index(cursor), f->list.nr);
	assert_int_equal(lines.len, want->len);
	assert_memory_equal(lines.data, want->data, want->len);
	archive_cursor_close(cursor);
	imastage_writer_free(writer);
	free(lines.data);
}

TEST(lines_are_shown_up_to_the_end_of_a_segment)
{
	const struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.endian = IMASTAGE_HOST,
	};
	const struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_ASCII,
	};
	struct kept_archive *f = *state;
	struct imastage_buffer want = { 0 };
	struct archive_boot boot;
	unsigned int shown;

	assert_int_equal(convert_list(bytes_skip(bytes_of(f->list.bytes.data,
							  f->list.bytes.len),
						 f->list.offsets[3]),
				      &from, &to, &want),
			 IMASTAGE_END);
	kept_archive_add(f, 0, 700);
	kept_archive_add(f, 700, 2000);
	assert_int_equal(archive_last_boot(f->archive, &boot), 0);
	check_lines(f, &want, 5000, &shown);
	assert_true(shown >= boot.nr_segments - 1);
	check_lines(f, &want, 700, &shown);
	assert_int_equal(archive_compress(f->archive, 1000, NULL), 0);
	check_lines(f, &want, 5000, &shown);
	assert_true(shown >= boot.nr_segments - 1);
	assert_int_equal(f->said.nr_errors, 0);
	free(want.data);
}

TEST(in_the_middle_of_bytes_there_is_no_record)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	uint8_t data[4096];
	uint64_t end;

	kept_archive_add(f, 0, 50);
	end = f->list.offsets[50];
	assert_int_equal(archive_cursor_open(f->archive, 1, 40, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	assert_int_equal(archive_cursor_copy(cursor, data, 3), 3);
	assert_int_equal(archive_cursor_next(cursor, &record), -EINVAL);
	kept_archive_add(f, 50, 60);
	while (archive_cursor_copy(cursor, data, sizeof(data)) > 0)
		;
	assert_int_equal(archive_cursor_index(cursor), 50);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	assert_memory_equal(record.raw.data, f->list.bytes.data + end,
			    record.raw.len);
	archive_cursor_close(cursor);
}

/* Where lines could be shown, if nothing had been copied. */
TEST(in_the_middle_of_bytes_there_is_no_line)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	uint8_t data[4096];
	size_t shown = 0;

	kept_archive_add(f, 0, 50);
	for (uint64_t i = 0; i < 40 && shown == 0; i++) {
		assert_int_equal(archive_cursor_open(f->archive, 1, i, &cursor),
				 0);
		assert_int_equal(archive_cursor_next(cursor, &record), 0);
		shown = archive_cursor_show(cursor, data, sizeof(data));
		archive_cursor_close(cursor);
		assert_int_equal(archive_cursor_open(f->archive, 1, i, &cursor),
				 0);
		assert_int_equal(archive_cursor_next(cursor, &record), 0);
		assert_int_equal(archive_cursor_copy(cursor, data, 3), 3);
		assert_int_equal(
			archive_cursor_show(cursor, data, sizeof(data)), 0);
		archive_cursor_close(cursor);
	}
	assert_true(shown > 0);
}

/* The file is shorter than its row says. */
TEST(bytes_that_are_not_there_are_an_error)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;
	uint8_t data[64];
	char path[160];
	ssize_t n;

	kept_archive_add(f, 0, 50);
	assert_int_equal(archive_cursor_open(f->archive, 1, 0, &cursor), 0);
	assert_int_equal(archive_cursor_next(cursor, &record), 0);
	snprintf(path, sizeof(path), "%s/00000001/%020d.ima", f->dir, 0);
	assert_int_equal(truncate(path, (off_t)f->list.offsets[20] + 5), 0);
	while ((n = archive_cursor_copy(cursor, data, sizeof(data))) > 0)
		;
	assert_int_equal(n, -ENODATA);
	assert_non_null(strstr(f->said.text, "the file ends before"));
	archive_cursor_close(cursor);
}

TEST(segments_are_the_list)
{
	static const char *const names[] = {
		"kernel-banks-sha1", "kernel-ima", "kernel-ima-sig-buf",
		"mixed-sha1",	     "names",	   "others",
		"violation",	     "other-pcr"
	};
	struct kept_archive *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[256];

		kept_archive_teardown(state);
		kept_archive_setup(state);
		f = *state;
		kept_list_fini(&f->list);
		snprintf(path, sizeof(path), TEST_DATA "/golden/%s.hex",
			 names[i]);
		kept_list_read(&f->list, path);
		f->options.segment_len = 500;
		kept_archive_open_again(f);
		kept_archive_add(f, 0, f->list.nr);
		check_files(f);
		assert_int_equal(archive_compress(f->archive, 1000, NULL), 0);
		check_files(f);
		keeping_verify(f->archive);
	}
}

/* From any record on, raw or compressed, up to any: what is read of is what was archived. */
TEST(a_cursor_compares_with_digests)
{
	struct kept_archive *f = *state;
	struct archive_cursor *cursor;
	struct imastage_record record;

	kept_archive_add(f, 0, 1500);
	assert_int_equal(archive_compress(f->archive, 2, NULL), 0);
	for (uint64_t from = 0; from < 1500; from += 77) {
		assert_int_equal(
			archive_cursor_open(f->archive, 1, from, &cursor), 0);
		assert_int_equal(archive_cursor_check(cursor), 0);
		for (uint64_t i = from; i < from + 50 && i < 1500; i++) {
			assert_int_equal(archive_cursor_next(cursor, &record),
					 0);
			assert_memory_equal(record.raw.data,
					    f->list.records[i].raw.data,
					    record.raw.len);
		}
		assert_int_equal(archive_cursor_finish(cursor), 0);
		archive_cursor_close(cursor);
	}
}

#define CASE(name)                                                \
	cmocka_unit_test_setup_teardown(name, kept_archive_setup, \
					kept_archive_teardown)

TEST_MAIN(CASE(a_new_archive_is_empty), CASE(what_is_put_comes_back),
	  CASE(what_is_not_committed_is_not_there),
	  CASE(pending_is_noted_with_the_records), CASE(notes_are_kept),
	  CASE(there_is_one_writer), CASE(readers_follow),
	  CASE(boots_are_told_apart), CASE(a_gap_has_a_place),
	  CASE(places_are_found), CASE(a_place_is_found_in_few_steps),
	  CASE(a_cursor_is_opened_in_one_step),
	  CASE(compressed_segments_read_the_same),
	  CASE(reading_begins_anywhere),
	  CASE(nothing_is_pruned_that_nobody_acknowledged),
	  CASE(pruning_leaves_what_a_hold_keeps), CASE(old_boots_go_whole),
	  CASE(age_is_counted_from_the_last_record),
	  CASE(bytes_are_copied_up_to_the_end_of_a_segment),
	  CASE(lines_are_shown_up_to_the_end_of_a_segment),
	  CASE(in_the_middle_of_bytes_there_is_no_record),
	  CASE(bytes_that_are_not_there_are_an_error),
	  CASE(in_the_middle_of_bytes_there_is_no_line),
	  CASE(segments_are_the_list), CASE(a_cursor_compares_with_digests))
