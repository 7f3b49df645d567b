// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Reading: in pieces of any size, from anywhere, by many at once, a list is
 * always the same bytes.
 */

#include "ima_staging_test.h"

#include <sys/wait.h>

#define READERS		8

static const char *const names[] = {
	CURRENT, CURRENT_ASCII, STAGED, STAGED_ASCII,
};

static const size_t pieces[] = { 1, 7, 4095, 4096, 4097, 65536 };

/* n records staged, n current */
static void fill(unsigned int n)
{
	int fd;

	measure(n);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	close(fd);
	measure(n);
}

static void check_pieces(const char *name, const struct buf *whole)
{
	struct buf buf;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		fd = list_open(name, O_RDONLY);
		read_fd(fd, pieces[i], &buf);
		close(fd);
		CHECK(buf_same(&buf, whole), "%s in pieces of %zu bytes", name,
		      pieces[i]);
		buf_free(&buf);
	}
}

static void check_all_pieces(void)
{
	struct buf whole;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		read_list(names[i], &whole);
		CHECK(whole.len, "%s is empty", names[i]);
		check_pieces(names[i], &whole);
		buf_free(&whole);
	}
}

static void read_pieces(void)
{
	fill(25);
	check_all_pieces();
}

/* records of around and above a page, between small ones */
static void read_big_records(void)
{
	static const unsigned int path_lens[] = { 3900, 2000, 3500, 600 };
	struct buf current;
	int fd, round;
	size_t i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(path_lens); i++) {
			measure_big(path_lens[i]);
			measure(1);
		}
		if (round)
			break;
		fd = list_open(STAGED, O_RDWR);
		COMMAND(fd, "A\n");
		close(fd);
	}
	read_list(CURRENT, &current);
	expect_sequence(&current, 'a', 8, 8);
	check_all_pieces();
	read_list(STAGED, &current);
	expect_sequence(&current, 'a', 0, 8);
}

/* a read may end early at any record, not at the wrong byte */
static void check_slice(int fd, const struct buf *whole, size_t off,
			size_t want, bool seek)
{
	static char p[8192];
	size_t done = 0;
	ssize_t len;

	if (off + want > whole->len)
		want = off < whole->len ? whole->len - off : 0;
	if (seek)
		CHECK_EQ(lseek(fd, off, SEEK_SET), off);
	do {
		len = seek ? read(fd, p + done, want - done) :
			     pread(fd, p + done, want - done, off + done);
		CHECK(len >= 0, "%s", strerror(errno));
		done += len;
	} while (len > 0 && done < want);
	CHECK_EQ(done, want);
	CHECK(!want || !memcmp(p, whole->p + off, want),
	      "%zu bytes at %zu differ", want, off);
}

static void check_random(const char *name, bool seek)
{
	unsigned int i, n = 60 * cfg.factor;
	struct buf whole;
	int fd;

	read_list(name, &whole);
	CHECK(whole.len, "%s is empty", name);
	fd = list_open(name, O_RDONLY);
	for (i = 0; i < n; i++)
		check_slice(fd, &whole, random_below(whole.len + 10),
			    1 + random_below(i % 2 ? 200 : 8000), seek);
	check_slice(fd, &whole, whole.len, 10, seek);
	check_slice(fd, &whole, 0, 8192, seek);
	close(fd);
	buf_free(&whole);
}

static void read_random_offsets(bool seek)
{
	size_t i;

	fill(25);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		check_random(names[i], seek);
}

static void pread_anywhere(void)
{
	read_random_offsets(false);
}

static void lseek_anywhere(void)
{
	read_random_offsets(true);
}

/* a reader who stays at the end sees each new record, once */
static void read_goes_on(const char *name, size_t piece)
{
	struct buf all = { 0 }, part, whole;
	unsigned int i;
	int fd;

	fd = list_open(name, O_RDONLY);
	for (i = 0; i < 6; i++) {
		read_fd(fd, piece, &part);
		buf_add(&all, part.p, part.len);
		buf_free(&part);
		read_fd(fd, piece, &part);
		CHECK(!part.len, "%zu bytes after the end", part.len);
		measure(i % 3);
	}
	read_fd(fd, piece, &part);
	buf_add(&all, part.p, part.len);
	read_list(name, &whole);
	CHECK(buf_same(&all, &whole), "%s read bit by bit differs", name);
	close(fd);
}

static void read_at_end(void)
{
	measure(3);
	read_goes_on(CURRENT, 4096);
	read_goes_on(CURRENT_ASCII, 4096);
	read_goes_on(CURRENT, 5);
	read_goes_on(CURRENT_ASCII, 1);
}

