// SPDX-License-Identifier: MIT
/*
 * All of it at once, on threads: some measure (look for duplicates and append),
 * some read, one at a time stages, trims and deletes, and in the end measuring
 * is suspended under their hands.
 *
 * What must hold, against a log of all that was ever appended:
 *  - what the writer read and then deleted, what is staged and what is current
 *    make up the log: no record is missing, twice, or in another place;
 *  - whoever has a file open sees the counts stand still but for growth of the
 *    current list, and lists that are as the counts say;
 *  - whoever counts without a file open never sees a record less than before;
 *  - nothing known is appended twice, unless its digest was flushed in between;
 *    in the end just what was not flushed is known;
 *  - of several that trim with the same guard, exactly one does.
 *
 *	model_test [--seed N] [--steps N]
 */

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fixture.h"
#include "tap.h"
#include "ushim.h"

#define NR_MEASURING 2
#define NR_READERS 2
#define NR_WRITERS 2
#define MAX_FILES 3
/* Room in the log for each command; without any left, measuring ends. */
#define RECORDS_PER_STEP 32
/* Measuring waits for writers at so many records, to keep lists short. */
#define MAX_CURRENT 200
#define MAX_TRIM 40
/* Digests that are forgotten under the lock at once. */
#define MAX_HASHED 16

/**
 * struct round - one list from boot to reboot
 * @fx: it
 * @log: all of its records
 * @nr_ids: different things that are measured
 * @nr_steps: commands that are given
 * @stop: to stop measuring and reading (atomic)
 * @saved: ids of deleted records, in order (of the writer, that is, of who has
 *	   the list open for writing)
 * @nr_saved: how many
 * @nr_refused: commands refused because measuring was suspended (the same)
 * @nr_seen: records seen by readers (atomic)
 */
struct round {
	struct fixture fx;
	struct log log;
	u32 nr_ids;
	atomic64_t nr_steps;
	atomic_t stop;
	u32 *saved;
	u64 nr_saved;
	u64 nr_refused;
	atomic64_t nr_seen;
};

struct thread {
	pthread_t id;
	struct round *round;
	u64 rnd;
};

static bool suspended(struct round *r)
{
	bool ret;

	mutex_lock(&r->fx.lock);
	ret = r->fx.s.suspended;
	mutex_unlock(&r->fx.lock);
	return ret;
}

static void *measure(void *arg)
{
	struct thread *t = arg;
	struct round *r = t->round;

	while (!atomic_read(&r->stop)) {
		u32 id = rnd_below(&t->rnd, r->nr_ids);
		bool violation = !rnd_below(&t->rnd, 4);
		int ret;

		if (atomic_long_read(&r->fx.nr) >= MAX_CURRENT) {
			sched_yield();
			continue;
		}
		ret = fixture_append(&r->fx, id, violation);
		if (ret == -EACCES || ret == -ENOSPC)
			break;
		must(!ret || (ret == -EEXIST && !violation), "append: %d", ret);
	}
	return NULL;
}

/*
 * Up to @nr records of @f, in pieces of up to 16, are those of absolute index
 * @first on; their ids go to @ret_ids, if there. Returns how many there are.
 */
static u64 read_list(struct thread *t, struct ima_staging_file *f, u64 first,
		     u64 nr, u32 *ret_ids)
{
	struct fixture *fx = &t->round->fx;
	u64 i = 0;

	while (i < nr) {
		u64 piece = 1 + rnd_below(&t->rnd, 16);
		struct ima_queue_entry *qe = ima_staging_start(f, i);

		while (qe && i < nr && piece--) {
			record_check(fx, qe, first + i);
			if (ret_ids)
				ret_ids[i] = record_id(qe);
			i++;
			qe = ima_staging_next(f);
		}
		ima_staging_stop(f);
		if (!qe)
			break;
	}
	return i;
}

static void read_one(struct thread *t, struct ima_staging_file *f)
{
	struct ima_staging *s = f->staging;
	u64 nr_deleted = atomic64_read(&s->nr_deleted);
	u64 nr_staged = atomic_long_read(&s->nr_staged);
	u64 nr_current = atomic_long_read(s->nr_current);
	u64 nr;

	if (f->staged) {
		nr = read_list(t, f, nr_deleted, U64_MAX, NULL);
		must(nr == nr_staged, "%llu of %llu", nr, nr_staged);
	} else {
		nr = read_list(t, f, nr_deleted + nr_staged, U64_MAX, NULL);
		must(nr >= nr_current, "%llu of %llu", nr, nr_current);
	}
	atomic64_add(nr, &t->round->nr_seen);

	must(!ima_staging_moved(f), "cut under a reader");
	must((u64)atomic64_read(&s->nr_deleted) == nr_deleted, "deleted moved");
	must((u64)atomic_long_read(&s->nr_staged) == nr_staged, "staged moved");
	must((u64)atomic_long_read(s->nr_current) >= nr_current, "shrunk");
}

