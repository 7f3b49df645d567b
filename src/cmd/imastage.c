// SPDX-License-Identifier: MIT
/*
 * imastage: the program. Each verb is a file of its own, in a folder for its group.
 */
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"

#include <imastage/imastage.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
	{ "status", "how the keeper, the kernel and the archive are",
	  cmd_status },
	{ "collect", "save what the kernel holds, now", cmd_collect },
	{ "archive", "list, check, copy and prune saved records", cmd_archive },
	{ "mount", "the whole list as files like the kernel's", cmd_mount },
	{ "hold", "keep records for somebody", cmd_hold },
	{ "release", "forget a hold", cmd_release },
	{ "holds", "show who keeps what", cmd_holds },
	{ "reload", "have the agent read its configuration again", cmd_reload },
	{ "ak", "the key with which this machine's TPM signs quotes", cmd_ak },
	{ "attest",
	  "evidence for a verifier: a quote and the records it proves",
	  cmd_attest },
	{ "enroll", "make a machine's TPM and its key known to a verifier",
	  cmd_enroll },
	{ "machine", "the machines that a verifier knows", cmd_machine },
	{ "challenge", "ask a machine for evidence", cmd_challenge },
	{ "key", "the key that a verifier signs checkpoints with", cmd_key },
	{ "policy", "what machines may run and boot", cmd_policy },
	{ "verify", "check a TPM's quote and the list that it proves",
	  cmd_verify },
	{ "reverify", "judge evidence that is kept by another policy",
	  cmd_reverify },
	{ "log", "look at measurement lists, replay and convert them",
	  cmd_log },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage",
	.summary = "Staging, keeping and verifying the measurement list of "
		   "Linux IMA.",
	.verbs = verbs,
	.options = place_opts,
	.epilogue = "'imastage --version' says which one this is.\n",
};

int main(int argc, char **argv)
{
	int status = CLI_OK;

	cli_hold_standard_streams();
	cli_catch_signals();
	if (argc == 2 &&
	    (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")))
		printf("imastage %s\n", imastage_version());
	else
		status = verbs_run(&table, argc, argv);
	return cli_finish(status);
}
