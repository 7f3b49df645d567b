// SPDX-License-Identifier: MIT
/*
 * What the keeper finds when it comes to a kernel: each case for real, on an
 * emulated machine, in this process. What stops it half-way is in test_steps.c.
 */
#include "keep/keep.h"

#include "base/util.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

/* ---- an agent in this process ---------------------------------------------- */

static void open_agent(struct machine *machine, struct agent *agent)
{
	*agent = (struct agent){ 0 };
	assert_int_equal(agent_open(machine, agent), 0);
}

static struct keep_report reconcile(struct machine *machine)
{
	struct keep_report report;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(keep_reconcile(agent.keep, &report), 0);
	agent_close(&agent);
	return report;
}

static struct keep_result drain_with(struct machine *machine,
				     struct keep_limits limits)
{
	struct keep_result result;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(keep_drain(agent.keep, &limits, &result), 0);
	agent_close(&agent);
	return result;
}

static struct keep_result drain(struct machine *machine)
{
	return drain_with(machine, (struct keep_limits){ 0 });
}

static struct keep_result copy(struct machine *machine)
{
	struct keep_result result;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	agent_close(&agent);
	return result;
}

/* ---- somebody else --------------------------------------------------------- */

static void command(struct machine *machine, const char *name, const char *text)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", machine->emulator.dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void foreign_trim(struct machine *machine, const char *nr)
{
	command(machine, "binary_runtime_measurements", nr);
}

static void foreign_stage(struct machine *machine)
{
	command(machine, "binary_runtime_measurements_staged", "A\n");
}

static void append(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* ---- what is found --------------------------------------------------------- */

static void goes_through_a_life(const char *profile, bool tpm,
				enum keep_method method)
{
	struct keep_limits limits = { .chunk = 30, .method = method };
	struct keep_report report;
	struct machine machine;

	machine_start(&machine, profile, tpm);
	machine_load(&machine, 99); /* and boot_aggregate */
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_FIRST);
	assert_int_equal(drain_with(&machine, limits).nr_deleted, 100);
	machine_verify(&machine);

	machine_load(&machine, 10);
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_SAME);
	assert_int_equal(report.decision.first, 100);
	assert_int_equal(drain_with(&machine, limits).nr_saved, 10);

	machine_load(&machine, 10);
	machine_do(&machine, "kexec");
	report = reconcile(&machine);
	/* Linux 7.2 without TPM and note: nothing says that it was a kexec. */
	if (tpm || !strcmp(profile, "imastage"))
		assert_int_equal(report.decision.what, KEEP_CASE_KEXEC);
	else
		assert_int_equal(report.decision.what, KEEP_CASE_HARD_BOOT);
	drain_with(&machine, limits);
	if (tpm || !strcmp(profile, "imastage"))
		machine_verify(&machine);

	machine_do(&machine, "reboot");
	machine_load(&machine, 5);
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_HARD_BOOT);
	assert_int_equal(drain_with(&machine, limits).nr_saved, 6);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST(our_kernel_by_staging)
{
	goes_through_a_life("imastage", true, KEEP_STAGE);
}

TEST(our_kernel_by_trimming_without_a_tpm)
{
	goes_through_a_life("imastage", false, KEEP_TRIM);
}

TEST(linux_7_2_by_staging)
{
	goes_through_a_life("7.2", true, KEEP_STAGE);
}

TEST(linux_7_2_by_trimming_without_a_tpm)
{
	goes_through_a_life("7.2", false, KEEP_TRIM);
}

TEST(linux_7_2_without_staging)
{
	goes_through_a_life("7.2-off", true, KEEP_TRIM);
}

static int flush_in_agent(struct agent *agent)
{
	struct keep_result result;

	return keep_flush_before_kexec(agent->keep, &(struct keep_limits){ 0 },
				       &result);
}