static void *read_often(void *arg)
{
	struct thread *t = arg;
	struct round *r = t->round;
	struct ima_staging_file f;

	while (!atomic_read(&r->stop)) {
		bool staged = rnd_below(&t->rnd, 2);
		int ret = ima_staging_open(&r->fx.s, &f, staged, false);

		must(!ret || ret == -EBUSY, "open: %d", ret);
		if (!ret) {
			read_one(t, &f);
			ima_staging_release(&f);
		}
		/* Leave writers a chance: they wait for the last reader. */
		usleep(rnd_below(&t->rnd, 300));
	}
	return NULL;
}

/* Refused because of the suspension, which is there then. */
static bool refused(struct thread *t, int ret, int expected)
{
	if (ret != expected)
		return false;

	must(suspended(t->round), "refused without a reason");
	t->round->nr_refused++;
	return true;
}

static int execute(struct ima_staging_file *f, enum ima_staging_verb verb,
		   u64 nr, u64 nr_deleted)
{
	struct ima_staging_cmd cmd = {
		.verb = verb,
		.nr = nr,
		.nr_deleted = nr_deleted,
	};
	unsigned long slow = ushim_slow_under_mutex();
	int ret;

	ushim_most_hashed_under_mutex();
	ret = ima_staging_execute(f, &cmd);
	must(ushim_slow_under_mutex() == slow, "measuring had to wait");
	must(ushim_most_hashed_under_mutex() <= MAX_HASHED,
	     "measuring had to wait for digests");
	return ret;
}

/* What is staged is saved, then deleted. */
static void delete_staged(struct thread *t, struct ima_staging_file *f)
{
	struct round *r = t->round;
	u64 nr = atomic_long_read(&r->fx.s.nr_staged);
	int ret;

	must(read_list(t, f, r->nr_saved, U64_MAX, r->saved + r->nr_saved) ==
		     nr,
	     "staged");
	ret = execute(f, IMA_STAGING_DELETE, 0, 0);
	if (!nr)
		must(ret == -ENOENT, "delete nothing: %d", ret);
	else if (!refused(t, ret, -ESTALE))
		must(!ret, "delete: %d", ret);
	if (!ret)
		r->nr_saved += nr;
}

static void stage(struct thread *t, struct ima_staging_file *f)
{
	struct ima_staging *s = f->staging;
	u64 nr_staged = atomic_long_read(&s->nr_staged);
	u64 nr_current = atomic_long_read(s->nr_current);
	u64 nr = rnd_below(&t->rnd, 3) ? 1 + rnd_below(&t->rnd, MAX_CURRENT) :
					 U64_MAX;
	int ret = execute(f, IMA_STAGING_STAGE, nr, 0);

	if (nr_staged) {
		must(ret == -EEXIST, "stage twice: %d", ret);
	} else if (!ret) {
		nr_staged = atomic_long_read(&s->nr_staged);
		must(nr_staged && nr_staged <= nr, "%llu staged", nr_staged);
		must(nr_staged >= (nr < nr_current ? nr : nr_current), "few");
	} else if (!refused(t, ret, -EACCES)) {
		must(ret == -ENOENT && !nr_current, "stage: %d", ret);
	}
}

/* Is there one with a record before it? Only the caller cuts. */
static bool has_snapshot(struct fixture *fx)
{
	struct ima_queue_entry *qe;
	bool ret = false;
	u64 nr = 0;

	mutex_lock(&fx->lock);
	list_for_each_entry(qe, &fx->list, later)
		ret |= nr++ && id_is_snapshot(record_id(qe));
	mutex_unlock(&fx->lock);
	return ret;
}

