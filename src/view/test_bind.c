// SPDX-License-Identifier: MIT
/*
 * The view in place of the kernel's files, in a mount namespace of the test's own:
 * who has fixed paths reads the whole list, while the agent drains the kernel's
 * own files, whatever is mounted over them.
 */
#include "view/bind.h"

#include "base/bytes.h"
#include "lib/testing.h"
#include "lib/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct viewer viewer;

/* Reads what a program with a fixed path does. */
static size_t read_kernel_path(const char *name, uint8_t **ret_data)
{
	char path[200];
	size_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", viewer.machine.emulator.dir,
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	len = viewer_read(fd, 0, ret_data);
	close(fd);
	return len;
}

static void check_fixed_paths(void)
{
	static const char *const names[] = {
		"ascii_runtime_measurements",
		"ascii_runtime_measurements_sha1",
	};
	const struct form form = { IMASTAGE_FORMAT_ASCII, IMASTAGE_SHA1 };
	struct imastage_buffer want = viewer_twin(&viewer, &form);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free uint8_t *got = NULL;
		size_t len = read_kernel_path(names[i], &got);

		assert_int_equal(len, want.len);
		assert_memory_equal(got, want.data, want.len);
	}
	free(want.data);
}

static unsigned int kernel_count(void)
{
	cleanup_free uint8_t *text = NULL;
	size_t len = read_kernel_path("runtime_measurements_count", &text);

	assert_true(len > 1 && text[len - 1] == '\n');
	return (unsigned int)strtoul((char *)text, NULL, 10);
}

TEST(fixed_paths_show_all_while_the_agent_drains)
{
	const char *shown = viewer.machine.emulator.dir;
	unsigned int nr;

	machine_load(&viewer.machine, 100);
	nr = kernel_count();
	viewer_drain(&viewer, 10);
	assert_int_equal(kernel_count(), 10);
	assert_int_equal(bind_over(viewer.dir, shown, &viewer.machine.say), 0);
	for (unsigned int round = 0; round < 5; round++) {
		machine_load(&viewer.machine, 50);
		viewer_drain(&viewer, round);
		check_fixed_paths();
		nr += 50;
		assert_int_equal(kernel_count(), nr);
	}
	assert_int_equal(bind_undo(shown, &viewer.machine.say), 0);
	assert_int_equal(kernel_count(), 4);
}

/* As after a restart of the agent, or of the view. */
TEST(all_can_begin_when_files_are_covered)
{
	const char *shown = viewer.machine.emulator.dir;

	assert_int_equal(bind_over(viewer.dir, shown, NULL), 0);
	agent_close(&viewer.agent);
	assert_int_equal(agent_open(&viewer.machine, &viewer.agent), 0);
	viewer_reconcile(&viewer);
	machine_load(&viewer.machine, 50);
	viewer_drain(&viewer, 3);
	check_fixed_paths();
	viewer_unmount(&viewer);
	viewer_mount(&viewer, 30000);
	assert_int_equal(bind_over(viewer.dir, shown, NULL), 0);
	machine_load(&viewer.machine, 50);
	viewer_drain(&viewer, 4);
	check_fixed_paths();
	assert_int_equal(bind_undo(shown, NULL), 0);
	assert_int_equal(kernel_count(), 4);
}

/* In the kernel's folder alone: mounts of others, which the namespace began with, go with their folders. */
static unsigned int nr_mounts(void)
{
	FILE *file = fopen("/proc/self/mounts", "re");
	unsigned int nr = 0;
	char line[1000];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		nr += strstr(line, viewer.machine.emulator.dir) != NULL;
	fclose(file);
	return nr;
}

/* After a crash: dead files over the kernel's, which the next one replaces. */
TEST(what_a_dead_view_left_is_replaced)
{
	const char *shown = viewer.machine.emulator.dir;
	unsigned int before = nr_mounts(), once;
	char path[200];
	int status;

	assert_int_equal(bind_over(viewer.dir, shown, NULL), 0);
	once = nr_mounts();
	assert_true(once >= before + 4);
	assert_int_equal(bind_over(viewer.dir, shown, NULL), 0);
	assert_int_equal(nr_mounts(), once);
	kill(viewer.pid, SIGKILL);
	waitpid(viewer.pid, &status, 0);
	close(viewer.said);
	snprintf(path, sizeof(path), "%s/runtime_measurements_count", shown);
	assert_int_equal(open(path, O_RDONLY), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(bind_undo(shown, NULL), 0);
	viewer_mount(&viewer, 30000);
	assert_int_equal(bind_over(viewer.dir, shown, NULL), 0);
	assert_true(kernel_count() > 100);
	assert_int_equal(bind_undo(shown, NULL), 0);
	assert_int_equal(nr_mounts(), before);
}

TEST(what_cannot_be_mounted_leaves_nothing)
{
	const char *shown = viewer.machine.emulator.dir;
	unsigned int before = nr_mounts();

	assert_int_equal(bind_over("/nonexistent", shown, NULL), -ENOENT);
	assert_int_equal(bind_over(viewer.dir, "/nonexistent", NULL), -ENOENT);
	assert_int_equal(nr_mounts(), before);
}

/*
 * In a namespace that nothing comes out of. The emulator is in it, too. In it,
 * mounts are propagated among each other, as they are on most machines.
 */
static int start(void **state)
{
	const char *missing = viewer_missing();

	(void)state;
	if (!missing && unshare(CLONE_NEWNS) < 0)
		missing = "CAP_SYS_ADMIN";
	if (missing) {
		printf("1..0 # SKIP missing %s\n", missing);
		exit(0);
	}
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	viewer_start(&viewer, "imastage", false);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	viewer_stop(&viewer);
	return 0;
}

TEST_MAIN_WITH(start, stop,
	       cmocka_unit_test(fixed_paths_show_all_while_the_agent_drains),
	       cmocka_unit_test(all_can_begin_when_files_are_covered),
	       cmocka_unit_test(what_a_dead_view_left_is_replaced),
	       cmocka_unit_test(what_cannot_be_mounted_leaves_nothing))
