/* SPDX-License-Identifier: MIT */
/*
 * A policy that was made, on its way to a file.
 */
#ifndef CMD_POLICY_MADE_H
#define CMD_POLICY_MADE_H

#include "catalog/update.h"
#include "tool/opts.h"

#include <imastage/bytes.h>

struct sources;

/* All zeros at first, for made_opts. */
struct made {
	const char *path; /* NULL: standard output */
	bool json, incomplete;
};

extern const struct opt made_opts[];

/* Returns enum cli_status, after a complaint if it is not CLI_OK. */
int made_finish(struct policy_builder *builder, struct policy **ret_policy);

/*
 * Writes the policy of @builder, and reports what @sources had: on standard output, or on standard
 * error where the policy is on standard output. Nothing is written if something is missing,
 * unless that was said to be fine. @changes: what an update did, or NULL. Returns enum cli_status.
 */
int made_write(const struct made *made, const struct sources *sources,
	       struct policy_builder *builder,
	       const struct update_counts *changes);

#endif
