// SPDX-License-Identifier: MIT
/*
 * The same history again and again, with the first allocation failing, then the
 * second, and so on until none is left to fail. What must hold each time: a
 * record that could not be allocated is not there, all others are; counts agree;
 * nothing leaks. And no command, nor anything that a reader does, allocates: no
 * lack of memory can keep records from being saved, or lose them.
 */

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fixture.h"
#include "tap.h"
#include "ushim.h"

#define NR_RECORDS 12

/* Allocations of the staging core itself, in one history. */
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

static void append_some(struct fixture *fx, u64 *nr_failed)
{
	for (u32 i = 0; i < NR_RECORDS; i++) {
		int ret = fixture_append(fx, fx->log->nr + 1000, i % 3);

		must(!ret || ret == -ENOMEM, "append: %d", ret);
		*nr_failed += !!ret;
	}
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

/* Stage some, append, delete, trim, stage all, delete, all but the first 5. */
static void history(struct fixture *fx, u64 *nr_failed)
{
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
	must(!command(&cur, "5:3\n"), "trim");
	nr = fx->log->nr;
	must(!command(&staged, "A\n"), "stage all");
	append_some(fx, nr_failed);
	fixture_check(fx, 8, nr - 8);
	must(!command(&staged, "D\n"), "delete");
	ima_staging_release(&cur);
	ima_staging_release(&staged);
	open_file(fx, &cur, false, false);
	read_all(&cur, nr, fx->log->nr - nr);
	ima_staging_release(&cur);
	fixture_check(fx, nr, 0);
}

/* Returns whether there was an allocation to fail. */
static bool run(unsigned long nth)
{
	unsigned long nr_calls;
	struct fixture fx;
	struct log log;
	u64 nr_failed = 0;

	log_init(&log, 3 * NR_RECORDS);
	fixture_init(&fx, &log);
	nr_calls = ushim_slab_calls();
	ushim_slab_fail_at(nth);
	history(&fx, &nr_failed);
	ushim_slab_fail_at(0);
	nr_calls = ushim_slab_calls() - nr_calls;

	must(nr_failed == (nth <= nr_calls), "%llu failed", nr_failed);
	must(log.nr == 3 * NR_RECORDS - nr_failed, "%llu records", log.nr);
	fixture_fini(&fx);
	log_fini(&log);
	must(!ushim_slab_live(), "memory is left");
	return nth <= nr_calls;
}

int main(void)
{
	unsigned long nth = 1;
	long nr_pids;

	(void)current;
	nr_pids = ushim_pids_live();

	tap_plan(2);
	while (run(nth))
		nth++;
	must(nth > 3 * NR_RECORDS, "hardly anything was allocated");
	must(ushim_pids_live() == nr_pids, "references to tasks");
	tap_ok("each of %lu allocations failed once", nth - 1);
	must(!nr_core_calls, "%lu allocations", nr_core_calls);
	tap_ok("opening, reading and commands allocate nothing");
	return 0;
}