/* What is current then begins with a snapshot. */
static void stage_snapshot(struct thread *t, struct ima_staging_file *f)
{
	struct ima_staging *s = f->staging;
	u64 nr_staged = atomic_long_read(&s->nr_staged);
	bool expected = has_snapshot(&t->round->fx);
	int ret = execute(f, IMA_STAGING_STAGE_SNAPSHOT, 0, 0);
	struct ima_queue_entry *qe;

	if (nr_staged) {
		must(ret == -EEXIST, "stage twice: %d", ret);
	} else if (!ret) {
		mutex_lock(s->extend_lock);
		must(!list_empty(s->current_list), "all is staged");
		qe = list_first_entry(s->current_list, struct ima_queue_entry,
				      later);
		must(id_is_snapshot(record_id(qe)), "no snapshot");
		mutex_unlock(s->extend_lock);
		must(atomic_long_read(&s->nr_staged), "nothing is staged");
	} else if (!refused(t, ret, -EACCES)) {
		must(ret == -ENOENT && !expected, "stage: %d", ret);
	}
}

static int expected_trim(struct ima_staging *s, bool guard_is_right, u64 nr)
{
	if (s->flush_digests)
		return -EINVAL;
	if (atomic_long_read(&s->nr_staged))
		return -EEXIST;
	if (!guard_is_right)
		return -EAGAIN;
	return nr > MAX_TRIM ? -ENOENT : 0;
}

/* The first records are read, saved, and trimmed as a transaction. */
static void trim(struct thread *t, struct ima_staging_file *f)
{
	struct round *r = t->round;
	u64 nr = 1 + rnd_below(&t->rnd, MAX_TRIM);
	bool guarded = rnd_below(&t->rnd, 2);
	bool right = !guarded || rnd_below(&t->rnd, 4);
	u64 nr_staged = atomic_long_read(&r->fx.s.nr_staged);
	int ret, expected;

	nr = read_list(t, f, r->nr_saved + nr_staged, nr,
		       r->saved + r->nr_saved + nr_staged);
	if (!nr || !rnd_below(&t->rnd, 8))
		nr += r->log.max;

	expected = expected_trim(f->staging, right, nr);
	ret = execute(f, guarded ? IMA_STAGING_TRIM_GUARDED : IMA_STAGING_TRIM,
		      nr, r->nr_saved + !right);
	if (!expected && refused(t, ret, -ESTALE))
		return;
	must(ret == expected, "trim: %d, not %d", ret, expected);
	if (!ret)
		r->nr_saved += nr;
}

static void command(struct thread *t, struct ima_staging_file *f)
{
	if (!f->staged)
		trim(t, f);
	else if (rnd_below(&t->rnd, 2))
		delete_staged(t, f);
	else if (rnd_below(&t->rnd, 2))
		stage(t, f);
	else
		stage_snapshot(t, f);
}

static int open_files(struct thread *t, struct ima_staging_file *files)
{
	struct ima_staging *s = &t->round->fx.s;
	int nr = 1 + rnd_below(&t->rnd, MAX_FILES);

	if (ima_staging_open(s, &files[0], rnd_below(&t->rnd, 2), true))
		return 0;

	for (int i = 1; i < nr; i++)
		must(!ima_staging_open(s, &files[i], rnd_below(&t->rnd, 2),
				       true),
		     "the writer, again");
	return nr;
}

static void *write_often(void *arg)
{
	struct thread *t = arg;
	struct round *r = t->round;
	struct ima_staging_file files[MAX_FILES];

	while (atomic64_read(&r->nr_steps) > 0) {
		u64 nr = 1 + rnd_below(&t->rnd, 16);
		int nr_files;

		/* Mostly wait until there is something to do. */
		if (!atomic_long_read(&r->fx.nr) && rnd_below(&t->rnd, 16)) {
			usleep(20);
			continue;
		}
		nr_files = open_files(t, files);
		if (!nr_files) {
			sched_yield();
			continue;
		}
		for (u64 i = 0; i < nr; i++)
			command(t, &files[rnd_below(&t->rnd, nr_files)]);
		atomic64_sub(nr, &r->nr_steps);

		for (int i = 0; i < nr_files; i++)
			ima_staging_release(&files[i]);
		if (!rnd_below(&t->rnd, 4))
			usleep(rnd_below(&t->rnd, 300));
	}
	return NULL;
}

/*
 * As user space counts, by three files: the records of one moment, if both of the
 * other counts are found again as they were. There are never fewer than before.
 */
