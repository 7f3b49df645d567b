// SPDX-License-Identifier: MIT
/*
 * Which hard boot it is, when what tells boots apart does not: counts of the TPM that
 * are equal, or others without a hard boot, machines that sleep, a TPM that is silent.
 * Each on every kind of kernel; after each nothing is lost, and nothing elsewhere than
 * where it belongs.
 */
#include "keep/keep.h"

#include "base/util.h"
#include "lib/machine.h"
#include "lib/testing.h"
#include "tpm/esys.h"

#include <errno.h>

static const char *const profiles[] = { "imastage", "7.2", "unpatched" };

/* ---- an agent in this process ---------------------------------------------- */

static bool only_copies(const struct agent *agent)
{
	return source_abilities(agent->source)->kind == SOURCE_UNPATCHED;
}

static int keep(struct agent *agent, struct keep_result *result)
{
	return only_copies(agent) ?
		       keep_copy(agent->keep, result) :
		       keep_drain(agent->keep, &(struct keep_limits){ 0 },
				  result);
}

/* An agent that starts, drains and ends. */
static int keep_once(struct machine *machine, struct keep_result *ret_result,
		     struct keep_report *ret_report)
{
	struct agent agent = { 0 };
	int r;

	assert_int_equal(agent_open(machine, &agent), 0);
	r = keep(&agent, ret_result);
	*ret_report = *keep_last_report(agent.keep);
	agent_close(&agent);
	return r;
}

static void finds_unchecked(struct machine *machine, enum keep_case what)
{
	struct keep_result result;
	struct keep_report report;

	assert_int_equal(keep_once(machine, &result, &report), 0);
	if (report.decision.what != what)
		fail_msg("%s, not %s", keep_case_name(report.decision.what),
			 keep_case_name(what));
	assert_int_equal(report.decision.hold, KEEP_HOLD_NONE);
}

static void finds(struct machine *machine, enum keep_case what)
{
	finds_unchecked(machine, what);
	machine_verify(machine);
}

/* A machine whose TPM was reset twice, and whose list is archived. */
static void begin(struct machine *machine, const char *profile)
{
	machine_start(machine, profile, true);
	machine_do(machine, "reboot");
	machine_load(machine, 20);
	finds(machine, KEEP_CASE_FIRST);
}

static uint32_t resets(struct machine *machine)
{
	struct tpm_identity identity;
	struct tpm *tpm;

	assert_int_equal(tpm_open(machine->tcti, NULL, &tpm), 0);
	assert_int_equal(tpm_identify(tpm, &identity), 0);
	tpm_close(tpm);
	return identity.reset;
}

/* ---- a count that is equal ------------------------------------------------- */

static void clears(const char *profile)
{
	struct machine machine;

	begin(&machine, profile);
	assert_int_equal(resets(&machine), 2);
	machine_do(&machine, "tpm-clear");
	machine_do(&machine, "reboot");
	machine_do(&machine, "reboot");
	assert_int_equal(resets(&machine), 2);
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

static void has_another_tpm(const char *profile)
{
	struct machine machine;

	begin(&machine, profile);
	machine_do(&machine, "tpm-new");
	machine_do(&machine, "reboot");
	assert_int_equal(resets(&machine), 2);
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

static void puts_a_tpm_back(const char *profile)
{
	struct machine machine;
	char path[128];

	machine_start(&machine, profile, true);
	snprintf(path, sizeof(path), "%s.tpm", machine.twin);
	assert_int_equal(
		emulator_ask(&machine.emulator, "tpm-save", path, NULL), 0);
	machine_do(&machine, "reboot");
	machine_load(&machine, 20);
	finds(&machine, KEEP_CASE_FIRST);
	assert_int_equal(
		emulator_ask(&machine.emulator, "tpm-load", path, NULL), 0);
	unlink(path);
	machine_do(&machine, "reboot");
	assert_int_equal(resets(&machine), 2);
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

TEST(an_equal_count_does_not_make_it_the_same_boot)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		clears(profiles[i]);
		has_another_tpm(profiles[i]);
		puts_a_tpm_back(profiles[i]);
	}
}

/* TPM2_Clear, and no hard boot: seen by this kernel, by the next one, or by both. */
static void clears_and_goes_on(const char *profile, bool at_once)
{
	struct machine machine;

	begin(&machine, profile);
	machine_do(&machine, "tpm-clear");
	machine_load(&machine, 5);
	if (at_once)
		finds(&machine, KEEP_CASE_SAME);
	machine_do(&machine, "kexec");
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_KEXEC);
	machine_do(&machine, "reboot");
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

TEST(another_count_does_not_make_it_another_boot)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		clears_and_goes_on(profiles[i], false);
		clears_and_goes_on(profiles[i], true);
	}
}

/* ---- machines that sleep --------------------------------------------------- */

