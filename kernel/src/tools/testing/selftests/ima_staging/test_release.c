// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The lock is released with the last reference to an open file, whoever holds
 * it by then, and never before.
 */

#include "ima_staging_test.h"

#include <pthread.h>

static void nobody_else_may(int flags_held)
{
	struct peer *peer = peer_process();

	CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EBUSY);
	if (flags_held != O_RDONLY)
		CHECK_EQ(peer_open(peer, CURRENT, O_RDONLY), -EBUSY);
	peer_stop(peer);
}

/* the opener passes its descriptor on and exits */
static void passed_on(int flags)
{
	struct peer *peer = peer_process();
	struct state before = { 0 };
	int fd, far_fd;

	measure(2);
	state_get(&before);
	far_fd = peer_must_open(peer, CURRENT, flags);
	peer_offer_fd(peer, far_fd);
	fd = peer_take_fd(peer);
	peer_stop(peer);
	nobody_else_may(flags);
	if (flags != O_RDONLY)
		EXPECT_OPEN_REFUSED(CURRENT, O_RDWR, EBUSY);
	close(fd);
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
}

static void writer_passed_on(void)
{
	passed_on(O_RDWR);
	passed_on(O_WRONLY);
}

static void reader_passed_on(void)
{
	passed_on(O_RDONLY);
}

/* while the opener is gone and nobody has received the descriptor yet */
static void in_flight(void)
{
	struct peer *peer = peer_process();
	struct peer *sender = peer_process();
	int fd = peer_must_open(sender, STAGED, O_RDWR);

	peer_offer_fd(sender, fd);
	CHECK_EQ(peer_close(sender, fd), 0);
	CHECK_EQ(peer_open(peer, CURRENT, O_RDONLY), -EBUSY);
	fd = peer_take_fd(sender);
	peer_stop(sender);
	CHECK_EQ(peer_open(peer, CURRENT, O_RDONLY), -EBUSY);
	close(fd);
	lock_must_be_free();
	peer_stop(peer);
}

static void passed_on_commands(void)
{
	struct peer *peer = peer_process();
	struct buf all, rest;
	int fd;

	measure(4);
	fd = peer_must_open(peer, STAGED, O_RDWR);
	peer_offer_fd(peer, fd);
	fd = peer_take_fd(peer);
	peer_stop(peer);
	COMMAND(fd, "A\n");
	read_fd(fd, 4096, &all);
	expect_sequence(&all, 'a', 0, 4);
	COMMAND(fd, "D\n");
	read_fd(fd, 4096, &rest);
	CHECK(!rest.len, "%zu bytes left", rest.len);
	close(fd);
	lock_must_be_free();
}

static void inherited(int flags)
{
	struct peer *peer = peer_process();
	int fd = peer_must_open(peer, CURRENT, flags);

	peer_fork_and_exit(peer);
	nobody_else_may(flags);
	if (flags != O_RDONLY)
		CHECK_EQ(peer_open(peer, CURRENT, O_RDWR), -EBUSY);
	CHECK_EQ(peer_close(peer, fd), 0);
	lock_must_be_free();
	peer_stop(peer);
}

static void parent_exits(void)
{
	struct state before = { 0 };

	measure(2);
	state_get(&before);
	inherited(O_RDWR);
	inherited(O_WRONLY);
	inherited(O_RDONLY);
	EXPECT_SAME_STATE(&before);
}

static void closed_by_thread(int flags)
{
	struct peer *peer = peer_thread();
	int fd = list_open(STAGED, flags);

	nobody_else_may(flags);
	CHECK_EQ(peer_close(peer, fd), 0);
	lock_must_be_free();
	peer_stop(peer);
}

static void closed_by_other_thread(void)
{
	closed_by_thread(O_RDWR);
	closed_by_thread(O_RDONLY);
}

