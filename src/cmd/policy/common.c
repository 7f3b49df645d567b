// SPDX-License-Identifier: MIT
#include "cmd/policy/common.h"
#include "base/hex.h"
#include "tool/cli.h"

int policy_set_key(void *context, const char *value)
{
	return policy_key_add(&((struct policy_options *)context)->keys, value);
}

int policy_set_json(void *context, const char *value)
{
	(void)value;
	((struct policy_options *)context)->json = true;
	return 0;
}

static int load_all(char **args, size_t nr, struct policy_options *options,
		    struct policy **policies)
{
	int status = policy_keys_load(&options->keys);
	size_t given = 0;

	while (args[given])
		given++;
	if (given != nr)
		return cli_usage(given < nr ? "a policy is missing" :
					      "unexpected argument '%s'",
				 args[nr < given ? nr : 0]);
	for (size_t i = 0; status == CLI_OK && i < nr; i++)
		status = policy_load(args[i], &options->keys, &policies[i]);
	return status;
}

int policy_begin(const struct command *command, const struct opt *opts,
		 int argc, char **argv, size_t nr,
		 struct policy_options *options, struct policy **ret_policies)
{
	const struct opt_group group = { opts, options };
	char **args;
	int status = opts_parse(command, &group, 1, argc, argv, &args);

	if (status == CLI_OK)
		status = load_all(args, nr, options, ret_policies);
	if (status != CLI_OK)
		policy_end(options, nr, ret_policies);
	return status;
}

void policy_end(struct policy_options *options, size_t nr,
		struct policy **policies)
{
	for (size_t i = 0; i < nr; i++)
		policy_free(policies[i]);
	policy_key_files_fini(&options->keys);
}

void policy_digest_text(const struct policy_entry *entry,
			char ret_text[POLICY_DIGEST_TEXT_LEN])
{
	int len = snprintf(ret_text, POLICY_DIGEST_TEXT_LEN / 4,
			   "%s%s:", entry->alg & POLICY_VERITY ? "verity:" : "",
			   policy_algorithm_name(entry->alg));

	hex_encode(entry->digest, ret_text + len);
}

const char *policy_space_name(enum policy_space space)
{
	static const char *const names[] = { "file", "buffer", "key", "denied",
					     "withheld" };

	return names[space];
}

int policy_judge_record(struct policy_appraisal *appraisal,
			const struct imastage_record *record,
			struct policy_reading *ret_reading,
			struct policy_judgement *ret_judgement)
{
	int r = 0;

	*ret_reading = (struct policy_reading){ 0 };
	if (!imastage_record_is_violation(record) && !record->opaque)
		r = policy_read_record(record, ret_reading);
	else
		(void)imastage_record_event_name(record, &ret_reading->path);
	if (r < 0)
		return r;
	return policy_appraise(appraisal, record, ret_reading,
			       POLICY_NOT_COMPUTED, ret_judgement);
}
