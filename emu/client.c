// SPDX-License-Identifier: MIT
/* Asking something of a running emulator. See client.h. */

#include "emu/client.h"

#include <errno.h>
#include <fcntl.h>
#include <imastage/bytes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/parse.h"
#include "emu/fault.h"
#include "emu/message.h"
#include "emu/verbs.h"

#define MANY INT_MAX

/* ---- asking -------------------------------------------------------------- */

/* What an error means that only a running emulator gives. */
static const char *meaning(int err)
{
	switch (err) {
	case -EACCES:
		return "measuring is suspended, until 'imasim kexec' or "
		       "'imasim reboot'";
	case -EOPNOTSUPP:
		return "this TPM is not imasim's own to start anew";
	case -ENOSYS:
		return "the imasim that runs does not know that: it is of "
		       "another version";
	case -ECONNRESET:
	case -EPIPE:
		return "imasim has ended";
	default:
		return strerror(-err);
	}
}

int client_complain(const char *what, int err)
{
	if (!cli_interrupted())
		cli_error("%s: %s", what, meaning(err));
	return err;
}

int client_complain_of_file(const char *path)
{
	int ret = -errno;

	cli_error("%s: %s", path, strerror(-ret));
	return ret;
}

/* 0, or a negative errno, of the request or of what was requested. */
int client_ask(const struct client *client, const char *const *words,
	       int nr_words, int fd, struct reply *ret_reply)
{
	int ret = message_send(client->sock, words, nr_words, fd);

	ret_reply->text[0] = '\0';
	if (!ret)
		ret = message_receive_reply(client->sock, ret_reply);
	return ret ? ret : ret_reply->status;
}

/* The words are @name and the arguments. */
static int ask_words(const struct client *client, const char *name,
		     char *const *args, int nr_args, int fd,
		     struct reply *ret_reply)
{
	const char *words[MESSAGE_WORDS_MAX] = { name };

	for (int i = 0; i < nr_args && i + 1 < MESSAGE_WORDS_MAX; i++)
		words[i + 1] = args[i];
	return client_ask(client, words, nr_args + 1, fd, ret_reply);
}

/* A line for each; names of files in them may be anything. */
static void print_reply(struct reply *reply)
{
	char *at = reply->text, *line;

	while (at && *at) {
		line = strsep(&at, "\n");
		text_print_line(stdout, "%s", line);
	}
}

int client_ask_simply(const struct client *client, const char *name,
		      char *const *args, int nr_args)
{
	struct reply reply;
	int ret = ask_words(client, name, args, nr_args, -1, &reply);

	print_reply(&reply);
	return ret ? client_complain(name, ret) : 0;
}

static bool is_number(const char *text)
{
	uint64_t number;

	return !parse_number(text, UINT64_MAX, &number);
}

static const char *check_load(char **args, int nr_args)
{
	for (int i = 0; i < nr_args; i++) {
		if (!is_number(args[i]))
			return "SEED, COUNT and RATE are numbers";
	}
	return NULL;
}

static int run_load(struct client *client, char **args, int nr_args)
{
	char seed[] = "1", nr[] = "1000", rate[] = "0";
	char *words[] = { seed, nr, rate };

	for (int i = 0; i < nr_args; i++)
		words[i] = args[i];
	return client_ask_simply(client, "load", words, ARRAY_SIZE(words));
}

/* ---- watching ------------------------------------------------------------ */

static int set_mount(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->what = "mount";
	return 0;
}

static int set_file_system(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->what = "filesystem";
	return 0;
}

static int set_exec(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->exec_only = true;
	return 0;
}

static int set_wait(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->wait = true;
	return 0;
}

static const struct opt watch_opts[] = {
	{ .text = "What of a PATH (a file, or what lies in a folder, but not "
		  "below it):" },
	{ "mount", 'm', NULL, "all of the mount that it is on", set_mount,
	  NULL },
	{ "filesystem", 's', NULL, "all of its file system, by whatever mount",
	  set_file_system, NULL },
	{ "exec", 'x', NULL, "what is executed, not what is read, too",
	  set_exec, NULL },
	{ "wait", 'w', NULL,
	  "who opens it waits until it is measured, as in the\nkernel",
	  set_wait, NULL },
	{ 0 },
};

