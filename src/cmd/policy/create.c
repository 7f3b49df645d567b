// SPDX-License-Identifier: MIT
/*
 * imastage policy create: a policy of what distributions ship.
 */
#include "cmd/cmd.h"
#include "cmd/policy/made.h"
#include "cmd/policy/sources.h"
#include "tool/cli.h"

#include <errno.h>
#include <string.h>

static const struct command command = {
	.synopsis = "[OPTION]... SOURCE...",
	.summary =
		"Makes a policy of the files that packages, trees, initramfs files and measurement\n"
		"lists have. It is written as Keylime's runtime policy (JSON). Packages are read\n"
		"as they are shipped; nothing is installed.\n",
	.epilogue =
		"Nothing is written if a package is refused, is missing, or a file cannot be read,\n"
		"unless --incomplete is given.\n",
};

static int create(struct sources *sources, const struct made *made)
{
	int status = sources_check(sources);

	if (status != CLI_OK)
		return status;
	if (policy_builder_new(&sources->builder) < 0) {
		cli_error("%s", strerror(ENOMEM));
		return CLI_FAILED;
	}
	status = sources_read(sources);
	if (status == CLI_OK)
		status = made_write(made, sources, sources->builder, NULL);
	policy_builder_free(sources->builder);
	return status;
}

int cmd_policy_create(int argc, char **argv)
{
	static struct sources sources = { .bank = IMASTAGE_SHA256 };
	struct made made = { 0 };
	const struct opt_group groups[] = {
		{ sources_opts, &sources },
		{ made_opts, &made },
	};
	int status = opts_parse_all(&command, groups, 2, argc, argv);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = create(&sources, &made);
	sources_fini(&sources);
	return status;
}
