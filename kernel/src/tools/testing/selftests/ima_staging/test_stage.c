// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Staging: what moves, what stays, what is counted, in every list.
 */

#include "ima_staging_test.h"

#include <stdio.h>

static void expect_counts(struct counts start, long long deleted,
			  long long staged, long long current)
{
	struct counts now = counts_get();

	CHECK_EQ(now.deleted - start.deleted, deleted);
	CHECK_EQ(now.staged, staged);
	CHECK_EQ(now.current, current);
}

static void expect_all_empty(bool staged)
{
	struct lists lists;
	unsigned int i;

	lists_get(staged, &lists);
	for (i = 0; i < nr_lists; i++)
		CHECK(!lists.list[i].len, "%s%s has %zu bytes", list_names[i],
		      staged ? "_staged" : "", lists.list[i].len);
}

static void expect_same_lists(const struct lists *a, const struct lists *b)
{
	unsigned int i;

	for (i = 0; i < nr_lists; i++)
		CHECK(buf_same(&a->list[i], &b->list[i]), "%s differs",
		      list_names[i]);
}

/* whole is first followed by second, in every list */
static void expect_split(const struct lists *whole, const struct lists *first,
			 const struct lists *second)
{
	struct buf both = { 0 };
	unsigned int i;

	for (i = 0; i < nr_lists; i++) {
		both.len = 0;
		buf_add(&both, first->list[i].p, first->list[i].len);
		buf_add(&both, second->list[i].p, second->list[i].len);
		CHECK(buf_same(&both, &whole->list[i]), "%s is not split",
		      list_names[i]);
	}
	buf_free(&both);
}

static void stage_all_moves(void)
{
	struct lists before, after;
	int fd;

	measure(10);
	lists_get(false, &before);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	expect_all_empty(false);
	lists_get(true, &after);
	expect_same_lists(&before, &after);
	close(fd);
	lists_free(&after);
	expect_all_empty(false);
	lists_get(true, &after);
	expect_same_lists(&before, &after);
}

static void new_records_go_to_current(void)
{
	struct state state;
	int fd;

	measure(4);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	measure(3);
	state_get(&state);
	expect_sequence(&state.staged, 'a', 0, 4);
	expect_sequence(&state.current, 'a', 4, 3);
	close(fd);
	measure(2);
	state_free(&state);
	state_get(&state);
	expect_sequence(&state.staged, 'a', 0, 4);
	expect_sequence(&state.current, 'a', 4, 5);
}

static void delete_empties_staged(void)
{
	struct lists before, after;
	int fd;

	measure(4);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	measure(3);
	lists_get(false, &before);
	COMMAND(fd, "D\n");
	expect_all_empty(true);
	lists_get(false, &after);
	expect_same_lists(&before, &after);
	close(fd);
	expect_all_empty(true);
}

static void counters_add_up(void)
{
	struct counts start = counts_get();
	int fd = list_open(STAGED, O_RDWR);

	CHECK_EQ(start.staged, 0);
	CHECK_EQ(start.current, 0);
	measure(5);
	expect_counts(start, 0, 0, 5);
	COMMAND(fd, "A\n");
	expect_counts(start, 0, 5, 0);
	measure(2);
	expect_counts(start, 0, 5, 2);
	COMMAND(fd, "D\n");
	expect_counts(start, 5, 0, 2);
	measure(2);
	COMMAND(fd, "3\n");
	expect_counts(start, 5, 3, 1);
	COMMAND(fd, "D\n");
	expect_counts(start, 8, 0, 1);
	COMMAND(fd, "7\n");
	expect_counts(start, 8, 1, 0);
	COMMAND(fd, "D\n");
	expect_counts(start, 9, 0, 0);
	close(fd);
}

static void counters_stand_still(void)
{
	struct counts start, now;
	int fd;

	measure(4);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "2\n");
	close(fd);
	fd = list_open(CURRENT, O_RDONLY);
	start = counts_get();
	measure(3);
	now = counts_get();
	CHECK_EQ(now.deleted, start.deleted);
	CHECK_EQ(now.staged, start.staged);
	CHECK_EQ(now.current, start.current + 3);
	close(fd);
}

static void stage_n(unsigned int n, unsigned int total)
{
	struct counts start = counts_get();
	struct lists before, staged, current;
	char text[32];
	int fd;

	measure(total);
	lists_get(false, &before);
	fd = list_open(STAGED, O_RDWR);
	snprintf(text, sizeof(text), "%u\n", n);
	COMMAND(fd, text);
	expect_counts(start, 0, n, total - n);
	lists_get(true, &staged);
	lists_get(false, &current);
	expect_split(&before, &staged, &current);
	COMMAND(fd, "D\n");
	expect_all_empty(true);
	lists_free(&staged);
	lists_get(false, &staged);
	expect_same_lists(&current, &staged);
	expect_counts(start, n, 0, total - n);
	close(fd);
	list_reset();
}

static void stage_n_splits(void)
{
	stage_n(1, 8);
	stage_n(4, 8);
	stage_n(7, 8);
	stage_n(8, 8);
	stage_n(1, 1);
}

static void stage_n_right_records(void)
{
	struct state state;
	int fd;

	measure(6);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "2\n");
	state_get(&state);
	expect_sequence(&state.staged, 'a', 0, 2);
	expect_sequence(&state.current, 'a', 2, 4);
	measure(1);
	state_free(&state);
	state_get(&state);
	expect_sequence(&state.staged, 'a', 0, 2);
	expect_sequence(&state.current, 'a', 2, 5);
	close(fd);
}

/* N at a time, as one drains a long list in pieces */
static void stage_in_pieces(void)
{
	struct buf all = { 0 }, part;
	unsigned int i;
	int fd;

	measure(20);
	fd = list_open(STAGED, O_RDWR);
	for (i = 0; i < 7; i++) {
		COMMAND(fd, "3\n");
		read_list(STAGED, &part);
		buf_add(&all, part.p, part.len);
		buf_free(&part);
		COMMAND(fd, "D\n");
	}
	EXPECT_REFUSED(fd, "3\n", ENOENT);
	close(fd);
	expect_sequence(&all, 'a', 0, 20);
}

static void many_cycles(void)
{
	unsigned int i, n = 30 * cfg.factor;
	struct counts start = counts_get();
	struct buf part;
	int fd;

	for (i = 0; i < n; i++) {
		measure(1);
		fd = list_open(STAGED, O_RDWR);
		COMMAND(fd, "A\n");
		read_fd(fd, 4096, &part);
		expect_sequence(&part, 'a', i, 1);
		buf_free(&part);
		COMMAND(fd, "D\n");
		close(fd);
	}
	expect_counts(start, n, 0, 0);
}

const struct test stage_tests[] = {
	{ "stage_all_moves", stage_all_moves, 0 },
	{ "stage_new_records_go_to_current", new_records_go_to_current, 0 },
	{ "stage_delete_empties_staged", delete_empties_staged, 0 },
	{ "stage_counters_add_up", counters_add_up, 0 },
	{ "stage_counters_stand_still", counters_stand_still, 0 },
	{ "stage_n_splits", stage_n_splits, 0 },
	{ "stage_n_right_records", stage_n_right_records, 0 },
	{ "stage_in_pieces", stage_in_pieces, 0 },
	{ "stage_many_cycles", many_cycles, 0 },
	{ 0 }
};
