// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Duplicate detection: a file that was recorded once is not recorded again,
 * wherever its record is by now. Files are removed and made anew, with the
 * same name and content, so that it is the record's digest that is found and
 * not a flag of the inode. ima_flush_htable (-F) forgets what D deletes, and
 * nothing else.
 */

#include "ima_staging_test.h"

#define NR_FILES	15

static void again(const char *content, unsigned int expected)
{
	struct buf current;
	unsigned int before;

	read_list(CURRENT, &current);
	before = count_own(&current, 'h', 0);
	buf_free(&current);
	measure_file('h', 0, content);
	read_list(CURRENT, &current);
	CHECK_EQ(count_own(&current, 'h', 0) - before, expected);
	buf_free(&current);
}

static void command(const char *name, const char *text)
{
	int fd = list_open(name, O_WRONLY);

	COMMAND(fd, text);
	close(fd);
}

static void duplicate_in_current(void)
{
	again("one", 1);
	again("one", 0);
	again("two", 1);
	again("one", 0);
	again("two", 0);
}

static void duplicate_while_staged(void)
{
	again("one", 1);
	command(STAGED, "A\n");
	again("one", 0);
	again("two", 1);
	again("two", 0);
}

static void duplicate_after_delete(void)
{
	again("one", 1);
	command(STAGED, "A\n");
	again("two", 1);
	command(STAGED, "D\n");
	again("one", 0);
	again("two", 0);
	again("three", 1);
	command(STAGED, "A\n");
	command(STAGED, "D\n");
	again("one", 0);
	again("two", 0);
	again("three", 0);
	again("four", 1);
}

static void duplicate_after_trim(void)
{
	again("one", 1);
	again("two", 1);
	command(CURRENT, "1\n");
	again("one", 0);
	again("two", 0);
	command(CURRENT, "1\n");
	again("one", 0);
	again("two", 0);
	again("three", 1);
}

static void measure_many(void)
{
	unsigned int i;

	for (i = 0; i < NR_FILES * cfg.factor; i++)
		measure_file('m', i, "same content, other name");
}

static void duplicates_many(void)
{
	struct counts start = counts_get();

	measure_many();
	CHECK_EQ(count_get(NR_CURRENT), NR_FILES * cfg.factor);
	command(STAGED, "7\n");
	measure_many();
	CHECK_EQ(count_get(NR_CURRENT), NR_FILES * cfg.factor - 7);
	command(STAGED, "D\n");
	measure_many();
	CHECK_EQ(count_get(NR_CURRENT), NR_FILES * cfg.factor - 7);
	command(STAGED, "A\n");
	command(STAGED, "D\n");
	measure_many();
	CHECK_EQ(count_get(NR_CURRENT), 0);
	CHECK_EQ(counts_total(counts_get()) - counts_total(start),
		 NR_FILES * cfg.factor);
}

static void flush_forgets_deleted(void)
{
	again("one", 1);
	command(STAGED, "A\n");
	again("one", 0);
	command(STAGED, "D\n");
	again("one", 1);
	again("one", 0);
	command(STAGED, "A\n");
	command(STAGED, "D\n");
	again("one", 1);
}

/* records that came after A are not deleted by D: nor are their digests */
static void flush_keeps_newer(void)
{
	again("one", 1);
	command(STAGED, "A\n");
	again("two", 1);
	command(STAGED, "D\n");
	again("two", 0);
	again("one", 1);
}

static void flush_keeps_unstaged(void)
{
	again("one", 1);
	again("two", 1);
	again("three", 1);
	command(STAGED, "1\n");
	command(STAGED, "D\n");
	again("two", 0);
	again("three", 0);
	again("one", 1);
}

const struct test hash_tests[] = {
	{ "hash_duplicate_in_current", duplicate_in_current, 0 },
	{ "hash_duplicate_while_staged", duplicate_while_staged, 0 },
	{ "hash_duplicate_after_delete", duplicate_after_delete, T_KEEP },
	{ "hash_duplicate_after_trim", duplicate_after_trim, T_KEEP | T_TRIM },
	{ "hash_duplicates_many", duplicates_many, T_KEEP },
	{ "hash_flush_forgets_deleted", flush_forgets_deleted, T_FLUSH },
	{ "hash_flush_keeps_newer", flush_keeps_newer, T_FLUSH },
	{ "hash_flush_keeps_unstaged", flush_keeps_unstaged, T_FLUSH },
	{ 0 }
};