/* With the note, Linux 7.2 is told from a hard boot without a TPM, too. */
TEST(a_flush_tells_of_the_kexec)
{
	struct agent agent = { 0 };
	struct machine machine;
	char path[160];

	machine_start(&machine, "7.2", false);
	machine_load(&machine, 50);
	assert_int_equal(machine_run(&machine, &agent, flush_in_agent), 0);
	machine_load(&machine, 5); /* after the flush */
	machine_do(&machine, "kexec");
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_KEXEC);
	drain(&machine);
	machine_verify(&machine);

	/* The flush was for nothing: the next drain forgets it. */
	assert_int_equal(machine_run(&machine, &agent, flush_in_agent), 0);
	drain(&machine);
	machine_do(&machine, "reboot");
	assert_int_equal(reconcile(&machine).decision.what,
			 KEEP_CASE_HARD_BOOT);

	/* Before a shutdown: no kernel is loaded. */
	snprintf(path, sizeof(path), "%s.kexec_loaded", machine.twin);
	append(path, "0\n", 2);
	machine.kexec_loaded = path;
	machine_load(&machine, 5);
	assert_int_equal(machine_run(&machine, &agent, flush_in_agent), 0);
	machine_do(&machine, "reboot");
	assert_int_equal(reconcile(&machine).decision.what,
			 KEEP_CASE_HARD_BOOT);
	unlink(path);
	machine_stop(&machine);
}

TEST(an_unpatched_kernel_is_followed)
{
	struct keep_result result;
	struct machine machine;
	struct agent agent;

	machine_start(&machine, "unpatched", true);
	open_agent(&machine, &agent);
	machine_load(&machine, 50);
	assert_int_equal(keep_drain(agent.keep, &(struct keep_limits){ 0 },
				    &result),
			 -EOPNOTSUPP);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	assert_int_equal(result.nr_saved, 51);
	machine_load(&machine, 20);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	assert_int_equal(result.nr_saved, 20);
	assert_int_equal(result.nr_deleted, 0);
	assert_int_equal(keep_copy(agent.keep, &result), 0);
	assert_int_equal(result.nr_saved, 0);
	agent_close(&agent);
	machine_verify(&machine);
	machine_do(&machine, "kexec");
	machine_load(&machine, 20);
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_KEXEC);
	assert_int_equal(copy(&machine).nr_saved, 21);
	machine_verify(&machine);
	machine_stop(&machine);
}

/* What somebody staged and left is older than what is current. */
static void saves_what_was_staged(const char *profile)
{
	struct machine machine;

	machine_start(&machine, profile, true);
	machine_load(&machine, 20);
	foreign_stage(&machine);
	machine_load(&machine, 30);
	assert_true(reconcile(&machine).staged);
	assert_int_equal(drain(&machine).nr_deleted, 51);
	machine_verify(&machine);

	/* The same after copying, and only part of what was copied. */
	machine_load(&machine, 10);
	foreign_stage(&machine);
	machine_load(&machine, 10);
	assert_int_equal(copy(&machine).nr_saved, 20);
	machine_load(&machine, 5);
	assert_int_equal(drain(&machine).nr_saved, 5);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST(a_staged_list_is_saved_first)
{
	saves_what_was_staged("imastage");
	saves_what_was_staged("7.2");
}

/* ---- gaps ------------------------------------------------------------------ */

static struct keep_check check(struct machine *machine)
{
	struct keep_check result;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(keep_check(agent.keep, &result), 0);
	agent_close(&agent);
	return result;
}

static int take_gap(void *context, const struct archive_gap *gap)
{
	*(struct archive_gap *)context = *gap;
	return 0;
}

static struct archive_gap last_gap(struct machine *machine)
{
	struct archive_gap gap = { 0 };
	struct archive_boot boot;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(archive_last_boot(agent.archive, &boot), 0);
	assert_int_equal(
		archive_each_gap(agent.archive, boot.id, take_gap, &gap), 0);
	agent_close(&agent);
	return gap;
}

TEST(a_foreign_trim_is_a_gap)
{
	struct keep_report report;
	struct machine machine;
	struct archive_gap gap;

	machine_start(&machine, "imastage", true);
	machine_load(&machine, 9);
	drain(&machine);
	machine_load(&machine, 30);
	foreign_trim(&machine, "7\n");
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_GAP);
	assert_int_equal(report.decision.gap, 7);
	assert_int_equal(machine.nr_errors, 1);
	gap = last_gap(&machine);
	assert_int_equal(gap.first, 10);
	assert_int_equal(gap.count, 7);
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_SAME);
	assert_int_equal(drain(&machine).nr_saved, 23);
	assert_int_equal(check(&machine).verdict, KEEP_CHECK_UNKNOWN);

	/* Until the next hard boot. */
	machine_do(&machine, "reboot");
	machine_load(&machine, 5);
	drain(&machine);
	machine_verify(&machine);
	machine_stop(&machine);
}

