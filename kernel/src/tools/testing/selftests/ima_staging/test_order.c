// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Legal commands in states that refuse them, and which refusal wins.
 *
 *	A	EEXIST, ENOENT, then EACCES while measuring is suspended
 *	N	staged list: as A
 *	N	original list: EEXIST, ENOENT, then ESTALE while suspended
 *	T:N	EEXIST, EAGAIN, ENOENT, ESTALE
 *	D	ENOENT, then ESTALE
 *
 * EINVAL and ERANGE come before all of these. Suspension is a reboot under
 * way and cannot be undone, so that no test can live to report it: the KUnit
 * tests call the notifier instead.
 */

#include "ima_staging_test.h"

#include <stdio.h>

static const char *guarded(long long deleted, long long n)
{
	static char text[64];

	snprintf(text, sizeof(text), "%lld:%lld\n", deleted, n);
	return text;
}

static const char *number(unsigned long long n)
{
	static char text[64];

	snprintf(text, sizeof(text), "%llu\n", n);
	return text;
}

static void delete_nothing_staged(void)
{
	int fd = list_open(STAGED, O_RDWR);

	EXPECT_REFUSED(fd, "D\n", ENOENT);
	measure(2);
	EXPECT_REFUSED(fd, "D\n", ENOENT);
	COMMAND(fd, "A\n");
	COMMAND(fd, "D\n");
	EXPECT_REFUSED(fd, "D\n", ENOENT);
	close(fd);
}

static void stage_nothing_there(void)
{
	int fd = list_open(STAGED, O_RDWR);

	EXPECT_REFUSED(fd, "A\n", ENOENT);
	EXPECT_REFUSED(fd, "1\n", ENOENT);
	EXPECT_REFUSED(fd, "18446744073709551615\n", ENOENT);
	close(fd);
}

static void stage_twice(void)
{
	int fd;

	measure(3);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "2\n");
	EXPECT_REFUSED(fd, "A\n", EEXIST);
	EXPECT_REFUSED(fd, "1\n", EEXIST);
	EXPECT_REFUSED(fd, "18446744073709551615\n", EEXIST);
	COMMAND(fd, "D\n");
	COMMAND(fd, "A\n");
	EXPECT_REFUSED(fd, "A\n", EEXIST);
	close(fd);
	fd = list_open(STAGED_ASCII, O_WRONLY);
	EXPECT_REFUSED(fd, "A\n", EEXIST);
	close(fd);
}

/* current is empty as well: EEXIST comes first */
static void stage_eexist_before_enoent(void)
{
	int fd;

	measure(2);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	CHECK_EQ(count_get(NR_CURRENT), 0);
	EXPECT_REFUSED(fd, "A\n", EEXIST);
	EXPECT_REFUSED(fd, "1\n", EEXIST);
	close(fd);
}

static void trim_nothing_there(void)
{
	int fd = list_open(CURRENT, O_RDWR);

	EXPECT_REFUSED(fd, "1\n", ENOENT);
	EXPECT_REFUSED(fd, "18446744073709551615\n", ENOENT);
	EXPECT_REFUSED(fd, guarded(count_get(NR_DELETED), 1), ENOENT);
	close(fd);
}

static void trim_above_count(void)
{
	long long deleted = count_get(NR_DELETED);
	int fd;

	measure(3);
	fd = list_open(CURRENT, O_RDWR);
	EXPECT_REFUSED(fd, "4\n", ENOENT);
	EXPECT_REFUSED(fd, "4294967297\n", ENOENT);
	EXPECT_REFUSED(fd, "9223372036854775807\n", ENOENT);
	EXPECT_REFUSED(fd, "9223372036854775809\n", ENOENT);
	EXPECT_REFUSED(fd, "18446744073709551615\n", ENOENT);
	EXPECT_REFUSED(fd, guarded(deleted, 4), ENOENT);
	EXPECT_REFUSED(fd, guarded(deleted, 4294967297), ENOENT);
	COMMAND(fd, "3\n");
	close(fd);
}

static void trim_while_staged(void)
{
	long long deleted = count_get(NR_DELETED);
	int fd;

	measure(3);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "1\n");
	close(fd);
	fd = list_open(CURRENT, O_RDWR);
	EXPECT_REFUSED(fd, "1\n", EEXIST);
	EXPECT_REFUSED(fd, guarded(deleted, 1), EEXIST);
	close(fd);
}

static void trim_eexist_first(void)
{
	long long deleted = count_get(NR_DELETED);
	int current, staged;

	measure(3);
	current = list_open(CURRENT, O_RDWR);
	staged = list_open(STAGED, O_RDWR);
	COMMAND(staged, "1\n");
	EXPECT_REFUSED(current, "3\n", EEXIST);
	EXPECT_REFUSED(current, "18446744073709551615\n", EEXIST);
	EXPECT_REFUSED(current, guarded(deleted + 1, 1), EEXIST);
	EXPECT_REFUSED(current, guarded(deleted + 1, 1000), EEXIST);
	COMMAND(staged, "D\n");
	COMMAND(staged, "A\n");
	EXPECT_REFUSED(current, "1\n", EEXIST);
	EXPECT_REFUSED(current, guarded(deleted, 1), EEXIST);
	close(staged);
	close(current);
}

