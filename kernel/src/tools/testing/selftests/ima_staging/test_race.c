// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Races: two that trim, one that measures while another takes records away.
 */

#include "ima_staging_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define RACE_ROUNDS	200
#define DRAIN_ROUNDS	100

static int open_busy(const char *name)
{
	int fd;

	while ((fd = try_open(name, O_RDWR)) == -EBUSY)
		pause_ms(0);
	CHECK(fd >= 0, "%s: %s", name, strerror(-fd));
	return fd;
}

/* --- T:N by two, of whom one must win ------------------------------------ */

struct racer {
	int start[2];		/* pipe: the count to trim at, a round each */
	int result[2];		/* pipe: what write() said */
	int fd;			/* -1: open one each round */
	pid_t pid;
};

/* pwrite() takes no lock of the file's position; not every list allows it */
static int unserialized_write(int fd, const char *text, int len)
{
	ssize_t ret = pwrite(fd, text, len, 0);

	if (ret < 0 && errno == ESPIPE)
		ret = write(fd, text, len);
	return ret == len ? 0 : -errno;
}

static void racer_run(void *arg)
{
	struct racer *racer = arg;
	long long deleted;
	char text[32];
	int fd, len, ret;

	while (read(racer->start[0], &deleted, sizeof(deleted)) ==
	       sizeof(deleted)) {
		len = snprintf(text, sizeof(text), "%lld:1\n", deleted);
		fd = racer->fd >= 0 ? racer->fd : open_busy(CURRENT);
		ret = unserialized_write(fd, text, len);
		if (racer->fd < 0)
			close(fd);
		CHECK(write(racer->result[1], &ret, sizeof(ret)) ==
		      sizeof(ret), "%s", strerror(errno));
	}
}

static void racer_start(struct racer *racer, int fd)
{
	racer->fd = fd;
	CHECK(!pipe(racer->start) && !pipe(racer->result), "%s",
	      strerror(errno));
	racer->pid = child_start(racer_run, racer);
}

static int racer_result(struct racer *racer)
{
	int ret;

	CHECK(read(racer->result[0], &ret, sizeof(ret)) == sizeof(ret),
	      "the racer is gone");
	return ret;
}

static void race_round(struct racer *racers, long long deleted)
{
	int i, won = 0, ret;

	for (i = 0; i < 2; i++)
		CHECK(write(racers[i].start[1], &deleted, sizeof(deleted)) ==
		      sizeof(deleted), "%s", strerror(errno));
	for (i = 0; i < 2; i++) {
		ret = racer_result(&racers[i]);
		CHECK(!ret || ret == -EAGAIN, "T:1 gives %s", strerror(-ret));
		won += !ret;
	}
	CHECK_EQ(won, 1);
	CHECK_EQ(count_get(NR_DELETED), deleted + 1);
}