/* Trimmed by somebody before we have ever been here. */
TEST(a_boot_can_begin_with_a_gap)
{
	struct machine machine;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 30);
	foreign_trim(&machine, "8\n");
	assert_int_equal(drain(&machine).nr_saved, 23);
	assert_int_equal(last_gap(&machine).count, 8);
	assert_int_equal(last_gap(&machine).first, 0);
	machine_stop(&machine);
}

/* Somebody may delete what was copied: that is what copies are for. */
static void trims_what_is_copied(const char *profile, bool tpm)
{
	struct machine machine;

	machine_start(&machine, profile, tpm);
	machine_load(&machine, 29);
	copy(&machine);
	foreign_trim(&machine, "12\n");
	machine_load(&machine, 5);
	assert_int_equal(copy(&machine).nr_saved, 5);
	machine_verify(&machine);
	foreign_trim(&machine, "3\n");
	machine_load(&machine, 5);
	assert_int_equal(drain(&machine).nr_deleted, 25);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST(what_is_copied_can_be_deleted_by_others)
{
	trims_what_is_copied("imastage", true);
	trims_what_is_copied("7.2", true);
	trims_what_is_copied("7.2", false);
}

/* All that was copied is gone; if no more than that, only the TPM knows. */
TEST(linux_7_2_with_all_deleted_by_others)
{
	struct machine machine;

	machine_start(&machine, "7.2", true);
	machine_load(&machine, 29);
	copy(&machine);
	foreign_trim(&machine, "30\n");
	machine_load(&machine, 5);
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_SAME);
	assert_int_equal(copy(&machine).nr_saved, 5);
	machine_verify(&machine);
	machine_load(&machine, 5);
	foreign_trim(&machine, "7\n");
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_GAP);
	assert_int_equal(last_gap(&machine).count, 0);
	assert_int_equal(drain(&machine).nr_saved, 3);
	machine_stop(&machine);

	machine_start(&machine, "7.2", false);
	machine_load(&machine, 29);
	copy(&machine);
	foreign_trim(&machine, "30\n");
	machine_load(&machine, 5);
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_GAP);
	machine_stop(&machine);
}

/* ---- contradictions -------------------------------------------------------- */

/* The archive is told that it is of this kernel. */
static void claim_kernel(struct machine *machine)
{
	struct keep_identity identity;
	struct archive_boot boot;
	struct agent agent;

	open_agent(machine, &agent);
	assert_int_equal(keep_identify(NULL, machine->boot_id, NULL, &identity),
			 0);
	assert_int_equal(archive_last_boot(agent.archive, &boot), 0);
	assert_int_equal(archive_continue_boot(agent.archive, boot.id,
					       identity.boot_id),
			 0);
	agent_close(&agent);
}

/* @nr_now: records of the same seed, or of another */
static void contradicts(const char *profile, unsigned int seed,
			unsigned int nr_now)
{
	struct keep_report report;
	struct machine machine;
	struct archive_boot boot;
	struct agent agent;

	machine_start(&machine, profile, false);
	machine_load(&machine, 30);
	copy(&machine);
	machine_do(&machine, "reboot");
	machine.seed = seed;
	machine_load(&machine, nr_now);
	claim_kernel(&machine);
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_CONTRADICTION);
	assert_int_equal(machine.nr_errors, 1);
	copy(&machine);
	machine_verify(&machine);

	open_agent(&machine, &agent);
	assert_int_equal(archive_find_boot(agent.archive, "1", &boot), 0);
	assert_int_equal(boot.end, 31);
	agent_close(&agent);
	machine_stop(&machine);
}

