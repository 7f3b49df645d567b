// SPDX-License-Identifier: MIT
/*
 * This machine's TPM and its attestation key, for verbs.
 */
#include "cmd/attest/machine.h"
#include "base/bytes.h"
#include "base/util.h"
#include "service/ak.h"
#include "tool/cli.h"

#include <errno.h>

/* ---- options --------------------------------------------------------------- */

#define DEFINE_SET(what)                                        \
	static int set_##what(void *context, const char *value) \
	{                                                       \
		((struct machine *)context)->what = value;      \
		return *value ? 0 : -EINVAL;                    \
	}

DEFINE_SET(config_path)
DEFINE_SET(tpm_name)
DEFINE_SET(ak_name)
DEFINE_SET(ak_auth_path)
DEFINE_SET(endorsement_path)
DEFINE_SET(owner_path)

/* Beside the configuration, which others name by options of their own. */
/* clang-format off */
#define TPM_OPTS { "tpm", 'T', "TCTI", \
	"the TPM: a device, or a TCTI string as of TSS\n" \
	"(/dev/tpmrm0)", \
	set_tpm_name, "a TCTI" }, \
	{ "ak", 'k', "KEY", \
	"the attestation key: a persistent handle like\n" TPM_AK_HANDLE_TEXT \
	" (the default), or its file", \
	set_ak_name, "a handle or a file" }, \
	{ "ak-auth", 0, "FILE", \
	"its authorization value: what is in FILE, without the\n" \
	"newline at its end", \
	set_ak_auth_path, "a file" }, \
	{ "endorsement-auth", 0, "FILE", \
	"the same for the endorsement hierarchy", set_endorsement_path, \
	"a file" }
/* clang-format on */

#define MACHINE_TITLE "This machine (as the agent's configuration says):"

const struct opt machine_opts[] = {
	{ .text = MACHINE_TITLE },
	{ "config", 'c', "FILE", "the configuration (" CONFIG_PATH ")",
	  set_config_path, "a file" },
	TPM_OPTS,
	{ 0 },
};

const struct opt machine_tpm_opts[] = {
	{ .text = MACHINE_TITLE },
	TPM_OPTS,
	{ 0 },
};

const struct opt machine_owner_opts[] = {
	{ "owner-auth", 0, "FILE", "the same for the owner", set_owner_path,
	  "a file" },
	{ 0 },
};

/* ---- authorization values ------------------------------------------------------ */

struct imastage_bytes machine_auth_of(const struct machine_auth *auth)
{
	return bytes_of(auth->value, auth->len);
}

static int read_auth(const char *path, struct machine_auth *ret_auth)
{
	int r = ak_read_auth(path, ret_auth->value, &ret_auth->len);

	if (r == 0)
		return CLI_OK;
	if (r == -EFBIG)
		cli_error("%s: an authorization value has at most %d bytes; "
			  "give another file",
			  path, TPM_AUTH_MAX);
	else
		cli_error("%s: %s", path, strerror(-r));
	return CLI_FAILED;
}

static int use_auths(struct machine *machine)
{
	struct machine_auth owner = { 0 }, endorsement = { 0 };
	int status = read_auth(machine->owner_path, &owner);

	if (status == CLI_OK)
		status = read_auth(machine->endorsement_path, &endorsement);
	if (status == CLI_OK)
		status = read_auth(machine->ak_auth_path ?
					   machine->ak_auth_path :
					   machine->config.ak_auth,
				   &machine->ak_auth);
	if (status == CLI_OK)
		tpm_set_auths(machine->tpm, machine_auth_of(&owner),
			      machine_auth_of(&endorsement));
	explicit_bzero(&owner, sizeof(owner));
	explicit_bzero(&endorsement, sizeof(endorsement));
	return status;
}

/* ---- beginning ------------------------------------------------------------- */

static int read_config(struct machine *machine)
{
	struct config_error error;
	const char *path = machine->config_path ? machine->config_path :
						  CONFIG_PATH;

	if (config_read(machine->config_path, &machine->config, &error) == 0)
		return CLI_OK;
	if (error.line)
		cli_error("%s:%u: %s", path, error.line, error.text);
	else
		cli_error("%s: %s", path, error.text);
	return CLI_FAILED;
}