/* records are made on the way, 20 at a time, so that lists stay short */
static void race(const int *fds)
{
	unsigned int i, rounds = RACE_ROUNDS * cfg.factor;
	struct counts start = counts_get();
	struct racer racers[2];
	struct buf current;

	for (i = 0; i < 2; i++)
		racer_start(&racers[i], fds[i]);
	for (i = 0; i < rounds; i++) {
		if (i % 20 == 0)
			measure(20);
		race_round(racers, start.deleted + i);
	}
	for (i = 0; i < 2; i++)
		kill(racers[i].pid, SIGKILL);
	for (i = 0; i < 2; i++)
		waitpid(racers[i].pid, NULL, 0);
	CHECK_EQ(count_get(NR_DELETED), start.deleted + rounds);
	for (i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	lock_must_be_free();
	read_list(CURRENT, &current);
	expect_sequence(&current, 'a', rounds, measured('a') - rounds);
}

static void guarded_separate_opens(void)
{
	race((int[]){ -1, -1 });
}

static void guarded_shared_descriptor(void)
{
	int fd = list_open(CURRENT, O_RDWR);

	race((int[]){ fd, fd });
}

/* no lock of a file's position is between these two */
static void guarded_two_descriptors(void)
{
	int fd = list_open(CURRENT, O_RDWR);
	int fd2 = list_open(CURRENT_ASCII, O_RDWR);

	race((int[]){ fd, fd2 });
}

/* --- several processes command as one writer ------------------------------ */

struct writer {
	int current;		/* descriptors that no one else uses */
	int staged;
};

static void may_fail(int ret, int err1, int err2, int err3)
{
	CHECK(!ret || ret == -err1 || ret == -err2 || ret == -err3, "%s",
	      strerror(-ret));
}

static void random_command(const struct writer *w)
{
	int no_trim = cfg.flush_htable ? EINVAL : EEXIST;
	char text[32];
	int len;

	switch (random_below(5)) {
	case 0:
		may_fail(try_write(w->staged, "A\n", 2), EEXIST, ENOENT, 0);
		break;
	case 1:
		may_fail(try_write(w->staged, "2\n", 2), EEXIST, ENOENT, 0);
		break;
	case 2:
		may_fail(try_write(w->staged, "D\n", 2), ENOENT, 0, 0);
		break;
	case 3:
		may_fail(try_write(w->current, "1\n", 2), no_trim, EEXIST,
			 ENOENT);
		break;
	case 4:
		len = snprintf(text, sizeof(text), "%lld:1\n",
			       count_get(NR_DELETED));
		if (!cfg.flush_htable)
			may_fail(try_write(w->current, text, len), EEXIST,
				 EAGAIN, ENOENT);
		break;
	}
}

static void command_for_ever(void *arg)
{
	srandom(getpid());
	for (;;)
		random_command(arg);
}

/* in a single read() there are whole records in a row, of one list */
static void check_row(int fd)
{
	static unsigned char p[60000];
	struct buf buf = { .p = p };
	struct records records;
	unsigned int seq, first = 0;
	ssize_t len;
	char letter;
	size_t i;

	len = pread(fd, p, sizeof(p), 0);
	CHECK(len >= 0, "%s", strerror(errno));
	buf.len = len;
	CHECK(records_parse(&buf, digest_len(CURRENT), &records),
	      "corrupt list");
	for (i = 0; i < records.nr; i++) {
		CHECK(record_own(&records.r[i], &letter, &seq), "record %zu",
		      i);
		if (!i)
			first = seq;
		CHECK_EQ(seq, first + i);
	}
	records_free(&records);
}

static void read_for_ever(void *arg)
{
	const struct writer *w = arg;

	for (;;) {
		check_row(w->current);
		check_row(w->staged);
	}
}

static void check_rest(struct counts start)
{
	struct state state;
	unsigned int gone;

	state_get(&state);
	gone = state.nr.deleted - start.deleted;
	expect_sequence(&state.staged, 'a', gone, state.nr.staged);
	expect_sequence(&state.current, 'a', gone + state.nr.staged,
			state.nr.current);
	CHECK_EQ(gone + state.nr.staged + state.nr.current, measured('a'));
}

static void one_writer_in_pieces(void)
{
	static void (*const roles[])(void *arg) = {
		command_for_ever, command_for_ever, read_for_ever,
	};
	struct counts start = counts_get();
	struct writer w[ARRAY_SIZE(roles)];
	pid_t pids[ARRAY_SIZE(roles)];
	unsigned int i;
	int status;

	for (i = 0; i < ARRAY_SIZE(roles); i++) {
		w[i].current = list_open(CURRENT, O_RDWR);
		w[i].staged = list_open(STAGED, O_RDWR);
	}
	for (i = 0; i < ARRAY_SIZE(roles); i++)
		pids[i] = child_start(roles[i], &w[i]);
	for (i = 0; i < 60 * cfg.factor; i++) {
		measure(1);
		pause_ms(random_below(5));
	}
	for (i = 0; i < ARRAY_SIZE(roles); i++) {
		CHECK_EQ(waitpid(pids[i], &status, WNOHANG), 0);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
	}
	check_rest(start);
	for (i = 0; i < ARRAY_SIZE(roles); i++) {
		close(w[i].current);
		close(w[i].staged);
	}
	lock_must_be_free();
}

/* --- measuring against draining ------------------------------------------- */

#define PRODUCERS	2

static void producer(void *arg)
{
	const char *name = arg;
	unsigned int i;

	for (i = 0; i < 30 * cfg.factor; i++) {
		measure_as(*name, 1);
		pause_ms(random_below(3));
	}
}

struct harvest {
	struct buf all;		/* everything deleted, in the order it went */
	struct counts start;
	unsigned int rounds;	/* that found something */
};

static void add_list(struct harvest *harvest, const char *name)
{
	struct buf part;

	read_list(name, &part);
	buf_add(&harvest->all, part.p, part.len);
	buf_free(&part);
}

static void drain_staged(struct harvest *harvest, const char *command)
{
	int fd = open_busy(STAGED);
	int ret = try_write(fd, command, strlen(command));

	CHECK(!ret || ret == -ENOENT, "%s", strerror(-ret));
	if (!ret) {
		add_list(harvest, STAGED);
		COMMAND(fd, "D\n");
		harvest->rounds++;
	}
	close(fd);
}

/* read, count what was read, trim exactly that */
static void drain_trim(struct harvest *harvest)
{
	int fd = open_busy(CURRENT);
	struct records records;
	struct buf part;
	char text[32];

	read_fd(fd, 300, &part);
	CHECK(records_parse(&part, digest_len(CURRENT), &records),
	      "corrupt list");
	if (records.nr) {
		snprintf(text, sizeof(text), "%zu\n", records.nr);
		COMMAND(fd, text);
		buf_add(&harvest->all, part.p, part.len);
		harvest->rounds++;
	}
	close(fd);
	records_free(&records);
	buf_free(&part);
}

static void drain_round(struct harvest *harvest)
{
	switch (random_below(cfg.flush_htable ? 3 : 4)) {
	case 0:
		drain_staged(harvest, "A\n");
		break;
	case 1:
		drain_staged(harvest, "1\n");
		break;
	case 2:
		drain_staged(harvest, "3\n");
		break;
	case 3:
		drain_trim(harvest);
		break;
	}
}

/* each producer's records are all there, once, in order */
static void harvest_check(struct harvest *harvest)
{
	unsigned int next[PRODUCERS] = { 0 };
	struct records records;
	unsigned int i, seq;
	char letter;

	CHECK(records_parse(&harvest->all, digest_len(CURRENT), &records),
	      "corrupt list");
	for (i = 0; i < records.nr; i++) {
		if (!record_own(&records.r[i], &letter, &seq)) {
			foreign_record_seen();
			continue;
		}
		CHECK(letter >= 'p' && letter < 'p' + PRODUCERS, "'%c'",
		      letter);
		CHECK_EQ(seq, next[letter - 'p']);
		next[letter - 'p']++;
	}
	for (i = 0; i < PRODUCERS; i++)
		CHECK_EQ(next[i], 30 * cfg.factor);
	CHECK_EQ(count_get(NR_DELETED), harvest->start.deleted + records.nr);
	records_free(&records);
}

static void drain_while_measuring(void)
{
	static char letters[PRODUCERS][2] = { "p", "q" };
	struct harvest harvest = { .start = counts_get() };
	pid_t pids[PRODUCERS];
	unsigned int i, running = PRODUCERS;
	int status;

	for (i = 0; i < PRODUCERS; i++)
		pids[i] = child_start(producer, letters[i]);
	for (i = 0; running || i < DRAIN_ROUNDS * cfg.factor; i++) {
		drain_round(&harvest);
		if (running && waitpid(pids[running - 1], &status, WNOHANG) > 0) {
			CHECK_EQ(status, 0);
			running--;
		}
	}
	drain_staged(&harvest, "A\n");
	detail("%u rounds, %u found records", i, harvest.rounds);
	harvest_check(&harvest);
}

/* what stays current is read by others while some is drained */
static void watcher(void *arg)
{
	struct buf current;
	struct records records;
	int fd;

	(void)arg;
	for (;;) {
		fd = try_open(CURRENT, O_RDONLY);
		CHECK(fd >= 0 || fd == -EBUSY, "%s", strerror(-fd));
		pause_ms(1);
		if (fd < 0)
			continue;
		read_fd(fd, 129, &current);
		close(fd);
		CHECK(records_parse(&current, digest_len(CURRENT), &records),
		      "corrupt list");
		records_free(&records);
		buf_free(&current);
		pause_ms(1);
	}
}

static void drain_while_watched(void)
{
	pid_t pid = child_start(watcher, NULL);
	int status;

	drain_while_measuring();
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
}

/* two that drain by staging: whoever has the lock has the list to itself */
static void drainer(void *arg)
{
	int *result = arg;
	struct harvest harvest = { 0 };
	unsigned int i;

	for (i = 0; i < 25 * cfg.factor; i++) {
		measure_as('p' + result[2], 1);
		drain_staged(&harvest, i % 2 ? "A\n" : "2\n");
	}
	CHECK(write(result[1], harvest.all.p, harvest.all.len) ==
	      (ssize_t)harvest.all.len, "%s", strerror(errno));
}

static void two_drainers(void)
{
	struct counts start = counts_get();
	struct buf parts[2], all = { 0 };
	struct records records;
	unsigned int i;
	int pipes[2][3];
	pid_t pids[2];

	for (i = 0; i < 2; i++) {
		CHECK(!pipe(pipes[i]), "%s", strerror(errno));
		pipes[i][2] = i;
		pids[i] = child_start(drainer, pipes[i]);
		close(pipes[i][1]);
	}
	for (i = 0; i < 2; i++) {
		read_fd(pipes[i][0], 4096, &parts[i]);
		child_wait(pids[i]);
		buf_add(&all, parts[i].p, parts[i].len);
	}
	read_list(CURRENT, &parts[0]);
	buf_add(&all, parts[0].p, parts[0].len);
	CHECK(records_parse(&all, digest_len(CURRENT), &records), "corrupt");
	CHECK_EQ(records.nr, 50 * cfg.factor);
	CHECK_EQ(counts_total(counts_get()), counts_total(start) + records.nr);
	for (i = 0; i < 25 * cfg.factor; i++)
		CHECK(count_own(&all, 'p', i) == 1 &&
		      count_own(&all, 'q', i) == 1, "record %u", i);
}

const struct test race_tests[] = {
	{ "race_guarded_separate_opens", guarded_separate_opens, T_TRIM },
	{ "race_guarded_shared_descriptor", guarded_shared_descriptor, T_TRIM },
	{ "race_guarded_two_descriptors", guarded_two_descriptors, T_TRIM },
	{ "race_one_writer_in_pieces", one_writer_in_pieces, 0 },
	{ "race_drain_while_measuring", drain_while_measuring, 0 },
	{ "race_drain_while_watched", drain_while_watched, 0 },
	{ "race_two_drainers", two_drainers, 0 },
	{ 0 }
};
