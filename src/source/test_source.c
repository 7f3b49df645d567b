// SPDX-License-Identifier: MIT
/*
 * Sources against the emulator, whose answers are those of the kernel's own code:
 * sessions, commands and every error of theirs, for each kind of kernel.
 */
#include "source/source.h"

#include "base/bytes.h"
#include "lib/emulator.h"
#include "lib/testing.h"

#include <imastage/imastage.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#define ANYONE 65534 /* a user without privileges */

static struct emulator ours, linux72, unpatched, flushing;

static int start_all(void **state)
{
	(void)state;
	if (emulator_missing())
		return 0;
	emulator_start(&ours, NULL);
	emulator_start(&linux72, "--profile", "7.2", NULL);
	emulator_start(&unpatched, "--profile", "unpatched", NULL);
	emulator_start(&flushing, "--flush-htable", NULL);
	return 0;
}

static int stop_all(void **state)
{
	(void)state;
	if (emulator_missing())
		return 0;
	emulator_stop(&ours);
	emulator_stop(&linux72);
	emulator_stop(&unpatched);
	emulator_stop(&flushing);
	return 0;
}

/* Each test makes records that there were not before. */
static void load(const struct emulator *emulator, unsigned int nr)
{
	static unsigned int seed = 1;

	emulator_load(emulator, seed++, nr);
}

static struct source *open_source(const struct emulator *emulator)
{
	struct source_options options = {
		.dir = emulator->dir,
		.wait_ms = PATIENCE_MS, /* FUSE is late with closing */
	};
	struct source *source = NULL;

	assert_int_equal(source_open(&options, &source), 0);
	return source;
}

static struct source *begin(const struct emulator *emulator,
			    enum source_access access)
{
	struct source *source = open_source(emulator);

	assert_int_equal(source_begin(source, access), 0);
	return source;
}

static void end(struct source *source)
{
	source_end(source);
	source_close(source);
}

/* Bytes of a list from @offset on; free() them. */
static uint8_t *read_list(struct source *source, bool staged, uint64_t offset,
			  size_t *ret_len)
{
	struct imastage_source bytes = source_bytes(source, staged, offset);
	struct imastage_buffer buffer = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&buffer);
	uint8_t part[1000];
	ssize_t n;

	while ((n = bytes.read(bytes.context, part, sizeof(part))) > 0)
		assert_int_equal(sink.write(sink.context, part, (size_t)n), 0);
	assert_int_equal(n, 0);
	*ret_len = buffer.len;
	return buffer.data;
}

static uint64_t count_records(struct source *source, bool staged)
{
	struct imastage_reader *reader;
	struct imastage_record record;
	uint64_t nr = 0;
	int r;

	r = imastage_reader_new(source_bytes(source, staged, 0), NULL, &reader);
	assert_int_equal(r, 0);
	while ((r = imastage_reader_next(reader, &record)) == 0)
		nr++;
	assert_int_equal(r, IMASTAGE_END);
	imastage_reader_free(reader);
	return nr;
}

static void assert_counts(struct source *source, uint64_t deleted,
			  uint64_t staged, uint64_t current)
{
	struct source_counts counts;

	assert_int_equal(source_counts(source, &counts), 0);
	assert_int_equal(counts.deleted, deleted);
	assert_int_equal(counts.staged, staged);
	assert_int_equal(counts.current, current);
}

/* ---- commands ------------------------------------------------------------ */

TEST(drains_everything)
{
	struct source *source = open_source(&ours);
	struct source_counts before;

	load(&ours, 100);
	assert_int_equal(source_counts(source, &before), 0);
	assert_true(before.has_deleted && before.has_staged);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	assert_int_equal(count_records(source, true), before.current);
	assert_int_equal(count_records(source, false), 0);
	assert_int_equal(source_delete(source), 0);
	assert_counts(source, before.deleted + before.current, 0, 0);
	end(source);
}

