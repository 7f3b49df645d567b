// SPDX-License-Identifier: MIT
/*
 * Somebody removes, exchanges, links or changes what belongs to an archive under a keeper
 * that has it open, at every place of a drain at which that could cost records. Nothing may
 * leave the kernel then, what is wrong is named, and once it is undone the same keeper goes on.
 */
#include "keep/keep.h"

#include "lib/machine.h"
#include "lib/testing.h"

#include <errno.h>

/*
 * In the folder that the archive $A is in; $T is its last segment. What cannot be undone in
 * a way that the keeper believes is left to its successor: @undo begins with '!' then.
 */
static const struct mischief {
	const char *what, *do_it, *undo, *said;
} mischiefs[] = {
	{ "the folder renamed", "mv $A x", "mv x $A", "/archive is gone" },
	{ "the folder removed", "cp -a $A x; rm -rf $A", "!mv x $A",
	  "/archive is gone" },
	{ "the folder exchanged for a copy", "mv $A x; cp -a x $A",
	  "rm -rf $A; mv x $A", "/archive is another one" },
	{ "a link in place of the folder", "mv $A x; ln -s x $A",
	  "rm $A; mv x $A", "/archive is another one" },
	{ "the lock removed", "mv $A/lock x", "mv x $A/lock", "/lock is gone" },
	{ "the lock exchanged", "mv $A/lock x; cp x $A/lock", "mv x $A/lock",
	  "/lock is another one" },
	{ "the lock linked", "ln $A/lock x", "rm x", "/lock has 2 names" },
	{ "the index removed", "mv $A/index.db x", "mv x $A/index.db",
	  "/index.db is gone" },
	{ "the index exchanged", "mv $A/index.db x; cp x $A/index.db",
	  "mv x $A/index.db", "/index.db is another one" },
	{ "the index linked", "ln $A/index.db x", "rm x",
	  "/index.db has 2 names" },
	{ "the index overwritten",
	  "cp -p $A/index.db x; cat x >y; cat y >$A/index.db",
	  "touch -r x $A/index.db; rm x y",
	  "/index.db was written to by somebody else" },
	{ "the index's log removed", "mv $A/index.db-wal x",
	  "mv x $A/index.db-wal", "/index.db-wal is gone" },
	{ "the index's log exchanged",
	  "mv $A/index.db-wal x; cp x $A/index.db-wal", "mv x $A/index.db-wal",
	  "/index.db-wal is another one" },
	{ "the boot's folder renamed", "mv $A/00000001 x", "mv x $A/00000001",
	  "/00000001 is gone" },
	{ "the boot's folder exchanged",
	  "mv $A/00000001 x; cp -a x $A/00000001",
	  "rm -r $A/00000001; mv x $A/00000001", "/00000001 is another one" },
	{ "the last segment removed", "mv $T x", "mv x $T", ".ima is gone" },
	{ "the last segment exchanged", "mv $T x; cp -p x $T", "mv x $T",
	  ".ima is another one" },
	{ "the last segment linked", "ln $T x", "rm x", ".ima has 2 names" },
};

/* What is in the last segment; before the commit, another writer would recover it. */
static const struct mischief changes[] = {
	{ "the last segment made longer", "cp -p $T x; echo more >>$T",
	  "truncate -r x $T; touch -r x $T; rm x",
	  ".ima has [0-9]* bytes, [0-9]* were written" },
	{ "the last segment cut off", "cp -p $T x; truncate -s -1 $T",
	  "tail -c 1 x >>$T; touch -r x $T; rm x",
	  ".ima has [0-9]* bytes, [0-9]* were written" },
	{ "the last segment overwritten",
	  "cp -p $T x; printf X | dd of=$T bs=1 seek=30 conv=notrunc status=none",
	  "cat x >y; dd if=y of=$T conv=notrunc status=none; touch -r x $T; rm x y",
	  ".ima was written to by somebody else" },
};

/* Where a segment is sealed with each record, none is open between two drains. */
static const struct mischief sealed_mischiefs[] = {
	{ "the last sealed segment removed", "mv $T x", "mv x $T",
	  ".ima is gone" },
	{ "the last sealed segment cut off", "cp -p $T x; truncate -s -1 $T",
	  "mv x $T", ".ima has [0-9]* bytes, and [0-9]* were archived" },
	{ "the folder exchanged between two segments", "mv $A x; cp -a x $A",
	  "rm -rf $A; mv x $A", "/archive is another one" },
	{ "the boot's folder exchanged between two segments",
	  "mv $A/00000001 x; cp -a x $A/00000001",
	  "rm -r $A/00000001; mv x $A/00000001", "/00000001 is another one" },
};

static char home[] = "/tmp/imastage-test-identity-XXXXXX";
static const struct mischief *at_hand;

