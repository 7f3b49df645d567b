// SPDX-License-Identifier: MIT
/*
 * The same history again and again, with the first allocation failing, then the
 * second, and so on until none is left to fail. What must hold each time: a
 * record that could not be allocated is not there, all others are; counts agree;
 * every command succeeds; of every deleted record, duplicates are found; a later
 * deletion mends what an earlier one had no memory for; nothing leaks. And
 * nothing but deleting allocates: no lack of memory can keep records from being
 * saved, or lose them.
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
	if (cmd.verb == IMA_STAGING_STAGE)
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

static void check_known(struct fixture *fx)
{
	for (u64 i = 0; i < fx->log->nr; i++) {
		const struct log_row *row = &fx->log->rows[i];

		must(!row->hashed || fixture_is_known(fx, row->id),
		     "record %llu is forgotten", i);
	}
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
	check_known(fx);
	ima_staging_release(&cur);
	ima_staging_release(&staged);
	open_file(fx, &cur, false, false);
	read_all(&cur, nr, fx->log->nr - nr);
	ima_staging_release(&cur);
	fixture_check(fx, nr, 0);
}

/* With memory again, a deletion leaves no digest where it was. */
static void mend(struct fixture *fx)
{
	struct ima_staging_file f;

	must(!fixture_append(fx, 1, true), "append");
	open_file(fx, &f, true, true);
	must(!command(&f, "A\n") && !command(&f, "D\n"), "delete");
	ima_staging_release(&f);
	must(list_empty(&fx->s.unmoved), "a digest is not in the set");
	check_known(fx);
}

/* Returns whether there was an allocation to fail. */
static bool run(unsigned long nth)
{
	unsigned long nr_calls, nr_warnings = ushim_warnings();
	struct fixture fx;
	struct log log;
	u64 nr_failed = 0;

	log_init(&log, 3 * NR_RECORDS + 1);
	fixture_init(&fx, &log);
	nr_calls = ushim_slab_calls();
	ushim_slab_fail_at(nth);
	history(&fx, &nr_failed);
	ushim_slab_fail_at(0);
	nr_calls = ushim_slab_calls() - nr_calls;

	nr_warnings = ushim_warnings() - nr_warnings;
	must(nr_failed + nr_warnings == (nth <= nr_calls), "%llu failed",
	     nr_failed);
	must(log.nr == 3 * NR_RECORDS - nr_failed, "%llu records", log.nr);
	mend(&fx);
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
	tap_ok("opening, reading and staging allocate nothing");
	return 0;
}
