// SPDX-License-Identifier: MIT
/*
 * imastage policy: what machines may run.
 */
#include "cmd/cmd.h"
#include "tool/cli.h"

#include <stddef.h>

static const struct verb verbs[] = {
	{ "create", "make one of packages, trees and lists",
	  cmd_policy_create },
	{ "update", "add what an upgrade brings, retire what it replaces",
	  cmd_policy_update },
	{ "explain", "why a file is refused, and what would approve it",
	  cmd_policy_explain },
	{ "show", "print what a policy says", cmd_policy_show },
	{ "check", "look for what it says by mistake", cmd_policy_check },
	{ "compile", "make a file of it that needs no parsing",
	  cmd_policy_compile },
	{ "diff", "tell two policies apart", cmd_policy_diff },
	{ "learn-boot", "make a boot policy of what a machine booted",
	  cmd_policy_learn_boot },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage policy",
	.summary = "Works with policies: which files a machine may run, and "
		   "what it may boot.",
	.verbs = verbs,
};

int cmd_policy(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}
