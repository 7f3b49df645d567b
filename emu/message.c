// SPDX-License-Identifier: MIT
/* Requests and replies. See message.h. */

#include "emu/message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"

#define END_MS 10000

int message_default_path(char *ret_path, size_t room)
{
	const char *set = getenv("IMASIM_SOCKET");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (set)
		snprintf(ret_path, room, "%s", set);
	else if (runtime)
		snprintf(ret_path, room, "%s/imasim.sock", runtime);
	else if (!geteuid())
		snprintf(ret_path, room, "/run/imasim.sock");
	else
		return -ENOENT;
	return 0;
}

static int open_socket(const char *path, struct sockaddr_un *ret_address)
{
	int sock;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret_address->sun_path, path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return sock < 0 ? -errno : sock;
}

int message_connect(const char *path)
{
	struct sockaddr_un address;
	int sock = open_socket(path, &address);

	if (sock < 0)
		return sock;
	if (connect(sock, (struct sockaddr *)&address, sizeof(address))) {
		int ret = -errno;

		close(sock);
		return ret;
	}
	return sock;
}

int message_listener(int sock)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int pidfd;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	if (peer.pid <= 0)
		return -ESRCH;
	pidfd = syscall(SYS_pidfd_open, peer.pid, 0);
	return pidfd < 0 ? -errno : pidfd;
}

int message_wait_for_end(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int nr = poll(&ended, 1, END_MS);

	if (nr < 0)
		return -errno;
	return nr ? 0 : -ETIMEDOUT;
}

/* Only for our own user, and root. */
static int bind_privately(int sock, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int ret = 0;

	if (bind(sock, (const struct sockaddr *)address, sizeof(*address)) ||
	    listen(sock, 64))
		ret = -errno;
	umask(mask);
	return ret;
}

/* One that nobody listens to any more is in the way of nobody. */
int message_listen(const char *path)
{
	struct sockaddr_un address;
	int sock = message_connect(path);
	int ret;

	if (sock >= 0) {
		close(sock);
		return -EADDRINUSE;
	}
	if (sock == -ECONNREFUSED)
		unlink(path);
	sock = open_socket(path, &address);
	if (sock < 0)
		return sock;
	ret = bind_privately(sock, &address);
	if (ret) {
		close(sock);
		return ret;
	}
	return sock;
}

static void attach(struct msghdr *header, void *control, size_t control_len,
		   int fd)
{
	struct cmsghdr *cmsg;

	memset(control, 0, control_len);
	header->msg_control = control;
	header->msg_controllen = control_len;
	cmsg = CMSG_FIRSTHDR(header);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

int message_send(int sock, const char *const *words, int nr_words, int fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov[MESSAGE_WORDS_MAX];
	struct msghdr header = { .msg_iov = iov, .msg_iovlen = nr_words };

	if (nr_words > MESSAGE_WORDS_MAX)
		return -E2BIG;
	for (int i = 0; i < nr_words; i++) {
		iov[i].iov_base = (void *)(uintptr_t)words[i];
		iov[i].iov_len = strlen(words[i]) + 1;
	}
	if (fd >= 0)
		attach(&header, control, sizeof(control), fd);
	return sendmsg(sock, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The room for one descriptor has, by its padding, room for another. All are ours. */
static int passed_fd(struct msghdr *header)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(header);
	int fds[2] = { -1, -1 };

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len > CMSG_LEN(sizeof(fds)))
		return -1;
	memcpy(fds, CMSG_DATA(cmsg), cmsg->cmsg_len - CMSG_LEN(0));
	if (fds[1] >= 0)
		close(fds[1]);
	return fds[0];
}

static int split(struct message *message, size_t len)
{
	size_t at = 0;

	if (!len || message->room[len - 1])
		return -EBADMSG;
	for (message->nr_words = 0; at < len;
	     at += strlen(&message->room[at]) + 1) {
		if (message->nr_words == MESSAGE_WORDS_MAX)
			return -E2BIG;
		message->words[message->nr_words++] = &message->room[at];
	}
	return 1;
}

int message_receive(int sock, struct message *ret_message)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {
		.iov_base = ret_message->room,
		.iov_len = sizeof(ret_message->room),
	};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	int ret;

	if (len <= 0)
		return len ? -errno : 0;
	ret_message->fd = passed_fd(&header);
	ret = header.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ?
		      -E2BIG :
		      split(ret_message, len);
	if (ret < 0 && ret_message->fd >= 0)
		close(ret_message->fd);
	return ret;
}

int message_reply(int sock, const struct reply *reply)
{
	size_t len = offsetof(struct reply, text) + strlen(reply->text);

	return send(sock, reply, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int message_receive_reply(int sock, struct reply *ret_reply)
{
	ssize_t len = recv(sock, ret_reply, sizeof(*ret_reply) - 1, 0);

	if (len < (ssize_t)sizeof(ret_reply->status))
		return len < 0 ? -errno : -ECONNRESET;
	((char *)ret_reply)[len] = '\0';
	return 0;
}
