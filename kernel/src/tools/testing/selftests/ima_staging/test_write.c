// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * write(): what is no command is refused with EINVAL, ERANGE or EFAULT, on
 * both kinds of list, whether something is staged or not, and changes nothing.
 */

#include "ima_staging_test.h"

#include <stdio.h>
#include <sys/mman.h>

/* illegal on every file */
static const char *const garbage[] = {
	"+5\n", "-5\n", " 5\n", "5\x20\n", "0x5\n", "5\n\n", "\n5\n", "5,\n",
	"1.0\n", "5a\n", "a5\n", "1 2\n", "1\n2\n", "\t5\n", "5\r\n", "1e1\n",
	"a\n", "d\n", "s\n", "A\nD\n", "AA\n", "DD\n", "AD\n", "A1\n", "1A\n",
	" A\n", "A\x20\n", "A\r\n", "A\n\n", "D\n\n", "D\nA\n", "A\n1\n", "1\nA\n",
	"\n", "\n\n", ":\n", "1:\n", ":1\n", "::\n", "1::1\n", "1:0\n",
	"0:0\n", "1:2:3\n", "-1:1\n", "1:-1\n", "+1:1\n", "1:+1\n", "1 :1\n",
	"1: 1\n", " 1:1\n", "1:1\x20\n", "1:1\n\n", "1;1\n", "A:1\n", "1:A\n",
	"0\n", "00\n", "00000000000000000000\n", "0:00\n", "X\n", "?\n", "all\n",
};

static const char *const no_newline[] = {
	"A", "D", "S", "1", "AA", "12", "1:1", "A\nD", "1\n2", "A ", "1\r",
	"123456789012345678901",
};

static void with_and_without_staged(void (*check)(int current, int staged))
{
	int current, staged;

	measure(3);
	current = list_open(CURRENT, O_RDWR);
	staged = list_open(STAGED, O_RDWR);
	check(current, staged);
	COMMAND(staged, "1\n");
	check(current, staged);
	close(current);
	close(staged);
}

static void check_texts(int fd, const char *const *texts, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		EXPECT_REFUSED(fd, texts[i], EINVAL);
}

static void check_garbage(int current, int staged)
{
	check_texts(current, garbage, ARRAY_SIZE(garbage));
	check_texts(staged, garbage, ARRAY_SIZE(garbage));
}

static void write_garbage(void)
{
	with_and_without_staged(check_garbage);
}

static void check_no_newline(int current, int staged)
{
	check_texts(current, no_newline, ARRAY_SIZE(no_newline));
	check_texts(staged, no_newline, ARRAY_SIZE(no_newline));
}

static void write_no_newline(void)
{
	with_and_without_staged(check_no_newline);
}

static void check_nul(int fd)
{
	EXPECT_REFUSED_LEN(fd, "1\0\n", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "1\n\0", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "\0001\n", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "1\0002\n", 4, EINVAL);
	EXPECT_REFUSED_LEN(fd, "1\n\0\n", 4, EINVAL);
	EXPECT_REFUSED_LEN(fd, "A\0\n", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "A\n\0", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "D\0\n", 3, EINVAL);
	EXPECT_REFUSED_LEN(fd, "D\n\0\n", 4, EINVAL);
	EXPECT_REFUSED_LEN(fd, "\0\n", 2, EINVAL);
	EXPECT_REFUSED_LEN(fd, "0:1\0\n", 5, EINVAL);
	EXPECT_REFUSED_LEN(fd, "0\0:1\n", 5, EINVAL);
}

static void check_nuls(int current, int staged)
{
	check_nul(current);
	check_nul(staged);
}

static void write_embedded_nul(void)
{
	with_and_without_staged(check_nuls);
}

static void check_bytes(int fd)
{
	char text[3] = { 0, '\n', '\n' };
	int c;

	for (c = 128; c < 256; c += 9) {
		text[0] = c;
		EXPECT_REFUSED_LEN(fd, text, 2, EINVAL);
	}
}

static void check_high_bytes(int current, int staged)
{
	check_bytes(current);
	check_bytes(staged);
}

static void write_high_bytes(void)
{
	with_and_without_staged(check_high_bytes);
}

/* an emulator on FUSE never sees a write of 0 bytes, which then succeeds */
static void check_length_0(int fd)
{
	if (cfg.securityfs)
		EXPECT_REFUSED_LEN(fd, "1\n", 0, EINVAL);
}