static void *count_often(void *arg)
{
	struct thread *t = arg;
	struct ima_staging *s = &t->round->fx.s;
	s64 nr, last = 0;

	while (!atomic_read(&t->round->stop)) {
		struct ima_staging_counts first = ima_staging_counts(s), again;

		nr = first.nr_deleted + first.nr_staged +
		     atomic_long_read(s->nr_current);
		again = ima_staging_counts(s);
		if (first.nr_deleted != again.nr_deleted ||
		    first.nr_staged != again.nr_staged)
			continue;
		must(nr >= last, "%lld records, after %lld", nr, last);
		last = nr;
		nr = again.nr_deleted + again.nr_staged + again.nr_current;
		must(nr >= last, "%lld at once, after %lld", nr, last);
		last = nr;
		if (!rnd_below(&t->rnd, 8))
			usleep(20);
	}
	return NULL;
}

/* No record before that one was a duplicate of it when it was appended. */
static bool is_new(const struct log *log, u64 index, u64 last, bool flushed)
{
	const struct log_row *row = &log->rows[index];

	return !row->hashed || last == U64_MAX ||
	       (flushed && last < row->nr_deleted);
}

static void check_duplicates(struct round *r)
{
	u64 *last = malloc(r->nr_ids * sizeof(*last));

	must(last, "no memory");
	memset(last, 0xff, r->nr_ids * sizeof(*last));
	for (u64 i = 0; i < r->log.nr; i++) {
		u32 id = r->log.rows[i].id;

		must(is_new(&r->log, i, last[id], r->fx.s.flush_digests),
		     "record %llu is a duplicate of %llu", i, last[id]);
		if (r->log.rows[i].hashed)
			last[id] = i;
	}
	free(last);
}

static void check_round(struct round *r)
{
	u64 nr_staged = atomic_long_read(&r->fx.s.nr_staged);
	u64 nr_known = 0;

	fixture_check(&r->fx, r->nr_saved, nr_staged);
	for (u64 i = 0; i < r->nr_saved; i++)
		must(r->saved[i] == r->log.rows[i].id, "saved %llu", i);
	for (u64 i = 0; i < r->log.nr; i++) {
		bool known = r->log.rows[i].hashed &&
			     !(r->fx.s.flush_digests && i < r->nr_saved);

		nr_known += known;
		must(!known || fixture_is_known(&r->fx, r->log.rows[i].id),
		     "record %llu is forgotten", i);
	}
	must(r->fx.s.digests.nr == nr_known, "digests known");
	must((u64)ushim_slab_live() ==
		     fixture_blocks(&r->fx, r->log.nr - r->nr_saved),
	     "memory");
	check_duplicates(r);
}

static void start(struct thread *t, int nr, struct round *r, u64 *state,
		  void *(*fn)(void *))
{
	for (int i = 0; i < nr; i++) {
		t[i].round = r;
		t[i].rnd = rnd_seed(rnd(state));
		must(!pthread_create(&t[i].id, NULL, fn, &t[i]), "thread");
	}
}

static void join(struct thread *t, int nr)
{
	for (int i = 0; i < nr; i++)
		pthread_join(t[i].id, NULL);
}

/* Suspend when half of the commands were given. */
static void suspend_midway(struct round *r, s64 nr_steps)
{
	while (atomic64_read(&r->nr_steps) > nr_steps / 2)
		usleep(50);
	ima_staging_suspend(&r->fx.s);
}

static void round_init(struct round *r, u64 nr_steps, u32 nr_ids)
{
	log_init(&r->log, nr_steps * RECORDS_PER_STEP);
	r->saved = calloc(r->log.max, sizeof(*r->saved));
	must(r->saved, "no memory");
	fixture_init(&r->fx, &r->log);
	r->nr_ids = nr_ids;
	atomic64_set(&r->nr_steps, nr_steps);
}

static void round_fini(struct round *r)
{
	fixture_fini(&r->fx);
	must(!ushim_slab_live(), "memory is left");
	log_fini(&r->log);
	free(r->saved);
}

