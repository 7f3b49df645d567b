// SPDX-License-Identifier: MIT
/*
 * A writer that appends, compresses and prunes, and readers beside it, in other
 * processes and in other threads; and a writer that is killed at any moment.
 */
#include "archive/archive.h"
#include "base/bytes.h"
#include "lib/keeping.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define NR_READERS 3
#define NR_ROUNDS 40 /* of the writer */
#define BATCH 250 /* records in each */

/* Records repeat: record k is list[k % list.nr]. */
static struct kept_list list;

static int make_list(void **state)
{
	(void)state;
	kept_list_random(&list, 1000, 9);
	return 0;
}

static int free_list(void **state)
{
	(void)state;
	kept_list_fini(&list);
	return 0;
}

static int complain(void *context, const struct archive_finding *finding)
{
	(void)context;
	printf("# %s: record %" PRIu64 ": %s\n", finding->file, finding->index,
	       finding->text);
	return 0;
}

static bool is_record(uint64_t index, const struct imastage_record *record)
{
	const struct imastage_record *expected = &list.records[index % list.nr];

	return bytes_equal(record->raw, expected->raw);
}

/* ---- readers --------------------------------------------------------------- */

/* Reads what is kept. 0; how far it came in *ret_end. */
static int read_kept(struct archive *archive, uint64_t *ret_end)
{
	struct archive_cursor *cursor;
	struct imastage_record record;
	struct archive_boot boot;
	uint64_t index;
	int r = archive_last_boot(archive, &boot);

	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	index = boot.first;
	r = archive_cursor_open(archive, boot.id, index, &cursor);
	if (r < 0)
		return r;
	while ((r = archive_cursor_next(cursor, &record)) == 0) {
		if (!is_record(index++, &record))
			r = -EILSEQ;
		if (r < 0)
			break;
	}
	archive_cursor_close(cursor);
	*ret_end = index;
	return r == IMASTAGE_END || r == -ESTALE ? 0 : r;
}

static int verify(struct archive *archive)
{
	const struct archive_verify_options options = { .report = complain };

	return archive_verify(archive, &options);
}

/* Until it has read @until. What it returns is 0, or what went wrong. */
static int be_reader(const struct archive_options *options, uint64_t until)
{
	struct archive *archive;
	uint64_t end = 0;
	int r = archive_open_reader(options, &archive);

	if (r < 0)
		return r;
	while (r == 0 && end < until) {
		r = read_kept(archive, &end);
		if (r == 0)
			r = verify(archive);
	}
	archive_close(archive);
	return r;
}

/* ---- the writer ------------------------------------------------------------ */

static int append(struct archive *archive, unsigned int nr)
{
	int r = 0;

	while (nr-- > 0 && r == 0)
		r = archive_put(archive,
				&list.records[archive_end(archive) % list.nr]);
	return r == 0 ? archive_commit(archive, NULL) : r;
}

static int do_round(struct archive *archive, unsigned int round)
{
	const struct archive_prune_options options = { .max_bytes = 200000,
						       .force = true };
	struct archive_prune_result result;
	int r = append(archive, BATCH);

	if (r == 0 && round % 3 == 0)
		r = archive_compress(archive, 2, NULL);
	if (r == 0 && round % 5 == 0)
		r = archive_prune(archive, &options, &result);
	return r;
}

static int be_writer(struct archive *archive)
{
	int r = 0;

	for (unsigned int round = 0; round < NR_ROUNDS && r == 0; round++)
		r = do_round(archive, round);
	return r;
}

static struct archive *make_archive(const struct archive_options *options)
{
	const struct archive_boot key = { .boot_id = "a" };
	struct archive *archive;
	struct archive_boot boot;

	assert_int_equal(archive_open_writer(options, &archive), 0);
	assert_int_equal(archive_new_boot(archive, &key, &boot), 0);
	return archive;
}

/* ---- threads --------------------------------------------------------------- */

static void *reader_thread(void *context)
{
	return (void *)(intptr_t)be_reader(context, NR_ROUNDS * BATCH);
}

TEST(threads_read_while_one_writes)
{
	char dir[] = "/tmp/imastage-test-threads-XXXXXX";
	struct kept_said said;
	struct archive_options options = { .dir = dir, .segment_len = 30000 };
	pthread_t threads[NR_READERS];
	struct archive *archive;

	keeping_make_dir(dir);
	kept_said_init(&said);
	archive = make_archive(&options);
	for (int i = 0; i < NR_READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						reader_thread, &options),
				 0);
	assert_int_equal(be_writer(archive), 0);
	for (int i = 0; i < NR_READERS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_int_equal((intptr_t)result, 0);
	}
	archive_close(archive);
	keeping_remove_dir(dir);
}

