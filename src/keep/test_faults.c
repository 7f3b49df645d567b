// SPDX-License-Identifier: MIT
/*
 * What goes wrong around a keeper, for real: a file system that is full or was
 * remounted read-only, a clock that jumps, readers of the kernel's files that never
 * close. Nothing may leave the kernel meanwhile that is not saved, and afterwards
 * everything goes on.
 */
#include "keep/keep.h"

#include "base/util.h"
#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

/* ---- a clock that jumps ---------------------------------------------------- */

static time_t jump;

/* The archive's clock, and that of everything else in this program. */
time_t time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += jump;
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}

/* ---- a keeper -------------------------------------------------------------- */

static int drain(struct machine *machine, uint64_t *ret_deleted)
{
	struct keep_result result = { 0 };
	struct agent agent = { 0 };
	int r = agent_open(machine, &agent);

	if (r == 0)
		r = keep_drain(agent.keep, &(struct keep_limits){ .chunk = 50 },
			       &result);
	if (ret_deleted)
		*ret_deleted = result.nr_deleted;
	agent_close(&agent);
	return r;
}

static uint64_t count_current(const struct machine *machine)
{
	struct source_options options = { .dir = machine->emulator.dir };
	struct source_counts counts;
	struct source *source;

	assert_int_equal(source_open(&options, &source), 0);
	assert_int_equal(source_counts(source, &counts), 0);
	source_close(source);
	return counts.current + counts.staged;
}

/* ---- a file system --------------------------------------------------------- */

static char mountpoint[] = "/tmp/imastage-test-mount-XXXXXX";

/* In a mount namespace of its own, so that nothing stays. */
static void need_mount(void)
{
	if (unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return;
	print_message("# missing CAP_SYS_ADMIN\n");
	skip();
}

static void make_mount(struct machine *machine, const char *options)
{
	strcpy(mountpoint + strlen(mountpoint) - 6, "XXXXXX");
	assert_non_null(mkdtemp(mountpoint));
	assert_return_code(mount("none", mountpoint, "tmpfs", 0, options),
			   errno);
	snprintf(machine->archive, sizeof(machine->archive), "%s/archive",
		 mountpoint);
}

static void remove_mount(void)
{
	assert_return_code(umount2(mountpoint, MNT_DETACH), errno);
	assert_return_code(rmdir(mountpoint), errno);
}

static void remount(unsigned long flags, const char *options)
{
	assert_return_code(mount("none", mountpoint, "tmpfs",
				 MS_REMOUNT | flags, options),
			   errno);
}

TEST(a_full_file_system_is_waited_out)
{
	struct machine machine;
	uint64_t deleted, total = 0, before;
	int r;

	need_mount();
	machine_start(&machine, "imastage", true);
	make_mount(&machine, "size=512k");
	do {
		machine_load(&machine, 500);
		before = count_current(&machine);
		r = drain(&machine, &deleted);
		total += deleted;
		/* What could not be saved is there still. */
		assert_int_equal(count_current(&machine), before - deleted);
	} while (r == 0);
	assert_int_equal(r, -ENOSPC);
	print_message("# full after %llu records\n", (unsigned long long)total);
	remount(0, "size=64m");
	assert_int_equal(drain(&machine, NULL), 0);
	machine_verify(&machine);
	machine_stop(&machine);
	remove_mount();
}

TEST(a_file_system_that_became_read_only_is_waited_out)
{
	struct keep_result result;
	struct machine machine;
	struct agent agent = { 0 };

	need_mount();
	machine_start(&machine, "imastage", true);
	make_mount(&machine, "size=64m");
	machine_load(&machine, 50);
	assert_int_equal(drain(&machine, NULL), 0);
	machine_load(&machine, 50);
	remount(MS_RDONLY, "size=64m");
	assert_true(drain(&machine, NULL) < 0);
	assert_int_equal(count_current(&machine), 50);
	remount(0, "size=64m");
	assert_int_equal(drain(&machine, NULL), 0);
	machine_verify(&machine);

	/* The same for one that has everything open. */
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(
		keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result), 0);
	machine_load(&machine, 50);
	if (mount("none", mountpoint, "tmpfs", MS_REMOUNT | MS_RDONLY,
		  "size=64m") == 0)
		assert_true(keep_drain(agent.keep, &(struct keep_limits){ 0 },
				       &result) < 0);
	else
		assert_int_equal(errno, EBUSY); /* files open for writing */
	remount(0, "size=64m");
	assert_int_equal(
		keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result), 0);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
	remove_mount();
}

