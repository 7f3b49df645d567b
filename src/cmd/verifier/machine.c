// SPDX-License-Identifier: MIT
/*
 * imastage machine: the machines that a verifier knows.
 */
#include "cmd/cmd.h"
#include "tool/cli.h"

#include <stddef.h>

static const struct verb verbs[] = {
	{ "list", "all that are known", cmd_machine_list },
	{ "show", "one of them, and what was said of it", cmd_machine_show },
	{ "add", "trust an attestation key without proof", cmd_machine_add },
	{ "remove", "forget one, and all that was said of it",
	  cmd_machine_remove },
	{ "forget", "remove evidence that was kept for long enough",
	  cmd_machine_forget },
	{ "readmit", "begin anew with one that was rejected",
	  cmd_machine_readmit },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage machine",
	.summary = "Works with the machines in a verifier's store.",
	.verbs = verbs,
	.epilogue = "\n"
		    "'imastage enroll' adds machines whose TPM proves that it "
		    "holds their key.\n",
};

int cmd_machine(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}
