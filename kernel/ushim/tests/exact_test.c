// SPDX-License-Identifier: MIT
/*
 * Long random histories on one thread, where everything can be known: after each
 * step, every answer, record, count, length, cursor, reference and block of
 * memory is what a model of a few numbers says.
 *
 * Three tasks share four descriptors. Tasks come and go, descriptors are closed
 * by whomever, and every so often the kernel is replaced by the next one.
 *
 *	exact_test [--seed N] [--steps N]
 */

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fixture.h"
#include "reference.h"
#include "tap.h"
#include "ushim.h"

#define NR_TASKS 3
#define NR_FILES 4
#define NR_IDS 400

/**
 * struct desc - a descriptor, open or not
 * @f: the open file
 * @open: whether it is open
 * @write: for writing
 * @task: number of the task that opened it
 * @seen: the cut before which its cursor was set
 */
struct desc {
	struct ima_staging_file f;
	bool open;
	bool write;
	u64 task;
	u64 seen;
};

/**
 * struct model - what should be
 * @fx: what is
 * @log: all records
 * @rnd: state of the random numbers
 * @nr_deleted: records deleted since hard boot
 * @nr_staged: records staged
 * @nr_cuts: how often a command has moved records
 * @nr_kept: digests left by deleted records
 * @known: ids that duplicates would be found of
 * @suspended: measuring is
 * @files: descriptors
 * @tasks: those that live
 * @numbers: their numbers, never used twice
 * @nr_tasks: tasks ever made
 * @nr_pids: identities alive before the first of them
 */
struct model {
	struct fixture fx;
	struct log log;
	u64 rnd;
	u64 nr_deleted;
	u64 nr_staged;
	u64 nr_cuts;
	u64 nr_kept;
	bool known[NR_IDS];
	bool suspended;
	struct desc files[NR_FILES];
	struct task_struct *tasks[NR_TASKS];
	u64 numbers[NR_TASKS];
	u64 nr_tasks;
	long nr_pids;
};

static u64 nr_current(const struct model *m)
{
	return m->log.nr - m->nr_deleted - m->nr_staged;
}

static int play_any(struct model *m)
{
	int i = rnd_below(&m->rnd, NR_TASKS);

	ushim_become(m->tasks[i]);
	return i;
}

static struct desc *any_file(struct model *m)
{
	return &m->files[rnd_below(&m->rnd, NR_FILES)];
}

static void task_start(struct model *m, int i)
{
	m->tasks[i] = ushim_task_new();
	m->numbers[i] = m->nr_tasks++;
}

static void step_task(struct model *m)
{
	int i = play_any(m);

	ushim_become(NULL);
	ushim_task_exit(m->tasks[i]);
	task_start(m, i);
}

static void step_append(struct model *m)
{
	u32 id = rnd_below(&m->rnd, NR_IDS);
	bool hashed = rnd_below(&m->rnd, 3);
	int expected = 0;

	if (m->suspended)
		expected = -EACCES;
	else if (hashed && m->known[id])
		expected = -EEXIST;

	must(fixture_append(&m->fx, id, hashed) == expected, "append");
	if (!expected && hashed)
		m->known[id] = true;
}

static int expected_open(const struct model *m, bool write, u64 task)
{
	for (int i = 0; i < NR_FILES; i++) {
		const struct desc *d = &m->files[i];

		if (d->open && (write || d->write) &&
		    !(write && d->write && d->task == task))
			return -EBUSY;
	}
	return 0;
}

static void step_open(struct model *m)
{
	bool staged = rnd_below(&m->rnd, 2);
	bool write = rnd_below(&m->rnd, 4);
	u64 task = m->numbers[play_any(m)];
	struct desc *d = any_file(m);
	int expected;

	if (d->open)
		return;

	expected = expected_open(m, write, task);
	must(ima_staging_open(&m->fx.s, &d->f, staged, write) == expected,
	     "open");
	d->open = !expected;
	d->write = write;
	d->task = task;
	d->seen = m->nr_cuts;
}

static void step_close(struct model *m)
{
	struct desc *d = any_file(m);

	if (!d->open)
		return;

	play_any(m);
	ima_staging_release(&d->f);
	d->open = false;
}

static void step_read(struct model *m)
{
	struct desc *d = any_file(m);
	struct ima_queue_entry *qe;
	u64 first, nr, pos, n;

	if (!d->open)
		return;

	first = m->nr_deleted + (d->f.staged ? 0 : m->nr_staged);
	nr = d->f.staged ? m->nr_staged : nr_current(m);
	pos = rnd_below(&m->rnd, 2) ? d->f.index + 1 :
				      rnd_below(&m->rnd, nr + 3);
	n = rnd_below(&m->rnd, 9);

	must(ima_staging_moved(&d->f) == (d->seen != m->nr_cuts), "moved");
	qe = ima_staging_start(&d->f, pos);
	must(!qe == (pos >= nr), "start at %llu of %llu", pos, nr);
	while (qe && n--) {
		record_check(&m->fx, qe, first + pos++);
		qe = ima_staging_next(&d->f);
		must(!qe == (pos >= nr), "next at %llu of %llu", pos, nr);
	}
	ima_staging_stop(&d->f);
	d->seen = m->nr_cuts;
}