TEST(a_list_that_contradicts_begins_another_folder)
{
	contradicts("imastage", 99, 40);
	contradicts("imastage", 1, 20); /* the same records, but fewer */
	contradicts("unpatched", 99, 40);
	contradicts("unpatched", 1, 20);
	contradicts("7.2", 1, 20);
}

/* ---- kernels of another kind in between ------------------------------------ */

/*
 * A kexec to a kernel of another kind, whose twin has only what it was handed
 * over: so the TPM is asked, and the number of records.
 */
static void explains_everything(struct machine *machine, uint64_t nr)
{
	struct keep_check result = check(machine);
	struct archive_boot boot;
	struct agent agent;

	assert_int_equal(result.verdict, KEEP_CHECK_MATCH);
	assert_int_equal(result.nr_excess, 0);
	open_agent(machine, &agent);
	assert_int_equal(archive_last_boot(agent.archive, &boot), 0);
	assert_int_equal(boot.end, nr);
	assert_int_equal(boot.id, 1);
	assert_int_equal(boot.nr_gaps, 0);
	agent_close(&agent);
}

/* Ours, one that does not count, and ours again, whose count is too low. */
static void loses_the_count(const char *between, bool drains)
{
	struct keep_report report;
	struct machine machine;

	machine_start(&machine, "imastage", true);
	machine_load(&machine, 49);
	drain(&machine);
	machine_load(&machine, 10);
	machine_restart(&machine, between);
	machine_load(&machine, 10);
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_KEXEC);
	assert_int_equal(report.decision.first, 50);
	if (drains)
		drain(&machine);
	else
		copy(&machine);
	explains_everything(&machine, 71); /* and boot_aggregate */
	machine_load(&machine, 10);

	machine_restart(&machine, "imastage");
	report = reconcile(&machine);
	assert_int_equal(report.decision.what, KEEP_CASE_KEXEC);
	assert_int_equal(report.decision.first, drains ? 71 : 50);
	machine_load(&machine, 10);
	drain(&machine);
	explains_everything(&machine, 92);

	/* What was not counted is known from now on, also after kexec. */
	machine_load(&machine, 10);
	assert_int_equal(reconcile(&machine).decision.what, KEEP_CASE_SAME);
	assert_int_equal(drain_with(&machine,
				    (struct keep_limits){ .method = KEEP_TRIM })
				 .nr_saved,
			 10);
	machine_do(&machine, "kexec");
	assert_int_equal(drain(&machine).nr_saved, 1);
	explains_everything(&machine, 103);
	machine_stop(&machine);
}

TEST(a_count_that_was_lost_on_the_way_is_found)
{
	loses_the_count("unpatched", false);
	loses_the_count("7.2", true);
}

/* ---- the same bytes again -------------------------------------------------- */

static int killed_after_trim(struct agent *agent)
{
	struct keep_limits limits = { .method = KEEP_TRIM };
	struct keep_result result;

	return keep_drain(agent->keep, &limits, &result);
}

/*
 * A violation is deleted, that is not settled, and then the same violation is
 * recorded again: are there two of them?
 */
static void repeats_a_violation(const char *profile, bool tpm, bool likely)
{
	const struct agent killed = { .step = "deleted",
				      .nth = 1,
				      .at = agent_at_kill };
	struct keep_report report;
	struct machine machine;

	machine_start(&machine, profile, tpm);
	machine_load(&machine, 5);
	drain(&machine);
	emulator_ask(&machine.emulator, "violation", "/bin/sh", NULL);
	assert_int_equal(machine_run(&machine, &killed, killed_after_trim),
			 SIGKILL);
	emulator_ask(&machine.emulator, "violation", "/bin/sh", NULL);
	report = reconcile(&machine);
	assert_int_equal(report.decision.likely, likely);
	if (!likely) {
		drain(&machine);
		machine_verify(&machine);
	}
	machine_stop(&machine);
}

