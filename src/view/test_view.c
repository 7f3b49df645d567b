// SPDX-License-Identifier: MIT
/*
 * The view as those have it who read it: mounted over an emulator, an archive and
 * an agent that drains. Bytes are compared with those of a twin that nothing was
 * ever deleted from.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "lib/viewer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct viewer viewer;

static const struct form ascii_sha1 = { IMASTAGE_FORMAT_ASCII, IMASTAGE_SHA1 };

static void measure(unsigned int nr)
{
	machine_load(&viewer.machine, nr);
}

/* ---- what is there ------------------------------------------------------- */

TEST(files_are_the_kernels)
{
	static const char *const names[] = {
		"ascii_runtime_measurements_sha1",
		"binary_runtime_measurements_sha1",
		"ascii_runtime_measurements_sha256",
		"binary_runtime_measurements_sha256",
		"runtime_measurements_count",
		"violations",
	};
	char path[300], kernel[300], target[100], want[100];
	struct stat own, its;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", viewer.dir, names[i]);
		snprintf(kernel, sizeof(kernel), "%s/%s",
			 viewer.machine.emulator.dir, names[i]);
		assert_int_equal(lstat(path, &own), 0);
		assert_int_equal(lstat(kernel, &its), 0);
		assert_int_equal(own.st_mode, S_IFREG | 0440);
		assert_int_equal(own.st_uid, its.st_uid);
		assert_int_equal(open(path, O_RDWR), -1);
		assert_int_equal(errno, EROFS);
	}
	for (int ascii = 0; ascii < 2; ascii++) {
		snprintf(path, sizeof(path), "%s/%s_runtime_measurements",
			 viewer.dir, ascii ? "ascii" : "binary");
		snprintf(want, sizeof(want), "%s_runtime_measurements_sha1",
			 ascii ? "ascii" : "binary");
		memset(target, 0, sizeof(target));
		assert_true(readlink(path, target, sizeof(target) - 1) > 0);
		assert_string_equal(target, want);
	}
	snprintf(path, sizeof(path), "%s/%s_staged", viewer.dir, names[0]);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- bytes --------------------------------------------------------------- */

static unsigned int number_in(const char *name)
{
	cleanup_close int fd = viewer_open(&viewer, name);
	char text[32] = "";

	assert_true(read(fd, text, sizeof(text) - 1) > 1);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(read(fd, text + 20, 5), 0);
	return (unsigned int)strtoul(text, NULL, 10);
}

TEST(every_file_is_the_twins_after_any_drains)
{
	unsigned int nr = number_in("runtime_measurements_count");
	uint32_t seed = 11;

	for (int round = 0; round < 12; round++) {
		unsigned int more = next_random(&seed, 700);

		measure(more);
		nr += more;
		if (next_random(&seed, 4))
			viewer_drain(&viewer, next_random(&seed, 300));
		viewer_check(&viewer);
		assert_int_equal(number_in("runtime_measurements_count"), nr);
	}
}

TEST(any_bytes_at_any_offset)
{
	struct form forms[2 * IMASTAGE_NR_BANKS];
	unsigned int nr = viewer_forms(&viewer, forms);
	uint32_t seed = 12;

	measure(500);
	viewer_drain(&viewer, 100);
	for (unsigned int i = 0; i < nr; i++) {
		struct imastage_buffer want = viewer_twin(&viewer, &forms[i]);
		uint8_t got[20000];
		char name[80];
		int fd;

		viewer_name(&forms[i], name, sizeof(name));
		fd = viewer_open(&viewer, name);
		for (int times = 0; times < 300; times++) {
			size_t len = next_random(&seed, sizeof(got));
			size_t at =
				next_random(&seed, (uint32_t)want.len + 1000);
			struct imastage_bytes right = bytes_first(
				bytes_skip(bytes_of(want.data, want.len), at),
				len);

			assert_int_equal(pread(fd, got, len, (off_t)at),
					 right.len);
			assert_true(
				bytes_equal(right, bytes_of(got, right.len)));
		}
		close(fd);
		free(want.data);
	}
}

/* ---- readers while the list changes -------------------------------------- */

struct follower {
	pthread_t thread;
	const struct form *form;
	size_t piece; /* bytes for each read */
	atomic_bool *over;
	struct imastage_buffer got;
	int error;
};

/* Reads on and on, on one descriptor, until told and once more to the end. */
static void *follow(void *arg)
{
	struct follower *follower = arg;
	struct imastage_sink sink = imastage_sink_buffer(&follower->got);
	cleanup_free uint8_t *data = malloc(follower->piece);
	char name[80];
	bool last = false;
	int fd;

	viewer_name(follower->form, name, sizeof(name));
	fd = viewer_open(&viewer, name);
	while (follower->error == 0) {
		ssize_t n = read(fd, data, follower->piece);

		if (n > 0)
			sink.write(sink.context, data, (size_t)n);
		else if (n < 0)
			follower->error = errno;
		else if (last)
			break;
		else
			last = atomic_load(follower->over);
	}
	close(fd);
	return NULL;
}