static int complain_of_watch(const char *path, int err)
{
	switch (err) {
	case -EPERM:
		cli_error(
			"to watch takes CAP_SYS_ADMIN: run imasim as root, or "
			"measure files by 'imasim measure'");
		return err;
	case -EINVAL:
	case -ENODEV:
	case -EXDEV:
		cli_error("%s: it cannot be watched: imasim's own files, or a "
			  "file system without fanotify",
			  path);
		return err;
	case -ENOSPC:
		cli_error("%s: too much is watched already", path);
		return err;
	default:
		return client_complain(path, err);
	}
}

static int watch_one(const struct client *client, const char *path)
{
	cleanup_close int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char how[32];
	const char *words[] = { "watch", how };
	struct reply reply;
	int ret;

	if (fd < 0)
		return client_complain_of_file(path);
	snprintf(how, sizeof(how), "%s:%s%s", client->what,
		 client->exec_only ? "exec" : "read",
		 client->wait ? ":wait" : "");
	ret = client_ask(client, words, ARRAY_SIZE(words), fd, &reply);
	return ret ? complain_of_watch(path, ret) : 0;
}

static int run_watch(struct client *client, char **args, int nr_args)
{
	int ret = 0;

	if (!nr_args)
		return client_ask_simply(client, "watch", NULL, 0);
	for (int i = 0; !ret && i < nr_args; i++)
		ret = watch_one(client, args[i]);
	return ret;
}

static int run_unwatch(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "unwatch", args, nr_args);
}

/* ---- the machine --------------------------------------------------------- */

static int run_kexec(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "kexec", args, nr_args);
}

static int run_reboot(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "reboot", args, nr_args);
}

static int run_suspend(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "suspend", args, nr_args);
}

static int run_suspend_to_ram(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "suspend-to-ram", args, nr_args);
}

static int run_hibernate(struct client *client, char **args, int nr_args)
{
	return client_ask_simply(client, "hibernate", args, nr_args);
}

/*
 * Asks for the end, and waits for it: whoever begins anew finds nothing mounted.
 * Where the process cannot be seen, the reply has to do.
 */
static int ask_to_end(const struct client *client, const char *name, int fd)
{
	cleanup_close int listener = message_listener(client->sock);
	struct reply reply;
	int ret = ask_words(client, name, NULL, 0, fd, &reply);

	if (!ret && listener >= 0 && message_wait_for_end(listener))
		cli_error("it is still about to end");
	return ret;
}

static int run_stop(struct client *client, char **args, int nr_args)
{
	int ret = ask_to_end(client, "stop", -1);

	(void)args, (void)nr_args;
	return ret ? client_complain("stop", ret) : 0;
}

static const char *check_fault(char **args, int nr_args)
{
	if (!nr_args || (nr_args == 1 && !strcmp(args[0], "none")))
		return NULL;
	if (fault_place_by_name(args[0]) < 0)
		return "PLACE is open, read, stage, delete, trim or snapshot";
	if (nr_args < 2 || !fault_error_by_name(args[1]))
		return "ERROR is one like EIO, EBUSY, ESTALE or ENOMEM";
	for (int i = 2; i < nr_args; i++) {
		if (!is_number(args[i]))
			return "COUNT and AFTER are numbers";
	}
	return NULL;
}

static int run_fault(struct client *client, char **args, int nr_args)
{
	char nr[] = "1", pass[] = "0";
	char *words[] = { NULL, NULL, nr, pass };

	if (nr_args < 2)
		return client_ask_simply(client, "fault", args, nr_args);
	for (int i = 0; i < nr_args; i++)
		words[i] = args[i];
	return client_ask_simply(client, "fault", words, ARRAY_SIZE(words));
}

int client_save(const struct client *client, const char *name, const char *path,
		int (*ask)(const struct client *client, const char *name,
			   int fd))
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return client_complain_of_file(path);
	ret = ask(client, name, fd);
	if (!ret)
		return 0;
	unlink(path);
	return client_complain(path, ret);
}

