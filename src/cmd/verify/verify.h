/* SPDX-License-Identifier: MIT */
/*
 * What the forms of `imastage verify` share: what was asked for, and how a verdict ends.
 */
#ifndef CMD_VERIFY_VERIFY_H
#define CMD_VERIFY_VERIFY_H

#include "base/hex.h"
#include "cmd/policy/load.h"
#include "evidence/challenge.h"
#include "list/input.h"
#include "store/file.h"
#include "tool/cli.h"
#include "verify/sequence.h"

#define VERIFY_BOOTS_MAX 16
/* Somebody else may verify the same machine just now. */
#define VERIFY_STORE_TRIES 5
#define VERIFY_PART_LEN_MAX ((size_t)96 << 10) /* of all but lists and logs */

struct show;

/* A file that is given as an option. */
struct part {
	const char *path; /* NULL: it is not */
	uint8_t *data; /* owned; NULL: it is not loaded */
	size_t len;
};

struct verify_options {
	struct input_options input_options;
	/* Evidence in other forms than ours. */
	struct part quote, signature, pcrs;
	struct part keylime_quote, keylime;
	const char *boot_log; /* path */

	/* The verifier's own. */
	struct part ak, challenge, checkpoint;
	struct part key_files[DSSE_KEYS_MAX];
	struct dsse_keys keys; /* owned; the first one signs */
	const char *checkpoint_out;
	const char *store_path; /* instead of all these */
	struct store *store; /* owned */
	bool keep; /* evidence, with it */
	uint8_t nonce[EVIDENCE_NONCE_MAX];
	uint8_t qualified_name[EVIDENCE_NAME_MAX];
	struct pcr_values boots[VERIFY_BOOTS_MAX];
	const char *boot_policies[VERIFY_BOOTS_MAX]; /* paths */
	size_t nr_boot_policies;
	struct boot_policy *boot_policy; /* owned; of all of them */
	const char *policy_path;
	struct policy_key_files policy_keys;
	struct policy *policy; /* owned */
	struct challenge message; /* what is in @challenge */
	bool asked_set;
	struct verify_request request;

	bool json, strict;
	struct show *show; /* the verdict in files */
	/* What checkpoints call a machine without an id: by its key. */
	char key_name[HEX_TEXT_LEN(EVIDENCE_NAME_MAX)];
	bool checkpoint_refused; /* which is the verdict */
	struct verify_sequence sequence; /* where it goes on, and to */
	struct verify_verdict verdict;
};

/* --policy, --boot-policy and the like; the context is a struct verify_options. */
extern const struct opt verify_policy_opts[];

/* Load what they name, into the request. Return enum cli_status, after a complaint. */
int verify_load_policy(struct verify_options *options);
int verify_load_boot_policies(struct verify_options *options);

/* Loads @part, which is an option @name. Returns enum cli_status. */
int part_load(struct part *part, const char *name);
struct imastage_bytes part_bytes(const struct part *part);

/*
 * The forms, each on what is not an option. Return enum cli_status; what was printed is a
 * verdict, or a complaint on standard error.
 */
int verify_evidence(struct verify_options *options, char **args);
int verify_parts(struct verify_options *options, char **args);
int verify_keylime(struct verify_options *options, char **args);

/* One quote and a list: from parts or another's message. @evidence's views must stay. */
int verify_list_of_parts(struct verify_options *options,
			 const struct verify_evidence *evidence,
			 struct input *input);

/* Says why no verdict was possible; nothing after a signal. Returns enum cli_status. */
int verify_complain(const char *what, int r);

enum cli_status verify_status(const struct verify_options *options,
			      enum verify_result result);

/* Prints the one verdict, after the checkpoint was written. Returns enum cli_status. */
int verify_finish(struct verify_options *options, int r);

/* Writes the checkpoint that was asked for. 0, or negative after a complaint. */
int verify_write_checkpoint(struct verify_options *options);

#endif