static void check_follower(const struct follower *follower)
{
	struct imastage_buffer want = viewer_twin(&viewer, follower->form);

	assert_int_equal(follower->error, 0);
	assert_int_equal(follower->got.len, want.len);
	assert_memory_equal(follower->got.data, want.data, want.len);
	free(want.data);
}

static void drain_and_boot(void)
{
	for (unsigned int round = 0; round < 20; round++) {
		measure(200);
		viewer_drain(&viewer, round % 3 ? 50 : 0);
		if (round % 7 != 6)
			continue;
		machine_do(&viewer.machine, "kexec");
		viewer_reconcile(&viewer);
	}
}

TEST(descriptors_outlive_drains_and_kexec)
{
	static const struct form forms[] = {
		{ IMASTAGE_FORMAT_BINARY, IMASTAGE_SHA1 },
		{ IMASTAGE_FORMAT_ASCII, IMASTAGE_SHA1 },
		{ IMASTAGE_FORMAT_BINARY, IMASTAGE_SHA256 },
		{ IMASTAGE_FORMAT_ASCII, IMASTAGE_SHA256 },
	};
	struct follower followers[6] = { 0 };
	atomic_bool over = false;

	for (size_t i = 0; i < ARRAY_SIZE(followers); i++) {
		followers[i].form = &forms[i % ARRAY_SIZE(forms)];
		followers[i].piece = i < 4 ? 3000 + 7000 * i : 131072;
		followers[i].over = &over;
		assert_int_equal(pthread_create(&followers[i].thread, NULL,
						follow, &followers[i]),
				 0);
	}
	drain_and_boot();
	atomic_store(&over, true);
	for (size_t i = 0; i < ARRAY_SIZE(followers); i++) {
		pthread_join(followers[i].thread, NULL);
		check_follower(&followers[i]);
		free(followers[i].got.data);
	}
}

/* ---- freshness ----------------------------------------------------------- */

static void *drain_on_and_on(void *arg)
{
	atomic_bool *over = arg;

	for (uint64_t leave = 0; !atomic_load(over); leave = (leave + 1) % 5) {
		viewer_drain(&viewer, leave);
		usleep(5000);
	}
	return NULL;
}

static size_t twin_len(void)
{
	struct stat attr;

	assert_return_code(stat(viewer.machine.twin, &attr), errno);
	return (size_t)attr.st_size;
}