TEST(drains_in_chunks)
{
	struct source *source = begin(&ours, SOURCE_WRITE);
	struct source_counts before;

	load(&ours, 10);
	assert_int_equal(source_counts(source, &before), 0);
	for (uint64_t nr = before.current; nr > 0; nr -= nr < 4 ? nr : 4) {
		assert_int_equal(source_stage(source, 4), 0);
		assert_int_equal(count_records(source, true), nr < 4 ? nr : 4);
		assert_int_equal(source_delete(source), 0);
	}
	assert_counts(source, before.deleted + before.current, 0, 0);
	end(source);
}

/* Deletes the whole list, a record at a time, so that counts rest in between. */
static void *trim_all(void *arg)
{
	struct source *source = arg;

	while (source_trim(source, NULL, 1) == 0)
		usleep(300);
	return NULL;
}

/* Whatever is deleted meanwhile, records are neither lost nor counted twice. */
TEST(counts_are_of_one_moment)
{
	struct source *source = begin(&ours, SOURCE_WRITE);
	struct source *other = open_source(&ours);
	struct source_counts first, now;
	pthread_t thread;

	load(&ours, 3000);
	assert_int_equal(source_counts(other, &first), 0);
	assert_int_equal(pthread_create(&thread, NULL, trim_all, source), 0);
	do {
		int r = source_counts(other, &now);

		/* It may be that they never rest. */
		if (r == -EAGAIN)
			continue;
		assert_int_equal(r, 0);
		assert_int_equal(now.deleted + now.current,
				 first.deleted + first.current);
	} while (pthread_tryjoin_np(thread, NULL) == EBUSY);
	source_close(other);
	end(source);
}

TEST(trims_with_and_without_guard)
{
	struct source *source = begin(&ours, SOURCE_WRITE);
	struct source_counts before;
	uint64_t wrong, huge = UINT64_MAX;

	load(&ours, 10);
	assert_int_equal(source_counts(source, &before), 0);
	wrong = before.deleted + 1;
	assert_int_equal(source_trim(source, &wrong, 1), -EAGAIN);
	assert_int_equal(source_trim(source, &huge, 1), -ERANGE);
	assert_int_equal(source_trim(source, &before.deleted, 3), 0);
	assert_int_equal(source_trim(source, &before.deleted, 3), -EAGAIN);
	assert_int_equal(source_trim(source, NULL, 2), 0);
	assert_int_equal(source_trim(source, NULL, before.current), -ENOENT);
	assert_counts(source, before.deleted + 5, 0, before.current - 5);
	end(source);
}

TEST(says_what_the_kernel_says)
{
	struct source *source = begin(&ours, SOURCE_WRITE);
	struct source_counts counts;

	load(&ours, 3);
	assert_int_equal(source_stage(source, 0), -EINVAL);
	assert_int_equal(source_trim(source, NULL, 0), -EINVAL);
	assert_int_equal(source_delete(source), -ENOENT);
	assert_int_equal(source_stage(source, 2), 0);
	assert_int_equal(source_stage(source, 1), -EEXIST);
	assert_int_equal(source_stage(source, SOURCE_ALL), -EEXIST);
	assert_int_equal(source_counts(source, &counts), 0);
	assert_int_equal(source_trim(source, NULL, 1), -EEXIST);
	assert_int_equal(source_trim(source, &counts.deleted, 1), -EEXIST);
	assert_int_equal(source_delete(source), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	assert_int_equal(source_delete(source), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), -ENOENT);
	assert_int_equal(source_stage(source, 1), -ENOENT);
	end(source);
}

TEST(kexec_wins)
{
	struct source *source = begin(&ours, SOURCE_WRITE);
	struct source_counts counts;
	uint8_t byte;

	load(&ours, 5);
	assert_int_equal(source_stage(source, 2), 0);
	assert_int_equal(source_counts(source, &counts), 0);
	assert_int_equal(emulator_ask(&ours, "suspend", NULL), 0);
	assert_int_equal(source_delete(source), -ESTALE);
	source_end(source);
	assert_int_equal(emulator_ask(&ours, "kexec", NULL), 0);

	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_counts(source, counts.deleted, 0,
		      counts.staged + counts.current + 1);
	assert_int_equal(emulator_ask(&ours, "suspend", NULL), 0);
	assert_int_equal(source_stage(source, 1), -EACCES);
	assert_int_equal(source_trim(source, NULL, 1), -ESTALE);
	assert_int_equal(source_trim(source, &counts.deleted, 1), -ESTALE);
	assert_int_equal(emulator_ask(&ours, "kexec", NULL), 0);

	/* Of the kernel that is gone nothing is kept. */
	assert_int_equal(source_bytes(source, false, 0)
				 .read(source_bytes(source, false, 0).context,
				       &byte, 1),
			 -EIO);
	assert_int_equal(source_delete(source), -EIO);
	source_end(source);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(count_records(source, false),
			 counts.staged + counts.current + 2);
	end(source);
}

