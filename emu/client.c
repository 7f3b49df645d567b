// SPDX-License-Identifier: MIT
/* Asking something of a running emulator. See client.h. */

#include "emu/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/message.h"
#include "emu/tpm_pipe.h"

#define PATH_LEN 108

static int complain(const char *what, int err)
{
	fprintf(stderr, "imasim: %s: %s\n", what, strerror(-err));
	return 1;
}

/* 0, or a negative errno, of the request or of what was requested. */
static int ask(int sock, const char *const *words, int nr_words, int fd,
	       struct reply *ret_reply)
{
	int ret = message_send(sock, words, nr_words, fd);

	if (!ret)
		ret = message_receive_reply(sock, ret_reply);
	return ret ? ret : ret_reply->status;
}

static int ask_simply(int sock, int argc, char **argv)
{
	struct reply reply = { 0 };
	int ret;

	ret = ask(sock, (const char *const *)argv, argc, -1, &reply);
	fputs(reply.text, stdout);
	return ret ? complain(argv[0], ret) : 0;
}

/* That there was such a record is no error: the kernel says nothing, either. */
static int ask_for_file(int sock, const char *verb, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct reply reply;
	int ret;

	if (fd < 0)
		return complain(path, -errno);
	ret = ask(sock, &verb, 1, fd, &reply);
	return ret && ret != -EEXIST ? complain(path, ret) : 0;
}

static int ask_for_files(int sock, int argc, char **argv)
{
	int ret = 0;

	for (int i = 1; i < argc; i++)
		ret |= ask_for_file(sock, argv[0], argv[i]);
	return ret;
}

static int ask_for_buffer(int sock, int argc, char **argv)
{
	struct reply reply;
	int ret;

	ret = ask(sock, (const char *const *)argv, argc, STDIN_FILENO, &reply);
	return ret ? complain(argv[1], ret) : 0;
}

static int ask_for_load(int sock, int argc, char **argv)
{
	char seed[] = "1", nr[] = "1000", rate[] = "0";
	char *words[] = { argv[0], seed, nr, rate };

	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	return ask_simply(sock, ARRAY_SIZE(words), words);
}

static int ask_for_fault(int sock, int argc, char **argv)
{
	char nr[] = "1", pass[] = "0";
	char *words[] = { argv[0], NULL, NULL, nr, pass };

	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	return ask_simply(sock, argc < 3 ? argc : (int)ARRAY_SIZE(words),
			  words);
}

static int ask_to_save(int sock, int argc, char **argv)
{
	cleanup_close int fd =
		open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct reply reply;
	int ret;

	(void)argc;
	if (fd < 0)
		return complain(argv[1], -errno);
	ret = ask(sock, (const char *const *)argv, 1, fd, &reply);
	return ret ? complain(argv[0], ret) : 0;
}

/*
 * The reply comes when imasim has no more to do with the socket: at once if it has
 * no TPM.
 */
static int ask_for_tpm(int sock, int argc, char **argv)
{
	struct reply reply;
	int ends[2], ret, status;

	(void)argc;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return complain(argv[0], -errno);
	ret = message_send(sock, (const char *const *)argv, 1, ends[1]);
	close(ends[1]);
	if (!ret)
		ret = tpm_pipe_forward(ends[0]);
	close(ends[0]);
	status = message_receive_reply(sock, &reply);
	if (!status)
		status = reply.status;
	if (!status)
		status = ret;
	return status ? complain(argv[0], status) : 0;
}

static const struct verb {
	const char *name;
	int min_args;
	int max_args;
	int (*run)(int sock, int argc, char **argv);
} verbs[] = {
	{ "measure", 1, 1 << 20, ask_for_files },
	{ "violation", 1, 1 << 20, ask_for_files },
	{ "buffer", 1, 1, ask_for_buffer },
	{ "load", 0, 3, ask_for_load },
	{ "kexec", 0, 0, ask_simply },
	{ "reboot", 0, 0, ask_simply },
	{ "suspend", 0, 0, ask_simply },
	{ "status", 0, 0, ask_simply },
	{ "fault", 0, 4, ask_for_fault },
	{ "pcrs", 0, 0, ask_simply },
	{ "tpm", 0, 0, ask_for_tpm },
	{ "save", 1, 1, ask_to_save },
	{ "stop", 0, 0, ask_simply },
};

static int connect_to(const char *path)
{
	char room[PATH_LEN];
	int sock;

	if (!path) {
		if (message_default_path(room, sizeof(room))) {
			fputs("imasim: say where it listens: --socket\n",
			      stderr);
			return -1;
		}
		path = room;
	}
	sock = message_connect(path);
	if (sock < 0)
		complain(path, sock);
	return sock;
}

static int run(const struct verb *verb, const char *socket, int argc,
	       char **argv)
{
	cleanup_close int sock = -1;

	if (argc - 1 < verb->min_args || argc - 1 > verb->max_args)
		return 2;
	sock = connect_to(socket);
	return sock < 0 ? 1 : verb->run(sock, argc, argv);
}

int client_run(const char *socket, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, argv[0]))
			return run(&verbs[i], socket, argc, argv);
	}
	return -1;
}
