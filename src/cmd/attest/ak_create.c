// SPDX-License-Identifier: MIT
/*
 * imastage ak create
 */
#include "cmd/attest/ak.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "tool/cli.h"

struct options {
	struct machine machine;
	enum tpm_ak_kind kind;
	bool json;
};

static int set_kind(void *context, const char *value)
{
	return tpm_ak_kind_parse(value, &((struct options *)context)->kind);
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "The key:" },
	{ "algorithm", 'g', "KIND",
	  "ecc-p256 (default), ecc-p384, rsa-2048, rsa-3072,\n"
	  "rsapss-2048 or rsapss-3072; all with SHA-256, ecc-p384\n"
	  "with SHA-384. A TPM need not have ecc-p384 or 3072 bits",
	  set_kind,
	  "ecc-p256, ecc-p384, rsa-2048, rsa-3072, rsapss-2048 or "
	  "rsapss-3072" },
	{ "json", 'j', NULL, "print it as one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Has the TPM make an attestation key, and keeps it at the "
		   "handle or in the file\nthat --ak names. What is there "
		   "stays as it is.\n",
};

static int create(struct options *options)
{
	struct machine *machine = &options->machine;
	struct tpm_ak ak;
	int r;

	if (machine->ak_auth.len && !machine->place.handle)
		return cli_usage("a key in a file has no authorization value: "
				 "who can read the file can use it; leave out "
				 "--ak-auth, or give --ak a handle");
	r = tpm_ak_create(machine->tpm, &machine->place, options->kind,
			  machine_auth_of(&machine->ak_auth), &ak);
	if (r < 0)
		return machine_complain(machine, r);
	ak_print(&ak, options->json);
	return CLI_OK;
}

int cmd_ak_create(int argc, char **argv)
{
	struct options options = { .kind = TPM_AK_ECC_P256 };
	const struct opt_group groups[] = {
		{ opts, &options },
		{ machine_opts, &options.machine },
		{ machine_owner_opts, &options.machine },
	};
	int status = opts_parse_all(&command, groups, 3, argc, argv);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = machine_begin(&options.machine);
	if (status == CLI_OK)
		status = create(&options);
	machine_end(&options.machine);
	return status;
}