static void forget(struct model *m, u64 first, u64 nr)
{
	for (u64 i = first; i < first + nr; i++) {
		if (!m->log.rows[i].hashed)
			continue;
		if (m->fx.s.flush_digests)
			m->known[m->log.rows[i].id] = false;
		else
			m->nr_kept++;
	}
}

static int model_stage(struct model *m, u64 nr)
{
	if (m->nr_staged)
		return -EEXIST;
	if (!nr_current(m))
		return -ENOENT;
	if (m->suspended)
		return -EACCES;

	m->nr_staged = nr < nr_current(m) ? nr : nr_current(m);
	m->nr_cuts++;
	return 0;
}

static int model_delete(struct model *m)
{
	if (!m->nr_staged)
		return -ENOENT;
	if (m->suspended)
		return -ESTALE;

	forget(m, m->nr_deleted, m->nr_staged);
	m->nr_deleted += m->nr_staged;
	m->nr_staged = 0;
	m->nr_cuts++;
	return 0;
}

static int model_trim(struct model *m, const struct ima_staging_cmd *cmd)
{
	if (m->fx.s.flush_digests)
		return -EINVAL;
	if (m->nr_staged)
		return -EEXIST;
	if (cmd->verb == IMA_STAGING_TRIM_GUARDED &&
	    cmd->nr_deleted != m->nr_deleted)
		return -EAGAIN;
	if (cmd->nr > nr_current(m))
		return -ENOENT;
	if (m->suspended)
		return -ESTALE;

	forget(m, m->nr_deleted, cmd->nr);
	m->nr_deleted += cmd->nr;
	m->nr_cuts++;
	return 0;
}

static int model_execute(struct model *m, const struct ima_staging_cmd *cmd)
{
	switch (cmd->verb) {
	case IMA_STAGING_STAGE:
		return model_stage(m, cmd->nr);
	case IMA_STAGING_DELETE:
		return model_delete(m);
	default:
		return model_trim(m, cmd);
	}
}

static int any_command(struct model *m, char *text, size_t size)
{
	u64 nr = rnd_below(&m->rnd, nr_current(m) + 3);
	u64 nr_deleted = m->nr_deleted;

	if (rnd_below(&m->rnd, 4))
		nr = nr % 8;
	if (!rnd_below(&m->rnd, 4))
		nr_deleted += rnd_below(&m->rnd, 3) - 1;

	switch (rnd_below(&m->rnd, 6)) {
	case 0:
		return snprintf(text, size, "A\n");
	case 1:
	case 2:
		return snprintf(text, size, "D\n");
	case 3:
		return snprintf(text, size, "%llu:%llu\n", nr_deleted, nr);
	default:
		return snprintf(text, size, "%llu\n", nr);
	}
}

static void step_command(struct model *m)
{
	struct ima_staging_cmd cmd, cmd_expected;
	struct desc *d = any_file(m);
	int len, ret, expected;
	unsigned long slow;
	char text[64];

	if (!d->open || !d->write)
		return;

	play_any(m);
	len = any_command(m, text, sizeof(text));
	ret = ima_staging_parse(text, len, d->f.staged, &cmd);
	expected = reference_parse(text, len, d->f.staged, &cmd_expected);
	slow = ushim_slow_under_mutex();
	if (!ret)
		ret = ima_staging_execute(&d->f, &cmd);
	must(ushim_slow_under_mutex() == slow, "measuring had to wait");
	if (!expected)
		expected = model_execute(m, &cmd_expected);
	must(ret == expected, "command %.*s: %d, not %d", len - 1, text, ret,
	     expected);
}

static void close_all(struct model *m)
{
	for (int i = 0; i < NR_FILES; i++) {
		if (m->files[i].open)
			ima_staging_release(&m->files[i].f);
		m->files[i].open = false;
	}
}

/* Staged and current become current; the trailer brings what was deleted. */
static void step_kexec(struct model *m)
{
	bool flush_digests = m->fx.s.flush_digests;
	u8 trailer[IMA_STAGING_TRAILER_LEN];

	ima_staging_suspend(&m->fx.s);
	ima_staging_put_trailer(&m->fx.s, trailer);
	close_all(m);
	fixture_fini(&m->fx);
	must(!ushim_slab_live(), "memory is left");

	fixture_init(&m->fx, &m->log);
	m->fx.s.flush_digests = flush_digests;
	for (u64 i = m->nr_deleted; i < m->log.nr; i++) {
		must(!fixture_restore(&m->fx, m->log.rows[i].id), "restore");
		m->log.rows[i].hashed = false;
	}
	must(!ima_staging_get_trailer(&m->fx.s, trailer, sizeof(trailer)),
	     "trailer");
	memset(m->known, 0, sizeof(m->known));
	m->nr_staged = 0;
	m->nr_kept = 0;
	m->suspended = false;
}

