// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * open(): who may, and in which order refusals come.
 *
 *	file permissions (EACCES), CAP_SYS_ADMIN to write (EPERM), lock (EBUSY)
 */

#include "ima_staging_test.h"

static const char *const names[] = {
	CURRENT, CURRENT_ASCII, STAGED, STAGED_ASCII,
};

/* expected: 0 for success */
static void expect_open(struct peer *peer, const char *name, int flags,
			int expected)
{
	if (expected)
		CHECK_EQ(peer_open(peer, name, flags), expected);
	else
		CHECK_EQ(peer_close(peer, peer_must_open(peer, name, flags)), 0);
}

static void expect_opens(enum peer_privilege privilege, int to_read,
			 int to_write)
{
	struct peer *peer = peer_process();
	struct state before = { 0 };
	size_t i;

	measure(2);
	state_get(&before);
	peer_become(peer, privilege);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		expect_open(peer, names[i], O_RDONLY, to_read);
		expect_open(peer, names[i], O_WRONLY, to_write);
		expect_open(peer, names[i], O_RDWR, to_write);
	}
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
	peer_stop(peer);
}

static void root_without_caps(void)
{
	expect_opens(PEER_ROOT_NO_CAP, 0, -EPERM);
}

static void root_without_sys_admin(void)
{
	expect_opens(PEER_ROOT_ONLY_ADMIN_MISSING, 0, -EPERM);
}

static void group_without_caps(void)
{
	expect_opens(PEER_GROUP_NO_CAP, 0, -EPERM);
}

static void nobody(void)
{
	expect_opens(PEER_NOBODY, -EACCES, -EACCES);
}

static void group_with_sys_admin(void)
{
	expect_opens(PEER_GROUP_ADMIN, 0, 0);
}

static void eperm_before_ebusy(void)
{
	struct peer *peer = peer_process();
	int fd;

	peer_become(peer, PEER_ROOT_NO_CAP);
	fd = list_open(CURRENT, O_RDONLY);
	CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EPERM);
	close(fd);
	fd = list_open(CURRENT, O_RDWR);
	CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EPERM);
	CHECK_EQ(peer_open(peer, STAGED, O_RDONLY), -EBUSY);
	close(fd);
	lock_must_be_free();
	peer_stop(peer);
}

/* the capability is looked at when opening, as for any file */
static void passed_descriptor_without_caps(void)
{
	struct peer *peer = peer_process();
	int fd, far_fd;

	measure(1);
	peer_become(peer, PEER_NOBODY);
	fd = list_open(STAGED, O_RDWR);
	far_fd = peer_send_fd(peer, fd);
	CHECK_EQ(peer_write(peer, far_fd, "A\n"), 0);
	CHECK_EQ(count_get(NR_STAGED), 1);
	CHECK_EQ(peer_write(peer, far_fd, "D\n"), 0);
	CHECK_EQ(count_get(NR_STAGED), 0);
	CHECK_EQ(peer_close(peer, far_fd), 0);
	close(fd);
	lock_must_be_free();
	peer_stop(peer);
}

/* the flags of a shell's > and >> */
static void shell_flags(void)
{
	int fd;

	measure(2);
	fd = list_open(STAGED, O_WRONLY | O_CREAT | O_TRUNC);
	CHECK_EQ(count_get(NR_CURRENT), 2);
	COMMAND(fd, "A\n");
	close(fd);
	CHECK_EQ(count_get(NR_STAGED), 2);
	fd = list_open(STAGED_ASCII, O_WRONLY | O_CREAT | O_APPEND);
	COMMAND(fd, "D\n");
	close(fd);
	CHECK_EQ(count_get(NR_STAGED), 0);
}

static void write_to_reader(void)
{
	int fd;

	measure(1);
	fd = list_open(CURRENT, O_RDONLY);
	EXPECT_REFUSED(fd, "1\n", EBADF);
	close(fd);
	fd = list_open(STAGED, O_RDONLY);
	EXPECT_REFUSED(fd, "A\n", EBADF);
	close(fd);
}

static void read_from_write_only(void)
{
	int fd;
	char c;

	measure(1);
	fd = list_open(CURRENT, O_WRONLY);
	CHECK(read(fd, &c, 1) < 0 && errno == EBADF, "%s", strerror(errno));
	close(fd);
}

const struct test open_tests[] = {
	{ "open_root_without_caps_eperm", root_without_caps, T_CAPS },
	{ "open_root_without_sys_admin_eperm", root_without_sys_admin, T_CAPS },
	{ "open_group_without_caps_eperm", group_without_caps, T_CAPS },
	{ "open_nobody_eacces", nobody, T_CAPS },
	{ "open_group_with_sys_admin_allowed", group_with_sys_admin, T_CAPS },
	{ "open_eperm_before_ebusy", eperm_before_ebusy, T_CAPS },
	{ "open_passed_descriptor_needs_no_cap",
	  passed_descriptor_without_caps, T_CAPS },
	{ "open_shell_flags", shell_flags, 0 },
	{ "open_write_to_reader_ebadf", write_to_reader, 0 },
	{ "open_read_from_write_only_ebadf", read_from_write_only, 0 },
	{ 0 }
};