static void guard_mismatch(void)
{
	long long deleted;
	int fd;

	measure(3);
	fd = list_open(CURRENT, O_RDWR);
	COMMAND(fd, "1\n");
	deleted = count_get(NR_DELETED);
	EXPECT_REFUSED(fd, guarded(deleted - 1, 1), EAGAIN);
	EXPECT_REFUSED(fd, guarded(deleted + 1, 1), EAGAIN);
	EXPECT_REFUSED(fd, guarded(0, 1), EAGAIN);
	EXPECT_REFUSED(fd, guarded(deleted + 4294967296, 1), EAGAIN);
	EXPECT_REFUSED(fd, "999999999999999999:1\n", EAGAIN);
	COMMAND(fd, guarded(deleted, 1));
	close(fd);
}

static void guard_eagain_before_enoent(void)
{
	long long deleted = count_get(NR_DELETED);
	int fd = list_open(CURRENT, O_RDWR);

	EXPECT_REFUSED(fd, guarded(deleted + 1, 1), EAGAIN);
	measure(1);
	EXPECT_REFUSED(fd, guarded(deleted + 1, 2), EAGAIN);
	EXPECT_REFUSED(fd, guarded(deleted, 2), ENOENT);
	close(fd);
}

static void einval_first(void)
{
	long long deleted = count_get(NR_DELETED);
	int current = list_open(CURRENT, O_RDWR);
	int staged = list_open(STAGED, O_RDWR);

	EXPECT_REFUSED(current, "0\n", EINVAL);
	EXPECT_REFUSED(current, guarded(deleted + 1, 0), EINVAL);
	EXPECT_REFUSED(staged, "0\n", EINVAL);
	EXPECT_REFUSED(current, "D\n", EINVAL);
	measure(1);
	COMMAND(staged, "A\n");
	EXPECT_REFUSED(current, "0\n", EINVAL);
	EXPECT_REFUSED(current, guarded(deleted, 0), EINVAL);
	EXPECT_REFUSED(current, "A\n", EINVAL);
	EXPECT_REFUSED(staged, "0\n", EINVAL);
	EXPECT_REFUSED(staged, guarded(deleted, 1), EINVAL);
	close(staged);
	close(current);
}

static void erange_first(void)
{
	int current = list_open(CURRENT, O_RDWR);
	int staged = list_open(STAGED, O_RDWR);

	EXPECT_REFUSED(current, "18446744073709551616\n", ERANGE);
	EXPECT_REFUSED(staged, "18446744073709551616\n", ERANGE);
	measure(1);
	COMMAND(staged, "A\n");
	EXPECT_REFUSED(current, "18446744073709551616\n", ERANGE);
	EXPECT_REFUSED(staged, "18446744073709551616\n", ERANGE);
	close(staged);
	close(current);
}

/* any staged list, in any format or algorithm, controls the one there is */
static void every_staged_list_commands(void)
{
	unsigned int i, step = (nr_lists + 7) / 8;
	const char *a, *d;
	int fd;

	for (i = 0; i < nr_lists; i += step) {
		a = staged_name(list_names[i]);
		d = staged_name(list_names[(i + 1) % nr_lists]);
		measure(2);
		fd = list_open(a, O_WRONLY);
		COMMAND(fd, i % 2 ? "A\n" : "2\n");
		close(fd);
		CHECK_EQ(count_get(NR_STAGED), 2);
		fd = list_open(d, O_WRONLY);
		COMMAND(fd, "D\n");
		close(fd);
		CHECK_EQ(count_get(NR_STAGED), 0);
	}
}

static void every_original_list_commands(void)
{
	long long deleted = count_get(NR_DELETED);
	unsigned int i;
	int fd;

	measure(nr_lists * 2);
	for (i = 0; i < nr_lists; i++) {
		fd = list_open(list_names[i], O_RDWR);
		COMMAND(fd, "1\n");
		COMMAND(fd, guarded(deleted + 2 * i + 1, 1));
		close(fd);
		CHECK_EQ(count_get(NR_DELETED), deleted + 2 * i + 2);
	}
	CHECK_EQ(count_get(NR_CURRENT), 0);
}

static void stage_number_means_all(unsigned long long n)
{
	int fd = list_open(STAGED, O_RDWR);

	measure(2);
	COMMAND(fd, number(n));
	CHECK_EQ(count_get(NR_STAGED), 2);
	CHECK_EQ(count_get(NR_CURRENT), 0);
	COMMAND(fd, "D\n");
	close(fd);
}

static void stage_above_count(void)
{
	stage_number_means_all(2);
	stage_number_means_all(3);
	stage_number_means_all(1ULL << 32);
	stage_number_means_all(1ULL << 63);
	stage_number_means_all(~0ULL);
}

const struct test order_tests[] = {
	{ "order_delete_nothing_staged_enoent", delete_nothing_staged, 0 },
	{ "order_stage_nothing_there_enoent", stage_nothing_there, 0 },
	{ "order_stage_twice_eexist", stage_twice, 0 },
	{ "order_stage_eexist_before_enoent", stage_eexist_before_enoent, 0 },
	{ "order_stage_above_count_stages_all", stage_above_count, 0 },
	{ "order_trim_nothing_there_enoent", trim_nothing_there, T_TRIM },
	{ "order_trim_above_count_enoent", trim_above_count, T_TRIM },
	{ "order_trim_while_staged_eexist", trim_while_staged, T_TRIM },
	{ "order_trim_eexist_first", trim_eexist_first, T_TRIM },
	{ "order_guard_mismatch_eagain", guard_mismatch, T_TRIM },
	{ "order_guard_eagain_before_enoent", guard_eagain_before_enoent,
	  T_TRIM },
	{ "order_einval_first", einval_first, 0 },
	{ "order_erange_first", erange_first, T_TRIM },
	{ "order_every_staged_list_commands", every_staged_list_commands, 0 },
	{ "order_every_original_list_commands", every_original_list_commands,
	  T_TRIM },
	{ 0 }
};
