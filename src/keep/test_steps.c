// SPDX-License-Identifier: MIT
/*
 * At each step of a drain, a copy or a flush: killed, failed, kexec, a kexec
 * that is under way, a hard boot. Each time it is done again, by another
 * process, and then archive and list must be the twin and replay to the PCR.
 *
 * One machine and one archive go through all of it, so that what one case
 * leaves behind is what the next one begins with.
 */
#include "keep/keep.h"

#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>
#include <signal.h>

enum fault {
	KILL,
	FAIL,
	KEXEC,
	SUSPEND,
	HARD_BOOT,
	NR_FAULTS
};

static unsigned int nr_injected[NR_FAULTS];
static enum keep_method method;

static int drain(struct agent *agent)
{
	struct keep_limits limits = { .method = method, .chunk = 25 };
	struct keep_result result;

	return keep_drain(agent->keep, &limits, &result);
}

static int copy(struct agent *agent)
{
	struct keep_result result;

	return keep_copy(agent->keep, &result);
}

static int flush_for_kexec(struct agent *agent)
{
	struct keep_result result;

	return keep_flush_before_kexec(agent->keep, &(struct keep_limits){ 0 },
				       &result);
}

/* What the machine does, and the process does not survive. */
static int at_kexec(struct agent *agent)
{
	machine_do(agent->machine, "kexec");
	return raise(SIGKILL);
}

static int at_hard_boot(struct agent *agent)
{
	machine_do(agent->machine, "reboot");
	return raise(SIGKILL);
}

static int at_suspend(struct agent *agent)
{
	machine_do(agent->machine, "suspend");
	return 0;
}

static int (*const at_fault[NR_FAULTS])(struct agent *) = {
	[KILL] = agent_at_kill, [FAIL] = agent_at_fail,	    [KEXEC] = at_kexec,
	[SUSPEND] = at_suspend, [HARD_BOOT] = at_hard_boot,
};

static void check_status(enum fault fault, const char *step, int status)
{
	bool good = fault == FAIL    ? status == -EIO :
		    fault == SUSPEND ? status == 0 || status == -ESTALE ||
					       status == -EACCES :
				       status == SIGKILL;

	if (!good)
		fail_msg("fault %d at '%s': ended with %d", fault, step,
			 status);
}

static void inject(struct machine *machine, enum fault fault, const char *step,
		   unsigned int nth, int (*act)(struct agent *))
{
	const struct agent faulty = { .step = step,
				      .nth = nth,
				      .at = at_fault[fault] };

	machine_load(machine, 60);
	check_status(fault, step, machine_run(machine, &faulty, act));
	nr_injected[fault]++;
	if (fault == SUSPEND)
		machine_do(machine, "kexec");
}

static void recover(struct machine *machine, const char *step, enum fault fault,
		    int (*act)(struct agent *))
{
	const struct agent agent = { 0 };
	int r;

	machine_load(machine, 10);
	r = machine_run(machine, &agent, act);
	if (r)
		fail_msg("after fault %d at '%s': %s", fault, step,
			 strerror(-r));
	machine_verify(machine);
}

static void every_fault(struct machine *machine, const char *step,
			unsigned int nth, int (*act)(struct agent *),
			int (*again)(struct agent *))
{
	for (enum fault fault = KILL; fault < NR_FAULTS; fault++) {
		/* Only then is another boot begun. */
		if (!strcmp(step, "boot"))
			machine_do(machine, "reboot");
		inject(machine, fault, step, nth, act);
		recover(machine, step, fault, again);
	}
}

struct place {
	const char *step;
	unsigned int nth;
};

static const struct place drain_places[] = {
	{ "place", 1 },	 { "decided", 1 },   { "boot", 1 },    { "gap", 1 },
	{ "placed", 1 }, { "begun", 1 },     { "read", 1 },    { "read", 20 },
	{ "put", 1 },	 { "committed", 1 }, { "deleted", 1 }, { "settled", 1 },
};

/* Later transactions, where they are smaller than the list. */
static const struct place later_places[] = {
	{ "begun", 2 },	    { "read", 40 },   { "put", 2 },
	{ "committed", 2 }, { "deleted", 2 }, { "settled", 2 },
};

static const struct place copy_places[] = {
	{ "place", 1 },	 { "decided", 1 }, { "boot", 1 }, { "gap", 1 },
	{ "placed", 1 }, { "begun", 1 },   { "read", 1 }, { "read", 30 },
	{ "put", 1 },	 { "copied", 1 },
};

static void drain_through(struct machine *machine, bool chunks)
{
	const struct agent agent = { 0 };

	assert_int_equal(machine_run(machine, &agent, drain), 0);
	machine_verify(machine);
	for (size_t i = 0; i < ARRAY_SIZE(drain_places); i++)
		every_fault(machine, drain_places[i].step, drain_places[i].nth,
			    drain, drain);
	if (method == KEEP_STAGE)
		every_fault(machine, "staged", 1, drain, drain);
	for (size_t i = 0; chunks && i < ARRAY_SIZE(later_places); i++)
		every_fault(machine, later_places[i].step, later_places[i].nth,
			    drain, drain);
	every_fault(machine, "noted", 1, flush_for_kexec, drain);
}

/* Copies, which a drain may follow that deletes what was copied. */
static void copy_through(struct machine *machine, int (*again)(struct agent *))
{
	for (size_t i = 0; i < ARRAY_SIZE(copy_places); i++)
		every_fault(machine, copy_places[i].step, copy_places[i].nth,
			    copy, again);
}

static void kernel(const char *profile, bool tpm, enum keep_method by)
{
	struct machine machine;

	method = by;
	machine_start(&machine, profile, tpm);
	if (!strcmp(profile, "unpatched")) {
		every_fault(&machine, "noted", 1, flush_for_kexec, copy);
		copy_through(&machine, copy);
	} else {
		drain_through(&machine,
			      strcmp(profile, "7.2") != 0 || by == KEEP_TRIM);
		if (by == KEEP_STAGE)
			copy_through(&machine, drain);
	}
	machine_stop(&machine);
}

TEST(ours_by_staging_with_a_tpm)
{
	kernel("imastage", true, KEEP_STAGE);
}

TEST(ours_by_trimming)
{
	kernel("imastage", false, KEEP_TRIM);
}

TEST(linux_7_2_by_staging_with_a_tpm)
{
	kernel("7.2", true, KEEP_STAGE);
}

TEST(linux_7_2_by_trimming_with_a_tpm)
{
	kernel("7.2", true, KEEP_TRIM);
}

TEST(unpatched_with_a_tpm)
{
	kernel("unpatched", true, KEEP_STAGE);
}

TEST(faults_were_injected)
{
	static const char *const names[NR_FAULTS] = {
		[KILL] = "killed",	   [FAIL] = "failed",
		[KEXEC] = "kexec",	   [SUSPEND] = "kexec under way",
		[HARD_BOOT] = "hard boot",
	};
	unsigned int nr = 0;

	for (int fault = 0; fault < NR_FAULTS; fault++) {
		print_message("# %s: %u\n", names[fault], nr_injected[fault]);
		nr += nr_injected[fault];
	}
	print_message("# %u faults injected\n", nr);
}

TEST_MAIN(WITH_EMULATOR(ours_by_staging_with_a_tpm),
	  WITH_EMULATOR(ours_by_trimming),
	  WITH_EMULATOR(linux_7_2_by_staging_with_a_tpm),
	  WITH_EMULATOR(linux_7_2_by_trimming_with_a_tpm),
	  WITH_EMULATOR(unpatched_with_a_tpm),
	  WITH_EMULATOR(faults_were_injected))
