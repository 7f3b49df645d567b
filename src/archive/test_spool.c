// SPDX-License-Identifier: MIT
/* Records that are not archived yet: the same places, the same bytes. */
#include "archive/spool.h"
#include "base/bytes.h"
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>

static const struct archive_place start = { 1000, 50000, 90000 };
static struct kept_list list;

static int make_list(void **state)
{
	(void)state;
	kept_list_random(&list, 2000, 4);
	return 0;
}

static int free_list(void **state)
{
	(void)state;
	kept_list_fini(&list);
	return 0;
}

static struct spool *new_spool(uint64_t nr)
{
	struct spool *spool;

	assert_int_equal(spool_new(NULL, "/tmp", &start, &spool), 0);
	for (uint64_t i = 0; i < nr; i++)
		assert_int_equal(spool_put(spool, &list.records[i]), 0);
	return spool;
}

static void check_record(struct spool_cursor *cursor, uint64_t i)
{
	struct imastage_record record;

	assert_int_equal(spool_cursor_index(cursor), start.index + i);
	assert_int_equal(spool_cursor_next(cursor, &record), 0);
	assert_true(bytes_equal(record.raw, list.records[i].raw));
}

TEST(an_empty_one_has_a_place)
{
	struct spool *spool = new_spool(0);
	struct archive_place place;
	struct spool_cursor *cursor;
	struct imastage_record record;

	place = spool_end(spool);
	assert_memory_equal(&place, &start, sizeof(start));
	assert_int_equal(spool_locate(spool, ARCHIVE_BINARY, 0, 60000, &place),
			 0);
	assert_memory_equal(&place, &start, sizeof(start));
	assert_int_equal(spool_locate(spool, ARCHIVE_BINARY, 0, 49999, &place),
			 -ESTALE);
	assert_int_equal(spool_cursor_open(spool, 999, &cursor), -ERANGE);
	assert_int_equal(spool_cursor_open(spool, 1001, &cursor), -ERANGE);
	assert_int_equal(spool_cursor_open(spool, 1000, &cursor), 0);
	assert_int_equal(spool_cursor_next(cursor, &record), IMASTAGE_END);
	spool_cursor_close(cursor);
	spool_free(spool);
}

TEST(reading_begins_anywhere)
{
	struct spool *spool = new_spool(list.nr);

	for (uint64_t i = 0; i < list.nr; i += 13) {
		struct spool_cursor *cursor;

		assert_int_equal(
			spool_cursor_open(spool, start.index + i, &cursor), 0);
		check_record(cursor, i);
		if (i + 1 < list.nr)
			check_record(cursor, i + 1);
		spool_cursor_close(cursor);
	}
	spool_free(spool);
}

TEST(cursors_follow)
{
	struct spool *spool = new_spool(1);
	struct spool_cursor *cursor;
	struct imastage_record record;

	assert_int_equal(spool_cursor_open(spool, start.index, &cursor), 0);
	check_record(cursor, 0);
	for (uint64_t i = 1; i < list.nr; i++) {
		assert_int_equal(spool_put(spool, &list.records[i]), 0);
		if (i % 7 == 0 || i + 1 == list.nr)
			while (spool_cursor_index(cursor) <= start.index + i)
				check_record(cursor,
					     spool_cursor_index(cursor) -
						     start.index);
	}
	assert_int_equal(spool_cursor_next(cursor, &record), IMASTAGE_END);
	spool_cursor_close(cursor);
	spool_free(spool);
}

TEST(places_are_found)
{
	struct spool *spool = new_spool(list.nr);
	struct archive_place place, end = spool_end(spool);

	assert_int_equal(end.index, start.index + list.nr);
	assert_int_equal(end.binary, start.binary + list.bytes.len);
	for (uint64_t i = 0; i < list.nr; i++) {
		uint64_t index = start.index + i;
		uint64_t offset = start.binary + list.offsets[i] + index * 12;

		assert_int_equal(spool_locate(spool, ARCHIVE_BINARY, 12, offset,
					      &place),
				 0);
		assert_int_equal(place.index, index - i % ARCHIVE_MARK_RECORDS);
		assert_int_equal(
			place.binary,
			start.binary + list.offsets[place.index - start.index]);
	}
	spool_free(spool);
}

TEST(records_are_of_one_kind)
{
	struct spool *spool = new_spool(1);
	struct imastage_record record = list.records[1];

	record.bank = IMASTAGE_SHA256;
	assert_int_equal(spool_put(spool, &record), -EINVAL);
	record = list.records[1];
	record.endian = IMASTAGE_BIG;
	assert_int_equal(spool_put(spool, &record), -EINVAL);
	assert_int_equal(spool_put(spool, &list.records[1]), 0);
	spool_free(spool);
	assert_int_equal(spool_new(NULL, "/does/not/exist", &start, &spool),
			 -ENOENT);
}

TEST_MAIN_WITH(make_list, free_list, cmocka_unit_test(an_empty_one_has_a_place),
	       cmocka_unit_test(reading_begins_anywhere),
	       cmocka_unit_test(cursors_follow),
	       cmocka_unit_test(places_are_found),
	       cmocka_unit_test(records_are_of_one_kind))