static int run_save(struct client *client, char **args, int nr_args)
{
	(void)nr_args;
	return client_save(client, "save", args[0], ask_to_end);
}

/* ---- how it is ----------------------------------------------------------- */

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->json = true;
	return 0;
}

static const struct opt json_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "a JSON object", set_json, NULL },
	{ 0 },
};

static int status_line(struct json *json, char *line)
{
	char *value = strchr(line, ' ');
	uint64_t number;

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (!parse_number(value, UINT64_MAX, &number))
		json_number(json, line, number);
	else
		json_bytes(json, line,
			   (struct imastage_bytes){ (uint8_t *)value,
						    strlen(value) });
	return 0;
}

static int pcr_line(struct json *json, char *line)
{
	char *pcr = strchr(line, ':'), *value = strchr(line, '=');

	if (!pcr || !value)
		return -EBADMSG;
	*pcr++ = '\0';
	*value++ = '\0';
	json_open(json, line, '{');
	json_text(json, pcr, value);
	json_close(json, '}');
	return 0;
}

static int print_json(char *text, int (*member)(struct json *json, char *line))
{
	struct json json;
	char *rest = NULL;
	int ret = 0;

	json_start(&json, stdout, '{');
	for (char *line = strtok_r(text, "\n", &rest); line && !ret;
	     line = strtok_r(NULL, "\n", &rest))
		ret = member(&json, line);
	json_end(&json, '}');
	return ret;
}

static int ask_how(const struct client *client, const char *name,
		   int (*member)(struct json *json, char *line))
{
	struct reply reply;
	int ret = ask_words(client, name, NULL, 0, -1, &reply);

	if (ret)
		return client_complain(name, ret);
	if (client->json)
		return print_json(reply.text, member);
	print_reply(&reply);
	return 0;
}

static int run_status(struct client *client, char **args, int nr_args)
{
	(void)args, (void)nr_args;
	return ask_how(client, "status", status_line);
}

static int run_pcrs(struct client *client, char **args, int nr_args)
{
	(void)args, (void)nr_args;
	return ask_how(client, "pcrs", pcr_line);
}

static int set_check(void *context, const char *value)
{
	(void)value;
	((struct client *)context)->check = true;
	return 0;
}

static const struct opt workload_opts[] = {
	{ .text = "How it is done:" },
	{ "check", 'c', NULL, "look for mistakes in FILE, do nothing",
	  set_check, NULL },
	{ 0 },
};

/* ---- all of it ----------------------------------------------------------- */

