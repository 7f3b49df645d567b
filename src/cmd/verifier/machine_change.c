// SPDX-License-Identifier: MIT
/*
 * imastage machine add, remove, readmit: decisions of an operator.
 */
#include "cmd/verifier/trust.h"
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "tool/cli.h"
#include "tool/given.h"

#include <errno.h>

struct options {
	struct verifier_place place;
	const char *reason, *ak, *host;
	struct store_machine machine;
};

static bool is_text(const char *value, size_t min, size_t max)
{
	size_t len = strlen(value);

	for (; *value; value++)
		if (*value < ' ' || *value > '~')
			return false;
	return len >= min && len <= max;
}

static int set_reason(void *context, const char *value)
{
	((struct options *)context)->reason = value;
	return is_text(value, 1, STORE_TEXT_MAX) ? 0 : -EINVAL;
}

static int set_ak(void *context, const char *value)
{
	((struct options *)context)->ak = value;
	return *value ? 0 : -EINVAL;
}

static int set_id(void *context, const char *value)
{
	struct store_machine *machine = &((struct options *)context)->machine;

	snprintf(machine->id, sizeof(machine->id), "%s", value);
	return is_text(value, 1, EVIDENCE_ID_MAX) ? 0 : -EINVAL;
}

static int set_host(void *context, const char *value)
{
	struct store_machine *machine = &((struct options *)context)->machine;

	snprintf(machine->host, sizeof(machine->host), "%s", value);
	return is_text(value, 0, ENROLL_HOST_MAX) ? 0 : -EINVAL;
}

static int set_qualified(void *context, const char *value)
{
	struct evidence_name *name =
		&((struct options *)context)->machine.ak_qualified;
	int r = hex_decode(bytes_of_text(value), sizeof(name->bytes),
			   name->bytes, &name->len);

	return r < 0 || name->len == 0 ? -EINVAL : 0;
}

#define WANTED_TEXT "printable ASCII, 255 characters at most"

static const struct opt add_opts[] = {
	{ .text = "The machine:" },
	{ "trust-ak", 0, "FILE",
	  "its attestation key, as of 'imastage ak export' or\n"
	  "tpm2_readpublic -o",
	  set_ak, "a file" },
	{ "qualified-name", 0, "HEX", "the key's qualified name", set_qualified,
	  "hex digits" },
	{ "id", 0, "ID", "its id (a random one)", set_id, WANTED_TEXT },
	{ "host", 0, "NAME", "what people call it", set_host, WANTED_TEXT },
	{ 0 },
};

static const struct opt reason_opts[] = {
	{ .text = "The decision:" },
	{ "reason", 'r', "TEXT", "why; it is kept", set_reason, WANTED_TEXT },
	{ 0 },
};

static const struct command add_command = {
	.synopsis = "--trust-ak FILE [OPTION]...",
	.summary = "Adds a machine by its attestation key alone. Nothing shows "
		   "which TPM holds it:\nevery verdict says so. Prints the "
		   "machine's id.\n",
};

static const struct command remove_command = {
	.synopsis = "--reason TEXT [OPTION]... MACHINE",
	.summary = "Forgets a machine with its challenges, checkpoints and "
		   "verdicts. The decision is kept.\n",
};

static const struct command readmit_command = {
	.synopsis = "--reason TEXT [OPTION]... MACHINE",
	.summary = "Forgets why a machine is barred or was rejected: the next "
		   "round is its first, from\nthe boot on. The decision is "
		   "kept.\n",
};

/* ---- add ------------------------------------------------------------------------ */

static int read_ak(struct options *options)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int status = given_read(options->ak, "attestation key",
				ENROLL_PUBLIC_MAX, &data, &len);

	return status == CLI_OK ?
		       trust_set_ak(&options->machine, bytes_of(data, len)) :
		       status;
}

static int add(struct options *options)
{
	struct store *store;
	int status = read_ak(options);

	if (status == CLI_OK)
		status = verifier_open(&options->place, true, &store);
	if (status != CLI_OK)
		return status;
	options->machine.trust = STORE_TRUST_AK;
	snprintf(options->machine.trusted, sizeof(options->machine.trusted),
		 "an operator gave the key, nothing shows which TPM holds it");
	status = verifier_answer(store_add_machine(store, &options->machine,
						   verifier_now()),
				 options->machine.id);
	if (status == CLI_OK)
		printf("%s\n", options->machine.id);
	store_close(store);
	return status;
}

int cmd_machine_add(int argc, char **argv)
{
	static struct options options;
	const struct opt_group groups[] = {
		{ add_opts, &options },
		{ verifier_opts, &options.place },
	};
	int status = opts_parse_all(&add_command, groups, 2, argc, argv);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!options.ak)
		return cli_usage("--trust-ak is missing");
	return add(&options);
}

/* ---- remove and readmit -------------------------------------------------------------- */

static int decide(const struct command *command, int argc, char **argv,
		  int (*run)(struct store *store, const char *id,
			     const char *reason, uint64_t now))
{
	static struct options options;
	const struct opt_group groups[] = {
		{ reason_opts, &options },
		{ verifier_opts, &options.place },
	};
	struct store *store;
	const char *id;
	char **args;
	int status = opts_parse(command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_argument(args, "MACHINE", &id);
	if (status == CLI_OK && !options.reason)
		status = cli_usage("--reason is missing: the decision is kept "
				   "with it");
	if (status == CLI_OK)
		status = verifier_open(&options.place, false, &store);
	if (status != CLI_OK)
		return status;
	status = verifier_answer(run(store, id, options.reason, verifier_now()),
				 id);
	store_close(store);
	return status;
}

int cmd_machine_remove(int argc, char **argv)
{
	return decide(&remove_command, argc, argv, store_remove_machine);
}

int cmd_machine_readmit(int argc, char **argv)
{
	return decide(&readmit_command, argc, argv, store_readmit_machine);
}
