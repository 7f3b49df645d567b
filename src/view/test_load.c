// SPDX-License-Identifier: MIT
/*
 * The view under what it must bear: others who hold the kernel's list, hard boots,
 * lost records, readers that are killed, that never close, that are too many, that
 * read while it is unmounted.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "lib/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct viewer viewer;

#define LIST "binary_runtime_measurements"

static void measure(unsigned int nr)
{
	machine_load(&viewer.machine, nr);
}

static off_t twin_len(void)
{
	struct stat attr;

	assert_int_equal(stat(viewer.machine.twin, &attr), 0);
	return attr.st_size;
}

/* ---- who holds the kernel's list ----------------------------------------- */

/* Opens it for writing, so that nobody else can look. */
static int hold_list(void)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/" LIST, viewer.machine.emulator.dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

struct reader {
	pthread_t thread;
	int fd;
	off_t offset;
	uint8_t data[65536];
	ssize_t n;
	int error;
};

static void *read_once(void *arg)
{
	struct reader *reader = arg;

	reader->n = pread(reader->fd, reader->data, sizeof(reader->data),
			  reader->offset);
	reader->error = errno;
	return NULL;
}

static void reader_start(struct reader *reader, int fd, off_t offset)
{
	reader->fd = fd;
	reader->offset = offset;
	assert_int_equal(
		pthread_create(&reader->thread, NULL, read_once, reader), 0);
}

static void reader_join(struct reader *reader)
{
	pthread_join(reader->thread, NULL);
}

/* Who reads at the end waits for the holder; who reads before it does not. */
TEST(a_read_at_the_end_waits_and_no_other_does)
{
	cleanup_close int fd = viewer_open(&viewer, LIST);
	struct reader reader = { .n = -2 };
	uint8_t data[512];
	off_t end = twin_len();
	int held;

	assert_int_equal(pread(fd, data, sizeof(data), end), 0);
	measure(3);
	held = hold_list();
	reader_start(&reader, fd, end);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pread(fd, data, sizeof(data), 7 * i),
				 sizeof(data));
		usleep(2000);
	}
	assert_int_equal(pthread_tryjoin_np(reader.thread, NULL), EBUSY);
	close(held);
	reader_join(&reader);
	assert_int_equal(reader.n, twin_len() - end);
}

/* stat() tells what is known; the read that came before it waits on. */
TEST(who_asks_for_the_size_does_not_wait_for_the_holder)
{
	cleanup_close int fd = viewer_open(&viewer, LIST);
	struct reader reader = { .n = -2 };
	off_t end = twin_len();
	struct stat attr;
	int held;

	assert_return_code(fstat(fd, &attr), errno);
	assert_int_equal(attr.st_size, end);
	measure(3);
	held = hold_list();
	reader_start(&reader, fd, end);
	for (int i = 0; i < 20; i++) {
		assert_return_code(fstat(fd, &attr), errno);
		assert_int_equal(attr.st_size, end);
	}
	assert_int_equal(pthread_tryjoin_np(reader.thread, NULL), EBUSY);
	close(held);
	reader_join(&reader);
	assert_int_equal(reader.n, twin_len() - end);
	assert_return_code(fstat(fd, &attr), errno);
	assert_int_equal(attr.st_size, twin_len());
}

TEST(who_waits_for_too_long_is_told_so)
{
	cleanup_close int held = -1, fd = -1;
	uint8_t data[512];

	viewer_unmount(&viewer);
	viewer_mount(&viewer, 300);
	fd = viewer_open(&viewer, LIST);
	assert_int_equal(pread(fd, data, sizeof(data), twin_len()), 0);
	measure(1);
	held = hold_list();
	assert_int_equal(pread(fd, data, sizeof(data), twin_len()), -1);
	assert_int_equal(errno, EBUSY);
	viewer_hear(&viewer, "somebody else holds the kernel's list");
	close(held);
	held = -1;
	assert_int_equal(pread(fd, data, sizeof(data), twin_len()), 0);
	close(fd);
	fd = -1;
	viewer_unmount(&viewer);
	viewer_mount(&viewer, PATIENCE_MS);
}

static void nothing(int number)
{
	(void)number;
}

TEST(who_waits_can_be_interrupted)
{
	const struct sigaction action = { .sa_handler = nothing };
	cleanup_close int fd = viewer_open(&viewer, LIST);
	struct reader reader = { .n = -2 };
	uint8_t data[16];
	int held;

	assert_int_equal(pread(fd, data, sizeof(data), twin_len()), 0);
	measure(1);
	held = hold_list();
	sigaction(SIGUSR1, &action, NULL);
	reader_start(&reader, fd, twin_len() - 1);
	/* The signal is of use only once it waits. */
	while (pthread_tryjoin_np(reader.thread, NULL) == EBUSY) {
		pthread_kill(reader.thread, SIGUSR1);
		usleep(10000);
	}
	assert_int_equal(reader.n, -1);
	assert_int_equal(reader.error, EINTR);
	close(held);
	viewer_check(&viewer);
}

/* ---- readers that do not behave ------------------------------------------ */

/* Until it is killed, or there is nothing to be read any more. */
static void read_for_ever(int seed)
{
	uint32_t random = (uint32_t)seed + 1, len = (uint32_t)twin_len();
	uint8_t data[30000];
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s_runtime_measurements", viewer.dir,
		 seed % 2 ? "binary" : "ascii");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 &&
	       pread(fd, data, 1 + next_random(&random, sizeof(data) - 1),
		     next_random(&random, len + 1000)) >= 0)
		;
	for (;;)
		pause();
}

static pid_t start_reading(int seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		read_for_ever(seed);
	return pid;
}

