// SPDX-License-Identifier: MIT
/* Asking for files and buffers to be measured. See client.h. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "tool/cli.h"
#include "emu/client.h"

#define WINDOW 16

/*
 * Requests that wait for their answers, which come in the order of the requests: a
 * client opens the next files while imasim reads those before.
 */
struct window {
	const char *paths[WINDOW];
	unsigned int nr_sent;
	unsigned int nr_answered;
};

/* That there was such a record is no error: the kernel says nothing, either. */
static int judge(const char *path, int ret)
{
	if (ret == -EINVAL) {
		cli_error("%s: it is no regular file", path);
		return ret;
	}
	return ret && ret != -EEXIST ? client_complain(path, ret) : 0;
}

static int take_answer(const struct client *client, struct window *window)
{
	const char *path = window->paths[window->nr_answered++ % WINDOW];
	struct reply reply;
	int ret = message_receive_reply(client->sock, &reply);

	return judge(path, ret ? ret : reply.status);
}

static int send_file(const struct client *client, const char *verb,
		     const char *path, struct window *window)
{
	cleanup_close int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret;

	if (fd < 0)
		return client_complain_of_file(path);
	ret = message_send(client->sock, &verb, 1, fd);
	if (ret)
		return client_complain(path, ret);
	window->paths[window->nr_sent++ % WINDOW] = path;
	return 0;
}

/* All of them, even if one cannot be. */
static int ask_for_files(const struct client *client, const char *verb,
			 char **args, int nr_args)
{
	struct window window = { 0 };
	int ret = 0, one;

	for (int i = 0; i < nr_args && !cli_interrupted(); i++) {
		if (window.nr_sent - window.nr_answered == WINDOW) {
			one = take_answer(client, &window);
			ret = one ? one : ret;
		}
		one = send_file(client, verb, args[i], &window);
		ret = one ? one : ret;
		if (one == -EPIPE || one == -ECONNRESET)
			break;
	}
	while (window.nr_sent != window.nr_answered) {
		one = take_answer(client, &window);
		ret = one ? one : ret;
	}
	return ret;
}

int client_measure(struct client *client, char **args, int nr_args)
{
	return ask_for_files(client, "measure", args, nr_args);
}

int client_violation(struct client *client, char **args, int nr_args)
{
	return ask_for_files(client, "violation", args, nr_args);
}

static int ask_for_buffer(const struct client *client, const char *name, int fd)
{
	const char *words[] = { "buffer", name };
	struct reply reply;
	int ret = client_ask(client, words, ARRAY_SIZE(words), fd, &reply);

	return ret && ret != -EEXIST ? client_complain(name, ret) : 0;
}

static int buffer_of_text(struct client *client, const char *name,
			  const char *text)
{
	cleanup_close int fd = memfd_create("buffer", MFD_CLOEXEC);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len || lseek(fd, 0, SEEK_SET))
		return client_complain_of_file("memory");
	return ask_for_buffer(client, name, fd);
}

int client_buffer(struct client *client, char **args, int nr_args)
{
	if (nr_args > 1)
		return buffer_of_text(client, args[0], args[1]);
	return ask_for_buffer(client, args[0], STDIN_FILENO);
}
