// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The files under test: open, read, count, command, compare.
 *
 * Lists are opened for reading and writing wherever a test does not say
 * otherwise. That works while this task is the writer as well as while nobody
 * has a list open, and a policy that measures FILE_CHECK with mask=MAY_READ
 * does not measure it, so that looking at the lists does not lengthen them.
 *
 * The kernel frees the lock before close() and exit() return. An emulator on
 * FUSE learns of a last close a moment later: only there is EBUSY tried again.
 */

#include "ima_staging_test.h"

#include <dirent.h>
#include <stdio.h>

char list_names[MAX_LISTS][96];
unsigned int nr_lists;

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_original_list(const char *name)
{
	const char *end = name + strlen(name);

	if (strncmp(name, "ascii_runtime_measurements_", 27) &&
	    strncmp(name, "binary_runtime_measurements_", 28))
		return false;
	return end - name < 7 || strcmp(end - 7, "_staged");
}

void lists_find(void)
{
	DIR *dir = opendir(cfg.dir);
	struct dirent *d;

	while (dir && (d = readdir(dir)) && nr_lists < MAX_LISTS)
		if (is_original_list(d->d_name))
			snprintf(list_names[nr_lists++],
				 sizeof(list_names[0]), "%.80s", d->d_name);
	if (dir)
		closedir(dir);
	qsort(list_names, nr_lists, sizeof(list_names[0]), compare_names);
}

const char *staged_name(const char *name)
{
	static __thread char staged[2][128];
	static __thread unsigned int next;

	next ^= 1;
	snprintf(staged[next], sizeof(staged[0]), "%.100s_staged", name);
	return staged[next];
}

