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

static int show(void *context, const struct tpm_ak *ak)
{
	ak_print(ak, ((struct options *)context)->json);
	return CLI_OK;
}

int cmd_ak_show(int argc, char **argv)
{
	struct options options = { 0 };

	return machine_use_ak(&command, opts, &options, &options.machine, argc,
			      argv, show);
}
