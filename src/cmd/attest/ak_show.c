// SPDX-License-Identifier: MIT
/*
 * imastage ak show
 */
#include "cmd/attest/ak.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "tool/cli.h"

struct options {
	struct machine machine;
	bool json;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Shows the attestation key: where it is, what it is, its "
		   "names.\n",
};

int cmd_ak_show(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ opts, &options },
		{ machine_opts, &options.machine },
	};
	int status = opts_parse_all(&command, groups, 2, argc, argv);
	struct tpm_ak ak;

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = machine_begin(&options.machine);
	if (status == CLI_OK)
		status = machine_open_ak(&options.machine, &ak);
	if (status == CLI_OK)
		ak_print(&ak, options.json);
	machine_end(&options.machine);
	return status;
}