int try_open(const char *name, int flags)
{
	int fd = openat(cfg.dirfd, name, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int open_soon(const char *name, int flags)
{
	unsigned long long start = now_ms();
	int fd;

	do {
		fd = try_open(name, flags);
		if (fd != -EBUSY || cfg.securityfs)
			break;
		pause_ms(1);
	} while (now_ms() - start < RETRY_MS);
	return fd;
}

int list_open(const char *name, int flags)
{
	int fd = open_soon(name, flags);

	CHECK(fd >= 0, "%s (flags %#x): %s", name, flags, strerror(-fd));
	return fd;
}

int list_open_any(const char *name)
{
	int fd = try_open(name, O_RDWR);

	return fd >= 0 ? fd : list_open(name, O_RDONLY);
}

/* from the descriptor's position to the end, in reads of piece bytes */
void read_fd(int fd, size_t piece, struct buf *ret_buf)
{
	char *p = malloc(piece);
	ssize_t len;

	CHECK(p, "out of memory");
	memset(ret_buf, 0, sizeof(*ret_buf));
	while ((len = read(fd, p, piece)) > 0)
		buf_add(ret_buf, p, len);
	CHECK(len == 0, "%s", strerror(errno));
	free(p);
}

static void pread_fd(int fd, struct buf *ret_buf)
{
	static char p[65536];
	ssize_t len;

	memset(ret_buf, 0, sizeof(*ret_buf));
	while ((len = pread(fd, p, sizeof(p), ret_buf->len)) > 0)
		buf_add(ret_buf, p, len);
	CHECK(len == 0, "%s", strerror(errno));
}

void read_list(const char *name, struct buf *ret_buf)
{
	int fd = list_open_any(name);

	pread_fd(fd, ret_buf);
	close(fd);
}

void lists_get(bool staged, struct lists *ret_lists)
{
	unsigned int i;

	for (i = 0; i < nr_lists; i++)
		read_list(staged ? staged_name(list_names[i]) : list_names[i],
			  &ret_lists->list[i]);
}

void lists_free(struct lists *lists)
{
	unsigned int i;

	for (i = 0; i < nr_lists; i++)
		buf_free(&lists->list[i]);
}

long long count_get(const char *name)
{
	char text[40], *end;
	long long value;
	ssize_t len;
	int fd = try_open(name, O_RDONLY);

	CHECK(fd >= 0, "%s: %s", name, strerror(-fd));
	len = read(fd, text, sizeof(text) - 1);
	CHECK(len >= 2, "%s: read returns %zd", name, len);
	close(fd);
	text[len] = 0;
	value = strtoll(text, &end, 10);
	CHECK(!strcmp(end, "\n") && text[0] >= '0' && text[0] <= '9',
	      "%s contains \"%s\"", name, text);
	return value;
}

struct counts counts_get(void)
{
	struct counts nr = {
		.deleted = count_get(NR_DELETED),
		.staged = count_get(NR_STAGED),
		.current = count_get(NR_CURRENT),
	};

	return nr;
}

long long counts_total(struct counts nr)
{
	return nr.deleted + nr.staged + nr.current;
}

/* both lists stay open until all is read: only current can grow meanwhile */
void state_get(struct state *ret_state)
{
	int current = list_open_any(CURRENT);
	int staged = list_open_any(STAGED);

	ret_state->nr = counts_get();
	pread_fd(current, &ret_state->current);
	pread_fd(staged, &ret_state->staged);
	close(staged);
	close(current);
}

void state_free(struct state *state)
{
	buf_free(&state->current);
	buf_free(&state->staged);
}

/* somebody else's record explains why a test fails */
static void foreign_notice(const struct buf *buf)
{
	struct records records;
	unsigned int seq;
	char producer;
	size_t i;

	if (!records_parse(buf, digest_len(CURRENT), &records))
		return;
	for (i = 0; i < records.nr; i++)
		if (!record_own(&records.r[i], &producer, &seq))
			foreign_record_seen();
	records_free(&records);
}

void same_state_at(const char *file, int line, const struct state *before)
{
	struct state now;

	state_get(&now);
	foreign_notice(&now.current);
	if (now.nr.deleted != before->nr.deleted ||
	    now.nr.staged != before->nr.staged ||
	    now.nr.current != before->nr.current)
		test_fail(file, line,
			  "deleted + staged + current were %lld + %lld + %lld, are %lld + %lld + %lld",
			  before->nr.deleted, before->nr.staged,
			  before->nr.current, now.nr.deleted, now.nr.staged,
			  now.nr.current);
	if (!buf_same(&now.current, &before->current))
		test_fail(file, line, "the current list has changed");
	if (!buf_same(&now.staged, &before->staged))
		test_fail(file, line, "the staged list has changed");
	state_free(&now);
}

int try_write(int fd, const void *text, size_t len)
{
	ssize_t written = write(fd, text, len);

	if (written < 0)
		return -errno;
	CHECK(written == (ssize_t)len, "write of %zu bytes returns %zd", len,
	      written);
	return 0;
}

void command_at(const char *file, int line, int fd, const char *text)
{
	int ret = try_write(fd, text, strlen(text));

	if (ret)
		test_fail(file, line, "writing %.*s: %s",
			  (int)strcspn(text, "\n"), text, strerror(-ret));
}

static const char *error_name(int err)
{
	return err ? strerror(-err) : "success";
}

static const char *printable(const void *text, size_t len)
{
	static char s[200];
	size_t i, out = 0;

	for (i = 0; i < len && out < sizeof(s) - 5; i++) {
		unsigned char c = ((const unsigned char *)text)[i];

		out += snprintf(s + out, sizeof(s) - out,
				c > 31 && c < 127 ? "%c" : "\\%03o", c);
	}
	s[out] = 0;
	return s;
}

void refused_len_at(const char *file, int line, int fd, const void *text,
		    size_t len, int err)
{
	off_t pos = lseek(fd, 0, SEEK_CUR);
	struct state before;
	int ret;

	state_get(&before);
	ret = try_write(fd, text, len);
	if (ret != -err)
		test_fail(file, line, "writing \"%s\": %s, expected: %s",
			  err == EFAULT ? "" : printable(text, len),
			  error_name(ret), strerror(err));
	same_state_at(file, line, &before);
	if (lseek(fd, 0, SEEK_CUR) != pos)
		test_fail(file, line, "the read position has moved");
	state_free(&before);
}

void refused_at(const char *file, int line, int fd, const char *text,
		int err)
{
	refused_len_at(file, line, fd, text, strlen(text), err);
}

void open_refused_at(const char *file, int line, const char *name, int flags,
		     int err)
{
	int fd = try_open(name, flags);

	if (fd != -err)
		test_fail(file, line, "opening %s with flags %#x: %s, expected: %s",
			  name, flags, fd < 0 ? strerror(-fd) : "success",
			  strerror(err));
}

static bool empty(struct counts nr)
{
	return !nr.staged && !nr.current;
}

void list_reset(void)
{
	int fd = list_open(STAGED, O_RDWR);
	int i, ret;

	for (i = 0; i < 10 && !empty(counts_get()); i++) {
		ret = try_write(fd, "D\n", 2);
		CHECK(!ret || ret == -ENOENT, "D: %s", strerror(-ret));
		ret = try_write(fd, "A\n", 2);
		CHECK(!ret || ret == -ENOENT, "A: %s", strerror(-ret));
		ret = try_write(fd, "D\n", 2);
		CHECK(!ret || ret == -ENOENT, "D: %s", strerror(-ret));
	}
	close(fd);
	CHECK(empty(counts_get()), "the list cannot be emptied");
}

static void check_free(void *arg)
{
	int fd;

	(void)arg;
	fd = list_open(CURRENT, O_RDWR);
	close(fd);
	fd = list_open(STAGED_ASCII, O_RDONLY);
	close(fd);
	fd = list_open(STAGED, O_WRONLY);
	close(fd);
}

void lock_must_be_free(void)
{
	child_wait(child_start(check_free, NULL));
}