static void run_round(u64 *state, s64 nr_steps, bool flush_digests)
{
	struct thread measuring[NR_MEASURING], readers[NR_READERS];
	struct thread writers[NR_WRITERS], counting;
	struct round *r = calloc(1, sizeof(*r));
	long nr_pids = ushim_pids_live();

	must(r, "no memory");
	round_init(r, nr_steps, flush_digests ? 500 : 8 * nr_steps);
	r->fx.s.flush_digests = flush_digests;

	start(measuring, NR_MEASURING, r, state, measure);
	start(readers, NR_READERS, r, state, read_often);
	start(writers, NR_WRITERS, r, state, write_often);
	start(&counting, 1, r, state, count_often);
	suspend_midway(r, nr_steps);
	join(writers, NR_WRITERS);
	atomic_set(&r->stop, 1);
	join(measuring, NR_MEASURING);
	join(readers, NR_READERS);
	join(&counting, 1);

	check_round(r);
	must(ushim_pids_live() == nr_pids, "references to tasks");
	tap_ok("%s: %llu records, %llu deleted, %lld read, %llu refused at the end",
	       flush_digests ? "digests flushed" : "digests kept", r->log.nr,
	       r->nr_saved, atomic64_read(&r->nr_seen), r->nr_refused);
	round_fini(r);
	free(r);
}

/**
 * struct race - several threads that give the same guarded command
 * @round: the list
 * @shared: a descriptor that they share, or none: each opens one of its own
 * @barrier: where they wait for each other
 * @nr_rounds: how often they do so
 * @nr_won: how many were not refused (atomic)
 */
struct race {
	struct round round;
	struct ima_staging_file *shared;
	pthread_barrier_t barrier;
	u64 nr_rounds;
	atomic64_t nr_won;
};

static int trim_guarded(struct race *race, u64 nr_deleted)
{
	struct ima_staging_file f;
	int ret;

	if (race->shared)
		return execute(race->shared, IMA_STAGING_TRIM_GUARDED, 2,
			       nr_deleted);

	while (ima_staging_open(&race->round.fx.s, &f, false, true))
		sched_yield();
	ret = execute(&f, IMA_STAGING_TRIM_GUARDED, 2, nr_deleted);
	ima_staging_release(&f);
	return ret;
}

static void *race_one(void *arg)
{
	struct race *race = arg;

	for (u64 i = 0; i < race->nr_rounds; i++) {
		int ret;

		pthread_barrier_wait(&race->barrier);
		ret = trim_guarded(race, 2 * i);
		if (!ret)
			atomic64_inc(&race->nr_won);
		else
			must(ret == -EAGAIN, "trim: %d", ret);
		pthread_barrier_wait(&race->barrier);
		must((u64)atomic64_read(&race->nr_won) == i + 1, "winners");
	}
	return NULL;
}

static void run_race(u64 nr_rounds, bool share)
{
	struct race *race = calloc(1, sizeof(*race));
	struct ima_staging_file f;
	pthread_t ids[NR_WRITERS];

	must(race, "no memory");
	log_init(&race->round.log, 2 * nr_rounds);
	fixture_init(&race->round.fx, &race->round.log);
	for (u64 i = 0; i < 2 * nr_rounds; i++)
		must(!fixture_append(&race->round.fx, i, i % 2), "append");
	if (share) {
		must(!ima_staging_open(&race->round.fx.s, &f, false, true),
		     "open");
		race->shared = &f;
	}

	race->nr_rounds = nr_rounds;
	pthread_barrier_init(&race->barrier, NULL, NR_WRITERS);
	for (int i = 0; i < NR_WRITERS; i++)
		must(!pthread_create(&ids[i], NULL, race_one, race), "thread");
	for (int i = 0; i < NR_WRITERS; i++)
		pthread_join(ids[i], NULL);
	pthread_barrier_destroy(&race->barrier);

	if (share)
		ima_staging_release(&f);
	fixture_check(&race->round.fx, 2 * nr_rounds, 0);
	tap_ok("%llu races of guarded trims, %s", nr_rounds,
	       share ? "one descriptor" : "a descriptor each");
	fixture_fini(&race->round.fx);
	log_fini(&race->round.log);
	free(race);
}

/**
 * struct passed - descriptors that were passed on to other threads
 * @round: the list; each record's id is its absolute index
 * @commands: on which one thread gives commands
 * @files: which the other one reads at the same time, of both lists
 * @nr_seen: records seen by it
 */
struct passed {
	struct round round;
	struct ima_staging_file commands[2];
	struct ima_staging_file files[2];
	u64 nr_seen;
};