TEST(takes_snapshots)
{
	struct source *source = open_source(&ours);
	struct source_counts before;

	assert_int_equal(source_counts(source, &before), 0);
	assert_int_equal(source_snapshot(source), 0);
	assert_counts(source, before.deleted, before.staged,
		      before.current + 1);
	source_close(source);

	source = open_source(&linux72);
	assert_int_equal(source_snapshot(source), -EOPNOTSUPP);
	source_close(source);
}

TEST(knows_linux_7_2)
{
	struct source *source = begin(&linux72, SOURCE_WRITE);
	struct source_counts counts;
	uint64_t none = 0, nr;

	load(&linux72, 10);
	assert_int_equal(source_counts(source, &counts), 0);
	assert_false(counts.has_staged || counts.has_deleted);
	nr = counts.current;
	assert_int_equal(source_stage(source, 3), -EOPNOTSUPP);
	assert_int_equal(source_trim(source, &none, 3), -EOPNOTSUPP);
	assert_int_equal(source_trim(source, NULL, 3), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), -EEXIST);
	assert_int_equal(count_records(source, true), nr - 3);
	assert_int_equal(source_delete(source), 0);
	assert_int_equal(source_delete(source), -ENOENT);
	assert_int_equal(source_trim(source, NULL, 3), -ENOENT);
	end(source);
}

/* How many of this process' descriptors are open for writing on lists. */
static int nr_written(void)
{
	int nr = 0;

	for (int fd = 0; fd < 256; fd++) {
		char link[32], path[256];
		int flags = fcntl(fd, F_GETFL);
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = flags < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
		path[len < 0 ? 0 : len] = '\0';
		nr += (flags & O_ACCMODE) != O_RDONLY &&
		      strstr(path, "_runtime_measurements");
	}
	return nr;
}

/* Two that are open for writing can block everybody until the next boot. */
TEST(writes_by_one_descriptor_on_linux_7_2)
{
	struct source *source = begin(&linux72, SOURCE_WRITE);

	load(&linux72, 10);
	assert_int_equal(nr_written(), 1);
	assert_true(count_records(source, false) >= 10);
	assert_int_equal(nr_written(), 1);
	assert_int_equal(count_records(source, true), 0);
	assert_int_equal(source_trim(source, NULL, 1), 0);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	assert_true(count_records(source, true) >= 9);
	assert_int_equal(count_records(source, false), 0);
	assert_int_equal(nr_written(), 1);
	assert_int_equal(source_delete(source), 0);
	end(source);
	assert_int_equal(nr_written(), 0);
}

static void *stage_and_trim(void *context)
{
	struct source *source = context;

	if (source_begin(source, SOURCE_WRITE) == 0 &&
	    source_stage(source, SOURCE_ALL) == 0 &&
	    count_records(source, false) == 0 && source_delete(source) == 0)
		return NULL;
	return (void *)1;
}

/* The thread that opened what is open has ended: another one closes it. */
TEST(killed_on_linux_7_2_it_blocks_nobody)
{
	for (int i = 0; i < 3; i++) {
		struct source *source = open_source(&linux72);
		int status;
		pid_t pid;

		load(&linux72, 10);
		pid = fork();
		if (pid == 0) {
			pthread_t thread;
			void *failed = NULL;

			pthread_create(&thread, NULL, stage_and_trim, source);
			pthread_join(thread, &failed);
			if (!failed)
				raise(SIGSTOP);
			_exit(1);
		}
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		assert_true(WIFSTOPPED(status));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
		source_end(source);
		source_close(source);
	}
}

