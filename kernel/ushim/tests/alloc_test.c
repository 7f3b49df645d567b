// SPDX-License-Identifier: MIT
/*
 * The same history again and again, with the first allocation failing, then the
 * second, and so on until none is left to fail. What must hold each time: a
 * record that could not be allocated is not there and leaves nothing behind, all
 * others are; counts agree; of every record, deleted or not, duplicates are found,
 * unless digests are flushed; nothing leaks. And nothing but measuring allocates:
 * no lack of memory can keep records from being saved or deleted, or lose them.
 */

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fixture.h"
#include "tap.h"
#include "ushim.h"

#define NR_RECORDS 12
#define FIRST_ID 1000

/* Allocations of what user space asks for, in all histories. */
static unsigned long nr_core_calls;

static int command(struct ima_staging_file *f, const char *text)
{
	unsigned long nr_calls = ushim_slab_calls();
	struct ima_staging_cmd cmd;
	int ret;

	must(!ima_staging_parse(text, strlen(text), f->staged, &cmd), "parse");
	ret = ima_staging_execute(f, &cmd);
	nr_core_calls += ushim_slab_calls() - nr_calls;
	return ret;
}

/* What cannot be allocated takes no memory, but for what is reserved. */
static void append_one(struct fixture *fx, bool violation, u64 *nr_failed)
{
	u64 nr_before = ushim_slab_live() - fixture_blocks(fx, 0);
	u32 id = FIRST_ID + fx->log->nr;
	int ret = fixture_append(fx, id, violation);

	must(!ret || ret == -ENOMEM, "append: %d", ret);
	must(ushim_slab_live() - fixture_blocks(fx, 0) == nr_before + !ret,
	     "memory is left");
	if (ret)
		must(!fixture_is_known(fx, id), "known, but not there");
	*nr_failed += !!ret;
}

static void append_some(struct fixture *fx, u64 *nr_failed)
{
	for (u32 i = 0; i < NR_RECORDS; i++)
		append_one(fx, i % 3 == 0, nr_failed);
}

static void open_file(struct fixture *fx, struct ima_staging_file *f,
		      bool staged, bool write)
{
	unsigned long nr_calls = ushim_slab_calls();

	must(!ima_staging_open(&fx->s, f, staged, write), "open");
	nr_core_calls += ushim_slab_calls() - nr_calls;
}

static void read_all(struct ima_staging_file *f, u64 first, u64 nr)
{
	unsigned long nr_calls = ushim_slab_calls();
	struct fixture *fx = container_of(f->staging, struct fixture, s);
	struct ima_queue_entry *qe = ima_staging_start(f, 0);
	u64 i;

	for (i = 0; qe; i++) {
		record_check(fx, qe, first + i);
		qe = ima_staging_next(f);
	}
	ima_staging_stop(f);
	must(i == nr, "%llu records", i);
	nr_core_calls += ushim_slab_calls() - nr_calls;
}

static void check_known(struct fixture *fx)
{
	u64 nr_deleted = atomic64_read(&fx->s.nr_deleted), nr = 0;

	for (u64 i = 0; i < fx->log->nr; i++) {
		const struct log_row *row = &fx->log->rows[i];
		bool known = row->hashed &&
			     !(fx->s.flush_digests && i < nr_deleted);

		must(fixture_is_known(fx, row->id) == known, "record %llu", i);
		nr += known;
	}
	must(fx->s.digests.nr == nr, "%lu digests", fx->s.digests.nr);
}

/* Stage some, append, delete, trim, stage all, delete, all but the first 5. */
static void history(struct fixture *fx, u64 *nr_failed)
{
	bool flush = fx->s.flush_digests;
	struct ima_staging_file cur, staged;
	u64 nr;

	append_some(fx, nr_failed);
	open_file(fx, &cur, false, true);
	open_file(fx, &staged, true, true);
	must(!command(&staged, "5\n"), "stage");
	read_all(&staged, 0, 5);
	append_some(fx, nr_failed);
	must(!command(&staged, "D\n"), "delete");
	read_all(&cur, 5, fx->log->nr - 5);
	must(command(&cur, "5:3\n") == (flush ? -EINVAL : 0), "trim");
	nr = fx->log->nr;
	must(!command(&staged, "A\n"), "stage all");
	append_some(fx, nr_failed);
	check_known(fx);
	fixture_check(fx, flush ? 5 : 8, nr - (flush ? 5 : 8));
	must(!command(&staged, "D\n"), "delete");
	check_known(fx);
	must(command(&staged, "S\n") == -ENOENT, "stage no snapshot");
	ima_staging_release(&cur);
	ima_staging_release(&staged);
	open_file(fx, &cur, false, false);
	read_all(&cur, nr, fx->log->nr - nr);
	ima_staging_release(&cur);
	fixture_check(fx, nr, 0);
}

/* With memory again, a record that was not there can be. */
static void mend(struct fixture *fx)
{
	u64 nr_failed = 0;

	append_one(fx, false, &nr_failed);
	must(!nr_failed, "append");
	check_known(fx);
}

/* Returns whether there was an allocation to fail. */
static bool run(unsigned long nth, bool flush_digests)
{
	struct fixture fx;
	struct log log;
	u64 nr_failed = 0;
	unsigned long nr_calls;

	log_init(&log, 3 * NR_RECORDS + 1);
	fixture_init(&fx, &log);
	fx.s.flush_digests = flush_digests;
	nr_calls = ushim_slab_calls();
	ushim_slab_fail_at(nth);
	history(&fx, &nr_failed);
	ushim_slab_fail_at(0);
	nr_calls = ushim_slab_calls() - nr_calls;

	must(nr_failed == (nth <= nr_calls), "%llu failed", nr_failed);
	must(log.nr == 3 * NR_RECORDS - nr_failed, "%llu records", log.nr);
	mend(&fx);
	fixture_fini(&fx);
	log_fini(&log);
	must(!ushim_slab_live() && !ushim_slab_bytes(), "memory is left");
	return nth <= nr_calls;
}

static void run_all(bool flush_digests)
{
	unsigned long nth = 1;

	while (run(nth, flush_digests))
		nth++;
	must(nth > 3 * NR_RECORDS, "hardly anything was allocated");
	tap_ok("digests %s: each of %lu allocations failed once",
	       flush_digests ? "flushed" : "kept", nth - 1);
}

int main(void)
{
	long nr_pids;

	(void)current;
	nr_pids = ushim_pids_live();

	tap_plan(3);
	run_all(false);
	run_all(true);
	must(ushim_pids_live() == nr_pids, "references to tasks");
	must(!nr_core_calls, "%lu allocations", nr_core_calls);
	tap_ok("opening, reading and commands allocate nothing");
	return 0;
}
