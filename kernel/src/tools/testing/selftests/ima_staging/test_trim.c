// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Trimming: N and T:N take exactly the first N records away. And nothing is
 * ever lost: whatever is done, what was deleted (saved here before), what is
 * staged and what is current make up the list that was never touched.
 */

#include "ima_staging_test.h"

#include <stdio.h>

#define ROUNDS	50

static void command_number(int fd, long long deleted, unsigned int n)
{
	char text[64];

	if (deleted < 0)
		snprintf(text, sizeof(text), "%u\n", n);
	else
		snprintf(text, sizeof(text), "%lld:%u\n", deleted, n);
	COMMAND(fd, text);
}

static void expect_rest(const struct lists *before, const struct lists *after,
			unsigned int n)
{
	const struct buf *b, *a;
	struct records records;
	unsigned int i;
	size_t cut;

	for (i = 0; i < nr_lists; i++) {
		b = &before->list[i];
		a = &after->list[i];
		cut = b->len - a->len;
		CHECK(a->len <= b->len, "%s has grown", list_names[i]);
		CHECK(!a->len || !memcmp(b->p + cut, a->p, a->len),
		      "%s is not the end of what it was", list_names[i]);
		if (list_names[i][0] == 'a' || !digest_len(list_names[i]))
			continue;
		CHECK(records_parse(b, digest_len(list_names[i]), &records),
		      "%s", list_names[i]);
		CHECK(n == records.nr ? !a->len : cut == records.r[n].off,
		      "%s is cut at byte %zu", list_names[i], cut);
		records_free(&records);
	}
}

static void trim(unsigned int n, unsigned int total, bool guard)
{
	struct counts start = counts_get(), now;
	struct lists before, after;
	int fd;

	measure(total);
	lists_get(false, &before);
	fd = list_open(CURRENT, O_RDWR);
	command_number(fd, guard ? start.deleted : -1, n);
	lists_get(false, &after);
	expect_rest(&before, &after, n);
	now = counts_get();
	CHECK_EQ(now.deleted, start.deleted + n);
	CHECK_EQ(now.staged, 0);
	CHECK_EQ(now.current, total - n);
	close(fd);
	lists_free(&before);
	lists_free(&after);
	list_reset();
}

static void trim_exact(void)
{
	trim(1, 8, false);
	trim(5, 8, false);
	trim(8, 8, false);
	trim(1, 1, false);
}

static void trim_guarded(void)
{
	trim(1, 8, true);
	trim(5, 8, true);
	trim(8, 8, true);
	trim(1, 1, true);
}

static void trim_again_and_again(void)
{
	long long deleted = count_get(NR_DELETED);
	struct buf current;
	unsigned int i;
	int fd;

	measure(12);
	fd = list_open(CURRENT, O_RDWR);
	for (i = 0; i < 6; i++) {
		command_number(fd, i % 2 ? deleted + 2 * i : -1, 2);
		read_list(CURRENT, &current);
		expect_sequence(&current, 'a', 2 * i + 2, 10 - 2 * i);
		buf_free(&current);
	}
	close(fd);
}

/* T counts what D deleted as well */
static void guard_counts_deletes(void)
{
	long long deleted = count_get(NR_DELETED);
	struct buf current;
	int fd;

	measure(6);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "2\n");
	COMMAND(fd, "D\n");
	close(fd);
	fd = list_open(CURRENT, O_RDWR);
	command_number(fd, deleted + 2, 1);
	command_number(fd, -1, 1);
	command_number(fd, deleted + 4, 1);
	read_list(CURRENT, &current);
	expect_sequence(&current, 'a', 5, 1);
	close(fd);
}

/* new records while the writer thinks about where to cut */
static void trim_under_growth(void)
{
	struct buf seen, rest;
	int fd;

	measure(4);
	fd = list_open(CURRENT, O_RDWR);
	read_fd(fd, 4096, &seen);
	expect_sequence(&seen, 'a', 0, 4);
	measure(3);
	command_number(fd, -1, 4);
	read_list(CURRENT, &rest);
	expect_sequence(&rest, 'a', 4, 3);
	close(fd);
}