/* What was measured before a read began is in it, whoever drains meanwhile. */
TEST(a_read_at_the_end_has_what_was_measured_before)
{
	cleanup_close int fd =
		viewer_open(&viewer, "binary_runtime_measurements");
	atomic_bool over = false;
	size_t at = twin_len();
	uint8_t data[8192];
	pthread_t thread;

	assert_int_equal(pread(fd, data, sizeof(data), (off_t)at), 0);
	assert_int_equal(pthread_create(&thread, NULL, drain_on_and_on, &over),
			 0);
	for (int i = 0; i < 60; i++) {
		measure(1);
		assert_int_equal(pread(fd, data, sizeof(data), (off_t)at),
				 twin_len() - at);
		at = twin_len();
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	viewer_check(&viewer);
}

/* ---- sizes --------------------------------------------------------------- */

static off_t size_of(int fd)
{
	struct stat attr;

	assert_return_code(fstat(fd, &attr), errno);
	assert_int_equal(attr.st_blocks, (attr.st_size + 511) / 512);
	return attr.st_size;
}

static size_t form_len(const struct form *form)
{
	struct imastage_buffer want = viewer_twin(&viewer, form);

	free(want.data);
	return want.len;
}

/* At any time, also of records that no read has come to yet. */
TEST(sizes_are_what_a_read_would_give)
{
	struct form forms[2 * IMASTAGE_NR_BANKS];
	unsigned int nr = viewer_forms(&viewer, forms);
	cleanup_close int count =
		viewer_open(&viewer, "runtime_measurements_count");
	char name[80], text[32];

	for (unsigned int round = 0; round < 3; round++) {
		measure(3);
		if (round == 1)
			viewer_drain(&viewer, 2);
		for (unsigned int i = 0; i < nr; i++) {
			cleanup_close int fd = -1;

			viewer_name(&forms[i], name, sizeof(name));
			fd = viewer_open(&viewer, name);
			assert_int_equal(size_of(fd), form_len(&forms[i]));
		}
		assert_int_equal(size_of(count),
				 pread(count, text, sizeof(text), 0));
	}
}

/* All that sendfile() gives from @offset on, as cat of busybox has it. */
static size_t send_all(int fd, off_t offset, uint8_t *data, size_t room)
{
	int ends[2];
	size_t done = 0;
	ssize_t n;

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	while ((n = sendfile(ends[1], fd, &offset, 32768)) > 0) {
		assert_true((size_t)n <= room - done);
		for (size_t end = done + (size_t)n; done < end;) {
			n = read(ends[0], data + done, end - done);
			assert_true(n > 0);
			done += (size_t)n;
		}
	}
	assert_return_code(n, errno);
	close(ends[0]);
	close(ends[1]);
	return done;
}

/* @fd, from @from on, where sendfile() has been before. */
static void check_sent(int fd, size_t from)
{
	struct imastage_buffer want = viewer_twin(&viewer, &ascii_sha1);
	cleanup_free uint8_t *data = malloc(want.len + 100000);

	assert_non_null(data);
	assert_int_equal(send_all(fd, (off_t)from, data, want.len + 100000),
			 want.len - from);
	assert_memory_equal(data, want.data + from, want.len - from);
	free(want.data);
}

/*
 * Opened anew, it has what was measured before that; what is open already is asked for
 * its size, and for the first time that makes it drop pages.
 */
TEST(sendfile_gives_what_read_gives)
{
	size_t before;

	for (unsigned int round = 0; round < 20; round++) {
		cleanup_close int fd = -1, other = -1;

		measure(1 + round);
		if (round % 4 == 3)
			viewer_drain(&viewer, round % 3);
		other = viewer_open(&viewer, "ascii_runtime_measurements");
		check_sent(other, 0);
		close(other);
		other = -1;
		fd = viewer_open(&viewer, "ascii_runtime_measurements");
		check_sent(fd, 0);
		measure(1);
		before = form_len(&ascii_sha1);
		assert_int_equal(size_of(fd), before);
		size_of(fd);
		check_sent(fd, 0);
		/* Between two of one reader. */
		measure(1);
		size_of(fd);
		size_of(fd);
		check_sent(fd, before);
		check_sent(fd, before - 10);
	}
}

struct looker {
	int fd;
	atomic_bool over;
};

static void *look_at_sizes(void *arg)
{
	struct looker *looker = arg;
	struct stat attr;

	while (!atomic_load(&looker->over))
		(void)fstat(looker->fd, &attr);
	return NULL;
}

/* Text has no zeros: those are what a page has behind an end that was one. */
static void check_tail(int fd)
{
	uint8_t data[65536];
	off_t at = size_of(fd) - 10000;
	size_t n = send_all(fd, at > 0 ? at : 0, data, sizeof(data));

	assert_null(memchr(data, 0, n));
}

/* While its size is asked for again and again, and grows. */
TEST(sendfile_never_gives_what_is_behind_the_end)
{
	struct looker looker = {
		.fd = viewer_open(&viewer, "ascii_runtime_measurements"),
	};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, look_at_sizes, &looker),
			 0);
	for (int i = 0; i < 40; i++) {
		measure(1);
		for (int times = 0; times < 4; times++)
			check_tail(looker.fd);
	}
	atomic_store(&looker.over, true);
	pthread_join(thread, NULL);
	close(looker.fd);
	viewer_check(&viewer);
}

