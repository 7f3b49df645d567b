// SPDX-License-Identifier: MIT
/*
 * A policy from a file, as JSON, signed or compiled.
 */
#include "cmd/policy/load.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/given.h"

#include <errno.h>

int policy_key_add(struct policy_key_files *files, const char *path)
{
	if (files->nr == DSSE_KEYS_MAX)
		return cli_usage("more than %d keys", DSSE_KEYS_MAX);
	files->paths[files->nr++] = path;
	return *path ? 0 : -EINVAL;
}

static int load_key(const char *path, struct dsse_key **ret_key)
{
	cleanup_free uint8_t *pem = NULL;
	size_t len;
	int status = given_read(path, "key in PEM", DSSE_PEM_MAX, &pem, &len);

	if (status != CLI_OK)
		return status;
	if (dsse_key_read(bytes_of(pem, len), ret_key) == 0)
		return CLI_OK;
	cli_error("%s: not a P-256 key in PEM without a password", path);
	return CLI_FAILED;
}

int policy_keys_load(struct policy_key_files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		struct dsse_key *key;
		int status = load_key(files->paths[i], &key);

		if (status != CLI_OK)
			return status;
		files->keys.of[files->keys.nr++] = key;
	}
	return CLI_OK;
}

int policy_load(const char *path, const struct policy_key_files *files,
		struct policy **ret_policy)
{
	struct policy_error error;
	int r = policy_open(path, files ? &files->keys : NULL, ret_policy,
			    &error);

	if (r == -EBADMSG)
		cli_error("%s: refused at byte %zu: %s; nothing of it is used",
			  path, error.offset, error.reason);
	else if (r < 0)
		(void)given_complain(path, "policy", POLICY_LEN_MAX, r);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

void policy_key_files_fini(struct policy_key_files *files)
{
	for (size_t i = 0; i < files->keys.nr; i++)
		dsse_key_free((struct dsse_key *)(uintptr_t)files->keys.of[i]);
}