/* --- nothing is lost ------------------------------------------------------ */

struct ledger {
	struct buf deleted;	/* all bytes deleted since the start */
	struct buf seen;	/* all bytes that ever were in any list */
	struct counts start;
};

/* what there was is still there, in order; what is new is at the end */
static void ledger_check(struct ledger *ledger)
{
	struct buf all = { 0 };
	struct state state;

	state_get(&state);
	buf_add(&all, ledger->deleted.p, ledger->deleted.len);
	buf_add(&all, state.staged.p, state.staged.len);
	buf_add(&all, state.current.p, state.current.len);
	CHECK(buf_starts_with(&all, &ledger->seen), "records are lost");
	expect_sequence(&all, 'a', 0, measured('a'));
	CHECK_EQ(counts_total(state.nr) - counts_total(ledger->start),
		 measured('a'));
	buf_free(&ledger->seen);
	ledger->seen = all;
	state_free(&state);
}

/* the first nr records of a list, 0 for all of them, are about to go */
static void ledger_delete(struct ledger *ledger, const char *name,
			  unsigned int nr)
{
	struct records records;
	struct buf buf;
	size_t len;

	read_list(name, &buf);
	CHECK(records_parse(&buf, digest_len(name), &records), "%s", name);
	CHECK(nr <= records.nr, "%zu records", records.nr);
	len = nr && nr < records.nr ? records.r[nr].off : buf.len;
	buf_add(&ledger->deleted, buf.p, len);
	records_free(&records);
	buf_free(&buf);
}

static void random_trim(struct ledger *ledger, struct counts nr)
{
	int fd = list_open(CURRENT, O_RDWR);
	unsigned int n = nr.current ? 1 + random_below(nr.current) : 1;
	bool guard = random_below(2);
	long long deleted = guard ? nr.deleted : -1;

	if (nr.staged) {
		EXPECT_REFUSED(fd, "1\n", EEXIST);
	} else if (!nr.current) {
		EXPECT_REFUSED(fd, "1\n", ENOENT);
	} else {
		ledger_delete(ledger, CURRENT, n);
		command_number(fd, deleted, n);
	}
	close(fd);
}

static void random_stage(struct counts nr)
{
	int fd = list_open(STAGED, O_RDWR);
	unsigned int n = 1 + random_below(nr.current + 2);

	if (nr.staged)
		EXPECT_REFUSED(fd, "A\n", EEXIST);
	else if (!nr.current)
		EXPECT_REFUSED(fd, "A\n", ENOENT);
	else if (random_below(2))
		COMMAND(fd, "A\n");
	else
		command_number(fd, -1, n);
	close(fd);
}

static void random_delete(struct ledger *ledger, struct counts nr)
{
	int fd = list_open(STAGED, O_RDWR);

	if (nr.staged) {
		ledger_delete(ledger, STAGED, 0);
		COMMAND(fd, "D\n");
	} else {
		EXPECT_REFUSED(fd, "D\n", ENOENT);
	}
	close(fd);
}

static void random_rounds(void)
{
	struct ledger ledger = { .start = counts_get() };
	unsigned int i;

	for (i = 0; i < ROUNDS * cfg.factor; i++) {
		struct counts nr;

		measure(random_below(4));
		nr = counts_get();
		switch (random_below(cfg.flush_htable ? 2 : 3)) {
		case 0:
			random_stage(nr);
			break;
		case 1:
			random_delete(&ledger, nr);
			break;
		case 2:
			random_trim(&ledger, nr);
			break;
		}
		ledger_check(&ledger);
	}
}

const struct test trim_tests[] = {
	{ "trim_exact", trim_exact, T_TRIM },
	{ "trim_guarded", trim_guarded, T_TRIM },
	{ "trim_again_and_again", trim_again_and_again, T_TRIM },
	{ "trim_guard_counts_deletes", guard_counts_deletes, T_TRIM },
	{ "trim_under_growth", trim_under_growth, T_TRIM },
	{ "trim_random_rounds_lose_nothing", random_rounds, 0 },
	{ 0 }
};
