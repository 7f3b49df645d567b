// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Offsets: commands take no notice of them and do not move them. The read
 * position is a byte offset into whatever the list contains by now, as for
 * any file: what a reader's buffer held before a command must not show after.
 */

#include "ima_staging_test.h"

#include <stdio.h>

/*
 * Where the next read() begins. On FUSE lseek() cannot tell: it counts the bytes
 * of commands, and what read() then returns is the only thing to ask for.
 */
static void expect_position(int fd, off_t off)
{
	if (cfg.securityfs)
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), off);
}

static void one_descriptor(void)
{
	struct buf before, staged, rest;
	int fd;

	measure(5);
	read_list(CURRENT, &before);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	read_fd(fd, 100, &staged);
	CHECK(buf_same(&staged, &before), "staged is not what current was");
	COMMAND(fd, "D\n");
	read_fd(fd, 100, &rest);
	CHECK(!rest.len, "%zu bytes after D", rest.len);
	CHECK_EQ(count_get(NR_STAGED), 0);
	close(fd);
}

/* read current, then commit what was read, as a transaction does */
static void one_descriptor_trim(void)
{
	struct buf all, rest;
	int fd;

	measure(5);
	fd = list_open(CURRENT, O_RDWR);
	read_fd(fd, 100, &all);
	expect_sequence(&all, 'a', 0, 5);
	COMMAND(fd, "5\n");
	read_fd(fd, 100, &rest);
	CHECK(!rest.len, "%zu bytes after the trim", rest.len);
	CHECK_EQ(count_get(NR_CURRENT), 0);
	close(fd);
}

static void read_some(int fd, size_t len)
{
	char p[512];
	ssize_t got;

	while (len) {
		got = read(fd, p, len < sizeof(p) ? len : sizeof(p));
		CHECK(got > 0, "read returns %zd", got);
		len -= got;
	}
}

/* from byte off on, fd reads what the list name now has there */
static void expect_rest(int fd, const char *name, size_t off)
{
	struct buf rest, whole;
	struct buf want = { 0 };

	expect_position(fd, off);
	read_list(name, &whole);
	if (off < whole.len)
		buf_add(&want, whole.p + off, whole.len - off);
	read_fd(fd, 4096, &rest);
	CHECK(rest.len == want.len, "%s from byte %zu: %zu bytes, not %zu",
	      name, off, rest.len, want.len);
	CHECK(buf_same(&rest, &want), "%s differs from byte %zu on", name,
	      off);
	buf_free(&rest);
	buf_free(&whole);
	buf_free(&want);
}

/* seq_open() forbids pwrite(); where there is one, the offset means nothing */
static bool pwrite_command(int fd, const char *text, off_t off)
{
	ssize_t len = pwrite(fd, text, 2, off);

	if (len < 0 && errno == ESPIPE)
		return false;
	CHECK(len == 2, "%s", strerror(errno));
	return true;
}

static void offset_ignored(void)
{
	static const off_t offsets[] = { 1, 2, 21, 100, 4096, 1 << 20 };
	struct buf part;
	size_t i;
	int fd;

	fd = list_open(STAGED, O_RDWR);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		measure(2);
		if (!pwrite_command(fd, "A\n", offsets[i])) {
			CHECK_EQ(count_get(NR_STAGED), 0);
			COMMAND(fd, "A\n");
		}
		CHECK_EQ(count_get(NR_STAGED), 2);
		expect_position(fd, 0);
		read_fd(fd, 50, &part);
		expect_sequence(&part, 'a', 2 * i, 2);
		buf_free(&part);
		if (!pwrite_command(fd, "D\n", offsets[i])) {
			CHECK_EQ(count_get(NR_STAGED), 2);
			COMMAND(fd, "D\n");
		}
		CHECK_EQ(count_get(NR_STAGED), 0);
		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	}
	close(fd);
}

static void offset_ignored_after_lseek(void)
{
	static const off_t offsets[] = { 5, 100, 1000 };
	size_t i;
	int fd;

	fd = list_open(STAGED, O_RDWR);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		measure(3);
		CHECK_EQ(lseek(fd, offsets[i], SEEK_SET), offsets[i]);
		COMMAND(fd, "A\n");
		CHECK_EQ(count_get(NR_STAGED), 3);
		expect_rest(fd, STAGED, offsets[i]);
		CHECK_EQ(lseek(fd, 5, SEEK_SET), 5);
		COMMAND(fd, "D\n");
		expect_rest(fd, STAGED, 5);
		CHECK_EQ(count_get(NR_STAGED), 0);
	}
	close(fd);
}

static size_t record_len(const char *name)
{
	struct buf whole;
	size_t len;

	read_list(name, &whole);
	len = whole.len / count_get(NR_CURRENT);
	buf_free(&whole);
	return len;
}

/* all records of this test have the same length */
static void across_trim(const char *name, size_t off_records, size_t off_bytes)
{
	size_t off;
	int fd;

	measure(8);
	off = record_len(name) * off_records + off_bytes;
	fd = list_open(name, O_RDWR);
	read_some(fd, off);
	COMMAND(fd, "3\n");
	expect_rest(fd, name, off);
	close(fd);
	list_reset();
}