/* Between start and stop nothing is cut: records seen then are consecutive. */
static void look(struct passed *p, struct ima_staging_file *f, u64 pos)
{
	struct ima_queue_entry *qe = ima_staging_start(f, pos);
	u64 expected = qe ? record_id(qe) : 0;

	while (qe) {
		must(record_id(qe) == expected, "%u after %llu", record_id(qe),
		     expected);
		expected++;
		p->nr_seen++;
		qe = ima_staging_next(f);
	}
	ima_staging_stop(f);
}

static void *look_often(void *arg)
{
	struct thread *t = arg;
	struct passed *p = container_of(t->round, struct passed, round);

	while (!atomic_read(&p->round.stop)) {
		struct ima_staging_file *f = &p->files[rnd_below(&t->rnd, 2)];
		u64 pos = rnd_below(&t->rnd, 50);

		/* On from where it was, unless that is of the past. */
		if (!ima_staging_moved(f))
			pos = f->index;
		look(p, f, pos);
		usleep(rnd_below(&t->rnd, 100));
	}
	return NULL;
}

static void *measure_in_order(void *arg)
{
	struct thread *t = arg;
	struct round *r = t->round;

	while (!atomic_read(&r->stop) && r->log.nr < r->log.max) {
		if (atomic_long_read(&r->fx.nr) >= MAX_CURRENT)
			sched_yield();
		else
			must(!fixture_append(&r->fx, r->log.nr, false),
			     "append");
	}
	return NULL;
}

static void run_passed(u64 *state, u64 nr_steps)
{
	struct passed *p = calloc(1, sizeof(*p));
	struct thread self = { .rnd = rnd_seed(rnd(state)) };
	struct thread looking, measuring;
	struct round *r = &p->round;

	must(p, "no memory");
	self.round = r;
	round_init(r, nr_steps, nr_steps * RECORDS_PER_STEP);
	for (int i = 0; i < 2; i++) {
		must(!ima_staging_open(&r->fx.s, &p->commands[i], i, true),
		     "open");
		must(!ima_staging_open(&r->fx.s, &p->files[i], i, true),
		     "open");
	}

	start(&looking, 1, r, state, look_often);
	start(&measuring, 1, r, state, measure_in_order);
	for (u64 i = 0; i < nr_steps; i++) {
		if (!atomic_long_read(&r->fx.nr))
			usleep(20);
		command(&self, &p->commands[rnd_below(&self.rnd, 2)]);
	}
	atomic_set(&r->stop, 1);
	join(&looking, 1);
	join(&measuring, 1);

	for (int i = 0; i < 2; i++) {
		ima_staging_release(&p->commands[i]);
		ima_staging_release(&p->files[i]);
	}
	check_round(r);
	tap_ok("reading during commands: %llu records, %llu deleted, %llu seen",
	       r->log.nr, r->nr_saved, p->nr_seen);
	round_fini(r);
	free(p);
}

static void *append_one(void *arg)
{
	must(!fixture_append(arg, 0, false), "append");
	return NULL;
}

/*
 * A record can be read a moment before it is counted. Who has read it can trim
 * it nevertheless.
 */
static void run_uncounted(void)
{
	struct ima_staging_file f;
	struct fixture fx;
	pthread_t thread;
	struct log log;

	log_init(&log, 1);
	fixture_init(&fx, &log);
	fx.pause_us = 50000;
	must(!ima_staging_open(&fx.s, &f, false, true), "open");
	must(!pthread_create(&thread, NULL, append_one, &fx), "thread");
	while (!ima_staging_start(&f, 0)) {
		ima_staging_stop(&f);
		sched_yield();
	}
	ima_staging_stop(&f);

	must(!execute(&f, IMA_STAGING_TRIM, 1, 0), "read, but not trimmed");
	pthread_join(thread, NULL);
	ima_staging_release(&f);
	fixture_check(&fx, 1, 0);
	tap_ok("trimming what was read, but not yet counted");
	fixture_fini(&fx);
	log_fini(&log);
}

int main(int argc, char **argv)
{
	u64 seed = option(argc, argv, "--seed", 1);
	u64 nr_steps = option(argc, argv, "--steps", 6000);
	u64 state = rnd_seed(seed);

	/* Be a task before anyone counts them. */
	(void)current;

	tap_plan(10);
	printf("# seed %llu, %llu steps\n", seed, nr_steps);
	for (int i = 0; i < 6; i++)
		run_round(&state, nr_steps, i % 2);
	run_race(nr_steps / 2, false);
	run_race(nr_steps / 2, true);
	run_passed(&state, nr_steps / 2);
	run_uncounted();
	return 0;
}