/* The emulator's own: what it does with two, so that the above can fail. */
TEST(two_descriptors_block_linux_7_2)
{
	struct emulator emulator;
	char current[160], staged[180];
	int fds[2], status;
	pid_t pid;

	emulator_start(&emulator, "--profile", "7.2", NULL);
	snprintf(current, sizeof(current), "%s/binary_runtime_measurements",
		 emulator.dir);
	snprintf(staged, sizeof(staged), "%s_staged", current);
	fds[0] = open(current, O_RDWR | O_CLOEXEC);
	fds[1] = open(staged, O_RDWR | O_CLOEXEC);
	assert_true(fds[0] >= 0 && fds[1] >= 0);
	pid = fork();
	if (pid == 0) {
		sigset_t wake;
		int signal;

		sigemptyset(&wake);
		sigaddset(&wake, SIGUSR1);
		_exit(sigwait(&wake, &signal));
	}
	close(fds[0]);
	close(fds[1]);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(open(current, O_RDWR), -1);
	assert_int_equal(errno, EBUSY);
	fds[0] = open(current, O_RDONLY);
	assert_true(fds[0] >= 0);
	close(fds[0]);
	assert_int_equal(emulator_ask(&emulator, "kexec", NULL), 0);
	fds[0] = open(current, O_RDWR);
	assert_true(fds[0] >= 0);
	close(fds[0]);
	emulator_stop(&emulator);
}

/*
 * After each command, what is read is the list as it is now: Linux 7.2 goes on in
 * the buffer of the descriptor otherwise.
 */
TEST(reads_anew_after_each_command)
{
	struct source *source = begin(&linux72, SOURCE_WRITE);
	cleanup_free uint8_t *before = NULL, *after = NULL;
	struct imastage_source bytes;
	size_t before_len, len;
	uint8_t part[100];

	load(&linux72, 100);
	before = read_list(source, false, 0, &before_len);
	bytes = source_bytes(source, false, 0);
	assert_int_equal(bytes.read(bytes.context, part, sizeof(part)),
			 sizeof(part));
	assert_int_equal(source_trim(source, NULL, 2), 0);
	after = read_list(source, false, sizeof(part), &len);
	free(before);
	before = read_list(source, false, 0, &before_len);
	assert_int_equal(len, before_len - sizeof(part));
	assert_memory_equal(after, before + sizeof(part), len);
	end(source);
}

TEST(knows_what_flushing_forbids)
{
	struct source *source = begin(&flushing, SOURCE_WRITE);

	load(&flushing, 10);
	assert_int_equal(source_trim(source, NULL, 1), -EOPNOTSUPP);
	assert_int_equal(source_stage(source, 3), 0);
	assert_int_equal(source_delete(source), 0);
	end(source);
}

/* ---- reading ------------------------------------------------------------- */

TEST(reads_from_any_byte)
{
	struct source *source = begin(&ours, SOURCE_READ);
	cleanup_free uint8_t *all = NULL;
	size_t all_len;

	load(&ours, 50);
	all = read_list(source, false, 0, &all_len);
	for (size_t i = 0; i < 20; i++) {
		size_t offset = all_len * i / 20, len;
		cleanup_free uint8_t *rest =
			read_list(source, false, offset, &len);

		assert_int_equal(len, all_len - offset);
		assert_memory_equal(rest, all + offset, len);
	}
	end(source);
}

static void do_nothing(int signal)
{
	(void)signal;
}

/* Signals come all the time; not one byte is lost by it, nor read twice. */
TEST(reads_through_signals)
{
	struct sigaction action = { .sa_handler = do_nothing }, before;
	struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { 0 };
	struct source *source = begin(&ours, SOURCE_READ);
	cleanup_free uint8_t *quietly = NULL, *all = NULL;
	size_t quiet_len, len;

	load(&ours, 3000);
	quietly = read_list(source, false, 0, &quiet_len);
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	all = read_list(source, false, 0, &len);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(len, quiet_len);
	assert_memory_equal(all, quietly, len);
	end(source);
}

