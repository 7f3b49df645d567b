// SPDX-License-Identifier: MIT
/*
 * Long random histories on one thread, where everything can be known: after each
 * step, every answer, record, count, length, cursor, reference and block of
 * memory is what a model of a few numbers says.
 *
 * Three tasks share four descriptors. Tasks come and go, descriptors are closed
 * by whomever, and every so often the kernel is replaced by the next one, which
 * may be configured otherwise.
 *
 *	exact_test [--seed N] [--steps N]
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fixture.h"
#include "reference.h"
#include "tap.h"
#include "ushim.h"

#define NR_TASKS 3
#define NR_FILES 4
#define NR_IDS 1200
#define MAX_BURST 60

/* Digests that may be forgotten under the lock at once, and chunks in stock. */
#define MAX_HASHED 16
#define MAX_SPARE 3

/**
 * enum flush - whether digests of deleted records are forgotten
 * @KEPT: no
 * @FLUSHED: yes
 * @CHANGING: up to each kernel, as is the hash
 */
enum flush {
	KEPT,
	FLUSHED,
	CHANGING,
};

static const char *const flush_names[] = { "digests kept", "digests flushed",
					   "kernels differ" };

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
 * @nr_snapshots: snapshots attempted since hard boot
 * @flush: whether digests are flushed
 * @known: ids that duplicates would be found of
 * @nr_known: how many
 * @nr_left: digests lost with kernels, in all
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
	u64 nr_snapshots;
	enum flush flush;
	bool known[NR_IDS];
	u64 nr_known;
	u64 nr_left;
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

static void set_known(struct model *m, u32 id, bool known)
{
	m->nr_known += known - m->known[id];
	m->known[id] = known;
}

/* Sometimes of a record that is there. */
static u32 any_id(struct model *m)
{
	u64 nr_live = m->nr_staged + nr_current(m);

	if (nr_live && !rnd_below(&m->rnd, 4))
		return m->log.rows[m->nr_deleted + rnd_below(&m->rnd, nr_live)]
			.id;
	return rnd_below(&m->rnd, NR_IDS);
}

static void append(struct model *m)
{
	u32 id = any_id(m);
	bool violation = !rnd_below(&m->rnd, 3);
	int expected = 0;

	if (m->suspended)
		expected = -EACCES;
	else if (!violation && m->known[id])
		expected = -EEXIST;

	must(fixture_append(&m->fx, id, violation) == expected, "append");
	if (!expected && !violation && id_can_be_known(id))
		set_known(m, id, true);
}