static void shell(const char *command)
{
	char text[1024];

	snprintf(
		text, sizeof(text),
		"cd %s && A=archive && T=$(ls -d $A/00000001/*.ima 2>/dev/null | tail -n 1); { %s; } >&2",
		home, command);
	if (system(text) != 0)
		fail_msg("%s", command);
}

/* Of the same file all the time, though it is not there for a while. */
static void do_and_note(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "echo $T >tail; %s", command);
	shell(text);
}

static void undo(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "T=$(cat tail); rm tail; %s", command);
	shell(text);
}

static int at_mischief(struct agent *agent)
{
	(void)agent;
	do_and_note(at_hand->do_it);
	return 0;
}

static uint64_t count(struct agent *agent, uint64_t *ret_deleted)
{
	struct source_counts counts;

	assert_int_equal(source_counts(agent->source, &counts), 0);
	*ret_deleted = counts.deleted;
	return counts.current + counts.staged;
}

/* With [0-9]* in @pattern for a number. */
static bool is_said(const char *text, const char *pattern)
{
	char command[1024];

	snprintf(command, sizeof(command), "echo '%s' | grep -q '%s'", text,
		 pattern);
	return system(command) == 0;
}

static void check_refusal(struct agent *agent, const struct mischief *m, int r)
{
	const char *lost = archive_lost(agent->archive);

	if (r != -EIDRM)
		fail_msg("%s: %s", m->what, strerror(-r));
	if (!lost || !is_said(lost, m->said))
		fail_msg("%s: said '%s'", m->what, lost);
}

static int drain(struct agent *agent)
{
	struct keep_result result;

	return keep_drain(agent->keep, &(struct keep_limits){ 0 }, &result);
}

static void open_again(struct machine *machine, struct agent *agent)
{
	agent_close(agent);
	*agent = (struct agent){ 0 };
	assert_int_equal(agent_open_patiently(machine, agent), 0);
}

/* @step NULL: before the drain. */
static void try_at(struct machine *machine, struct agent *agent,
		   const struct mischief *m, const char *step)
{
	uint64_t deleted, deleted_before, listed;

	machine_load(machine, 5);
	listed = count(agent, &deleted_before);
	at_hand = m;
	agent->step = step;
	agent->nr_steps = 0;
	agent->nth = 1;
	agent->at = at_mischief;
	if (!step)
		do_and_note(m->do_it);
	check_refusal(agent, m, drain(agent));
	agent->step = NULL;
	check_refusal(agent, m, drain(agent)); /* nor at the next attempt */
	assert_int_equal(count(agent, &deleted), listed);
	assert_int_equal(deleted, deleted_before);
	undo(m->undo + (m->undo[0] == '!'));
	if (m->undo[0] == '!')
		open_again(machine, agent);
	assert_int_equal(drain(agent), 0);
	assert_null(archive_lost(agent->archive));
	assert_int_equal(count(agent, &deleted), 0);
	machine_load(machine, 1);
	open_again(machine, agent);
	assert_int_equal(drain(agent), 0);
}

static void try_all(const struct mischief *all, size_t nr, uint64_t segment_len,
		    const char *const *steps)
{
	struct machine machine;
	struct agent agent = { 0 };

	strcpy(home + strlen(home) - 6, "XXXXXX");
	assert_non_null(mkdtemp(home));
	machine_start(&machine, "imastage", false);
	snprintf(machine.archive, sizeof(machine.archive), "%s/archive", home);
	machine.segment_len = segment_len;
	machine_load(&machine, 20);
	assert_int_equal(agent_open(&machine, &agent), 0);
	assert_int_equal(drain(&agent), 0);
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k == 0 || steps[k - 1]; k++)
			try_at(&machine, &agent, &all[i],
			       k ? steps[k - 1] : NULL);
	agent_close(&agent);
	machine_verify(&machine);
	machine_stop(&machine);
	assert_return_code(rmdir(home), errno);
}

TEST(nothing_is_deleted_when_the_archive_is_not_what_it_was)
{
	static const char *const steps[] = { "staged", "put", "committed",
					     NULL };

	try_all(mischiefs, ARRAY_SIZE(mischiefs), 0, steps);
}

TEST(nor_when_its_last_segment_was_changed)
{
	static const char *const steps[] = { "committed", NULL };

	try_all(changes, ARRAY_SIZE(changes), 0, steps);
}

TEST(nor_when_no_segment_is_open)
{
	static const char *const steps[] = { "committed", NULL };

	try_all(sealed_mischiefs, ARRAY_SIZE(sealed_mischiefs), 1, steps);
}

TEST_MAIN(WITH_EMULATOR(nothing_is_deleted_when_the_archive_is_not_what_it_was),
	  WITH_EMULATOR(nor_when_its_last_segment_was_changed),
	  WITH_EMULATOR(nor_when_no_segment_is_open))
