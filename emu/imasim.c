// SPDX-License-Identifier: MIT
/*
 * imasim: the files of IMA's measurement list without a kernel that has them.
 *
 * `imasim run DIR` is the emulator; every other verb asks it for something.
 */

#include <imastage/imastage.h>
#include <stdio.h>
#include <string.h>

#include "tool/cli.h"
#include "emu/message.h"
#include "emu/verbs.h"

static const char *socket_given;

static const struct verb verbs[] = {
	{ "run", "mount the files, and be the kernel behind them", verb_run },
	{ "measure", "measure files", verb_ask },
	{ "violation", "record that files changed while they were read",
	  verb_ask },
	{ "buffer", "measure standard input as a buffer", verb_ask },
	{ "load", "many records that a seed makes, at a rate", verb_ask },
	{ "watch", "measure what is executed or read from now on", verb_ask },
	{ "unwatch", "watch nothing any more", verb_ask },
	{ "workload", "do what the lines of a file say", verb_ask },
	{ "kexec", "boot another kernel, to which the list goes on", verb_ask },
	{ "reboot", "boot anew: an empty list, PCRs as at power-on", verb_ask },
	{ "suspend", "as when a reboot is under way", verb_ask },
	{ "suspend-to-ram", "off and on: list and PCRs go on", verb_ask },
	{ "hibernate", "off and on: the list goes on, PCRs begin anew",
	  verb_ask },
	{ "fault", "let operations on a list fail", verb_ask },
	{ "status", "how many records there are, and how it was started",
	  verb_ask },
	{ "pcrs", "PCR 10 of each bank of the TPM", verb_ask },
	{ "tpm", "commands of the TPM on stdin, answers on stdout", verb_ask },
	{ "tpm-clear", "TPM2_Clear", verb_ask },
	{ "tpm-new", "exchange the TPM for another one", verb_ask },
	{ "tpm-save", "write the TPM to a file", verb_ask },
	{ "tpm-load", "have the TPM that a file has", verb_ask },
	{ "save", "write list and TPM to a file, and stop", verb_ask },
	{ "stop", "unmount and end", verb_ask },
	{ 0 },
};

static int set_socket(void *context, const char *value)
{
	(void)context;
	socket_given = value;
	return 0;
}

const struct opt socket_opts[] = {
	{ .text = "Which imasim:" },
	{ "socket", 0, "FILE",
	  "where it listens (default $IMASIM_SOCKET, imasim.sock in\n"
	  "$XDG_RUNTIME_DIR, or /run/imasim.sock for root)",
	  set_socket, "a file" },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imasim",
	.summary = "The kernel's IMA measurement list, and staging of it, "
		   "without the kernel.",
	.verbs = verbs,
	.options = socket_opts,
	.epilogue = "'imasim --version' says which one this is.\n",
};

const char *socket_path(char room[SOCKET_PATH_MAX])
{
	if (socket_given)
		return socket_given;
	if (!message_default_path(room, SOCKET_PATH_MAX))
		return room;
	cli_error("say where it listens: --socket FILE");
	return NULL;
}

int main(int argc, char **argv)
{
	int status = CLI_OK;

	cli_set_name(table.name);
	if (argc == 2 &&
	    (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")))
		printf("imasim %s\n", imastage_version());
	else
		status = verbs_run(&table, argc, argv);
	return cli_finish(status);
}
