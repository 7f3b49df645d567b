// SPDX-License-Identifier: MIT
/*
 * imastage machine add, remove, forget, readmit: decisions of an operator.
 */
#include "cmd/verifier/trust.h"
#include "cmd/verifier/place.h"
#include "store/kept.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/parse.h"

#include <errno.h>
#include <inttypes.h>

#define DAY ((uint64_t)24 * 3600)
#define DAYS_MAX 100000

struct options {
	struct verifier_place place;
	const char *reason, *ak, *host;
	bool has_days;
	uint64_t days;
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

static int set_days(void *context, const char *value)
{
	struct options *options = context;

	options->has_days = true;
	return parse_number(value, DAYS_MAX, &options->days);
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

static const struct opt forget_opts[] = {
	{ .text = "What goes:" },
	{ "older-than", 0, "DAYS",
	  "evidence of rounds that were made so many days ago or before",
	  set_days, "a number of days" },
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

static const struct command forget_command = {
	.synopsis = "--older-than DAYS --reason TEXT [OPTION]... [MACHINE]...",
	.summary =
		"Removes evidence that 'imastage verify --keep' has kept, of "
		"these machines or of all.\nVerdicts and checkpoints stay: "
		"the machines go on as before. The decision is kept.\n",
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

/* ---- forget ------------------------------------------------------------------------- */

struct forgetting {
	struct store *store;
	const struct options *options;
	uint64_t now;
	struct store_kept_sum removed; /* of all */
};

static int forget_one(struct forgetting *forgetting, const char *id)
{
	const struct options *options = forgetting->options;
	uint64_t age = options->days * DAY;
	uint64_t before = forgetting->now > age ? forgetting->now - age : 0;
	struct store_kept_sum removed;
	int status = verifier_answer(
		store_forget_kept(forgetting->store, id, before,
				  options->reason, forgetting->now, &removed),
		id);

	if (status != CLI_OK)
		return status;
	forgetting->removed.nr += removed.nr;
	forgetting->removed.bytes += removed.bytes;
	return CLI_OK;
}

static int forget_all(struct forgetting *forgetting)
{
	cleanup_free struct store_machine *machine =
		calloc(1, sizeof(*machine));
	int status = CLI_OK, r = machine ? 0 : -ENOMEM;

	while (r == 0 && status == CLI_OK && !cli_interrupted()) {
		r = store_next_machine(forgetting->store, machine->id, machine);
		if (r == 0)
			status = forget_one(forgetting, machine->id);
	}
	return r < 0 ? verifier_answer(r, "") : status;
}

static int forget(struct forgetting *forgetting, char **ids)
{
	int status = CLI_OK;

	if (!*ids)
		status = forget_all(forgetting);
	for (; *ids && status == CLI_OK && !cli_interrupted(); ids++)
		status = forget_one(forgetting, *ids);
	printf("%" PRIu64 " files of evidence removed, %" PRIu64 " bytes\n",
	       forgetting->removed.nr, forgetting->removed.bytes);
	return status;
}

int cmd_machine_forget(int argc, char **argv)
{
	static struct options options;
	const struct opt_group groups[] = {
		{ forget_opts, &options },
		{ reason_opts, &options },
		{ verifier_opts, &options.place },
	};
	struct forgetting forgetting = { .options = &options,
					 .now = verifier_now() };
	char **args;
	int status = opts_parse(&forget_command, groups, 3, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!options.has_days)
		return cli_usage("--older-than is missing: how many days is "
				 "evidence kept?");
	if (!options.reason)
		return cli_usage("--reason is missing: the decision is kept "
				 "with it");
	status = verifier_open(&options.place, false, &forgetting.store);
	if (status != CLI_OK)
		return status;
	status = forget(&forgetting, args);
	store_close(forgetting.store);
	return status;
}
