// SPDX-License-Identifier: MIT
/*
 * imastage log: what can be done with a measurement list.
 */
#include "tool/cli.h"
#include "cmd/cmd.h"

#include <stddef.h>

static const struct verb verbs[] = {
	{ "show", "print records, all or some", cmd_log_show },
	{ "stat", "count and measure: what a list is made of", cmd_log_stat },
	{ "replay", "compute PCR values, compare them with a TPM's",
	  cmd_log_replay },
	{ "convert", "write a list in another format", cmd_log_convert },
	{ "diff", "tell two lists apart, record by record", cmd_log_diff },
	{ "align", "divide a list where it leads to PCR values",
	  cmd_log_align },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage log",
	.summary = "Reads measurement lists in any format, in parts, from "
		   "files, pipes and securityfs.",
	.verbs = verbs,
	.epilogue =
		"\n"
		"This machine's list is at\n"
		"  /sys/kernel/security/ima/binary_runtime_measurements\n"
		"\n"
		"Exit status: 0 all is well, 1 it could not be done, 2 wrong "
		"usage,\n"
		"3 the list is not what was expected.\n",
};

int cmd_log(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}