/* starting with an empty list */
static void read_at_end_of_nothing(void)
{
	read_goes_on(CURRENT, 4096);
	CHECK_EQ(count_get(NR_CURRENT), measured('a'));
}

static void read_staged_to_end(void)
{
	struct buf staged, part;
	int fd;

	fill(3);
	fd = list_open(STAGED, O_RDONLY);
	read_fd(fd, 100, &staged);
	measure(3);
	read_fd(fd, 100, &part);
	CHECK(!part.len, "%zu bytes after the end", part.len);
	expect_sequence(&staged, 'a', 0, 3);
	close(fd);
}

struct many {
	struct buf whole[ARRAY_SIZE(names)];
	unsigned int nr;
};

static void reader(void *arg)
{
	struct many *many = arg;
	unsigned int i, name;
	struct buf buf;
	int fd;

	for (i = 0; i < 8 * cfg.factor; i++) {
		name = (i + many->nr) % ARRAY_SIZE(names);
		fd = list_open(names[name], O_RDONLY);
		read_fd(fd, 1 + (many->nr * 97 + i * 13) % 5000, &buf);
		close(fd);
		CHECK(buf_same(&buf, &many->whole[name]), "%s differs",
		      names[name]);
		buf_free(&buf);
	}
}

static void many_get(struct many *many)
{
	size_t i;

	fill(20);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		read_list(names[i], &many->whole[i]);
}

static void many_readers(void)
{
	struct many many;
	pid_t pids[READERS];
	unsigned int i;

	many_get(&many);
	for (i = 0; i < READERS; i++) {
		many.nr = i;
		pids[i] = child_start(reader, &many);
	}
	for (i = 0; i < READERS; i++)
		child_wait(pids[i]);
	lock_must_be_free();
}

static void busy_reader(void *arg)
{
	unsigned long long start = now_ms();
	struct many *many = arg;
	struct buf buf;
	int fd;

	while (now_ms() - start < 400) {
		fd = try_open(names[many->nr], O_RDONLY);
		CHECK(fd >= 0 || fd == -EBUSY, "%s", strerror(-fd));
		if (fd < 0)
			continue;
		read_fd(fd, 333, &buf);
		close(fd);
		CHECK(buf_same(&buf, &many->whole[many->nr]), "%s differs",
		      names[many->nr]);
		buf_free(&buf);
	}
}

/* a writer that keeps knocking never harms those who read */
static void readers_and_writer(void)
{
	struct state before;
	pid_t pids[ARRAY_SIZE(names)];
	unsigned int i, running = ARRAY_SIZE(names);
	struct many many;
	int fd, status, failed = 0;

	if (cfg.lists_measured)
		test_skip("the policy measures securityfs: violations come between");
	many_get(&many);
	state_get(&before);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		many.nr = i;
		pids[i] = child_start(busy_reader, &many);
	}
	for (i = 0; running; i++) {
		fd = try_open(names[i % 4], i % 8 < 4 ? O_RDWR : O_WRONLY);
		CHECK(fd >= 0 || fd == -EBUSY, "%s", strerror(-fd));
		if (fd >= 0)
			close(fd);
		if (waitpid(pids[running - 1], &status, WNOHANG) > 0) {
			failed |= status;
			running--;
		}
	}
	CHECK_EQ(failed, 0);
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
}

/* what is read while the list grows begins as it was and ends whole */
static void read_while_growing(void)
{
	struct buf start, grown, whole;
	unsigned int i;
	char p[7];
	ssize_t len;
	int fd;

	measure(5);
	read_list(CURRENT, &start);
	memset(&grown, 0, sizeof(grown));
	fd = list_open(CURRENT, O_RDONLY);
	for (i = 0; i < 10; i++) {
		len = read(fd, p, sizeof(p));
		CHECK(len > 0, "read returns %zd", len);
		buf_add(&grown, p, len);
		measure(1);
	}
	read_fd(fd, 64, &whole);
	buf_add(&grown, whole.p, whole.len);
	close(fd);
	CHECK(buf_starts_with(&grown, &start), "the start has changed");
	expect_sequence(&grown, 'a', 0, 15);
}

const struct test read_tests[] = {
	{ "read_pieces", read_pieces, 0 },
	{ "read_big_records", read_big_records, 0 },
	{ "read_pread_anywhere", pread_anywhere, 0 },
	{ "read_lseek_anywhere", lseek_anywhere, 0 },
	{ "read_at_end", read_at_end, 0 },
	{ "read_at_end_of_nothing", read_at_end_of_nothing, 0 },
	{ "read_staged_to_end", read_staged_to_end, 0 },
	{ "read_many_readers", many_readers, 0 },
	{ "read_readers_and_writer", readers_and_writer, 0 },
	{ "read_while_growing", read_while_growing, 0 },
	{ 0 }
};
