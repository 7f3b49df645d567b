// SPDX-License-Identifier: MIT
/*
 * A policy from a file, as JSON or compiled.
 */
#include "cmd/policy/open.h"
#include "policy/read.h"
#include "tool/cli.h"

#include <errno.h>
#include <string.h>

int open_policy(const char *path, struct policy **ret_policy)
{
	struct policy_error error = { 0 };
	int r = policy_open(path, NULL, ret_policy, &error);

	if (r == 0)
		return CLI_OK;
	if (r == -EBADMSG)
		cli_error("%s: byte %llu: %s", path,
			  (unsigned long long)error.offset, error.reason);
	else
		cli_error("%s: %s", path, strerror(-r));
	return CLI_FAILED;
}