static const struct request requests[] = {
	{
		.name = "measure",
		.command = { "PATH...",
			     "Measures files, as a policy of IMA would have it "
			     "done when they are opened. A record\nthat there "
			     "was before is not made again.\n",
			     NULL },
		.min_args = 1,
		.max_args = MANY,
		.in_workload = true,
		.run = client_measure,
	},
	{
		.name = "violation",
		.command = { "PATH...",
			     "Records that files were changed while they were "
			     "read: digests are zeros, and the PCR\nis extended "
			     "with ones.\n",
			     NULL },
		.min_args = 1,
		.max_args = MANY,
		.in_workload = true,
		.run = client_violation,
	},
	{
		.name = "buffer",
		.command = { "NAME [TEXT]",
			     "Measures TEXT, or else what is read from standard "
			     "input, as an ima-buf record called\nNAME. At most "
			     "1 MiB.\n",
			     NULL },
		.min_args = 1,
		.max_args = 2,
		.nr_words = 1,
		.in_workload = true,
		.run = client_buffer,
	},
	{
		.name = "load",
		.command = { "[SEED [COUNT [RATE]]]",
			     "Records COUNT (1000) files that there are not, "
			     "the same for the same SEED (1), RATE a\nsecond "
			     "(0: as fast as can be). It ends when this program "
			     "does.\n",
			     NULL },
		.max_args = 3,
		.nr_words = 3,
		.in_workload = true,
		.check = check_load,
		.run = run_load,
	},
	{
		.name = "watch",
		.command = { "[OPTION]... [PATH]...",
			     "Measures each file that is opened for execution "
			     "or for reading from now on, by fanotify,\nwhich "
			     "takes CAP_SYS_ADMIN. Without a PATH, says what is "
			     "watched.\n",
			     NULL },
		.opts = watch_opts,
		.max_args = MANY,
		.in_workload = true,
		.run = run_watch,
	},
	{
		.name = "unwatch",
		.command = { "",
			     "Measures what was opened until now, and watches "
			     "nothing any more.\n",
			     NULL },
		.in_workload = true,
		.run = run_unwatch,
	},
	{
		.name = "workload",
		.command = { "[OPTION]... FILE",
			     "Does what the lines of FILE ('-': standard input) "
			     "say, one after the other, up to the\nfirst that "
			     "fails. A mistake in any line is said before the "
			     "first is done.\n",
			     "Lines, besides empty ones and those that begin "
			     "with '#':\n"
			     "  measure PATH | violation PATH | buffer NAME TEXT"
			     " | load [SEED [COUNT [RATE]]]\n"
			     "  watch PATH | unwatch | kexec | reboot | suspend "
			     "| suspend-to-ram\n"
			     "  hibernate | tpm-clear | tpm-new | sleep SECONDS\n"
			     "  fault PLACE ERROR [COUNT [AFTER]] | fault none\n"
			     "PATH and TEXT are the rest of the line.\n" },
		.opts = workload_opts,
		.min_args = 1,
		.max_args = 1,
		.run = client_workload,
	},
	{
		.name = "kexec",
		.command = { "",
			     "Boots another kernel. It gets the staged and the "
			     "current list as one, the count and the\ndigests of "
			     "deleted records; PCRs stay. Files that are open "
			     "are dead (EIO).\n",
			     NULL },
		.in_workload = true,
		.run = run_kexec,
	},
	{
		.name = "reboot",
		.command = { "",
			     "A hard boot: an empty list, PCRs as at power-on. "
			     "For a TPM of its own, or none.\n",
			     NULL },
		.in_workload = true,
		.run = run_reboot,
	},
	{
		.name = "suspend",
		.command = { "",
			     "As when a reboot is under way: nothing is "
			     "measured, staged or deleted, until kexec or\n"
			     "reboot.\n",
			     NULL },
		.in_workload = true,
		.run = run_suspend,
	},
	{
		.name = "suspend-to-ram",
		.command = { "",
			     "As a machine that sleeps and is woken up: the list "
			     "and PCRs go on, the TPM counts one more\nrestart. "
			     "For a TPM of its own, or none.\n",
			     NULL },
		.in_workload = true,
		.run = run_suspend_to_ram,
	},
	{
		.name = "hibernate",
		.command = { "",
			     "As a machine that goes on from what it has written "
			     "to disk: the list and the boot id stay,\nPCRs "
			     "begin anew, the TPM counts one more restart. For a "
			     "TPM of its own, or none.\n",
			     NULL },
		.in_workload = true,
		.run = run_hibernate,
	},
	{
		.name = "fault",
		.command = { "[PLACE ERROR [COUNT [AFTER]] | none]",
			     "Lets the next COUNT (1) operations on a list fail "
			     "with ERROR, after AFTER (0) that do not,\nbefore "
			     "they have done anything. Without arguments: what "
			     "is still to fail.\n",
			     "PLACE is open, read, stage (A, N and S), delete "
			     "(D), trim (N and T:N) or snapshot.\nERROR is one "
			     "like EIO, EBUSY, ESTALE or ENOMEM.\n" },
		.max_args = 4,
		.nr_words = 4,
		.in_workload = true,
		.check = check_fault,
		.run = run_fault,
	},
	{
		.name = "status",
		.command = { "[OPTION]...",
			     "How many records there are, what was lost, and "
			     "how it was started.\n",
			     NULL },
		.opts = json_opts,
		.run = run_status,
	},
	{
		.name = "pcrs",
		.command = { "[OPTION]...",
			     "PCR 10 of each bank of the TPM: BANK:10=HEX, as "
			     "'imastage log replay --expect' takes it.\n",
			     NULL },
		.opts = json_opts,
		.run = run_pcrs,
	},
	{
		.name = "tpm",
		.command = { "",
			     "Takes commands of the TPM from standard input and "
			     "gives its answers, until the end of the\ninput: "
			     "for other programs, as the TCTI "
			     "'cmd:imasim tpm'.\n",
			     NULL },
		.run = client_tpm,
	},
	{
		.name = "tpm-clear",
		.command = { "",
			     "TPM2_Clear: the TPM's counts of resets and "
			     "restarts, and its clock, begin anew; PCRs and\nthe "
			     "endorsement key stay.\n",
			     NULL },
		.in_workload = true,
		.run = client_tpm_clear,
	},
	{
		.name = "tpm-new",
		.command = { "",
			     "Exchanges the TPM for one that was just made: "
			     "another endorsement key, counts and PCRs as\nat "
			     "the beginning. For a TPM of its own.\n",
			     NULL },
		.in_workload = true,
		.run = client_tpm_new,
	},
	{
		.name = "tpm-save",
		.command = { "FILE",
			     "Writes the state of the TPM, and goes on. For a TPM "
			     "of its own.\n",
			     NULL },
		.min_args = 1,
		.max_args = 1,
		.run = client_tpm_save,
	},
	{
		.name = "tpm-load",
		.command = { "FILE",
			     "Has the TPM be what FILE ('tpm-save', 'save') says, "
			     "PCRs and counts as well; the list stays.\nFor a "
			     "TPM of its own.\n",
			     NULL },
		.min_args = 1,
		.max_args = 1,
		.run = client_tpm_load,
	},
	{
		.name = "save",
		.command = { "FILE",
			     "Writes the list as kexec hands it on, and the "
			     "state of a swtpm of its own, and stops.\n'imasim "
			     "run --restore FILE' goes on from there.\n",
			     NULL },
		.min_args = 1,
		.max_args = 1,
		.run = run_save,
	},
	{
		.name = "stop",
		.command = { "",
			     "Unmounts, and ends: when it returns, that is done.\n",
			     NULL },
		.run = run_stop,
	},
};