static void kill_reader(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(killed_readers_leave_nothing_behind)
{
	uint32_t seed = 21;
	pid_t pids[4];

	measure(2000);
	viewer_drain(&viewer, 500);
	for (int i = 0; i < 4; i++)
		pids[i] = start_reading(i);
	for (int i = 0; i < 40; i++) {
		usleep(1000 * next_random(&seed, 20));
		kill_reader(pids[i % 4]);
		pids[i % 4] = start_reading(i + 4);
		if (i % 8 == 0)
			measure(20);
	}
	for (int i = 0; i < 4; i++)
		kill_reader(pids[i]);
	viewer_check(&viewer);
}

static unsigned long memory_of(pid_t pid)
{
	unsigned long kib = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

static unsigned int files_of(pid_t pid)
{
	char path[64];
	struct stat attr;
	unsigned int nr = 0;

	for (int fd = 0; fd < 300; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		nr += lstat(path, &attr) == 0;
	}
	return nr;
}

#define MANY 5000

/* Each reads some and then never again. Memory is that of a few readers. */
TEST(thousands_of_open_files_cost_nothing)
{
	struct rlimit limit = { MANY + 100, MANY + 100 };
	int *fds = calloc(MANY, sizeof(*fds));
	unsigned long before;
	uint8_t data[4096];

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	viewer_check(&viewer);
	before = memory_of(viewer.pid);
	for (unsigned int i = 0; i < MANY; i++) {
		fds[i] = viewer_open(
			&viewer, i % 2 ? LIST : "ascii_runtime_measurements");
		assert_true(pread(fds[i], data, sizeof(data), i) > 0);
	}
	assert_true(files_of(viewer.pid) < 100);
	print_message("# %lu KiB before, %lu with %u open files\n", before,
		      memory_of(viewer.pid), MANY);
	assert_true(memory_of(viewer.pid) < before + 16384);
	for (unsigned int i = 0; i < MANY; i++)
		close(fds[i]);
	free(fds);
}

TEST(it_is_unmounted_while_it_is_read)
{
	pid_t pids[4];

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 4; i++)
			pids[i] = start_reading(i);
		usleep(20000);
		viewer_unmount(&viewer);
		for (int i = 0; i < 4; i++)
			kill_reader(pids[i]);
		viewer_mount(&viewer, PATIENCE_MS);
		viewer_check(&viewer);
	}
}

/* What a view that was killed has left there is no obstacle. */
TEST(a_dead_view_makes_room)
{
	struct stat attr;
	int status;

	kill(viewer.pid, SIGKILL);
	waitpid(viewer.pid, &status, 0);
	close(viewer.said);
	assert_int_equal(stat(viewer.dir, &attr), -1);
	assert_int_equal(errno, ENOTCONN);
	viewer_mount(&viewer, PATIENCE_MS);
	viewer_check(&viewer);
}

/* ---- lists that end ------------------------------------------------------ */

TEST(a_hard_boot_is_another_list)
{
	cleanup_close int fd = viewer_open(&viewer, LIST);
	uint8_t data[100];
	int other;

	assert_int_equal(pread(fd, data, sizeof(data), 0), sizeof(data));
	machine_do(&viewer.machine, "reboot");
	viewer_reconcile(&viewer);
	measure(30);
	other = viewer_open(&viewer, "runtime_measurements_count");
	assert_true(read(other, data, sizeof(data)) > 0);
	close(other);
	for (off_t at = 0; at < 5000; at += 1000) {
		assert_int_equal(pread(fd, data, sizeof(data), at), -1);
		assert_int_equal(errno, ESTALE);
	}
	viewer_drain(&viewer, 10);
	viewer_check(&viewer);
}

/* Somebody else deletes what is not archived. */
static void lose(unsigned int nr)
{
	int fd = hold_list();

	assert_true(dprintf(fd, "%u\n", nr) > 0);
	close(fd);
}

TEST(lost_records_are_an_error_where_they_were)
{
	cleanup_close int fd = -1;
	off_t end;
	uint8_t data[100];

	viewer_drain(&viewer, 0);
	end = twin_len();
	measure(20);
	lose(5);
	viewer_reconcile(&viewer);
	measure(20);
	fd = viewer_open(&viewer, LIST);
	assert_int_equal(pread(fd, data, sizeof(data), end - 40), 40);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pread(fd, data, sizeof(data), end), -1);
		assert_int_equal(errno, EIO);
	}
	viewer_hear(&viewer, "records are missing here");
	viewer_drain(&viewer, 0);
	assert_int_equal(pread(fd, data, sizeof(data), end - 40), 40);
	assert_int_equal(pread(fd, data, sizeof(data), end), -1);
	assert_int_equal(errno, EIO);
}

/* ---- all of it ----------------------------------------------------------- */

static int start(void **state)
{
	const char *missing = viewer_missing();

	(void)state;
	if (missing) {
		printf("1..0 # SKIP missing %s\n", missing);
		exit(0);
	}
	viewer_start(&viewer, "imastage", false);
	measure(300);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	viewer_stop(&viewer);
	return 0;
}

TEST_MAIN_WITH(
	start, stop,
	cmocka_unit_test(a_read_at_the_end_waits_and_no_other_does),
	cmocka_unit_test(who_asks_for_the_size_does_not_wait_for_the_holder),
	cmocka_unit_test(who_waits_for_too_long_is_told_so),
	cmocka_unit_test(who_waits_can_be_interrupted),
	cmocka_unit_test(killed_readers_leave_nothing_behind),
	cmocka_unit_test(thousands_of_open_files_cost_nothing),
	cmocka_unit_test(it_is_unmounted_while_it_is_read),
	cmocka_unit_test(a_dead_view_makes_room),
	cmocka_unit_test(a_hard_boot_is_another_list),
	cmocka_unit_test(lost_records_are_an_error_where_they_were))