TEST(a_record_that_comes_again_is_another_one)
{
	repeats_a_violation("imastage", false, false);
	repeats_a_violation("7.2", true, false);
	repeats_a_violation("7.2", false, true);
}

/* ---- a TPM that fails ------------------------------------------------------- */

static int kill_at_committed(struct agent *agent)
{
	struct keep_result result;

	return keep_drain(agent->keep, &(struct keep_limits){ 0 }, &result);
}

/* Deleted or not: its word is wanted, and waited for. */
TEST(a_tpm_that_fails_is_waited_for)
{
	const struct agent killed = { .step = "committed",
				      .nth = 1,
				      .at = agent_at_kill };
	struct keep_report report;
	struct keep_result result;
	struct machine machine;
	struct agent agent;

	signal(SIGPIPE, SIG_IGN);
	machine_start(&machine, "7.2", true);
	machine_load(&machine, 20);
	assert_int_equal(machine_run(&machine, &killed, kill_at_committed),
			 SIGKILL);
	open_agent(&machine, &agent);
	assert_int_equal(tpm_connect(agent.tpm), 0);
	emulator_kill_ways();
	assert_int_equal(keep_reconcile(agent.keep, &report), -ETIMEDOUT);
	assert_int_equal(keep_reconcile(agent.keep, &report), 0);
	assert_int_equal(report.decision.what, KEEP_CASE_SAME);
	assert_int_equal(
		keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result), 0);
	assert_int_equal(result.nr_skipped, 21);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

/* ---- others at the same time ----------------------------------------------- */

TEST(who_holds_the_list_is_waited_for_and_named)
{
	struct source_options options = { 0 };
	struct keep_result result;
	struct machine machine;
	struct agent agent;
	char path[160];
	int fd;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 5);
	snprintf(path, sizeof(path), "%s/ascii_runtime_measurements",
		 machine.emulator.dir);
	open_agent(&machine, &agent);
	source_close(agent.source);
	options.dir = machine.emulator.dir;
	assert_int_equal(source_open(&options, &agent.source), 0);
	keep_free(agent.keep);
	assert_int_equal(
		keep_new(&(struct keep_options){ .source = agent.source,
						 .archive = agent.archive,
						 .boot_id = machine.boot_id },
			 &agent.keep),
		0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_int_equal(keep_drain(agent.keep, &(struct keep_limits){ 0 },
				    &result),
			 -EBUSY);
	close(fd);
	while (keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result) ==
	       -EBUSY)
		usleep(1000); /* FUSE closes a little later */
	assert_int_equal(result.nr_saved, 6);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

/* Two keepers with archives of their own: each sees what the other deleted. */
TEST(two_keepers_do_not_deceive_each_other)
{
	struct machine machine, other;

	machine_start(&machine, "imastage", false);
	other = machine;
	strcat(other.archive, "-other");
	other.say.context = &other;
	machine_load(&machine, 9);
	assert_int_equal(drain(&machine).nr_deleted, 10);
	machine_load(&machine, 5);
	assert_int_equal(drain(&other).nr_saved, 5);
	assert_int_equal(last_gap(&other).count, 10);
	machine_load(&machine, 3);
	assert_int_equal(drain(&machine).nr_saved, 3);
	assert_int_equal(last_gap(&machine).count, 5);
	machine_forget(&other);
	machine_stop(&machine);
}

TEST(only_one_keeper_has_an_archive)
{
	struct machine machine;
	struct agent agent, second = { 0 };

	machine_start(&machine, "imastage", false);
	open_agent(&machine, &agent);
	assert_int_equal(agent_open(&machine, &second), -EBUSY);
	agent_close(&second);
	agent_close(&agent);
	machine_stop(&machine);
}

/* ---- limits ---------------------------------------------------------------- */

TEST(the_newest_records_can_be_left)
{
	struct keep_limits limits = { .leave = 7, .chunk = 5 };
	struct machine machine;

	machine_start(&machine, "imastage", false);
	machine_load(&machine, 29);
	assert_int_equal(drain_with(&machine, limits).nr_deleted, 23);
	limits.method = KEEP_TRIM;
	machine_load(&machine, 4);
	assert_int_equal(drain_with(&machine, limits).nr_deleted, 4);
	machine_verify(&machine);
	machine_stop(&machine);
}