/* tail -f looks at the size, and at the time of the last change. */
TEST(what_grew_is_newer)
{
	struct stat before, after;
	char path[200];

	snprintf(path, sizeof(path), "%s/ascii_runtime_measurements",
		 viewer.dir);
	assert_return_code(stat(path, &before), errno);
	measure(1);
	assert_return_code(stat(path, &after), errno);
	assert_true(after.st_size > before.st_size);
	assert_true(after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
		    after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
}

/* ---- consumers ----------------------------------------------------------- */

struct keylime {
	pid_t pid;
	FILE *ask, *answer;
	char out[120];
};

static void keylime_start(struct keylime *keylime)
{
	char list[200];
	int in[2], out[2];

	snprintf(list, sizeof(list), "%s/ascii_runtime_measurements",
		 viewer.dir);
	snprintf(keylime->out, sizeof(keylime->out), "%s.keylime",
		 viewer.machine.twin);
	assert_return_code(pipe2(in, O_CLOEXEC), errno);
	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	keylime->pid = fork();
	if (keylime->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(KEYLIME_LIKE, KEYLIME_LIKE, list, keylime->out,
		      (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	keylime->ask = fdopen(in[1], "w");
	keylime->answer = fdopen(out[0], "r");
}

/* How many records it has seen, which must be whole ones. */
static unsigned long keylime_ask(struct keylime *keylime)
{
	unsigned long nr_lines, offset;
	char text[100], end[16];

	fputs("go\n", keylime->ask);
	fflush(keylime->ask);
	assert_non_null(fgets(text, sizeof(text), keylime->answer));
	assert_int_equal(sscanf(text, "%lu %lu %15s", &nr_lines, &offset, end),
			 3);
	assert_string_equal(end, "whole");
	return nr_lines;
}

static void keylime_stop(struct keylime *keylime)
{
	int status;

	fclose(keylime->ask);
	fclose(keylime->answer);
	assert_int_equal(waitpid(keylime->pid, &status, 0), keylime->pid);
	assert_int_equal(status, 0);
	unlink(keylime->out);
}

static void check_keylime(const struct keylime *keylime)
{
	struct imastage_buffer want = viewer_twin(&viewer, &ascii_sha1);
	cleanup_close int fd = open(keylime->out, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *got = NULL;

	assert_int_equal(viewer_read(fd, 0, &got), want.len);
	assert_memory_equal(got, want.data, want.len);
	free(want.data);
}

/* One descriptor, through drains and kexec: each time all that is new. */
TEST(keylimes_agent_sees_nothing_of_it)
{
	unsigned long nr = number_in("runtime_measurements_count");
	struct keylime keylime = { 0 };

	keylime_start(&keylime);
	assert_int_equal(keylime_ask(&keylime), nr);
	for (unsigned int round = 0; round < 25; round++) {
		measure(round);
		nr += round;
		if (round % 2)
			viewer_drain(&viewer, round % 5);
		if (round == 13) {
			machine_do(&viewer.machine, "kexec");
			viewer_reconcile(&viewer);
			nr = number_in("runtime_measurements_count");
		}
		assert_int_equal(keylime_ask(&keylime), nr);
	}
	check_keylime(&keylime);
	keylime_stop(&keylime);
}

/* ---- a second opinion ---------------------------------------------------- */

/* PCR 10 of a bank as evmctl wants it, of what `imasim pcrs` says. */
static void write_pcrs(const char *pcrs, const char *bank, const char *path)
{
	const char *value = strstr(pcrs, bank);
	FILE *file = fopen(path, "we");

	assert_non_null(value);
	assert_non_null(file);
	value += strlen(bank);
	for (int pcr = 0; pcr < 24; pcr++) {
		fprintf(file, "PCR-%02d: ", pcr);
		for (const char *at = value; isxdigit(*at); at++)
			fputc(pcr == 10 ? *at : '0', file);
		fputc('\n', file);
	}
	fclose(file);
}

TEST(evmctl_finds_the_pcrs_of_the_tpm)
{
	char pcrs[4096], command[800], sha1[120], sha256[120];

	if (system("command -v evmctl >/dev/null") != 0) {
		print_message("# missing evmctl\n");
		skip();
	}
	measure(50);
	viewer_drain(&viewer, 20);
	emulator_read(&viewer.machine.emulator, "pcrs", pcrs, sizeof(pcrs));
	snprintf(sha1, sizeof(sha1), "%s.sha1", viewer.machine.twin);
	snprintf(sha256, sizeof(sha256), "%s.sha256", viewer.machine.twin);
	write_pcrs(pcrs, "sha1:10=", sha1);
	write_pcrs(pcrs, "sha256:10=", sha256);
	snprintf(command, sizeof(command),
		 "evmctl ima_measurement --pcrs sha1,%s --pcrs sha256,%s "
		 "%s/binary_runtime_measurements >%s.evmctl 2>&1",
		 sha1, sha256, viewer.dir, viewer.machine.twin);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm %s %s %s.evmctl", sha1, sha256,
		 viewer.machine.twin);
	assert_int_equal(system(command), 0);
}

/* Nothing of this can be tried where there is no FUSE. */
static int start(void **state)
{
	const char *missing = viewer_missing();

	(void)state;
	if (missing) {
		printf("1..0 # SKIP missing %s\n", missing);
		exit(0);
	}
	viewer_start(&viewer, "imastage", true);
	measure(10);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	viewer_stop(&viewer);
	return 0;
}

TEST_MAIN_WITH(start, stop, cmocka_unit_test(files_are_the_kernels),
	       cmocka_unit_test(every_file_is_the_twins_after_any_drains),
	       cmocka_unit_test(any_bytes_at_any_offset),
	       cmocka_unit_test(descriptors_outlive_drains_and_kexec),
	       cmocka_unit_test(a_read_at_the_end_has_what_was_measured_before),
	       cmocka_unit_test(sizes_are_what_a_read_would_give),
	       cmocka_unit_test(sendfile_gives_what_read_gives),
	       cmocka_unit_test(sendfile_never_gives_what_is_behind_the_end),
	       cmocka_unit_test(what_grew_is_newer),
	       cmocka_unit_test(keylimes_agent_sees_nothing_of_it),
	       cmocka_unit_test(evmctl_finds_the_pcrs_of_the_tpm))
