// SPDX-License-Identifier: MIT
/*
 * Drains onto a disk that fails or loses its power at every one of its operations, one
 * after the other, while the kernel goes on. Each time the next drain must make it good:
 * nothing lost, nothing twice.
 */
#include "keep/keep.h"

#include "lib/disk.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>

static unsigned int nr_injected;

static int drain(struct machine *machine, enum keep_method method)
{
	struct keep_limits limits = { .chunk = 4, .method = method };
	struct keep_result result;
	struct agent agent = { 0 };
	int r = agent_open(machine, &agent);

	if (r == 0)
		r = keep_drain(agent.keep, &limits, &result);
	agent_close(&agent);
	return r;
}

static void use_disk(struct machine *machine, struct disk *disk)
{
	machine->io = disk_io(disk);
	machine->vfs = disk_vfs(disk);
}

static struct disk *lose_power(struct machine *machine, struct disk *disk)
{
	struct disk *left = disk_after_power_loss(disk, nr_injected);

	disk_free(disk);
	use_disk(machine, left);
	return left;
}

/* The @nr-th operation fails. Returns whether there was one. */
static bool fails_at(struct machine *machine, struct disk **disk,
		     enum disk_fault fault, unsigned int nr,
		     enum keep_method method)
{
	bool failed;
	int r;

	machine_load(machine, 6);
	disk_fail(*disk, fault, nr);
	r = drain(machine, method);
	failed = disk_has_failed(*disk);
	if (!failed)
		assert_int_equal(r, 0);
	disk_fail(*disk, DISK_NONE, 0);
	if ((fault == DISK_POWER || fault == DISK_STOPS) && failed)
		*disk = lose_power(machine, *disk);
	machine_load(machine, 1);
	r = drain(machine, method);
	if (r < 0)
		fail_msg("after fault %d at operation %u: %s", fault, nr,
			 strerror(-r));
	machine_verify(machine);
	return failed;
}

static void fails_anywhere(enum disk_fault fault, enum keep_method method)
{
	struct disk *disk = disk_new();
	struct machine machine;
	unsigned int nr = 1;

	machine_start(&machine, "imastage", false);
	strcpy(machine.archive, "/imastage-archive-on-a-simulated-disk");
	use_disk(&machine, disk);
	/* From the first operation on an empty disk to the last of a drain. */
	while (fails_at(&machine, &disk, fault, nr, method)) {
		nr++;
		nr_injected++;
	}
	print_message("# %u operations failed, one at a time\n", nr - 1);
	machine_stop(&machine);
	disk_free(disk);
}

TEST(an_error_at_any_operation)
{
	fails_anywhere(DISK_IO_ERROR, KEEP_STAGE);
}

TEST(a_full_disk_at_any_operation)
{
	fails_anywhere(DISK_STAYS_FULL, KEEP_TRIM);
}

TEST(half_a_write_at_any_operation)
{
	fails_anywhere(DISK_SHORT, KEEP_STAGE);
}

TEST(power_lost_at_any_operation_when_staging)
{
	fails_anywhere(DISK_POWER, KEEP_STAGE);
}

TEST(power_lost_at_any_operation_when_trimming)
{
	fails_anywhere(DISK_POWER, KEEP_TRIM);
}

TEST(a_sync_that_was_cut_off)
{
	fails_anywhere(DISK_STOPS, KEEP_STAGE);
	fails_anywhere(DISK_STOPS, KEEP_TRIM);
}

TEST(faults_were_injected)
{
	print_message("# %u faults injected\n", nr_injected);
}

TEST_MAIN(WITH_EMULATOR(an_error_at_any_operation),
	  WITH_EMULATOR(a_full_disk_at_any_operation),
	  WITH_EMULATOR(half_a_write_at_any_operation),
	  WITH_EMULATOR(power_lost_at_any_operation_when_staging),
	  WITH_EMULATOR(power_lost_at_any_operation_when_trimming),
	  WITH_EMULATOR(a_sync_that_was_cut_off),
	  WITH_EMULATOR(faults_were_injected))
