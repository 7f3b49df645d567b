// SPDX-License-Identifier: MIT
/*
 * imastage policy show: what a policy says.
 */
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/policy/common.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <inttypes.h>

static int set_keylime(void *context, const char *value)
{
	(void)value;
	((struct policy_options *)context)->keylime = true;
	return 0;
}

static const struct opt opts[] = {
	POLICY_JSON_OPT,
	{ "keylime", 0, NULL, "all of it, as Keylime's runtime policy",
	  set_keylime, NULL },
	POLICY_KEY_OPT,
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... POLICY",
	.summary = "Prints what a policy says: counts, switches, excludes.\n",
};

static const char *const kinds[POLICY_NR_TEXTS] = {
	[POLICY_EXCLUDE] = "excludes",
	[POLICY_IGNORED_KEYRING] = "ignored_keyrings",
	[POLICY_KEY] = "keys",
};

/* Of a policy, in the words that it is written in. */
struct words {
	const char *violations, *weak, *require, *withheld;
};

static struct words words_of(const struct policy *policy)
{
	const struct policy_switches *is = policy_switches(policy);

	return (struct words){ is->violations_warn ? "warn" : "fail",
			       is->weak_allowed ? "allow" : "refuse",
			       is->require_both ? "both" : "either",
			       is->withheld_warn ? "warn" : "fail" };
}

static void print_texts(const struct policy *policy, enum policy_text kind)
{
	for (size_t i = 0; i < policy_nr_texts(policy, kind); i++) {
		fputs("  ", stdout);
		text_print(stdout, policy_text(policy, kind, i));
		putchar('\n');
	}
}

static void print_text(const struct policy *policy)
{
	struct words words = words_of(policy);

	fputs("sha256 ", stdout);
	text_print_hex(stdout, bytes_of(policy_hash(policy), POLICY_HASH_LEN));
	printf("\nfiles %" PRIu64 "\nbuffers %" PRIu64 "\nkeyrings %" PRIu64
	       "\ndenied digests %" PRIu64 "\nwithheld digests %" PRIu64
	       "\ndigests in all %" PRIu64 "\n",
	       policy_nr_names(policy, POLICY_FILES),
	       policy_nr_names(policy, POLICY_BUFFERS),
	       policy_nr_names(policy, POLICY_KEYRINGS),
	       policy_nr_names(policy, POLICY_DENIED),
	       policy_nr_names(policy, POLICY_WITHHELD),
	       policy_nr_digests(policy));
	printf("violations %s\nweak digests %s\nrequire %s\nwithheld %s\n",
	       words.violations, words.weak, words.require, words.withheld);
	printf("keys that sign files %zu\n",
	       policy_nr_texts(policy, POLICY_KEY));
	printf("excludes %zu\n", policy_nr_texts(policy, POLICY_EXCLUDE));
	print_texts(policy, POLICY_EXCLUDE);
	printf("ignored keyrings %zu\n",
	       policy_nr_texts(policy, POLICY_IGNORED_KEYRING));
	print_texts(policy, POLICY_IGNORED_KEYRING);
}

static void put_texts(struct json *json, const struct policy *policy,
		      enum policy_text kind)
{
	json_open(json, kinds[kind], '[');
	for (size_t i = 0; i < policy_nr_texts(policy, kind); i++) {
		struct imastage_bytes text = policy_text(policy, kind, i);

		if (kind == POLICY_KEY)
			json_hex(json, NULL, text);
		else
			json_bytes(json, NULL, text);
	}
	json_close(json, ']');
}

static void print_json(const struct policy *policy)
{
	struct words words = words_of(policy);
	struct json json;

	json_start(&json, stdout, '{');
	json_number(&json, "version", 1);
	json_hex(&json, "sha256",
		 bytes_of(policy_hash(policy), POLICY_HASH_LEN));
	json_number(&json, "files", policy_nr_names(policy, POLICY_FILES));
	json_number(&json, "buffers", policy_nr_names(policy, POLICY_BUFFERS));
	json_number(&json, "keyrings",
		    policy_nr_names(policy, POLICY_KEYRINGS));
	json_number(&json, "denied", policy_nr_names(policy, POLICY_DENIED));
	json_number(&json, "withheld_digests",
		    policy_nr_names(policy, POLICY_WITHHELD));
	json_number(&json, "digests", policy_nr_digests(policy));
	json_text(&json, "violations", words.violations);
	json_text(&json, "weak_digests", words.weak);
	json_text(&json, "require", words.require);
	json_text(&json, "withheld", words.withheld);
	for (enum policy_text kind = 0; kind < POLICY_NR_TEXTS; kind++)
		put_texts(&json, policy, kind);
	json_end(&json, '}');
}

static int print_keylime(const struct policy *policy)
{
	int r = policy_write(policy, NULL, stdout);

	if (r < 0)
		cli_error("it could not be written: %s", strerror(-r));
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_policy_show(int argc, char **argv)
{
	static struct policy_options options;
	struct policy *policy = NULL;
	int status =
		policy_begin(&command, opts, argc, argv, 1, &options, &policy);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (options.keylime)
		status = print_keylime(policy);
	else if (options.json)
		print_json(policy);
	else
		print_text(policy);
	policy_end(&options, 1, &policy);
	return status;
}
