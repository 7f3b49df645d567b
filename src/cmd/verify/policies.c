// SPDX-License-Identifier: MIT
/*
 * What is allowed, as options of the verbs that judge.
 */
#include "base/util.h"
#include "cmd/verify/verify.h"
#include "list/pcrs.h"
#include "tool/cli.h"
#include "tool/given.h"

#include <errno.h>

static int set_policy(void *context, const char *value)
{
	((struct verify_options *)context)->policy_path = value;
	return *value ? 0 : -EINVAL;
}

static int set_boot_pcrs(void *context, const char *value)
{
	struct verify_options *options = context;
	struct pcr_values *boot = &options->boots[options->request.nr_boots];

	if (options->request.nr_boots == VERIFY_BOOTS_MAX)
		return cli_usage("more than %d sets of boot PCRs",
				 VERIFY_BOOTS_MAX);
	options->request.boots = options->boots;
	options->request.nr_boots++;
	return strchr(value, '=') ? -EINVAL :
				    pcrs_parse(value, IMASTAGE_PCR_IMA, boot);
}

static int set_boot_policy(void *context, const char *value)
{
	struct verify_options *options = context;

	if (options->nr_boot_policies == VERIFY_BOOTS_MAX)
		return cli_usage("more than %d boot policies",
				 VERIFY_BOOTS_MAX);
	options->boot_policies[options->nr_boot_policies++] = value;
	return *value ? 0 : -EINVAL;
}

static int set_policy_key(void *context, const char *value)
{
	return policy_key_add(&((struct verify_options *)context)->policy_keys,
			      value);
}

static int set_violations(void *context, const char *value)
{
	struct verify_request *request =
		&((struct verify_options *)context)->request;

	request->violations = !strcmp(value, "warn") ? VERIFY_VIOLATIONS_WARN :
						       VERIFY_VIOLATIONS_FAIL;
	return !strcmp(value, "warn") || !strcmp(value, "fail") ? 0 : -EINVAL;
}

const struct opt verify_policy_opts[] = {
	{ .text = "What is allowed:" },
	{ "boot-policy", 0, "FILE",
	  "what may be booted, as of 'imastage policy learn-boot';\n"
	  "may be given several times",
	  set_boot_policy, "a file" },
	{ "boot-pcrs", 0, "FILE",
	  "approved values of PCR 0 to 9, as tpm2_pcrread and evmctl\n"
	  "have them; may be given several times",
	  set_boot_pcrs, "[BANK,]FILE" },
	{ "policy", 0, "FILE",
	  "what may be measured: a runtime policy of Keylime, or one\n"
	  "that 'imastage policy compile' has made",
	  set_policy, "a file" },
	{ "policy-key", 0, "FILE",
	  "P-256 key in PEM that the policy has to be signed by; of\n"
	  "several one is enough",
	  set_policy_key, "a file" },
	{ "violations", 0, "LEVEL",
	  "what a violation comes to, fail or warn (as the policy\n"
	  "says; without one warn)",
	  set_violations, "fail or warn" },
	{ 0 },
};

static int add_boot_policy(struct boot_policy *policy, const char *path)
{
	cleanup_free uint8_t *data = NULL;
	struct evidence_error error;
	size_t len;
	int status = given_read(path, "boot policy", BOOT_POLICY_LEN_MAX, &data,
				&len);

	if (status != CLI_OK)
		return status;
	if (boot_policy_add(policy, bytes_of(data, len), &error) == 0)
		return CLI_OK;
	cli_error("%s: not a boot policy: byte %zu: %s", path, error.offset,
		  error.reason);
	return CLI_FAILED;
}

int verify_load_boot_policies(struct verify_options *options)
{
	int status = CLI_OK;

	if (options->nr_boot_policies == 0)
		return CLI_OK;
	if (boot_policy_new(&options->boot_policy) < 0)
		return verify_complain("boot policies", -ENOMEM);
	for (size_t i = 0; status == CLI_OK && i < options->nr_boot_policies;
	     i++)
		status = add_boot_policy(options->boot_policy,
					 options->boot_policies[i]);
	options->request.boot_policy = options->boot_policy;
	return status;
}

int verify_load_policy(struct verify_options *options)
{
	int status = policy_keys_load(&options->policy_keys);

	options->request.now = options->sequence.now;
	if (status != CLI_OK || !options->policy_path)
		return status;
	status = policy_load(options->policy_path, &options->policy_keys,
			     &options->policy);
	options->request.policy = options->policy;
	return status;
}