static void sleeps(const char *profile)
{
	struct machine machine;

	begin(&machine, profile);
	for (int i = 0; i < 2; i++) {
		machine_do(&machine, "suspend-to-ram");
		machine_load(&machine, 5);
		finds(&machine, KEEP_CASE_SAME);
	}
	machine_do(&machine, "suspend-to-ram");
	machine_do(&machine, "kexec");
	finds(&machine, KEEP_CASE_KEXEC);
	assert_int_equal(machine.nr_errors, 0);
	machine_stop(&machine);
}

TEST(suspend_to_ram_is_nothing)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		sleeps(profiles[i]);
}

/* Saves @nr records, deletes none, and says why. */
static void is_held(struct machine *machine, struct agent *agent, uint64_t nr)
{
	const struct keep_report *report;
	struct keep_result result;
	struct source_counts before, after;
	int r;

	(void)machine;
	assert_int_equal(source_counts(agent->source, &before), 0);
	r = keep(agent, &result);
	assert_int_equal(r, only_copies(agent) ? 0 : -EREMCHG);
	report = keep_last_report(agent->keep);
	assert_string_equal(keep_hold_name(report->decision.hold),
			    "tpm.restart");
	assert_string_equal(report->boot, "00000001");
	assert_int_equal(result.nr_saved, nr);
	assert_int_equal(result.nr_deleted, 0);
	assert_int_equal(source_counts(agent->source, &after), 0);
	assert_int_equal(after.current, before.current);
}

static void agent_is_held(struct machine *machine, uint64_t nr)
{
	struct agent agent = { 0 };

	assert_int_equal(agent_open(machine, &agent), 0);
	is_held(machine, &agent, nr);
	agent_close(&agent);
}

/* By the agent that runs on, by the next one, and after a kexec. */
static void hibernates(const char *profile)
{
	struct agent agent = { 0 };
	struct keep_result result;
	struct machine machine;

	begin(&machine, profile);
	assert_int_equal(agent_open(&machine, &agent), 0);
	machine_load(&machine, 5);
	assert_int_equal(keep(&agent, &result), 0);
	machine_do(&machine, "hibernate");
	machine_load(&machine, 3);
	is_held(&machine, &agent, 3);
	assert_int_equal(machine.nr_errors, 1);
	is_held(&machine, &agent, 0);
	assert_int_equal(machine.nr_errors, 1);
	agent_close(&agent);
	machine_load(&machine, 4);
	agent_is_held(&machine, 4);
	machine_do(&machine, "kexec");
	agent_is_held(&machine, 1);
	machine_do(&machine, "reboot");
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

TEST(after_hibernation_nothing_is_deleted)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		hibernates(profiles[i]);
}

/* A virtual TPM that is made anew: counts are equal, and PCRs and key are not. */
TEST(a_new_tpm_under_a_kernel_is_found_out)
{
	struct machine machine;

	machine_start(&machine, "imastage", true);
	machine_load(&machine, 20);
	finds(&machine, KEEP_CASE_FIRST);
	machine_do(&machine, "tpm-new");
	assert_int_equal(resets(&machine), 1);
	machine_load(&machine, 3);
	agent_is_held(&machine, 3);
	machine_stop(&machine);
}

/* ---- a TPM that is silent -------------------------------------------------- */

static void assert_archive(struct agent *agent, int64_t boots, uint64_t end)
{
	struct archive_boot boot;

	assert_int_equal(archive_last_boot(agent->archive, &boot), 0);
	assert_int_equal(boot.id, boots);
	assert_int_equal(boot.end, end);
}

/* One question that is not answered, after @verb: once it is, all is as ever. */
static void is_waited_for(const char *profile, const char *verb,
			  enum keep_case what)
{
	struct agent agent = { 0 };
	struct keep_result result;
	struct keep_check check;
	struct machine machine;

	begin(&machine, profile);
	machine_do(&machine, verb);
	machine_load(&machine, 5);
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(tpm_connect(agent.tpm), 0);
	emulator_kill_ways();
	assert_int_equal(keep(&agent, &result), -ETIMEDOUT);
	assert_int_equal(keep_last_report(agent.keep)->decision.what,
			 KEEP_CASE_WAIT);
	assert_string_equal(
		keep_hold_name(keep_last_report(agent.keep)->decision.hold),
		"tpm.silent");
	assert_int_equal(result.nr_saved + result.nr_deleted, 0);
	assert_archive(&agent, 1, 21);
	assert_int_equal(tpm_connect(agent.tpm), 0);
	emulator_kill_ways();
	assert_int_equal(keep_check(agent.keep, &check), -ETIMEDOUT);
	assert_archive(&agent, 1, 21);
	agent_close(&agent);
	finds(&machine, what);
	machine_stop(&machine);
}

