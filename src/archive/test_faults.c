// SPDX-License-Identifier: MIT
/*
 * The life of an archive on a disk that fails at the Nth operation, or loses its
 * power there, for N = 1, 2, 3 ... until all of it passes. After each failure
 * what was committed is there, once, byte for byte, and life goes on.
 *
 * By default some of the places are left out; with FAULTS=all in the
 * environment none are.
 */
#include "archive/test_scenario.h"
#include "lib/disk.h"
#include "lib/testing.h"

#include <errno.h>

static struct kept_list list;
static struct kept_said said;
static uint64_t nr_injected;

static int make_list(void **state)
{
	(void)state;
	kept_list_random(&list, SCENARIO_RECORDS, 3);
	kept_said_init(&said);
	return 0;
}

static int free_list(void **state)
{
	(void)state;
	kept_list_fini(&list);
	printf("# %llu faults injected\n", (unsigned long long)nr_injected);
	return 0;
}

static bool wants_all(void)
{
	const char *value = getenv("FAULTS");

	return value && !strcmp(value, "all");
}

static struct scenario scenario_on(struct disk *disk)
{
	struct scenario scenario = {
		.list = &list,
		.options = { .dir = "/archive",
			     .io = disk_io(disk),
			     .vfs = disk_vfs(disk),
			     .say = &said.say,
			     .segment_len = 4000 },
	};

	return scenario;
}

/* To the end, without a fault. */
static void go_on(struct scenario *scenario, struct disk *disk)
{
	assert_int_equal(scenario_run(scenario), 0);
	scenario_check(scenario);
	assert_int_equal(archive_end(scenario->archive), 60);
	scenario_close(scenario);
	assert_int_equal(disk_nr_open(disk), 0);
}

/* ---- operations that fail -------------------------------------------------- */

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

/* What a writer that has just recovered takes for granted. */
struct view {
	int64_t boot;
	uint64_t end;
	bool is_pending;
};

static struct view view_of(struct archive *archive)
{
	struct archive_pending pending;
	struct archive_boot boot = { .id = 0 };
	struct view view = { 0 };

	assert_true(archive_last_boot(archive, &boot) >= 0);
	view.boot = boot.id;
	view.end = archive_end(archive);
	view.is_pending = archive_pending(archive, &pending) == 0;
	return view;
}

/* When the power is lost now, that is what the next one finds. */
static void check_view_lasts(struct scenario *scenario, struct disk *disk,
			     uint32_t seed)
{
	struct view seen = view_of(scenario->archive), found;
	struct disk *after = disk_after_power_loss(disk, seed);
	struct scenario next = scenario_on(after);

	assert_int_equal(archive_open_writer(&next.options, &next.archive), 0);
	found = view_of(next.archive);
	assert_int_equal(found.boot, seen.boot);
	assert_int_equal(found.end, seen.end);
	assert_int_equal(found.is_pending, seen.is_pending);
	keeping_verify(next.archive);
	scenario_close(&next);
	disk_free(after);
	(void)disk_vfs(disk);
	nr_injected++;
}

/* False when the fault did not occur. */
static bool try_fault(enum disk_fault fault, uint64_t nr)
{
	struct disk *disk = disk_new();
	struct scenario scenario = scenario_on(disk);
	bool occurred;
	int r;

	disk_fail(disk, fault, nr);
	r = scenario_run(&scenario);
	occurred = disk_has_failed(disk);
	assert_true(r == 0 || occurred);
	disk_fail(disk, DISK_NONE, 0);
	if (r < 0) {
		recover(&scenario, nr % 2);
		scenario_check(&scenario);
		check_view_lasts(&scenario, disk, (uint32_t)nr);
	}
	go_on(&scenario, disk);
	disk_free(disk);
	nr_injected += occurred;
	return occurred;
}

static void try_faults(enum disk_fault fault, unsigned int step)
{
	for (uint64_t nr = 1; try_fault(fault, nr);)
		nr += wants_all() ? 1 : step;
}

TEST(survives_io_errors)
{
	try_faults(DISK_IO_ERROR, 7);
}

TEST(survives_full_disks)
{
	try_faults(DISK_FULL, 7);
	try_faults(DISK_STAYS_FULL, 7);
}

TEST(survives_short_writes)
{
	try_faults(DISK_SHORT, 7);
}

/* ---- power loss ------------------------------------------------------------ */

static void try_seed(const struct disk *dead, unsigned int done, uint32_t seed)
{
	struct disk *disk = disk_after_power_loss(dead, seed);
	struct scenario scenario = scenario_on(disk);

	scenario.done = done;
	assert_int_equal(
		archive_open_writer(&scenario.options, &scenario.archive), 0);
	scenario_check(&scenario);
	go_on(&scenario, disk);
	disk_free(disk);
	nr_injected++;
}

static bool try_power_loss(enum disk_fault fault, uint64_t nr,
			   unsigned int nr_seeds)
{
	struct disk *disk = disk_new();
	struct scenario scenario = scenario_on(disk);
	bool occurred;
	int r;

	disk_fail(disk, fault, nr);
	r = scenario_run(&scenario);
	scenario_close(&scenario);
	occurred = disk_has_failed(disk);
	assert_true(r == 0 || occurred);
	for (uint32_t seed = 0; occurred && seed < nr_seeds; seed++)
		try_seed(disk, scenario.done, (uint32_t)nr * 101 + seed);
	disk_free(disk);
	return occurred;
}

TEST(survives_power_loss)
{
	unsigned int nr_seeds = wants_all() ? 20 : 2;

	for (uint64_t nr = 1; try_power_loss(DISK_POWER, nr, nr_seeds); nr++)
		;
}

/* The file system stops in the middle of a sync, which then says that it has succeeded. */
TEST(survives_a_sync_that_was_cut_off)
{
	unsigned int nr_seeds = wants_all() ? 20 : 5;

	for (uint64_t nr = 1; try_power_loss(DISK_STOPS, nr, nr_seeds); nr++)
		;
}

/* ---- kill ------------------------------------------------------------------ */

/*
 * The process is killed: what it wrote and did not sync is still what others
 * see. The next one takes it for granted only once it is safe.
 */
static bool try_kill(uint64_t nr)
{
	struct disk *disk = disk_new();
	struct scenario scenario = scenario_on(disk);
	bool occurred;
	int r;

	disk_fail(disk, DISK_POWER, nr);
	r = scenario_run(&scenario);
	scenario_close(&scenario);
	occurred = disk_has_failed(disk);
	assert_true(r == 0 || occurred);
	disk_fail(disk, DISK_NONE, 0);
	recover(&scenario, true);
	scenario_check(&scenario);
	for (uint32_t seed = 0; seed < 3; seed++)
		check_view_lasts(&scenario, disk, (uint32_t)nr * 77 + seed);
	go_on(&scenario, disk);
	disk_free(disk);
	nr_injected += occurred;
	return occurred;
}

TEST(survives_kill)
{
	for (uint64_t nr = 1; try_kill(nr);)
		nr += wants_all() ? 1 : 5;
}

TEST_MAIN_WITH(make_list, free_list, cmocka_unit_test(survives_io_errors),
	       cmocka_unit_test(survives_full_disks),
	       cmocka_unit_test(survives_short_writes),
	       cmocka_unit_test(survives_power_loss),
	       cmocka_unit_test(survives_a_sync_that_was_cut_off),
	       cmocka_unit_test(survives_kill))
