// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The files themselves: names, modes, owners, links, counters.
 */

#include "ima_staging_test.h"

#include <stdio.h>
#include <sys/stat.h>

static void check_mode(const char *name, mode_t mode)
{
	struct stat st, dir;

	CHECK(!fstatat(cfg.dirfd, name, &st, AT_SYMLINK_NOFOLLOW), "%s: %s",
	      name, strerror(errno));
	CHECK(S_ISREG(st.st_mode), "%s is not a regular file", name);
	CHECK((st.st_mode & 07777) == mode, "%s has mode %04o, expected %04o",
	      name, st.st_mode & 07777, mode);
	CHECK(!fstat(cfg.dirfd, &dir), "%s", strerror(errno));
	CHECK(st.st_uid == dir.st_uid && st.st_gid == dir.st_gid,
	      "%s belongs to %u:%u", name, st.st_uid, st.st_gid);
	CHECK(!cfg.securityfs || (!st.st_uid && !st.st_gid),
	      "%s belongs to %u:%u", name, st.st_uid, st.st_gid);
}

static void list_modes(void)
{
	unsigned int i;

	CHECK(nr_lists >= 2, "only %u lists", nr_lists);
	for (i = 0; i < nr_lists; i++) {
		check_mode(list_names[i], 0660);
		check_mode(staged_name(list_names[i]), 0660);
	}
}

static void count_modes(void)
{
	check_mode(NR_CURRENT, 0440);
	check_mode(NR_STAGED, 0440);
	check_mode(NR_DELETED, 0440);
	check_mode("violations", 0440);
}

static bool is_list(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_lists; i++)
		if (!strcmp(list_names[i], name))
			return true;
	return false;
}

static void list_pairs(void)
{
	char other[128];
	unsigned int i;
	const char *algo;

	CHECK(is_list(CURRENT) && is_list(CURRENT_ASCII), "no sha1 lists");
	for (i = 0; i < nr_lists; i++) {
		algo = strchr(list_names[i], '_');
		snprintf(other, sizeof(other), "%s%s",
			 list_names[i][0] == 'a' ? "binary" : "ascii", algo);
		CHECK(is_list(other), "%s has no %s", list_names[i], other);
	}
}

static void check_link(const char *name, const char *want)
{
	char target[128];
	ssize_t len = readlinkat(cfg.dirfd, name, target, sizeof(target) - 1);
	struct buf through_link, direct;

	CHECK(len > 0, "%s: %s", name, strerror(errno));
	target[len] = 0;
	CHECK(!strcmp(target, want), "%s links to %s", name, target);
	read_list(name, &through_link);
	read_list(want, &direct);
	CHECK(direct.len, "%s is empty", want);
	CHECK(buf_same(&through_link, &direct), "%s reads other bytes than %s",
	      name, want);
}

static void list_links(void)
{
	int fd;

	measure(2);
	fd = list_open(STAGED, O_WRONLY);
	COMMAND(fd, "1\n");
	close(fd);
	check_link("ascii_runtime_measurements", CURRENT_ASCII);
	check_link("binary_runtime_measurements", CURRENT);
	check_link("ascii_runtime_measurements_staged", STAGED_ASCII);
	check_link("binary_runtime_measurements_staged", STAGED);
}

static void list_links_command(void)
{
	int fd;

	measure(1);
	fd = list_open("ascii_runtime_measurements_staged", O_WRONLY);
	COMMAND(fd, "A\n");
	close(fd);
	CHECK_EQ(count_get(NR_STAGED), 1);
	fd = list_open("binary_runtime_measurements_staged", O_WRONLY);
	COMMAND(fd, "D\n");
	close(fd);
	CHECK_EQ(count_get(NR_STAGED), 0);
}

/* opening may succeed for root, whom modes do not bind: writing must not */
static void count_write(const char *name, int flags)
{
	int fd = try_open(name, flags);

	if (fd < 0)
		return;
	CHECK(try_write(fd, "1\n", 2) < 0, "%s can be written", name);
	close(fd);
}

