// SPDX-License-Identifier: MIT
/* PCR values in the middle of an archive. */
#include "archive/archive.h"
#include "lib/keeping.h"
#include "lib/testing.h"

/* Values after the last segment that ends at or before a record. */
static uint64_t replay_at(struct kept_archive *f, uint64_t at)
{
	struct imastage_replay *replay;
	uint64_t nr;

	if (archive_replay_at(f->archive, 1, at, &replay) != 0)
		return UINT64_MAX;
	nr = imastage_replay_nr_records(replay);
	if (nr == archive_end(f->archive))
		assert_memory_equal(
			imastage_replay_value(replay, IMASTAGE_SHA256, 10).data,
			imastage_replay_value(archive_replay(f->archive),
					      IMASTAGE_SHA256, 10)
				.data,
			32);
	imastage_replay_free(replay);
	return nr;
}

TEST(a_replay_can_begin_in_the_middle)
{
	struct kept_archive *f = *state;

	assert_int_equal(replay_at(f, 5), 0);
	kept_archive_add(f, 0, 300);
	assert_true(replay_at(f, 299) < 300);
	assert_int_equal(replay_at(f, 300), 300);
	assert_int_equal(archive_add_gap(f->archive, 5, "lost"), 0);
	kept_archive_add(f, 300, 600);
	assert_int_equal(replay_at(f, 302), 300);
	assert_int_equal(replay_at(f, 605), UINT64_MAX);
	assert_int_equal(replay_at(f, 100000), UINT64_MAX);
	assert_true(replay_at(f, 299) < 300);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(a_replay_can_begin_in_the_middle,
					  kept_archive_setup,
					  kept_archive_teardown))