TEST(a_clock_that_jumps_changes_nothing)
{
	static const time_t jumps[] = { -1000000000, 1000000000,  -1,
					0,	     -1800000000, 4000000000 };
	struct machine machine;

	machine_start(&machine, "imastage", false);
	for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
		jump = jumps[i];
		machine_load(&machine, 30);
		if (i == 2)
			machine_do(&machine, "kexec");
		assert_int_equal(drain(&machine, NULL), 0);
		machine_verify(&machine);
	}
	machine_do(&machine, "reboot");
	jump = -1700000000;
	assert_int_equal(drain(&machine, NULL), 0);
	machine_verify(&machine);
	jump = 0;
	machine_stop(&machine);
}

/* ---- readers that never close ---------------------------------------------- */

static int open_list(const struct machine *machine)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/ascii_runtime_measurements",
		 machine->emulator.dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* With the list to itself, it waits for what must come: FUSE is late with closing. */
static int open_impatient(struct machine *machine, bool exclusive,
			  struct agent *agent)
{
	struct source_options options = { .dir = machine->emulator.dir,
					  .wait_ms = exclusive ? PATIENCE_MS :
								 100,
					  .exclusive = exclusive,
					  .say = &machine->say };

	assert_int_equal(agent_open(machine, agent), 0);
	source_close(agent->source);
	keep_free(agent->keep);
	assert_int_equal(source_open(&options, &agent->source), 0);
	return keep_new(&(struct keep_options){ .source = agent->source,
						.archive = agent->archive,
						.tpm = agent->tpm,
						.boot_id = machine->boot_id,
						.say = &machine->say },
			&agent->keep);
}

TEST(who_never_closes_loses_nothing_for_others)
{
	struct source_holder holder;
	struct keep_result result;
	struct machine machine;
	struct agent agent = { 0 };
	pid_t reader;
	int fd, r;

	machine_start(&machine, "imastage", true);
	machine_load(&machine, 30);
	reader = fork();
	if (reader == 0) {
		fd = open_list(&machine);
		pause();
		_exit(fd < 0);
	}
	assert_int_equal(open_impatient(&machine, false, &agent), 0);
	/* It is named, once it has opened the list: what is late with closing is nobody. */
	do {
		r = keep_drain(agent.keep, &(struct keep_limits){ 0 }, &result);
		assert_true(r == 0 || r == -EBUSY);
		machine_load(&machine, 1);
	} while (r == 0 || source_blockers(agent.source, &holder, 1) == 0);
	assert_int_equal(holder.pid, reader);
	machine_load(&machine, 100);
	assert_int_equal(keep_drain(agent.keep, &(struct keep_limits){ 0 },
				    &result),
			 -EBUSY);
	kill(reader, SIGKILL);
	while ((r = keep_drain(agent.keep, &(struct keep_limits){ 0 },
			       &result)) == -EBUSY)
		;
	assert_int_equal(r, 0);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST(who_has_the_list_to_itself_is_not_blocked)
{
	struct keep_result result;
	struct machine machine;
	struct agent agent = { 0 };

	machine_start(&machine, "imastage", true);
	machine_load(&machine, 30);
	assert_int_equal(open_impatient(&machine, true, &agent), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(keep_drain(agent.keep,
					    &(struct keep_limits){ 0 },
					    &result),
				 0);
		assert_int_equal(open_list(&machine), -EBUSY);
		machine_load(&machine, 30);
	}
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
}

TEST_MAIN(WITH_EMULATOR(a_clock_that_jumps_changes_nothing),
	  WITH_EMULATOR(who_never_closes_loses_nothing_for_others),
	  WITH_EMULATOR(who_has_the_list_to_itself_is_not_blocked),
	  WITH_EMULATOR(a_full_file_system_is_waited_out),
	  WITH_EMULATOR(a_file_system_that_became_read_only_is_waited_out))
