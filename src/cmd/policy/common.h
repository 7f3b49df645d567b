/* SPDX-License-Identifier: MIT */
/*
 * What the verbs of imastage policy share: a policy given by name, digests as text.
 */
#ifndef CMD_POLICY_COMMON_H
#define CMD_POLICY_COMMON_H

#include "cmd/policy/load.h"
#include "policy/appraise.h"
#include "tool/opts.h"

struct policy_options {
	struct policy_key_files keys;
	bool json;
	bool keylime; /* show: as Keylime's JSON */
	bool strict; /* check: what is found is exit status 3 */
	const char *list; /* check: where it meets records; or NULL */
	const char *output; /* compile */
};

int policy_set_key(void *context, const char *value);
int policy_set_json(void *context, const char *value);

/* clang-format off */
#define POLICY_KEY_OPT \
	{ "key", 'k', "FILE", \
	  "P-256 key in PEM that the policy has to be signed by;\n" \
	  "of several one is enough", policy_set_key, "a file" }
#define POLICY_JSON_OPT \
	{ "json", 'j', NULL, "as one JSON object", policy_set_json, NULL }
/* clang-format on */

/*
 * Parses, and loads @nr policies named by what is not an option. Returns enum cli_status, or
 * OPTS_HELP.
 */
int policy_begin(const struct command *command, const struct opt *opts,
		 int argc, char **argv, size_t nr,
		 struct policy_options *options, struct policy **ret_policies);
void policy_end(struct policy_options *options, size_t nr,
		struct policy **policies);

/*
 * Judges one record of a list, in its order; *ret_reading is empty of a violation, but for its path.
 * Errors of policy_appraise().
 */
int policy_judge_record(struct policy_appraisal *appraisal,
			const struct imastage_record *record,
			struct policy_reading *ret_reading,
			struct policy_judgement *ret_judgement);

/* "sha256:0123..." */
#define POLICY_DIGEST_TEXT_LEN 192

void policy_digest_text(const struct policy_entry *entry,
			char ret_text[POLICY_DIGEST_TEXT_LEN]);

/* "file", "buffer", "key", "denied" */
const char *policy_space_name(enum policy_space space);

#endif