static int find_place(struct machine *machine)
{
	const char *name = machine->ak_name ? machine->ak_name :
					      machine->config.ak;

	if (!*name) {
		cli_error("no attestation key: the configuration has 'ak = "
			  "none'; name one with --ak");
		return CLI_FAILED;
	}
	if (tpm_ak_place_parse(name, &machine->place) < 0)
		return cli_usage("--ak wants a persistent handle from "
				 "0x81000000 to 0x817fffff or a file, not '%s'",
				 name);
	return CLI_OK;
}

static int open_tpm(struct machine *machine)
{
	const char *name = machine->tpm_name ? machine->tpm_name :
					       machine->config.tpm;
	int r = tpm_open(*name ? name : "none", NULL, &machine->tpm);

	if (r == -ENODEV)
		cli_error("no TPM: the configuration has 'tpm = none'; name "
			  "one with --tpm");
	else if (r < 0)
		cli_error("%s: %s", name, strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int machine_begin(struct machine *machine)
{
	int status = read_config(machine);

	/* What TSS has to say, we say. */
	setenv("TSS2_LOG", "all+NONE", 0);
	if (status == CLI_OK)
		status = find_place(machine);
	if (status == CLI_OK)
		status = open_tpm(machine);
	if (status == CLI_OK)
		status = use_auths(machine);
	return status;
}

int machine_open_ak(struct machine *machine, struct tpm_ak *ret_ak)
{
	int r = tpm_ak_open(machine->tpm, &machine->place,
			    machine_auth_of(&machine->ak_auth), ret_ak);

	return r < 0 ? machine_complain(machine, r) : CLI_OK;
}

int machine_complain(struct machine *machine, int r)
{
	char words[TPM_TROUBLE_MAX];

	tpm_trouble(machine->tpm, words);
	cli_error("%s", *words ? words : strerror(-r));
	return CLI_FAILED;
}

void machine_end(struct machine *machine)
{
	tpm_close(machine->tpm);
	explicit_bzero(&machine->ak_auth, sizeof(machine->ak_auth));
	machine->tpm = NULL;
}

/* ---- what a key is --------------------------------------------------------- */

/* What tpm_ak_open() has parsed before. */
static struct evidence_public parse(const struct tpm_ak *ak)
{
	struct evidence_public key = { 0 };
	struct evidence_error error;

	(void)evidence_public_parse(tpm_ak_public(ak), &key, &error);
	return key;
}

void machine_name_kind(const struct tpm_ak *ak, char ret_text[MACHINE_KIND_MAX])
{
	struct evidence_public key = parse(ak);
	enum imastage_bank usual =
		key.curve == EVIDENCE_P384 ? IMASTAGE_SHA384 : IMASTAGE_SHA256;
	const char *hash = "";
	enum imastage_bank bank;

	if (imastage_bank_by_tpm_alg(key.hash, &bank) == 0 && bank != usual)
		hash = imastage_bank_name(bank);
	if (key.type == EVIDENCE_ALG_RSA)
		snprintf(ret_text, MACHINE_KIND_MAX, "%s-%u%s%s",
			 key.scheme == EVIDENCE_ALG_RSAPSS ? "rsapss" : "rsa",
			 key.bits, *hash ? "-" : "", hash);
	else
		snprintf(ret_text, MACHINE_KIND_MAX, "ecc-%s%s%s",
			 key.curve == EVIDENCE_P256 ? "p256" :
			 key.curve == EVIDENCE_P384 ? "p384" :
						      "other",
			 *hash ? "-" : "", hash);
}

bool machine_is_endorsed(const struct tpm_ak *ak)
{
	struct evidence_public key = parse(ak);
	struct evidence_name name;

	return evidence_public_primary(&key, EVIDENCE_ENDORSEMENT, &name) ==
		       0 &&
	       bytes_equal(bytes_of(name.bytes, name.len),
			   bytes_of(ak->qualified.bytes, ak->qualified.len));
}

int machine_use_ak(const struct command *command, const struct opt *opts,
		   void *options, struct machine *machine, int argc,
		   char **argv,
		   int (*use)(void *options, const struct tpm_ak *ak))
{
	const struct opt_group groups[] = {
		{ opts, options },
		{ machine_opts, machine },
	};
	int status = opts_parse_all(command, groups, 2, argc, argv);
	struct tpm_ak ak;

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = machine_begin(machine);
	if (status == CLI_OK)
		status = machine_open_ak(machine, &ak);
	if (status == CLI_OK)
		status = use(options, &ak);
	machine_end(machine);
	return status;
}
