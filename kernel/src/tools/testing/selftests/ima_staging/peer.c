// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Peers: other processes or threads that open, write and close when asked.
 *
 * One request, one reply, over a socket pair; a second one passes descriptors.
 * A process starts without the descriptors of whoever started it, so that it
 * holds nothing but what it opened or was sent.
 */

#include "ima_staging_test.h"

#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NOBODY		65534
#define MAX_FD		256

enum peer_op {
	PEER_OPEN,
	PEER_CLOSE,
	PEER_WRITE,
	PEER_READ,
	PEER_RECEIVE_FD,
	PEER_OFFER_FD,
	PEER_BECOME,
	PEER_FORK,
	PEER_STOP,
};

struct request {
	enum peer_op op;
	int arg;
	int flags;
	char text[128];
};

struct ends {
	int sock;		/* requests and replies */
	int fds;		/* descriptors */
};

struct peer {
	struct ends near;	/* ours */
	struct ends far;	/* the peer's, open here if it is a thread */
	pid_t pid;		/* 0 for a thread */
	pthread_t thread;
};

static void fd_send(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	CHECK(sendmsg(sock, &msg, 0) == 1, "%s", strerror(errno));
}

static int fd_receive(int sock)
{
	char control[CMSG_SPACE(sizeof(int))];
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	CHECK(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1, "%s",
	      strerror(errno));
	cmsg = CMSG_FIRSTHDR(&msg);
	CHECK(cmsg && cmsg->cmsg_type == SCM_RIGHTS, "no descriptor came");
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

static void capabilities_set(unsigned long long caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
		{ .effective = caps >> 32, .permitted = caps >> 32 },
	};

	CHECK(!syscall(SYS_capset, &header, data), "%s", strerror(errno));
}

static unsigned long long capabilities_get(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	CHECK(!syscall(SYS_capget, &header, data), "%s", strerror(errno));
	return data[0].permitted | (unsigned long long)data[1].permitted << 32;
}

static int become(enum peer_privilege privilege)
{
	unsigned long long all = capabilities_get();
	unsigned long long admin = 1ULL << CAP_SYS_ADMIN;
	bool root = privilege == PEER_ROOT_NO_CAP ||
		    privilege == PEER_ROOT_ONLY_ADMIN_MISSING;
	gid_t gid = privilege == PEER_NOBODY ? NOBODY : 0;

	prctl(PR_SET_KEEPCAPS, 1);
	CHECK(!setgroups(0, NULL) && !setresgid(gid, gid, gid), "%s",
	      strerror(errno));
	if (!root)
		CHECK(!setresuid(NOBODY, NOBODY, NOBODY), "%s",
		      strerror(errno));
	if (privilege == PEER_GROUP_ADMIN)
		capabilities_set(admin);
	else if (privilege == PEER_ROOT_ONLY_ADMIN_MISSING)
		capabilities_set(all & ~admin);
	else
		capabilities_set(0);
	return 0;
}

/* returns in the child alone, once its parent is gone */
static int fork_and_exit(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid)
		_exit(TEST_PASS);
	while (getppid() == parent)
		pause_ms(1);
	return 0;
}

static int read_to_end(int fd)
{
	char p[4096];
	ssize_t len;
	int total = 0;

	while ((len = read(fd, p, sizeof(p))) > 0)
		total += len;
	return len < 0 ? -errno : total;
}

static int serve(const struct ends *ends, const struct request *rq)
{
	switch (rq->op) {
	case PEER_OPEN:
		return try_open(rq->text, rq->flags);
	case PEER_CLOSE:
		return close(rq->arg) ? -errno : 0;
	case PEER_WRITE:
		return try_write(rq->arg, rq->text, strlen(rq->text));
	case PEER_READ:
		return read_to_end(rq->arg);
	case PEER_RECEIVE_FD:
		return fd_receive(ends->fds);
	case PEER_OFFER_FD:
		fd_send(ends->fds, rq->arg);
		return 0;
	case PEER_BECOME:
		return become(rq->arg);
	case PEER_FORK:
		return fork_and_exit();
	case PEER_STOP:
		break;
	}
	return 0;
}

static void *peer_loop(void *arg)
{
	const struct ends *ends = arg;
	struct request rq;
	int ret;

	while (recv(ends->sock, &rq, sizeof(rq), 0) == sizeof(rq)) {
		ret = serve(ends, &rq);
		if (send(ends->sock, &ret, sizeof(ret), MSG_NOSIGNAL) < 0)
			break;
		if (rq.op == PEER_STOP)
			break;
	}
	return NULL;
}