/* ---- bytes that are no records --------------------------------------------- */

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	append(path, text, strlen(text));
	assert_return_code(chmod(path, 0440), errno);
}

/* A kernel whose list has 3 good records, then something else. */
static void make_broken(const char *dir)
{
	static const char garbage[40] =
		"\xff\xff\xff\xff that goes on for a while";
	static const char boot_id[] = "00000000-0000-4000-8000-000000000001\n";
	uint8_t record[4 + 20 + 4 + 6 + 4 + 4] = { 10 };
	char path[160];

	record[24] = 6;
	memcpy(record + 28, "a-test", 6);
	record[34] = 4;
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements", dir);
	for (int i = 0; i < 3; i++)
		append(path, record, sizeof(record));
	append(path, garbage, sizeof(garbage));
	assert_return_code(chmod(path, 0440), errno);
	write_text(dir, "ascii_runtime_measurements", "");
	write_text(dir, "runtime_measurements_count", "4\n");
	write_text(dir, "violations", "0\n");
	write_text(dir, "boot_id", boot_id);
}

TEST(bytes_that_are_no_records_are_put_aside)
{
	struct machine machine = { .seed = 1 };
	char dir[] = "/tmp/imastage-test-broken-XXXXXX", path[200];
	struct keep_result result;
	struct agent agent = { 0 };
	struct stat stat_;

	assert_non_null(mkdtemp(dir));
	make_broken(dir);
	snprintf(machine.emulator.dir, sizeof(machine.emulator.dir), "%s", dir);
	snprintf(machine.archive, sizeof(machine.archive), "%s/archive", dir);
	snprintf(machine.boot_id, sizeof(machine.boot_id), "%s/boot_id", dir);
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(keep_copy(agent.keep, &result), -EBADMSG);
	assert_int_equal(result.nr_saved, 3);
	assert_int_equal(keep_copy(agent.keep, &result), -EBADMSG);
	assert_int_equal(result.nr_saved, 0);
	agent_close(&agent);
	snprintf(path, sizeof(path), "%s/00000001-%020d.aside", machine.archive,
		 3);
	assert_return_code(stat(path, &stat_), errno);
	assert_int_equal(stat_.st_size, 40);
	snprintf(machine.archive, sizeof(machine.archive), "%s", dir);
	machine_forget(&machine);
}

TEST_MAIN(WITH_EMULATOR(our_kernel_by_staging),
	  WITH_EMULATOR(our_kernel_by_trimming_without_a_tpm),
	  WITH_EMULATOR(linux_7_2_by_staging),
	  WITH_EMULATOR(linux_7_2_by_trimming_without_a_tpm),
	  WITH_EMULATOR(linux_7_2_without_staging),
	  WITH_EMULATOR(a_flush_tells_of_the_kexec),
	  WITH_EMULATOR(an_unpatched_kernel_is_followed),
	  WITH_EMULATOR(a_staged_list_is_saved_first),
	  WITH_EMULATOR(a_foreign_trim_is_a_gap),
	  WITH_EMULATOR(a_boot_can_begin_with_a_gap),
	  WITH_EMULATOR(what_is_copied_can_be_deleted_by_others),
	  WITH_EMULATOR(linux_7_2_with_all_deleted_by_others),
	  WITH_EMULATOR(a_list_that_contradicts_begins_another_folder),
	  WITH_EMULATOR(a_count_that_was_lost_on_the_way_is_found),
	  WITH_EMULATOR(a_record_that_comes_again_is_another_one),
	  WITH_EMULATOR(a_tpm_that_fails_is_waited_for),
	  WITH_EMULATOR(who_holds_the_list_is_waited_for_and_named),
	  WITH_EMULATOR(two_keepers_do_not_deceive_each_other),
	  WITH_EMULATOR(only_one_keeper_has_an_archive),
	  WITH_EMULATOR(the_newest_records_can_be_left),
	  cmocka_unit_test(bytes_that_are_no_records_are_put_aside))
