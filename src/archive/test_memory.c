// SPDX-License-Identifier: MIT
/*
 * The life of an archive when memory runs out at the Nth allocation, SQLite's
 * included, once or for good: what was committed is there, nothing leaks, and
 * life goes on.
 *
 * By default some of the places are left out; with FAULTS=all in the
 * environment none are.
 */
#include "archive/test_scenario.h"
#include "lib/alloc.h"
#include "lib/disk.h"
#include "lib/testing.h"

#include <errno.h>

static struct kept_list list;
static uint64_t nr_injected;

static int make_list(void **state)
{
	(void)state;
	alloc_init();
	kept_list_random(&list, SCENARIO_RECORDS, 3);
	return 0;
}

static int free_list(void **state)
{
	(void)state;
	kept_list_fini(&list);
	printf("# %llu faults injected\n", (unsigned long long)nr_injected);
	return 0;
}

/* What has no memory of its own left aborts: the disk, the list, cmocka. */
static int run_short_of_memory(struct scenario *scenario, uint64_t nr,
			       bool lasts, bool *ret_occurred)
{
	int r;

	alloc_fail(nr, lasts);
	r = scenario_run(scenario);
	*ret_occurred = alloc_stop();
	return r;
}

/* In the same process, or in the next one. */
static void recover(struct scenario *scenario, bool again)
{
	if (again)
		scenario_close(scenario);
	if (scenario->archive)
		assert_int_equal(archive_rollback(scenario->archive), 0);
	else
		assert_int_equal(archive_open_writer(&scenario->options,
						     &scenario->archive),
				 0);
}

static bool try_one(uint64_t nr, bool lasts)
{
	struct disk *disk = disk_new();
	struct scenario scenario = {
		.list = &list,
		.options = { .dir = "/archive",
			     .io = disk_io(disk),
			     .vfs = disk_vfs(disk),
			     .segment_len = 4000 },
	};
	bool occurred;
	int r = run_short_of_memory(&scenario, nr, lasts, &occurred);

	assert_true(r == 0 || (occurred && r == -ENOMEM));
	if (r < 0) {
		recover(&scenario, nr % 2);
		scenario_check(&scenario);
	}
	assert_int_equal(scenario_run(&scenario), 0);
	scenario_check(&scenario);
	scenario_close(&scenario);
	assert_int_equal(disk_nr_open(disk), 0);
	disk_free(disk);
	nr_injected += occurred;
	return occurred;
}

static void try_all(bool lasts)
{
	const char *all = getenv("FAULTS");
	unsigned int step = all && !strcmp(all, "all") ? 1 : 31;

	for (uint64_t nr = 1; try_one(nr, lasts); nr += step)
		;
}

TEST(survives_one_allocation_that_fails)
{
	try_all(false);
}

TEST(survives_running_out_of_memory)
{
	try_all(true);
}

TEST_MAIN_WITH(make_list, free_list,
	       cmocka_unit_test(survives_one_allocation_that_fails),
	       cmocka_unit_test(survives_running_out_of_memory))
