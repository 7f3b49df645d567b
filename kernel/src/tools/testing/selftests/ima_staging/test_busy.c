// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The lock: many readers or one writer, over all lists at once.
 *
 * Each rule is tried by another process and by another thread of the same
 * process: the writer is the task that opened.
 */

#include "ima_staging_test.h"

static const char *const names[] = {
	CURRENT, CURRENT_ASCII, STAGED, STAGED_ASCII,
};

static const int write_flags[] = { O_WRONLY, O_RDWR };

static struct peer *(*const peer_kinds[])(void) = {
	peer_process, peer_thread,
};

static void peer_refused(struct peer *peer, int flags)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_EQ(peer_open(peer, names[i], flags), -EBUSY);
}

static void peer_allowed(struct peer *peer, int flags)
{
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = peer_must_open(peer, names[i], flags);
		CHECK_EQ(peer_close(peer, fd), 0);
	}
}

/* hold names[i] open with flags; the others try */
static void holder(const char *name, int flags, bool readers_pass)
{
	struct peer *peer;
	size_t k;
	int fd;

	for (k = 0; k < ARRAY_SIZE(peer_kinds); k++) {
		peer = peer_kinds[k]();
		fd = list_open(name, flags);
		if (readers_pass)
			peer_allowed(peer, O_RDONLY);
		else
			peer_refused(peer, O_RDONLY);
		peer_refused(peer, O_WRONLY);
		peer_refused(peer, O_RDWR);
		close(fd);
		peer_allowed(peer, O_RDONLY);
		peer_allowed(peer, O_RDWR);
		peer_stop(peer);
	}
}

static void reader_blocks_writers(void)
{
	struct state before = { 0 };
	size_t i;

	measure(2);
	state_get(&before);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		holder(names[i], O_RDONLY, true);
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
}

static void writer_blocks_everybody(void)
{
	struct state before = { 0 };
	size_t i, j;

	measure(2);
	state_get(&before);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		for (j = 0; j < ARRAY_SIZE(write_flags); j++)
			holder(names[i], write_flags[j], false);
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
}

/* every list of every algorithm takes part */
static void every_list_locks(void)
{
	struct peer *peer = peer_process();
	const char *name;
	unsigned int i;
	int fd;

	for (i = 0; i < nr_lists * 2; i++) {
		name = list_names[i / 2];
		if (i % 2)
			name = staged_name(name);
		fd = list_open(name, O_RDWR);
		CHECK_EQ(peer_open(peer, CURRENT, O_RDONLY), -EBUSY);
		close(fd);
		fd = list_open(name, O_RDONLY);
		CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EBUSY);
		close(fd);
		fd = list_open(CURRENT, O_RDWR);
		CHECK_EQ(peer_open(peer, name, O_RDONLY), -EBUSY);
		CHECK_EQ(peer_open(peer, name, O_WRONLY), -EBUSY);
		close(fd);
	}
	lock_must_be_free();
	peer_stop(peer);
}

static void own_reader_blocks_own_writer(void)
{
	struct state before = { 0 };
	size_t i;
	int fd;

	measure(1);
	state_get(&before);
	fd = list_open(CURRENT, O_RDONLY);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_OPEN_REFUSED(names[i], O_RDWR, EBUSY);
		EXPECT_OPEN_REFUSED(names[i], O_WRONLY, EBUSY);
	}
	EXPECT_SAME_STATE(&before);
	close(fd);
	lock_must_be_free();
}

static void writer_opens_read_only(void)
{
	struct state before = { 0 };
	size_t i, j;
	int fd;

	measure(1);
	state_get(&before);
	for (i = 0; i < ARRAY_SIZE(write_flags); i++) {
		fd = list_open(STAGED, write_flags[i]);
		for (j = 0; j < ARRAY_SIZE(names); j++)
			EXPECT_OPEN_REFUSED(names[j], O_RDONLY, EBUSY);
		EXPECT_SAME_STATE(&before);
		close(fd);
		lock_must_be_free();
	}
}

static void readers_share(void)
{
	struct peer *peer = peer_process();
	int fds[16], far_fds[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = list_open(names[i % 4], O_RDONLY);
		far_fds[i] = peer_must_open(peer, names[(i + 1) % 4], O_RDONLY);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_OPEN_REFUSED(CURRENT, O_RDWR, EBUSY);
		close(fds[i]);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_OPEN_REFUSED(STAGED, O_RDWR, EBUSY);
		CHECK_EQ(peer_close(peer, far_fds[i]), 0);
	}
	lock_must_be_free();
	peer_stop(peer);
}

/* the lock is free after the last of the writer's descriptors */
static void writer_opens_again(void)
{
	struct peer *peer = peer_process();
	int fds[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = list_open(names[i % 4], write_flags[i / 4]);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		CHECK_EQ(peer_open(peer, CURRENT, O_RDWR), -EBUSY);
		CHECK_EQ(peer_open(peer, CURRENT, O_RDONLY), -EBUSY);
		close(fds[i]);
	}
	lock_must_be_free();
	peer_stop(peer);
}

static void writer_commands_through_each(void)
{
	int current, staged, other;

	measure(3);
	current = list_open(CURRENT, O_RDWR);
	staged = list_open(STAGED, O_WRONLY);
	other = list_open(STAGED_ASCII, O_RDWR);
	COMMAND(staged, "A\n");
	EXPECT_REFUSED(current, "1\n", cfg.flush_htable ? EINVAL : EEXIST);
	EXPECT_REFUSED(other, "A\n", EEXIST);
	close(staged);
	COMMAND(other, "D\n");
	EXPECT_REFUSED(other, "D\n", ENOENT);
	close(current);
	close(other);
	lock_must_be_free();
}

/* refused opens must leave no trace, neither as reader nor as writer */
static void refused_opens_leave_nothing(void)
{
	struct peer *peer = peer_process();
	int fd, i;

	fd = list_open(CURRENT, O_RDWR);
	for (i = 0; i < 20; i++)
		peer_refused(peer, i % 2 ? O_RDWR : O_RDONLY);
	close(fd);
	lock_must_be_free();
	fd = list_open(CURRENT, O_RDONLY);
	for (i = 0; i < 20; i++)
		peer_refused(peer, i % 2 ? O_RDWR : O_WRONLY);
	close(fd);
	lock_must_be_free();
	peer_stop(peer);
}

const struct test busy_tests[] = {
	{ "busy_reader_blocks_writers", reader_blocks_writers, 0 },
	{ "busy_writer_blocks_everybody", writer_blocks_everybody, 0 },
	{ "busy_every_list_locks", every_list_locks, 0 },
	{ "busy_own_reader_blocks_own_writer", own_reader_blocks_own_writer, 0 },
	{ "busy_writer_opens_read_only", writer_opens_read_only, 0 },
	{ "busy_readers_share", readers_share, 0 },
	{ "busy_writer_opens_again", writer_opens_again, 0 },
	{ "busy_writer_commands_through_each", writer_commands_through_each, 0 },
	{ "busy_refused_opens_leave_nothing", refused_opens_leave_nothing, 0 },
	{ 0 }
};