static void request(struct peer *peer, enum peer_op op, int arg, int flags,
		    const char *text)
{
	struct request rq = { .op = op, .arg = arg, .flags = flags };

	if (text)
		snprintf(rq.text, sizeof(rq.text), "%s", text);
	CHECK(send(peer->near.sock, &rq, sizeof(rq), MSG_NOSIGNAL) ==
	      sizeof(rq), "%s", strerror(errno));
}

static int reply(struct peer *peer)
{
	int ret;

	CHECK(recv(peer->near.sock, &ret, sizeof(ret), 0) == sizeof(ret),
	      "the other task is gone");
	return ret;
}

static int ask(struct peer *peer, enum peer_op op, int arg, int flags,
	       const char *text)
{
	request(peer, op, arg, flags, text);
	return reply(peer);
}

static struct peer *peer_new(void)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
	int socks[2], fds[2];

	CHECK(peer, "out of memory");
	if (socketpair(AF_UNIX, type, 0, socks) ||
	    socketpair(AF_UNIX, type, 0, fds))
		test_skip("no unix sockets: %s", strerror(errno));
	peer->near.sock = socks[0];
	peer->near.fds = fds[0];
	peer->far.sock = socks[1];
	peer->far.fds = fds[1];
	return peer;
}

static void ends_close(struct ends *ends)
{
	close(ends->sock);
	close(ends->fds);
}

static void close_all_but(const struct ends *ends)
{
	int fd;

	for (fd = STDERR_FILENO + 1; fd < MAX_FD; fd++)
		if (fd != ends->sock && fd != ends->fds && fd != cfg.dirfd &&
		    fd != cfg.workfd)
			close(fd);
}

struct peer *peer_process(void)
{
	struct peer *peer = peer_new();

	peer->pid = fork();
	CHECK(peer->pid >= 0, "%s", strerror(errno));
	if (!peer->pid) {
		close_all_but(&peer->far);
		peer_loop(&peer->far);
		_exit(TEST_PASS);
	}
	ends_close(&peer->far);
	return peer;
}

struct peer *peer_thread(void)
{
	struct peer *peer = peer_new();

	CHECK(!pthread_create(&peer->thread, NULL, peer_loop, &peer->far),
	      "no thread");
	return peer;
}

int peer_open(struct peer *peer, const char *name, int flags)
{
	return ask(peer, PEER_OPEN, 0, flags, name);
}

int peer_must_open(struct peer *peer, const char *name, int flags)
{
	unsigned long long start = now_ms();
	int fd;

	do {
		fd = peer_open(peer, name, flags);
		if (fd != -EBUSY || cfg.securityfs)
			break;
		pause_ms(1);
	} while (now_ms() - start < RETRY_MS);
	CHECK(fd >= 0, "%s (flags %#x): %s", name, flags, strerror(-fd));
	return fd;
}

int peer_close(struct peer *peer, int fd)
{
	return ask(peer, PEER_CLOSE, fd, 0, NULL);
}

int peer_write(struct peer *peer, int fd, const char *text)
{
	return ask(peer, PEER_WRITE, fd, 0, text);
}

int peer_read(struct peer *peer, int fd)
{
	return ask(peer, PEER_READ, fd, 0, NULL);
}

int peer_send_fd(struct peer *peer, int fd)
{
	request(peer, PEER_RECEIVE_FD, 0, 0, NULL);
	fd_send(peer->near.fds, fd);
	return reply(peer);
}

void peer_offer_fd(struct peer *peer, int fd)
{
	CHECK_EQ(ask(peer, PEER_OFFER_FD, fd, 0, NULL), 0);
}

int peer_take_fd(struct peer *peer)
{
	return fd_receive(peer->near.fds);
}

void peer_become(struct peer *peer, enum peer_privilege privilege)
{
	CHECK_EQ(ask(peer, PEER_BECOME, privilege, 0, NULL), 0);
}

void peer_fork_and_exit(struct peer *peer)
{
	CHECK_EQ(ask(peer, PEER_FORK, 0, 0, NULL), 0);
	child_wait(peer->pid);
	peer->pid = -1;
}

void peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	CHECK_EQ(waitpid(peer->pid, NULL, 0), peer->pid);
	ends_close(&peer->near);
	free(peer);
}

/* an orphan is only told to stop: its end cannot be waited for */
void peer_stop(struct peer *peer)
{
	CHECK_EQ(ask(peer, PEER_STOP, 0, 0, NULL), 0);
	if (!peer->pid) {
		CHECK(!pthread_join(peer->thread, NULL), "no end");
		ends_close(&peer->far);
	} else if (peer->pid > 0) {
		child_wait(peer->pid);
	}
	ends_close(&peer->near);
	free(peer);
}