static void check_length(int fd)
{
	char text[8192];

	check_length_0(fd);
	EXPECT_REFUSED_LEN(fd, "1\n", 1, EINVAL);
	EXPECT_REFUSED_LEN(fd, "A\n", 1, EINVAL);
	EXPECT_REFUSED_LEN(fd, "\n", 1, EINVAL);
	EXPECT_REFUSED(fd, "000000000000000000001\n", EINVAL);
	EXPECT_REFUSED(fd, "0000000000000000000:1\n", EINVAL);
	EXPECT_REFUSED(fd, "18446744073709551616:1\n", EINVAL);
	EXPECT_REFUSED(fd, "AAAAAAAAAAAAAAAAAAAAA\n", EINVAL);
	EXPECT_REFUSED(fd, "00000000000000000001\n\n", EINVAL);
	EXPECT_REFUSED(fd, "00000000000000000001\n2\n", EINVAL);
	memset(text, '0', sizeof(text));
	memcpy(text + sizeof(text) - 2, "1\n", 2);
	EXPECT_REFUSED_LEN(fd, text + sizeof(text) - 4096, 4096, EINVAL);
	EXPECT_REFUSED_LEN(fd, text, sizeof(text), EINVAL);
	memset(text, '\n', sizeof(text));
	EXPECT_REFUSED_LEN(fd, text, 22, EINVAL);
	text[0] = 'A';
	EXPECT_REFUSED_LEN(fd, text, 22, EINVAL);
	EXPECT_REFUSED_LEN(fd, text, 4096, EINVAL);
}

static void check_lengths(int current, int staged)
{
	check_length(current);
	check_length(staged);
}

static void write_length(void)
{
	with_and_without_staged(check_lengths);
}

static void check_overflow(int current, int staged)
{
	EXPECT_REFUSED(current, "18446744073709551616\n", ERANGE);
	EXPECT_REFUSED(current, "18446744073709551617\n", ERANGE);
	EXPECT_REFUSED(current, "20000000000000000000\n", ERANGE);
	EXPECT_REFUSED(current, "99999999999999999999\n", ERANGE);
	EXPECT_REFUSED(staged, "18446744073709551616\n", ERANGE);
	EXPECT_REFUSED(staged, "99999999999999999999\n", ERANGE);
}

static void write_overflow(void)
{
	if (cfg.flush_htable)
		test_skip("not under ima_flush_htable");
	with_and_without_staged(check_overflow);
}

static char *unmapped_page(size_t size)
{
	char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED, "%s", strerror(errno));
	CHECK(!munmap(p + size, size), "%s", strerror(errno));
	return p + size;
}

static void check_pointer(int current, int staged)
{
	size_t size = sysconf(_SC_PAGESIZE);
	char *p = unmapped_page(size);

	EXPECT_REFUSED_LEN(current, p, 2, EFAULT);
	EXPECT_REFUSED_LEN(current, p, 21, EFAULT);
	EXPECT_REFUSED_LEN(staged, p, 2, EFAULT);
	munmap(p - size, size);
}

static void write_bad_pointer(void)
{
	with_and_without_staged(check_pointer);
}

/*
 * The first bytes are there, the last are not. FUSE passes on those that are: an
 * emulator refuses them for what they lack.
 */
static void check_straddle(int current, int staged)
{
	size_t size = sysconf(_SC_PAGESIZE);
	char *p = unmapped_page(size);
	struct state before;

	memcpy(p - 2, "12", 2);
	state_get(&before);
	CHECK_EQ(try_write(current, p - 2, 3),
		 cfg.securityfs ? -EFAULT : -EINVAL);
	memcpy(p - 2, "A\n", 2);
	if (cfg.securityfs)
		CHECK_EQ(try_write(staged, p - 2, 3), -EFAULT);
	EXPECT_SAME_STATE(&before);
	state_free(&before);
	munmap(p - size, size);
}

static void write_straddling_pointer(void)
{
	with_and_without_staged(check_straddle);
}

static void check_wrong_kind(int current, int staged)
{
	EXPECT_REFUSED(current, "A\n", EINVAL);
	EXPECT_REFUSED(current, "D\n", EINVAL);
	EXPECT_REFUSED(current, "S\n", EINVAL);
	EXPECT_REFUSED(staged, "0:1\n", EINVAL);
	EXPECT_REFUSED(staged, "1:1\n", EINVAL);
}