/* Now and then as many as several batches of digests. */
static void step_append(struct model *m)
{
	u64 nr = rnd_below(&m->rnd, 64) ? 1 : MAX_BURST;

	while (nr-- && m->log.nr < m->log.max)
		append(m);
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
		if (m->log.rows[i].hashed && m->fx.s.flush_digests)
			set_known(m, m->log.rows[i].id, false);
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

static int model_stage_snapshot(struct model *m)
{
	u64 first = m->nr_deleted, nr = 0;

	if (m->nr_staged)
		return -EEXIST;

	for (u64 i = first; i < m->log.nr; i++) {
		if (id_is_snapshot(m->log.rows[i].id))
			nr = i - first;
	}
	return nr ? model_stage(m, nr) : -ENOENT;
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
	case IMA_STAGING_STAGE_SNAPSHOT:
		return model_stage_snapshot(m);
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

	switch (rnd_below(&m->rnd, 8)) {
	case 0:
		return snprintf(text, size, "A\n");
	case 1:
	case 2:
		return snprintf(text, size, "S\n");
	case 3:
	case 4:
		return snprintf(text, size, "D\n");
	case 5:
		return snprintf(text, size, "%llu:%llu\n", nr_deleted, nr);
	default:
		return snprintf(text, size, "%llu\n", nr);
	}
}

/* Measuring does not wait for anything slow, nor for many digests. */
static int execute(struct desc *d, const struct ima_staging_cmd *cmd)
{
	struct ima_staging *s = d->f.staging;
	bool forgets = s->flush_digests && cmd->verb == IMA_STAGING_DELETE;
	unsigned long slow = ushim_slow_under_mutex();
	int ret;

	ushim_most_hashed_under_mutex();
	ret = ima_staging_execute(&d->f, cmd);
	must(ushim_slow_under_mutex() == slow, "measuring had to wait");
	must(ushim_most_hashed_under_mutex() <= (forgets ? MAX_HASHED : 0),
	     "measuring had to wait for digests");
	must(ret || !forgets || !s->digests.nr_spare, "spare chunks are left");
	return ret;
}

static void step_command(struct model *m)
{
	struct ima_staging_cmd cmd, cmd_expected;
	struct desc *d = any_file(m);
	int len, ret, expected;
	char text[64];

	if (!d->open || !d->write)
		return;

	play_any(m);
	len = any_command(m, text, sizeof(text));
	ret = ima_staging_parse(text, len, d->f.staged, &cmd);
	expected = reference_parse(text, len, d->f.staged, &cmd_expected);
	if (!ret)
		ret = execute(d, &cmd);
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

/*
 * The next kernel.
 */

/* What duplicates are known of without their records. */
static void forget_live(struct model *m)
{
	for (u64 i = m->nr_deleted; i < m->log.nr; i++) {
		if (m->log.rows[i].hashed)
			set_known(m, m->log.rows[i].id, false);
	}
}

static void check_trailer(struct model *m, const u8 *buf, size_t len, u64 nr)
{
	struct reference_trailer t;
	bool seen[NR_IDS] = {};

	must(!reference_get_trailer(buf, len, &t), "trailer");
	must(len == 64 + nr * (1 + t.digest_len), "length %zu", len);
	must(t.nr == nr && t.nr_deleted == m->nr_deleted &&
		     t.nr_snapshots == m->nr_snapshots,
	     "counts");
	must(t.hash_algo == (unsigned int)ima_hash_algo, "algorithm");
	for (u64 i = 0; i < nr; i++) {
		const u8 *entry = t.digests + i * (1 + t.digest_len);
		u32 id = digest_id(entry + 1, entry[0]);

		must(id < NR_IDS && m->known[id] && !seen[id], "digest of %u",
		     id);
		seen[id] = true;
	}
}

/* As many digests as there is room for, often fewer than there are. */
static u8 *put_trailer(struct model *m, bool digests, size_t *ret_len,
		       u64 *ret_nr_left)
{
	size_t entry_len = 1 + hash_digest_size[ima_hash_algo];
	size_t room = 64 + ima_staging_digests_len(&m->fx.s);
	u64 nr = 0, nr_known = 0;
	u8 *buf;

	must(room == 64 + m->nr_known * entry_len, "room");
	if (rnd_below(&m->rnd, 2))
		room = 64 + rnd_below(&m->rnd, room - 63);
	buf = malloc(room);
	must(buf, "no memory");
	*ret_len = ima_staging_put_trailer(&m->fx.s, buf, room, digests);

	forget_live(m);
	if (digests) {
		nr_known = m->nr_known;
		nr = min_t(u64, nr_known, (room - 64) / entry_len);
	}
	check_trailer(m, buf, *ret_len, nr);
	*ret_nr_left = nr_known - nr;
	return buf;
}

/* Those are known then that came over, and no others of deleted records. */
static void know_digests(struct model *m, const u8 *entry, u64 nr)
{
	size_t entry_len = 1 + hash_digest_size[ima_hash_algo];

	for (u64 i = 0; i < nr; i++, entry += entry_len)
		set_known(m, digest_id(entry + 1, entry[0]), true);
}

/* Sometimes there is no memory for all of them. */
static void get_trailer(struct model *m, u8 *buf, size_t len, bool digests,
			u64 nr_left)
{
	struct ima_staging_restored ret;
	struct reference_trailer t;
	unsigned long nth = rnd_below(&m->rnd, 4) ? 0 :
						    1 + rnd_below(&m->rnd, 9);
	unsigned long nr_calls = ushim_slab_calls();

	ushim_slab_fail_at(nth);
	must(!ima_staging_get_trailer(&m->fx.s, buf, len, digests, &ret),
	     "trailer");
	ushim_slab_fail_at(0);
	nr_calls = ushim_slab_calls() - nr_calls;

	must(!reference_get_trailer(buf, len, &t) && t.nr_left == nr_left,
	     "left over");
	digests = digests && t.hash_algo == (unsigned int)ima_hash_algo;
	if (nth && nth <= nr_calls)
		must(digests && ret.nr < t.nr, "nothing failed");
	else
		must(ret.nr == (digests ? t.nr : 0), "taken");
	must(ret.nr + ret.nr_left == t.nr + t.nr_left, "left over");
	know_digests(m, t.digests, ret.nr);
	m->nr_left += ret.nr_left;
}

static void restore(struct model *m, bool digests)
{
	memset(m->known, 0, sizeof(m->known));
	m->nr_known = 0;
	for (u64 i = m->nr_deleted; i < m->log.nr; i++) {
		struct log_row *row = &m->log.rows[i];
		bool hashed = digests && !row->violation &&
			      id_can_be_known(row->id) && !m->known[row->id];

		must(!fixture_restore(&m->fx, row, digests), "restore");
		must(row->hashed == hashed, "hashed");
		if (hashed)
			set_known(m, row->id, true);
	}
}

static void any_kernel(struct model *m)
{
	static const int algos[] = { HASH_ALGO_SHA256, HASH_ALGO_SHA1,
				     HASH_ALGO_SM3_256, HASH_ALGO_SHA512 };

	if (m->flush == CHANGING && !rnd_below(&m->rnd, 4))
		ushim_ima_hash(algos[rnd_below(&m->rnd, ARRAY_SIZE(algos))],
			       rnd_below(&m->rnd, 2));
	fixture_init(&m->fx, &m->log);
	m->fx.s.flush_digests = m->flush == CHANGING ? rnd_below(&m->rnd, 2) :
						       m->flush == FLUSHED;
}

/* Staged and current become current; the trailer brings what was deleted. */
static void step_kexec(struct model *m)
{
	bool digests = m->flush != CHANGING || rnd_below(&m->rnd, 4);
	u64 nr_left;
	size_t len;
	u8 *buf;

	m->nr_snapshots += rnd_below(&m->rnd, 3);
	m->fx.s.nr_snapshots = m->nr_snapshots;
	ima_staging_suspend(&m->fx.s);
	buf = put_trailer(m, digests, &len, &nr_left);
	close_all(m);
	fixture_fini(&m->fx);
	must(!ushim_slab_live(), "memory is left");

	any_kernel(m);
	if (m->flush == CHANGING)
		digests = rnd_below(&m->rnd, 4);
	restore(m, digests);
	get_trailer(m, buf, len, digests, nr_left);
	must(m->fx.s.nr_snapshots == m->nr_snapshots, "snapshots");
	free(buf);
	m->nr_staged = 0;
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

static void check_known(struct model *m)
{
	for (u32 id = 0; id < NR_IDS; id++)
		must(fixture_is_known(&m->fx, id) == m->known[id],
		     "digest of %u", id);
}

static void check(struct model *m)
{
	u64 nr_records = m->nr_staged + nr_current(m);
	u32 id = rnd_below(&m->rnd, NR_IDS);

	fixture_check(&m->fx, m->nr_deleted, m->nr_staged);
	must((u64)ushim_slab_live() == fixture_blocks(&m->fx, nr_records),
	     "memory");
	must(m->fx.s.digests.nr == m->nr_known, "digests known");
	must(m->fx.s.digests.nr_spare <= MAX_SPARE, "spare chunks");
	must(fixture_is_known(&m->fx, id) == m->known[id], "digest of %u", id);
	must(ushim_pids_live() == expected_pids(m), "references to tasks");
	if (!rnd_below(&m->rnd, 64))
		check_known(m);
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

static void run(u64 seed, u64 nr_steps, enum flush flush)
{
	struct model *m = calloc(1, sizeof(*m));

	must(m, "no memory");
	m->flush = flush;
	m->rnd = rnd_seed(seed);
	m->nr_pids = ushim_pids_live();
	log_init(&m->log, nr_steps);
	any_kernel(m);
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
	tap_ok("%s: %llu steps, %llu records, %llu deleted, %llu cuts, %llu digests left",
	       flush_names[flush], nr_steps, m->log.nr, m->nr_deleted,
	       m->nr_cuts, m->nr_left);
	log_fini(&m->log);
	free(m);
}

/* What a command costs, in steps that offer to reschedule. */
static void check_cost(struct ima_staging_file *f, enum ima_staging_verb verb,
		       u64 nr, unsigned long max_steps)
{
	struct ima_staging_cmd cmd = { verb, nr, 0 };
	unsigned long steps = ushim_loop_steps();

	must(!ima_staging_execute(f, &cmd), "verb %d", verb);
	steps = ushim_loop_steps() - steps;
	must(steps <= max_steps, "verb %d: %lu steps", verb, steps);
}

/* All that are staged are hashed: digests go in batches as large as may be. */
static void check_batches(struct ima_staging_file *f)
{
	struct ima_staging_cmd cmd = { IMA_STAGING_DELETE, 0, 0 };
	unsigned long most;

	must(atomic_long_read(&f->staging->nr_staged) > MAX_HASHED, "few");
	f->staging->flush_digests = true;
	ushim_most_hashed_under_mutex();
	must(!ima_staging_execute(f, &cmd), "delete");
	most = ushim_most_hashed_under_mutex();
	must(most && most <= MAX_HASHED, "%lu digests at once", most);
}

static void read_slowly(struct fixture *fx, struct ima_staging_file *f)
{
	for (u64 i = 0; i < fx->log->nr; i++) {
		/* Twice, as if the record had not fit into a buffer. */
		record_check(fx, ima_staging_start(f, i), i);
		ima_staging_stop(f);
		record_check(fx, ima_staging_start(f, i), i);
		ima_staging_stop(f);
	}
}

/* Reading in small pieces goes on from where it was; each looks once. */
static void run_cost(u64 nr_records)
{
	unsigned long steps = ushim_loop_steps();
	struct ima_staging_file f;
	struct fixture fx;
	struct log log;

	log_init(&log, nr_records);
	fixture_init(&fx, &log);
	for (u64 i = 0; i < nr_records; i++)
		must(!fixture_append(&fx, i, false), "append");
	must(!ima_staging_open(&fx.s, &f, false, true), "open");

	read_slowly(&fx, &f);
	must(ushim_loop_steps() - steps <= nr_records, "%lu steps to read",
	     ushim_loop_steps() - steps);
	check_cost(&f, IMA_STAGING_TRIM, nr_records / 2, nr_records);
	check_cost(&f, IMA_STAGING_STAGE_SNAPSHOT, 0, nr_records);
	check_cost(&f, IMA_STAGING_DELETE, 0, nr_records / 2);
	check_cost(&f, IMA_STAGING_STAGE, U64_MAX, 0);
	check_batches(&f);

	ima_staging_release(&f);
	fixture_fini(&fx);
	log_fini(&log);
	tap_ok("reading and commands cost a step per record");
}

int main(int argc, char **argv)
{
	u64 seed = option(argc, argv, "--seed", 1);
	u64 nr_steps = option(argc, argv, "--steps", 25000);

	tap_plan(4);
	printf("# seed %llu, %llu steps\n", seed, nr_steps);
	for (enum flush flush = KEPT; flush <= CHANGING; flush++)
		run(seed + flush, nr_steps, flush);
	run_cost(2000);
	return 0;
}