static void step_suspend(struct model *m)
{
	ima_staging_suspend(&m->fx.s);
	m->suspended = true;
}

/* The writer may be gone; its identity is not, while its files are open. */
static long expected_pids(const struct model *m)
{
	for (int i = 0; i < NR_FILES; i++) {
		const struct desc *d = &m->files[i];
		bool lives = false;

		if (!d->open || !d->write)
			continue;
		for (int j = 0; j < NR_TASKS; j++)
			lives |= m->numbers[j] == d->task;
		return m->nr_pids + NR_TASKS + !lives;
	}
	return m->nr_pids + NR_TASKS;
}

static void check(struct model *m)
{
	u64 nr_records = m->nr_staged + nr_current(m);

	fixture_check(&m->fx, m->nr_deleted, m->nr_staged);
	must((u64)ushim_slab_live() == FIXTURE_RECORD_BLOCKS * nr_records +
					       fixture_set_blocks(&m->fx),
	     "memory");
	must(m->fx.s.digests.nr == m->nr_kept, "digests kept");
	must(ushim_pids_live() == expected_pids(m), "references to tasks");
}

/* Out of 64: appending is commonest, then come commands. */
static void step(struct model *m)
{
	u64 dice = rnd_below(&m->rnd, 64);

	/* The end comes slowly, and then soon. */
	if (dice == 63 && rnd_below(&m->rnd, m->suspended ? 2 : 16))
		return;

	if (dice < 20)
		step_append(m);
	else if (dice < 28)
		step_open(m);
	else if (dice < 32)
		step_close(m);
	else if (dice < 44)
		step_read(m);
	else if (dice < 62)
		step_command(m);
	else if (dice < 63)
		step_task(m);
	else if (!m->suspended)
		step_suspend(m);
	else
		step_kexec(m);
}

static void run(u64 seed, u64 nr_steps, bool flush_digests)
{
	struct model *m = calloc(1, sizeof(*m));

	must(m, "no memory");
	m->rnd = rnd_seed(seed);
	m->nr_pids = ushim_pids_live();
	log_init(&m->log, nr_steps);
	fixture_init(&m->fx, &m->log);
	m->fx.s.flush_digests = flush_digests;
	for (int i = 0; i < NR_TASKS; i++)
		task_start(m, i);

	for (u64 i = 0; i < nr_steps; i++) {
		step(m);
		check(m);
	}

	ushim_become(NULL);
	close_all(m);
	for (int i = 0; i < NR_TASKS; i++)
		ushim_task_exit(m->tasks[i]);
	fixture_fini(&m->fx);
	must(!ushim_slab_live(), "memory is left");
	must(ushim_pids_live() == m->nr_pids, "references to tasks are left");
	tap_ok("%s: %llu steps, %llu records, %llu deleted, %llu cuts",
	       flush_digests ? "digests flushed" : "digests kept", nr_steps,
	       m->log.nr, m->nr_deleted, m->nr_cuts);
	log_fini(&m->log);
	free(m);
}

/* Reading in small pieces goes on from where it was, and trims once. */
static void run_cost(u64 nr_records)
{
	struct ima_staging_cmd cmd = { IMA_STAGING_TRIM, nr_records / 2, 0 };
	unsigned long steps = ushim_loop_steps();
	struct ima_staging_file f;
	struct fixture fx;
	struct log log;

	log_init(&log, nr_records);
	fixture_init(&fx, &log);
	for (u64 i = 0; i < nr_records; i++)
		must(!fixture_append(&fx, i, true), "append");
	must(!ima_staging_open(&fx.s, &f, false, true), "open");

	for (u64 i = 0; i < nr_records; i++) {
		/* Twice, as if the record had not fit into a buffer. */
		record_check(&fx, ima_staging_start(&f, i), i);
		ima_staging_stop(&f);
		record_check(&fx, ima_staging_start(&f, i), i);
		ima_staging_stop(&f);
	}
	must(ushim_loop_steps() - steps <= nr_records, "%lu steps to read",
	     ushim_loop_steps() - steps);
	steps = ushim_loop_steps();
	must(!ima_staging_execute(&f, &cmd), "trim");
	must(ushim_loop_steps() - steps <= nr_records, "%lu steps to trim half",
	     ushim_loop_steps() - steps);

	ima_staging_release(&f);
	fixture_fini(&fx);
	log_fini(&log);
	tap_ok("reading and trimming cost a step per record");
}

int main(int argc, char **argv)
{
	u64 seed = option(argc, argv, "--seed", 1);
	u64 nr_steps = option(argc, argv, "--steps", 60000);

	tap_plan(3);
	printf("# seed %llu, %llu steps\n", seed, nr_steps);
	run(seed, nr_steps, false);
	run(seed + 1, nr_steps, true);
	run_cost(2000);
	return 0;
}