/* One handle of a reader, several threads. */
static void *sharing_thread(void *context)
{
	uint64_t end = 0;
	int r = 0;

	for (int i = 0; i < 20 && r == 0; i++)
		r = read_kept(context, &end);
	return (void *)(intptr_t)r;
}

TEST(threads_share_a_reader)
{
	char dir[] = "/tmp/imastage-test-threads-XXXXXX";
	struct archive_options options = { .dir = dir, .segment_len = 30000 };
	pthread_t threads[NR_READERS];
	struct archive *archive, *reader;

	keeping_make_dir(dir);
	archive = make_archive(&options);
	assert_int_equal(archive_open_reader(&options, &reader), 0);
	for (int i = 0; i < NR_READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						sharing_thread, reader),
				 0);
	assert_int_equal(be_writer(archive), 0);
	for (int i = 0; i < NR_READERS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_int_equal((intptr_t)result, 0);
	}
	archive_close(reader);
	archive_close(archive);
	keeping_remove_dir(dir);
}

/* ---- processes ------------------------------------------------------------- */

TEST(processes_read_while_one_writes)
{
	char dir[] = "/tmp/imastage-test-processes-XXXXXX";
	struct archive_options options = { .dir = dir, .segment_len = 30000 };
	pid_t children[NR_READERS];
	struct archive *archive;

	keeping_make_dir(dir);
	archive = make_archive(&options);
	archive_close(archive);
	for (int i = 0; i < NR_READERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(be_reader(&options, NR_ROUNDS * BATCH) ? 1 : 0);
	}
	assert_int_equal(archive_open_writer(&options, &archive), 0);
	assert_int_equal(be_writer(archive), 0);
	for (int i = 0; i < NR_READERS; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	archive_close(archive);
	keeping_remove_dir(dir);
}

/* Tells, after each commit, how far it has come. */
static void be_killed(const struct archive_options *options, int pipe)
{
	struct archive *archive;
	uint64_t end = 0;

	if (archive_open_writer(options, &archive) < 0)
		_exit(1);
	for (unsigned int round = 0;; round++) {
		if (do_round(archive, round) < 0)
			_exit(1);
		end = archive_end(archive);
		if (write(pipe, &end, sizeof(end)) != sizeof(end))
			_exit(1);
	}
}

/* What was told last before the writer was killed. */
static uint64_t kill_writer(const struct archive_options *options,
			    long microseconds)
{
	struct timespec wait = { 0, microseconds * 1000 };
	uint64_t end = 0, told;
	int status, fds[2];
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_killed(options, fds[1]);
	close(fds[1]);
	nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(fds[0], &told, sizeof(told)) == sizeof(told))
		end = told;
	close(fds[0]);
	return end;
}

TEST(killed_writers_lose_nothing)
{
	char dir[] = "/tmp/imastage-test-killed-XXXXXX";
	struct archive_options options = { .dir = dir, .segment_len = 30000 };
	const char *all = getenv("FAULTS");
	int rounds = all && !strcmp(all, "all") ? 1000 : 30;
	struct archive *archive;
	uint32_t seed = 1;

	keeping_make_dir(dir);
	archive_close(make_archive(&options));
	for (int i = 0; i < rounds; i++) {
		uint64_t told =
			kill_writer(&options, next_random(&seed, 60000));
		uint64_t end = 0;

		assert_int_equal(archive_open_writer(&options, &archive), 0);
		assert_true(archive_end(archive) >= told);
		assert_int_equal(archive_end(archive) % BATCH, 0);
		assert_int_equal(read_kept(archive, &end), 0);
		assert_int_equal(end, archive_end(archive));
		assert_int_equal(verify(archive), 0);
		archive_close(archive);
	}
	printf("# killed %d times\n", rounds);
	keeping_remove_dir(dir);
}

TEST_MAIN_WITH(make_list, free_list,
	       cmocka_unit_test(threads_read_while_one_writes),
	       cmocka_unit_test(threads_share_a_reader),
	       cmocka_unit_test(processes_read_while_one_writes),
	       cmocka_unit_test(killed_writers_lose_nothing))