TEST(a_silent_tpm_is_waited_for)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		is_waited_for(profiles[i], "kexec", KEEP_CASE_KEXEC);
		is_waited_for(profiles[i], "reboot", KEEP_CASE_HARD_BOOT);
	}
}

/* In a kernel that is known, records are saved meanwhile, and stay in the kernel. */
static void saves_meanwhile(const char *profile)
{
	struct agent agent = { 0 };
	struct keep_result result;
	struct machine machine;

	begin(&machine, profile);
	machine_load(&machine, 5);
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(tpm_connect(agent.tpm), 0);
	emulator_kill_ways();
	assert_int_equal(keep(&agent, &result),
			 only_copies(&agent) ? 0 : -ETIMEDOUT);
	assert_int_equal(result.nr_saved, 5);
	assert_int_equal(result.nr_deleted, 0);
	assert_archive(&agent, 1, 26);
	assert_int_equal(keep(&agent, &result), 0);
	assert_int_equal(result.nr_deleted, only_copies(&agent) ? 0 : 5);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST(while_the_tpm_is_silent_records_are_saved)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		saves_meanwhile(profiles[i]);
}

/* Its driver is loaded later than we are started, or not at all. */
TEST(a_tpm_that_is_known_and_not_there_is_waited_for)
{
	struct keep_result result;
	struct keep_report report;
	struct machine machine;
	char tcti[sizeof(machine.tcti)];

	if (access("/dev/tpmrm0", F_OK) == 0) {
		print_message("# this machine has a TPM\n");
		skip();
	}
	begin(&machine, "imastage");
	machine_do(&machine, "kexec");
	memcpy(tcti, machine.tcti, sizeof(tcti));
	strcpy(machine.tcti, "auto");
	assert_int_equal(keep_once(&machine, &result, &report), -ETIMEDOUT);
	assert_int_equal(report.decision.what, KEEP_CASE_WAIT);
	memcpy(machine.tcti, tcti, sizeof(tcti));
	finds(&machine, KEEP_CASE_KEXEC);
	machine_stop(&machine);

	/* One that was never there is none. */
	machine_start(&machine, "imastage", true);
	strcpy(machine.tcti, "auto");
	machine_load(&machine, 5);
	assert_int_equal(keep_once(&machine, &result, &report), 0);
	assert_int_equal(report.decision.what, KEEP_CASE_FIRST);
	assert_int_equal(result.nr_deleted, 6);
	machine_stop(&machine);
}

/* ---- a PCR that proves nothing --------------------------------------------- */

/* As somebody else would, by the same way as anybody. */
static void extend_pcr(struct machine *machine)
{
	TPML_DIGEST_VALUES values = {
		.count = 1, .digests = { { .hashAlg = TPM2_ALG_SHA256 } }
	};
	struct tpm_esys link;

	memset(&values.digests[0].digest, 0x55, 32);
	assert_int_equal(tpm_esys_open(machine->tcti, &link), 0);
	assert_int_equal(Esys_PCR_Extend(link.esys, ESYS_TR_PCR10,
					 ESYS_TR_PASSWORD, ESYS_TR_NONE,
					 ESYS_TR_NONE, &values),
			 0);
	tpm_esys_close(&link);
}

/* A kexec cannot be told from a hard boot: nothing is deleted. */
static void is_unproved(const char *profile)
{
	struct keep_result result;
	struct keep_report report;
	struct machine machine;

	begin(&machine, profile);
	extend_pcr(&machine);
	machine_load(&machine, 5);
	finds_unchecked(&machine, KEEP_CASE_SAME);
	machine_do(&machine, "kexec");
	assert_int_equal(keep_once(&machine, &result, &report), -EREMCHG);
	assert_string_equal(keep_hold_name(report.decision.hold),
			    "tpm.unproved");
	assert_int_equal(result.nr_deleted, 0);
	machine_do(&machine, "reboot");
	machine_load(&machine, 5);
	finds(&machine, KEEP_CASE_HARD_BOOT);
	machine_stop(&machine);
}

TEST(a_pcr_that_proves_nothing_holds_everything)
{
	is_unproved("imastage");
	is_unproved("7.2");
}

TEST_MAIN(WITH_EMULATOR(an_equal_count_does_not_make_it_the_same_boot),
	  WITH_EMULATOR(another_count_does_not_make_it_another_boot),
	  WITH_EMULATOR(suspend_to_ram_is_nothing),
	  WITH_EMULATOR(after_hibernation_nothing_is_deleted),
	  WITH_EMULATOR(a_new_tpm_under_a_kernel_is_found_out),
	  WITH_EMULATOR(a_silent_tpm_is_waited_for),
	  WITH_EMULATOR(while_the_tpm_is_silent_records_are_saved),
	  WITH_EMULATOR(a_tpm_that_is_known_and_not_there_is_waited_for),
	  WITH_EMULATOR(a_pcr_that_proves_nothing_holds_everything))