static int nr_descriptors(void)
{
	int nr = 0;

	for (int fd = 0; fd < 256; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

/* One descriptor, which stays open and blocks nobody. */
TEST(follows_an_unpatched_kernel)
{
	int closed = nr_descriptors();
	struct source *source = open_source(&unpatched);
	int before = nr_descriptors();
	size_t offset = 0;

	assert_int_equal(source_begin(source, SOURCE_WRITE), -EOPNOTSUPP);
	for (unsigned int i = 0; i < 5; i++) {
		size_t len;

		load(&unpatched, 20);
		assert_int_equal(source_begin(source, SOURCE_READ), 0);
		free(read_list(source, false, offset, &len));
		assert_true(len > 0);
		offset += len;
		source_end(source);
		assert_int_equal(nr_descriptors(), before + 1);
	}
	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	assert_int_equal(count_records(source, false), 101);
	source_end(source);
	source_close(source);
	assert_int_equal(nr_descriptors(), closed);
}

TEST(follows_into_the_next_kernel)
{
	struct source *source = begin(&unpatched, SOURCE_READ);
	uint64_t nr = count_records(source, false);
	uint8_t byte;
	struct imastage_source bytes;

	source_end(source);
	assert_int_equal(emulator_ask(&unpatched, "kexec", NULL), 0);
	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	bytes = source_bytes(source, false, 0);
	assert_int_equal(bytes.read(bytes.context, &byte, 1), -EIO);
	source_end(source);
	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	assert_int_equal(count_records(source, false), nr + 1);
	bytes = source_bytes(source, true, 0);
	assert_int_equal(bytes.read(bytes.context, &byte, 1), -ENOTSUP);
	end(source);
}

/* ---- who may ------------------------------------------------------------- */

/* @run's result as a user without privileges, whom the files are not for. */
static int unprivileged(const struct emulator *emulator,
			int (*run)(struct source *source))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct source_options options = { .dir = emulator->dir };
		struct source *source;
		int r = -1;

		if (setgroups(0, NULL) == 0 &&
		    setresgid(ANYONE, ANYONE, ANYONE) == 0 &&
		    setresuid(ANYONE, ANYONE, ANYONE) == 0)
			r = source_open(&options, &source);
		if (r == 0) {
			r = run(source);
			source_close(source);
		}
		_exit(-r);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static int begin_to_read(struct source *source)
{
	return source_begin(source, SOURCE_READ);
}

static int begin_to_write(struct source *source)
{
	return source_begin(source, SOURCE_WRITE);
}

static int get_counts(struct source *source)
{
	struct source_counts counts;

	return source_counts(source, &counts);
}

/* Without the modes, it is the kernel that refuses: EPERM. */
TEST(refuses_others)
{
	char path[160];

	if (geteuid() != 0) {
		print_message("# missing root\n");
		skip();
	}
	assert_return_code(chmod(ours.home, 0755), errno);
	assert_return_code(chmod(ours.dir, 0755), errno);
	assert_int_equal(unprivileged(&ours, begin_to_read), -EACCES);
	assert_int_equal(unprivileged(&ours, begin_to_write), -EACCES);
	assert_int_equal(unprivileged(&ours, get_counts), -EACCES);
	snprintf(path, sizeof(path), "%s/binary_runtime_measurements",
		 ours.dir);
	assert_return_code(chmod(path, 0666), errno);
	assert_int_equal(unprivileged(&ours, begin_to_write), -EPERM);
	assert_return_code(chmod(path, 0660), errno);
}

TEST(wants_a_folder_with_a_list)
{
	struct source_options options = { .dir = "/tmp" };
	struct source *source;

	assert_int_equal(source_open(&options, &source), -ENOENT);
	options.dir = "/does/not/exist";
	assert_int_equal(source_open(&options, &source), -ENOENT);
	options.dir = "/dev/null";
	assert_int_equal(source_open(&options, &source), -ENOTDIR);
}

/* ---- threads ------------------------------------------------------------- */

#define ROUNDS 50

struct racer {
	struct source *source;
	enum source_access access;
	int *inside; /* how many sessions there are now */
};

static void *race(void *context)
{
	struct racer *racer = context;

	for (int i = 0; i < ROUNDS; i++) {
		int r = source_begin(racer->source, racer->access);

		if (r < 0)
			return (void *)(intptr_t)r;
		if (__atomic_add_fetch(racer->inside, 1, __ATOMIC_SEQ_CST) != 1)
			return (void *)(intptr_t)-EDEADLK;
		if (i % 8 == 0)
			usleep(100);
		__atomic_sub_fetch(racer->inside, 1, __ATOMIC_SEQ_CST);
		source_end(racer->source);
	}
	return NULL;
}

static void race_both(struct racer first, struct racer second)
{
	pthread_t thread;
	void *result, *own;

	assert_int_equal(pthread_create(&thread, NULL, race, &first), 0);
	own = race(&second);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(own);
	assert_null(result);
}

TEST(has_one_session_at_a_time)
{
	struct source *source = open_source(&ours);
	int inside = 0;

	race_both((struct racer){ source, SOURCE_WRITE, &inside },
		  (struct racer){ source, SOURCE_READ, &inside });
	source_close(source);
}

TEST(waits_for_another_source)
{
	struct source *first = open_source(&ours), *second = open_source(&ours);
	int inside = 0;

	race_both((struct racer){ first, SOURCE_WRITE, &inside },
		  (struct racer){ second, SOURCE_WRITE, &inside });
	source_close(first);
	source_close(second);
}

static void *begin_and_end(void *context)
{
	return (void *)(intptr_t)begin_to_write(context);
}

/* The thread that opened the files is gone; what they hold is not. */
TEST(keeps_the_list_for_itself)
{
	struct source_options options = { .dir = ours.dir, .exclusive = true };
	struct source *source, *other = open_source(&linux72);
	pthread_t thread;
	void *result;

	source_close(other);
	assert_int_equal(source_open(&options, &source), 0);
	assert_int_equal(pthread_create(&thread, NULL, begin_and_end, source),
			 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
	source_end(source);

	options.exclusive = false;
	assert_int_equal(source_open(&options, &other), 0);
	assert_int_equal(source_begin(other, SOURCE_READ), -EBUSY);
	load(&ours, 5);
	assert_int_equal(source_begin(source, SOURCE_READ), 0);
	assert_true(count_records(source, false) >= 5);
	source_end(source);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_int_equal(source_stage(source, 5), 0);
	assert_int_equal(source_delete(source), 0);
	source_end(source);
	assert_int_equal(source_begin(other, SOURCE_WRITE), -EBUSY);
	source_close(source);

	source_close(other);
	end(begin(&ours, SOURCE_WRITE));
}

TEST_MAIN_WITH(start_all, stop_all, WITH_EMULATOR(drains_everything),
	       WITH_EMULATOR(drains_in_chunks),
	       WITH_EMULATOR(counts_are_of_one_moment),
	       WITH_EMULATOR(trims_with_and_without_guard),
	       WITH_EMULATOR(says_what_the_kernel_says),
	       WITH_EMULATOR(kexec_wins), WITH_EMULATOR(takes_snapshots),
	       WITH_EMULATOR(knows_linux_7_2),
	       WITH_EMULATOR(writes_by_one_descriptor_on_linux_7_2),
	       WITH_EMULATOR(killed_on_linux_7_2_it_blocks_nobody),
	       WITH_EMULATOR(two_descriptors_block_linux_7_2),
	       WITH_EMULATOR(reads_anew_after_each_command),
	       WITH_EMULATOR(knows_what_flushing_forbids),
	       WITH_EMULATOR(reads_from_any_byte),
	       WITH_EMULATOR(reads_through_signals),
	       WITH_EMULATOR(follows_an_unpatched_kernel),
	       WITH_EMULATOR(follows_into_the_next_kernel),
	       WITH_EMULATOR(refuses_others),
	       cmocka_unit_test(wants_a_folder_with_a_list),
	       WITH_EMULATOR(has_one_session_at_a_time),
	       WITH_EMULATOR(waits_for_another_source),
	       WITH_EMULATOR(keeps_the_list_for_itself))