static void write_wrong_kind_of_file(void)
{
	char text[64];
	int fd;

	with_and_without_staged(check_wrong_kind);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "D\n");
	snprintf(text, sizeof(text), "%lld:1\n", count_get(NR_DELETED));
	EXPECT_REFUSED(fd, text, EINVAL);
	close(fd);
}

static void wrong_kind_every_list(void)
{
	unsigned int i;
	int fd;

	measure(1);
	for (i = 0; i < nr_lists; i++) {
		fd = list_open(list_names[i], O_RDWR);
		EXPECT_REFUSED(fd, "A\n", EINVAL);
		EXPECT_REFUSED(fd, "D\n", EINVAL);
		EXPECT_REFUSED(fd, "0\n", EINVAL);
		close(fd);
		fd = list_open(staged_name(list_names[i]), O_RDWR);
		EXPECT_REFUSED(fd, "0:1\n", EINVAL);
		EXPECT_REFUSED(fd, "0\n", EINVAL);
		close(fd);
	}
}

/* digits are digits, zeros in front or not, up to 21 bytes */
static void leading_zeros(void)
{
	int fd;

	measure(4);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "00000000000000000002\n");
	CHECK_EQ(count_get(NR_STAGED), 2);
	COMMAND(fd, "D\n");
	COMMAND(fd, "01\n");
	CHECK_EQ(count_get(NR_STAGED), 1);
	COMMAND(fd, "D\n");
	close(fd);
	CHECK_EQ(count_get(NR_CURRENT), 1);
}

static void leading_zeros_trim(void)
{
	char text[64];
	int fd;

	measure(4);
	fd = list_open(CURRENT, O_RDWR);
	COMMAND(fd, "00000000000000000002\n");
	CHECK_EQ(count_get(NR_CURRENT), 2);
	snprintf(text, sizeof(text), "%017lld:01\n", count_get(NR_DELETED));
	COMMAND(fd, text);
	CHECK_EQ(count_get(NR_CURRENT), 1);
	close(fd);
}

/* under ima_flush_htable the start of the current list cannot be deleted */
static void flush_refuses_trim(void)
{
	char text[64];
	int fd;

	measure(3);
	fd = list_open(CURRENT, O_RDWR);
	EXPECT_REFUSED(fd, "1\n", EINVAL);
	EXPECT_REFUSED(fd, "3\n", EINVAL);
	EXPECT_REFUSED(fd, "4\n", EINVAL);
	snprintf(text, sizeof(text), "%lld:1\n", count_get(NR_DELETED));
	EXPECT_REFUSED(fd, text, EINVAL);
	snprintf(text, sizeof(text), "%lld:1\n", count_get(NR_DELETED) + 1);
	EXPECT_REFUSED(fd, text, EINVAL);
	close(fd);
}

static void flush_allows_stage(void)
{
	int fd;

	measure(3);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "1\n");
	CHECK_EQ(count_get(NR_STAGED), 1);
	COMMAND(fd, "D\n");
	COMMAND(fd, "A\n");
	CHECK_EQ(count_get(NR_STAGED), 2);
	COMMAND(fd, "D\n");
	close(fd);
}

const struct test write_tests[] = {
	{ "write_garbage_einval", write_garbage, 0 },
	{ "write_no_newline_einval", write_no_newline, 0 },
	{ "write_embedded_nul_einval", write_embedded_nul, 0 },
	{ "write_high_bytes_einval", write_high_bytes, 0 },
	{ "write_length_einval", write_length, 0 },
	{ "write_overflow_erange", write_overflow, 0 },
	{ "write_bad_pointer_efault", write_bad_pointer, 0 },
	{ "write_straddling_pointer_efault", write_straddling_pointer, 0 },
	{ "write_wrong_kind_of_file_einval", write_wrong_kind_of_file, 0 },
	{ "write_wrong_kind_every_list_einval", wrong_kind_every_list, 0 },
	{ "write_leading_zeros", leading_zeros, 0 },
	{ "write_leading_zeros_trim", leading_zeros_trim, T_TRIM },
	{ "write_flush_refuses_trim_einval", flush_refuses_trim, T_FLUSH },
	{ "write_flush_allows_stage", flush_allows_stage, T_FLUSH },
	{ 0 }
};
