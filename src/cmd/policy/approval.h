/* SPDX-License-Identifier: MIT */
/*
 * What would approve a file that a policy refuses, and which package it may be of: the same
 * for `imastage policy explain`, and for `imastage verify` as lines, as JSON and as a page.
 */
#ifndef CMD_POLICY_APPROVAL_H
#define CMD_POLICY_APPROVAL_H

#include "catalog/explain.h"
#include "policy/appraise.h"
#include "tool/json.h"

#define APPROVAL_COMMANDS_MAX 2

/* The policy that has refused. */
struct approval_policy {
	const struct policy *policy;
	const char *path; /* of its file */
	bool is_signed; /* no line can change it */
};

/* A file that was judged. Views. */
struct approval_file {
	struct imastage_bytes path, digest;
	uint8_t alg;
	bool has_alg; /* else there is no digest that could be listed */
	enum policy_outcome outcome;
	enum policy_space space;
	bool has_signature; /* a trusted one */
	bool is_relabelled;
};

void approval_file_of(const struct policy_reading *reading,
		      const struct policy_judgement *judgement,
		      struct approval_file *ret_file);

/*
 * Lines of bash, the likeliest first, in printable ASCII: each is to be run in the folder that the policy
 * was named from, and approves nothing but what it says.
 */
struct approval {
	struct imastage_buffer commands[APPROVAL_COMMANDS_MAX]; /* owned */
	size_t nr_commands;
	const char *advice; /* without a line: what to do instead; or NULL */
};

/* @found: what explain_all() said. Nothing for a file that is allowed. -ENOMEM. */
int approval_make(const struct approval_policy *policy,
		  const struct approval_file *file,
		  const struct explanation *found,
		  struct approval *ret_approval);
void approval_free(struct approval *approval);

/* How a package was guessed: "it has this path"; NULL: the policy names it for this path. */
const char *approval_guess(const struct explanation *found);

/* Members of an object: package, version, package_because, commands, advice. */
void approval_put(const struct approval *approval,
		  const struct explanation *found, struct json *json);

/* "tool:amd64 1.2"; "perhaps tool:amd64 1.2: it has ..." for a guess. */
void approval_print_package(FILE *file, const struct explanation *found);

#endif