/* the thread that is the writer ends; its process keeps the descriptor */
static void opener_thread_ends(void)
{
	struct peer *peer = peer_thread();
	int fd = peer_must_open(peer, CURRENT, O_RDWR);

	EXPECT_OPEN_REFUSED(STAGED, O_RDWR, EBUSY);
	peer_stop(peer);
	EXPECT_OPEN_REFUSED(STAGED, O_RDWR, EBUSY);
	EXPECT_OPEN_REFUSED(STAGED, O_RDONLY, EBUSY);
	peer = peer_thread();
	CHECK_EQ(peer_open(peer, STAGED, O_WRONLY), -EBUSY);
	peer_stop(peer);
	close(fd);
	lock_must_be_free();
}

static void duplicates(void)
{
	int fd = list_open(CURRENT, O_RDWR);
	int fd2 = dup(fd);

	close(fd);
	nobody_else_may(O_RDWR);
	close(fd2);
	lock_must_be_free();
	fd = list_open(CURRENT, O_RDONLY);
	fd2 = dup(fd);
	close(fd);
	nobody_else_may(O_RDONLY);
	close(fd2);
	lock_must_be_free();
}

/* a writer that still has a passed-on file is the writer, and no one else */
static void opener_keeps_right(void)
{
	struct peer *peer = peer_process();
	int fd = list_open(CURRENT, O_RDWR);
	int far_fd = peer_send_fd(peer, fd);

	close(fd);
	CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EBUSY);
	EXPECT_OPEN_REFUSED(STAGED, O_RDONLY, EBUSY);
	fd = list_open(STAGED, O_RDWR);
	CHECK_EQ(peer_close(peer, far_fd), 0);
	CHECK_EQ(peer_open(peer, STAGED, O_RDWR), -EBUSY);
	close(fd);
	lock_must_be_free();
	peer_stop(peer);
}

/* killed before its commit, a transaction has not happened */
static void killed_before_trim(void)
{
	struct peer *peer = peer_process();
	struct state before = { 0 };
	int fd;

	measure(3);
	state_get(&before);
	fd = peer_must_open(peer, CURRENT, O_RDWR);
	CHECK_EQ(peer_read(peer, fd), before.current.len);
	peer_kill(peer);
	lock_must_be_free();
	EXPECT_SAME_STATE(&before);
}

/* killed between A and D: what is staged stays so */
static void killed_while_staged(void)
{
	struct peer *peer = peer_process();
	struct state before = { 0 }, after = { 0 };
	int fd;

	measure(3);
	state_get(&before);
	fd = peer_must_open(peer, STAGED, O_RDWR);
	CHECK_EQ(peer_write(peer, fd, "A\n"), 0);
	CHECK_EQ(peer_read(peer, fd), before.current.len);
	peer_kill(peer);
	lock_must_be_free();
	state_get(&after);
	CHECK(buf_same(&after.staged, &before.current), "staged has changed");
	CHECK_EQ(after.nr.staged, 3);
	CHECK_EQ(after.nr.current, 0);
	CHECK_EQ(after.nr.deleted, before.nr.deleted);
}

static void reader_killed(void)
{
	struct peer *peer = peer_process();

	peer_must_open(peer, STAGED, O_RDONLY);
	peer_must_open(peer, CURRENT_ASCII, O_RDONLY);
	nobody_else_may(O_RDONLY);
	peer_kill(peer);
	lock_must_be_free();
}

const struct test release_tests[] = {
	{ "release_writer_passed_on", writer_passed_on, 0 },
	{ "release_reader_passed_on", reader_passed_on, 0 },
	{ "release_descriptor_in_flight", in_flight, 0 },
	{ "release_passed_on_commands", passed_on_commands, 0 },
	{ "release_parent_exits", parent_exits, 0 },
	{ "release_closed_by_other_thread", closed_by_other_thread, 0 },
	{ "release_opener_thread_ends", opener_thread_ends, 0 },
	{ "release_duplicates", duplicates, 0 },
	{ "release_opener_keeps_right", opener_keeps_right, 0 },
	{ "release_writer_killed_before_trim", killed_before_trim, 0 },
	{ "release_writer_killed_while_staged", killed_while_staged, 0 },
	{ "release_reader_killed", reader_killed, 0 },
	{ 0 }
};