static void position_across_trim(void)
{
	const char *name = CURRENT;
	int i;

	for (i = 0; i < 2; i++, name = CURRENT_ASCII) {
		across_trim(name, 0, 0);
		across_trim(name, 0, 10);
		across_trim(name, 2, 0);
		across_trim(name, 2, 33);
		across_trim(name, 4, 1);
		across_trim(name, 5, 0);
		across_trim(name, 6, 5);
		across_trim(name, 8, 0);
	}
}

/* T:N moves the position no more than N does */
static void position_across_guarded_trim(void)
{
	char text[64];
	size_t off;
	int fd;

	measure(6);
	off = record_len(CURRENT) + 7;
	fd = list_open(CURRENT, O_RDWR);
	read_some(fd, off);
	snprintf(text, sizeof(text), "%lld:2\n", count_get(NR_DELETED));
	COMMAND(fd, text);
	expect_rest(fd, CURRENT, off);
	close(fd);
}

static void across_stage(size_t off, const char *command)
{
	int current, staged;

	measure(6);
	current = list_open(CURRENT, O_RDWR);
	staged = list_open(STAGED, O_RDWR);
	read_some(current, off);
	COMMAND(staged, command);
	expect_rest(current, CURRENT, off);
	close(current);
	close(staged);
	list_reset();
}

static void position_across_stage(void)
{
	across_stage(0, "A\n");
	across_stage(10, "A\n");
	across_stage(200, "A\n");
	across_stage(10, "2\n");
	across_stage(200, "2\n");
}

/*
 * The list is now shorter than the position: nothing to read, until it has
 * grown beyond, and then from there on.
 */
static void beyond_end(const char *name, const char *command, bool read_between)
{
	size_t len = record_len(name);
	int list, commands;
	struct buf rest;

	list = list_open(name, O_RDWR);
	commands = list_open(command[0] == 'A' ? STAGED : CURRENT, O_RDWR);
	read_some(list, len * 5 + 10);
	COMMAND(commands, command);
	if (read_between) {
		read_fd(list, 100, &rest);
		CHECK(!rest.len, "%zu bytes before the position", rest.len);
	}
	measure(1);
	if (read_between) {
		read_fd(list, 100, &rest);
		CHECK(!rest.len, "%zu bytes before the position", rest.len);
	}
	measure(7);
	expect_rest(list, name, len * 5 + 10);
	close(list);
	close(commands);
	list_reset();
}

static void beyond_end_after(const char *command)
{
	measure(6);
	beyond_end(CURRENT, command, false);
	measure(6);
	beyond_end(CURRENT, command, true);
	measure(6);
	beyond_end(CURRENT_ASCII, command, true);
}

static void beyond_end_after_stage(void)
{
	beyond_end_after("A\n");
}

static void beyond_end_after_trim(void)
{
	beyond_end_after("4\n");
}

static void position_across_delete(void)
{
	struct buf rest;
	int fd;

	measure(6);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	read_some(fd, 50);
	COMMAND(fd, "D\n");
	read_fd(fd, 100, &rest);
	CHECK(!rest.len, "%zu bytes of deleted records", rest.len);
	expect_position(fd, 50);
	measure(6);
	COMMAND(fd, "A\n");
	expect_rest(fd, STAGED, 50);
	close(fd);
}

static void refused_keeps_position(void)
{
	int fd;

	measure(6);
	fd = list_open(CURRENT, O_RDWR);
	read_some(fd, 77);
	EXPECT_REFUSED(fd, "A\n", EINVAL);
	EXPECT_REFUSED(fd, "1", EINVAL);
	expect_rest(fd, CURRENT, 77);
	close(fd);
}

/* a position read through one file says nothing about another one's */
static void positions_independent(void)
{
	int binary, ascii;

	measure(6);
	binary = list_open(CURRENT, O_RDONLY);
	ascii = list_open(CURRENT_ASCII, O_RDONLY);
	read_some(binary, 123);
	read_some(ascii, 45);
	read_some(binary, 10);
	expect_rest(ascii, CURRENT_ASCII, 45);
	expect_rest(binary, CURRENT, 133);
	close(binary);
	close(ascii);
}

const struct test offset_tests[] = {
	{ "offset_one_descriptor_stage", one_descriptor, 0 },
	{ "offset_one_descriptor_trim", one_descriptor_trim, T_TRIM },
	{ "offset_ignored_by_pwrite", offset_ignored, 0 },
	{ "offset_ignored_after_lseek", offset_ignored_after_lseek, 0 },
	{ "offset_across_trim", position_across_trim, T_TRIM },
	{ "offset_across_guarded_trim", position_across_guarded_trim, T_TRIM },
	{ "offset_across_stage", position_across_stage, 0 },
	{ "offset_beyond_end_after_stage", beyond_end_after_stage, 0 },
	{ "offset_beyond_end_after_trim", beyond_end_after_trim, T_TRIM },
	{ "offset_across_delete", position_across_delete, 0 },
	{ "offset_refused_keeps_position", refused_keeps_position, 0 },
	{ "offset_independent", positions_independent, 0 },
	{ 0 }
};
