// SPDX-License-Identifier: MIT
/*
 * Holds, and whose they are.
 */
#include "archive/archive.h"
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>

struct found_hold {
	uint64_t from;
	uid_t owner;
	int nr;
};

static int find_hold(void *context, const struct archive_hold *hold)
{
	struct found_hold *found = context;

	found->from = hold->from;
	found->owner = hold->owner;
	found->nr++;
	return 0;
}

static void assert_hold(struct archive *archive, uint64_t from, uid_t owner)
{
	struct found_hold found = { 0 };

	assert_int_equal(archive_each_hold(archive, find_hold, &found), 0);
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.from, from);
	assert_int_equal(found.owner, owner);
}

TEST(a_hold_is_changed_by_its_owner_and_by_root)
{
	struct kept_archive *f = *state;
	struct found_hold none = { 0 };

	kept_archive_add(f, 0, 100);
	assert_int_equal(archive_hold(f->archive, "v", 0, 10, 1000), 0);
	assert_int_equal(archive_hold(f->archive, "v", 0, 20, 1001), -EPERM);
	assert_int_equal(archive_release(f->archive, "v", 1001), -EPERM);
	assert_hold(f->archive, 10, 1000);
	assert_int_equal(archive_hold(f->archive, "v", 0, 30, 0), 0);
	assert_hold(f->archive, 30, 1000);
	assert_int_equal(archive_hold(f->archive, "v", 0, 40, 1000), 0);
	assert_hold(f->archive, 40, 1000);
	assert_int_equal(archive_release(f->archive, "v", 1000), 0);
	assert_int_equal(archive_each_hold(f->archive, find_hold, &none), 0);
	assert_int_equal(none.nr, 0);
	/* The name is free: whoever takes it next owns it. */
	assert_int_equal(archive_hold(f->archive, "v", 0, 50, 0), 0);
	assert_hold(f->archive, 50, 0);
	assert_int_equal(archive_release(f->archive, "v", 1000), -EPERM);
	assert_int_equal(archive_release(f->archive, "w", 1000), -ENOENT);
	assert_int_equal(archive_release(f->archive, "v", 0), 0);
}

#define CASE(name)                                                \
	cmocka_unit_test_setup_teardown(name, kept_archive_setup, \
					kept_archive_teardown)

TEST_MAIN(CASE(a_hold_is_changed_by_its_owner_and_by_root))
