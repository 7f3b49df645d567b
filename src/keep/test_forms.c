// SPDX-License-Identifier: MIT
/*
 * Banks that the kernel extends with padded sha1: what is archived and listed explains
 * them, to a keeper that goes on and to one that begins anew. What is compared with
 * are the PCRs of a software TPM.
 */
#include "keep/keep.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <imastage/imastage.h>

static void open_agent(struct machine *machine, struct agent *agent)
{
	*agent = (struct agent){ 0 };
	assert_int_equal(agent_open(machine, agent), 0);
}

static void assert_padded(struct keep *keep)
{
	struct keep_check check;

	assert_int_equal(keep_check(keep, &check), 0);
	assert_int_equal(check.verdict, KEEP_CHECK_MATCH);
	assert_true(check.banks & 1u << IMASTAGE_SHA1);
	assert_int_equal(check.padded, 1u << IMASTAGE_SHA256);
}

static void drain_all(struct keep *keep)
{
	struct keep_limits limits = { .chunk = 30 };
	struct keep_result result;

	assert_int_equal(keep_drain(keep, &limits, &result), 0);
}

/* By a keeper that goes on, by new ones, before and after kexec; violations, too. */
TEST(banks_of_padded_sha1_are_explained)
{
	struct keep_check check;
	struct machine machine;
	struct agent agent;

	machine_start_lacking(&machine, "sha256");
	machine_load(&machine, 100);
	open_agent(&machine, &agent);
	assert_padded(agent.keep);
	drain_all(agent.keep);
	assert_padded(agent.keep);
	machine_load(&machine, 50);
	drain_all(agent.keep);
	machine_load(&machine, 5);
	assert_padded(agent.keep);
	agent_close(&agent);

	machine_do(&machine, "kexec");
	open_agent(&machine, &agent);
	assert_padded(agent.keep);
	assert_int_equal(keep_last_report(agent.keep)->decision.what,
			 KEEP_CASE_KEXEC);
	drain_all(agent.keep);
	assert_padded(agent.keep);
	agent_close(&agent);

	machine_do(&machine, "reboot");
	machine_load(&machine, 10);
	open_agent(&machine, &agent);
	assert_padded(agent.keep);
	agent_close(&agent);

	machine_stop(&machine);
	machine_start(&machine, "imastage", true);
	open_agent(&machine, &agent);
	assert_int_equal(keep_check(agent.keep, &check), 0);
	assert_int_equal(check.verdict, KEEP_CHECK_MATCH);
	assert_int_equal(check.padded, 0);
	agent_close(&agent);
	machine_stop(&machine);
}

TEST_MAIN(WITH_EMULATOR(banks_of_padded_sha1_are_explained))
