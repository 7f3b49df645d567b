/* SPDX-License-Identifier: MIT */
/*
 * What passes between imasim and those who ask something of it: over a SOCK_SEQPACKET
 * socket, one request, one reply, and so on.
 *
 *	request	words, each ending in NUL; the file that it is about, as a descriptor
 *	reply	struct reply, and text for people, without a NUL
 *
 * Files are opened by who asks: nobody gets more measured than they may read.
 */
#ifndef EMU_MESSAGE_H
#define EMU_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX 8192
#define MESSAGE_WORDS_MAX 8

/**
 * struct message - a request
 * @nr_words: how many
 * @words: they, in @room
 * @fd: the file, -1: none
 * @room: their bytes
 */
struct message {
	int nr_words;
	const char *words[MESSAGE_WORDS_MAX];
	int fd;
	char room[MESSAGE_MAX];
};

/**
 * struct reply - a reply
 * @status: 0, or a negative errno
 * @text: more of it
 */
struct reply {
	int32_t status;
	char text[MESSAGE_MAX - sizeof(int32_t)];
};

/*
 * Where imasim listens unless told otherwise: $IMASIM_SOCKET, in $XDG_RUNTIME_DIR,
 * or in /run for root. -ENOENT: nowhere.
 */
int message_default_path(char *ret_path, size_t room);

/* Both return a descriptor. */
int message_listen(const char *path);
int message_connect(const char *path);

/*
 * The process that listens at the other end of @sock, as a pidfd, or a negative
 * errno: -ESRCH in a PID namespace where it is not seen.
 */
int message_listener(int sock);

/* Waits until it has ended, but not for ever: -ETIMEDOUT. */
int message_wait_for_end(int pidfd);

/* @fd: to be passed, -1: none */
int message_send(int sock, const char *const *words, int nr_words, int fd);

/* 0: there is none any more, 1: it is in @ret_message, @fd in it the caller's. */
int message_receive(int sock, struct message *ret_message);

int message_reply(int sock, const struct reply *reply);
int message_receive_reply(int sock, struct reply *ret_reply);

#endif
