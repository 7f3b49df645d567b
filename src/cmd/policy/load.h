/* SPDX-License-Identifier: MIT */
/*
 * Policies that a command is given, with what is said when one is refused.
 */
#ifndef CMD_POLICY_LOAD_H
#define CMD_POLICY_LOAD_H

#include "policy/read.h"

/* Keys that policies have to be signed by, as files. */
struct policy_key_files {
	const char *paths[DSSE_KEYS_MAX];
	size_t nr;
	struct dsse_keys keys; /* owned, once they are loaded */
};

/* For an option table: adds a file. 0, or what cli_usage() returns. */
int policy_key_add(struct policy_key_files *files, const char *path);

/* Both return enum cli_status, after a complaint. */
int policy_keys_load(struct policy_key_files *files);
int policy_load(const char *path, const struct policy_key_files *files,
		struct policy **ret_policy);

void policy_key_files_fini(struct policy_key_files *files);

#endif
