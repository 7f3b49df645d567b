// SPDX-License-Identifier: MIT
/*
 * imastage log convert: writes a list in another format.
 */
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "list/convert.h"

static const struct command command = {
	.synopsis = "--to FORMAT [OPTION]... [FILE]...",
	.summary = "Writes a measurement list in another format. The FILEs are "
		   "its parts, in order.\n",
	.epilogue = convert_formats,
};

int cmd_log_convert(int argc, char **argv)
{
	struct convert c = CONVERT_INIT;
	const struct opt_group groups[] = {
		{ convert_opts, &c },
		{ input_opts, &c.input_options },
	};
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status == CLI_OK)
		status = convert_check_options(&c);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = input_init(&c.input, &c.input_options, args);
	if (status == CLI_OK)
		status = convert_run(&c);
	convert_fini(&c);
	return status;
}
