// SPDX-License-Identifier: MIT
/*
 * A kernel that can only trim: Linux 7.2 without CONFIG_IMA_STAGING.
 */
#include "keep/keep.h"

#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>

/* Not even opened for writing, which would block others. */
TEST(trims_only_when_told_to)
{
	struct keep_limits trim = { .method = KEEP_TRIM }, stage = { 0 };
	struct keep_result result;
	struct machine machine;
	struct agent agent = { 0 };

	machine_start(&machine, "7.2-off", true);
	machine_load(&machine, 19);
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(keep_drain(agent.keep, &stage, &result), -EOPNOTSUPP);
	assert_false(source_abilities(agent.source)->tried);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	assert_int_equal(result.nr_saved, 20);
	assert_int_equal(keep_flush_before_kexec(agent.keep, &stage, &result),
			 0);
	assert_int_equal(result.nr_deleted, 0);
	assert_false(source_abilities(agent.source)->tried);
	assert_int_equal(keep_drain(agent.keep, &trim, &result), 0);
	assert_int_equal(result.nr_deleted, 20);
	assert_int_equal(result.nr_skipped, 20);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST_MAIN(WITH_EMULATOR(trims_only_when_told_to))
