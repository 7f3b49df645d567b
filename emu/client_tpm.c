// SPDX-License-Identifier: MIT
/* The TPM: its commands, and what befalls it. See client.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "tool/cli.h"
#include "emu/client.h"
#include "emu/tpm_pipe.h"

/*
 * A signal ends the process, at whatever it comes, and though who has started it
 * has blocked it for itself: TSS sends one to have the way to the TPM end, and waits
 * for that before it closes its own end.
 */
static int end_by_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		signal(signals[i], SIG_DFL);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return cli_interrupted() ? -EINTR : 0;
}

/*
 * The reply comes when imasim has no more to do with the socket: at once if it has
 * no TPM.
 */
int client_tpm(struct client *client, char **args, int nr_args)
{
	static const char *const words[] = { "tpm" };
	struct reply reply;
	int ends[2], ret, status;

	(void)args, (void)nr_args;
	if (end_by_signals())
		return -EINTR;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return client_complain("tpm", -errno);
	ret = message_send(client->sock, words, ARRAY_SIZE(words), ends[1]);
	close(ends[1]);
	if (!ret)
		ret = tpm_pipe_forward(ends[0]);
	close(ends[0]);
	status = message_receive_reply(client->sock, &reply);
	if (!status)
		status = reply.status;
	if (!status)
		status = ret;
	return status ? client_complain("tpm", status) : 0;
}

static int ask_about_file(const struct client *client, const char *name, int fd)
{
	struct reply reply;

	return client_ask(client, &name, 1, fd, &reply);
}

int client_tpm_clear(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "tpm-clear", args, nr_args);
}

int client_tpm_new(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "tpm-new", args, nr_args);
}

int client_tpm_save(struct client *client, char **args, int nr_args)
{
	(void)nr_args;
	return client_save(client, "tpm-save", args[0], ask_about_file);
}

int client_tpm_load(struct client *client, char **args, int nr_args)
{
	cleanup_close int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	int ret;

	(void)nr_args;
	if (fd < 0)
		return client_complain_of_file(args[0]);
	ret = ask_about_file(client, "tpm-load", fd);
	if (ret == -EINVAL) {
		cli_error("%s: not what 'imasim tpm-save' has written",
			  args[0]);
		return ret;
	}
	return ret ? client_complain(args[0], ret) : 0;
}
