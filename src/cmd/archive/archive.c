// SPDX-License-Identifier: MIT
/*
 * imastage archive: what can be done with saved records.
 */
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"

#include <stddef.h>

static const struct verb verbs[] = {
	{ "list", "what is kept: hard boots, segments, gaps",
	  cmd_archive_list },
	{ "verify", "read every byte and check it", cmd_archive_verify },
	{ "cat", "write records as the kernel had them", cmd_archive_cat },
	{ "export", "write records in another format", cmd_archive_export },
	{ "prune", "remove what is no longer needed", cmd_archive_prune },
	{ "evidence", "a quote of our own, and the records that it proves",
	  cmd_archive_evidence },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage archive",
	.summary = "Works with the records that the keeper has saved.",
	.verbs = verbs,
	.options = place_opts,
	.epilogue = "\n"
		    "'imastage log' reads an archive, too: name the folder of "
		    "a boot.\n"
		    "\n"
		    "Exit status: 0 all is well, 1 it could not be done, 2 "
		    "wrong usage,\n"
		    "3 the archive is not what was put into it.\n",
};

int cmd_archive(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}