static void counts_not_writable(void)
{
	struct state before = { 0 };

	measure(2);
	state_get(&before);
	count_write(NR_CURRENT, O_WRONLY);
	count_write(NR_STAGED, O_WRONLY);
	count_write(NR_DELETED, O_WRONLY);
	count_write(NR_DELETED, O_RDWR);
	EXPECT_SAME_STATE(&before);
}

static void counts_not_writable_without_caps(void)
{
	struct peer *peer = peer_process();

	peer_become(peer, PEER_ROOT_NO_CAP);
	CHECK_EQ(peer_open(peer, NR_CURRENT, O_WRONLY), -EACCES);
	CHECK_EQ(peer_open(peer, NR_STAGED, O_RDWR), -EACCES);
	CHECK_EQ(peer_open(peer, NR_DELETED, O_WRONLY), -EACCES);
	peer_must_open(peer, NR_DELETED, O_RDONLY);
	peer_stop(peer);
}

/* counters do not take part in the list's lock */
static void counts_readable_any_time(void)
{
	int writer, reader;

	measure(1);
	writer = list_open(STAGED, O_RDWR);
	CHECK_EQ(count_get(NR_CURRENT), 1);
	CHECK_EQ(count_get(NR_STAGED), 0);
	close(writer);
	reader = list_open(CURRENT, O_RDONLY);
	CHECK_EQ(count_get(NR_CURRENT), 1);
	close(reader);
	reader = list_open(NR_DELETED, O_RDONLY);
	writer = list_open(STAGED, O_RDWR);
	close(writer);
	close(reader);
}

static void staged_reads_empty(void)
{
	struct buf buf;
	unsigned int i;

	measure(1);
	for (i = 0; i < nr_lists; i++) {
		read_list(staged_name(list_names[i]), &buf);
		CHECK(!buf.len, "%s_staged has %zu bytes", list_names[i],
		      buf.len);
	}
}

static size_t lines(const struct buf *buf)
{
	size_t i, nr = 0;

	for (i = 0; i < buf->len; i++)
		nr += buf->p[i] == '\n';
	return nr;
}

/* every list has all records; records differ in their digests alone */
static void check_list(const char *name, const struct records *want)
{
	struct records got;
	struct buf buf;
	size_t i;

	read_list(name, &buf);
	if (name[0] == 'a') {
		CHECK_EQ(lines(&buf), want->nr);
	} else if (digest_len(name)) {
		CHECK(records_parse(&buf, digest_len(name), &got), "%s", name);
		CHECK_EQ(got.nr, want->nr);
		for (i = 0; i < got.nr; i++)
			CHECK(got.r[i].pcr == want->r[i].pcr &&
			      got.r[i].data_len == want->r[i].data_len &&
			      !memcmp(got.r[i].data, want->r[i].data,
				      want->r[i].data_len),
			      "%s has another record %zu", name, i);
		records_free(&got);
	}
	buf_free(&buf);
}

static void check_all_lists(const char *name, bool staged)
{
	struct records want;
	struct buf buf;
	unsigned int i;

	read_list(name, &buf);
	expect_sequence(&buf, 'a', 0, 5);
	CHECK(records_parse(&buf, digest_len(name), &want), "%s", name);
	for (i = 0; i < nr_lists; i++)
		check_list(staged ? staged_name(list_names[i]) : list_names[i],
			   &want);
}

static void all_algorithms_same_records(void)
{
	int fd;

	measure(5);
	check_all_lists(CURRENT, false);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "A\n");
	close(fd);
	check_all_lists(STAGED, true);
}

const struct test file_tests[] = {
	{ "files_list_modes", list_modes, 0 },
	{ "files_count_modes", count_modes, 0 },
	{ "files_list_pairs", list_pairs, 0 },
	{ "files_links", list_links, 0 },
	{ "files_links_command", list_links_command, 0 },
	{ "files_counts_not_writable", counts_not_writable, 0 },
	{ "files_counts_not_writable_without_caps",
	  counts_not_writable_without_caps, T_CAPS },
	{ "files_counts_readable_any_time", counts_readable_any_time, 0 },
	{ "files_staged_reads_empty", staged_reads_empty, 0 },
	{ "files_all_algorithms_same_records", all_algorithms_same_records, 0 },
	{ 0 }
};
