// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * snapshot_aggregate: one record per "1\n" written to the file snapshot, and
 * S, which stages everything before the last of them.
 */

#include "ima_staging_test.h"

#include <stdio.h>
#include <sys/stat.h>

#define EVENT	"snapshot_aggregate"

static int snapshot_write(const char *text)
{
	int fd = try_open("snapshot", O_WRONLY);
	int ret;

	CHECK(fd >= 0, "snapshot: %s", strerror(-fd));
	ret = try_write(fd, text, strlen(text));
	close(fd);
	return ret;
}

static bool is_snapshot(const struct record *r)
{
	return r->path && r->path_len == strlen(EVENT) &&
	       !memcmp(r->path, EVENT, r->path_len);
}

static long long value_after(const struct record *r, const char *key)
{
	const char *p = memmem(r->data, r->data_len, key, strlen(key));
	const char *end = (const char *)r->data + r->data_len;
	long long value = 0;

	CHECK(p, "no %s", key);
	p += strlen(key);
	CHECK(p < end && *p >= '0' && *p <= '9', "no number after %s", key);
	while (p < end && *p >= '0' && *p <= '9')
		value = value * 10 + *p++ - '0';
	CHECK(p < end && *p == ';', "no ; after %s", key);
	return value;
}

static void parse_current(struct buf *ret_buf, struct records *ret_records)
{
	read_list(CURRENT, ret_buf);
	CHECK(records_parse(ret_buf, digest_len(CURRENT), ret_records),
	      "corrupt list");
}

static void snapshot_file(void)
{
	struct stat st;
	int fd;

	CHECK(!fstatat(cfg.dirfd, "snapshot", &st, AT_SYMLINK_NOFOLLOW),
	      "%s", strerror(errno));
	CHECK((st.st_mode & 07777) == 0200, "mode %04o", st.st_mode & 07777);
	fd = try_open("snapshot", O_WRONLY);
	CHECK(fd >= 0, "%s", strerror(-fd));
	close(fd);
}

static void snapshot_needs_sys_admin(void)
{
	struct peer *peer = peer_process();
	struct state before;
	int fd, ret;

	state_get(&before);
	peer_become(peer, PEER_ROOT_ONLY_ADMIN_MISSING);
	fd = peer_open(peer, "snapshot", O_WRONLY);
	ret = fd < 0 ? fd : peer_write(peer, fd, "1\n");
	CHECK_EQ(ret, -EPERM);
	EXPECT_SAME_STATE(&before);
	peer_stop(peer);
}

static void snapshot_garbage(void)
{
	static const char *const texts[] = {
		"0\n", "2\n", "1", "11\n", "A\n", "\n", "1\n\n", " 1\n", "1\x20\n",
	};
	struct state before;
	size_t i;

	measure(1);
	state_get(&before);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_EQ(snapshot_write(texts[i]), -EINVAL);
	EXPECT_SAME_STATE(&before);
}

static void snapshot_records(void)
{
	struct counts start = counts_get();
	long long attempt = 0, value;
	struct records records;
	struct buf current;
	unsigned int i;

	measure(2);
	for (i = 0; i < 3; i++)
		CHECK_EQ(snapshot_write("1\n"), 0);
	measure(1);
	parse_current(&current, &records);
	CHECK_EQ(records.nr, 6);
	for (i = 2; i < 5; i++) {
		CHECK(is_snapshot(&records.r[i]), "record %u", i);
		CHECK(records.r[i].template_name_len == 7 &&
		      !memcmp(records.r[i].template_name, "ima-buf", 7),
		      "another template");
		CHECK_EQ(value_after(&records.r[i], "Records="),
			 counts_total(start) + i);
		value = value_after(&records.r[i], "Snapshot_Attempt_Count=");
		CHECK(i == 2 || value == attempt + 1, "attempt %lld", value);
		attempt = value;
	}
}

/* S: what is before the last snapshot goes, it and what follows stays */
static void snapshot_stage(void)
{
	struct records records;
	struct buf buf;
	int fd;

	measure(2);
	CHECK_EQ(snapshot_write("1\n"), 0);
	measure(2);
	CHECK_EQ(snapshot_write("1\n"), 0);
	measure(1);
	fd = list_open(STAGED, O_RDWR);
	COMMAND(fd, "S\n");
	CHECK_EQ(count_get(NR_STAGED), 5);
	parse_current(&buf, &records);
	CHECK_EQ(records.nr, 2);
	CHECK(is_snapshot(&records.r[0]), "current does not begin with it");
	EXPECT_REFUSED(fd, "S\n", EEXIST);
	COMMAND(fd, "D\n");
	CHECK_EQ(count_get(NR_CURRENT), 2);
	close(fd);
}

static void snapshot_none(void)
{
	int fd;

	fd = list_open(STAGED, O_RDWR);
	EXPECT_REFUSED(fd, "S\n", ENOENT);
	measure(2);
	EXPECT_REFUSED(fd, "S\n", ENOENT);
	CHECK_EQ(snapshot_write("1\n"), 0);
	COMMAND(fd, "A\n");
	COMMAND(fd, "D\n");
	measure(2);
	EXPECT_REFUSED(fd, "S\n", ENOENT);
	close(fd);
}

const struct test snapshot_tests[] = {
	{ "snapshot_file", snapshot_file, T_SNAPSHOT },
	{ "snapshot_needs_sys_admin", snapshot_needs_sys_admin,
	  T_SNAPSHOT | T_CAPS },
	{ "snapshot_garbage_einval", snapshot_garbage, T_SNAPSHOT },
	{ "snapshot_records", snapshot_records, T_SNAPSHOT },
	{ "snapshot_stage", snapshot_stage, T_SNAPSHOT },
	{ "snapshot_none_enoent", snapshot_none, T_SNAPSHOT },
	{ 0 }
};