const struct request *request_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (!strcmp(requests[i].name, name))
			return &requests[i];
	}
	return NULL;
}

static int complain_of_connection(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		cli_error("%s: nobody listens there: start one by 'imasim run "
			  "DIR'",
			  path);
	else
		cli_error("%s: %s", path, strerror(-err));
	return err;
}

static int connect_to(struct client *client)
{
	char room[SOCKET_PATH_MAX];
	const char *path = socket_path(room);

	if (!path)
		return -ENOENT;
	client->sock = message_connect(path);
	return client->sock < 0 ? complain_of_connection(path, client->sock) :
				  0;
}

static int run(const struct request *request, struct client *client,
	       char **args, int nr_args)
{
	const char *wrong = request->check ? request->check(args, nr_args) :
					     NULL;
	int ret;

	if (wrong)
		return cli_usage("%s", wrong);
	if (nr_args < request->min_args)
		return cli_usage("'%s' is wanted", request->command.synopsis);
	if (nr_args > request->max_args)
		return cli_usage("there is nothing to do with '%s'",
				 args[request->max_args]);
	ret = client->check ? 0 : connect_to(client);
	if (!ret)
		ret = request->run(client, args, nr_args);
	if (client->sock >= 0)
		close(client->sock);
	return ret ? CLI_FAILED : CLI_OK;
}

int verb_ask(int argc, char **argv)
{
	const struct request *request = request_find(strrchr(argv[0], ' ') + 1);
	struct client client = { .sock = -1, .what = "directory" };
	struct opt_group groups[] = {
		{ request->opts ? request->opts : socket_opts, &client },
		{ socket_opts, NULL },
	};
	char **args;
	int nr_args = 0, ret;

	ret = opts_parse(&request->command, groups, request->opts ? 2 : 1, argc,
			 argv, &args);
	if (ret)
		return ret == OPTS_HELP ? CLI_OK : ret;
	while (args[nr_args])
		nr_args++;
	cli_catch_signals();
	return run(request, &client, args, nr_args);
}
