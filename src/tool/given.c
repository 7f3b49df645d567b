// SPDX-License-Identifier: MIT
/*
 * Small files that a program was given. See given.h.
 */
#include "tool/given.h"
#include "base/file.h"
#include "tool/cli.h"

#include <errno.h>

static bool is_input(const char *path)
{
	return !strcmp(path, "-");
}

int given_complain(const char *path, const char *what, size_t max_len, int r)
{
	const char *name = is_input(path) ? "standard input" : path;

	if (r == -EFBIG)
		cli_error("%s: larger than %zu bytes, so it is no %s; give "
			  "another file",
			  name, max_len, what);
	else
		cli_error("%s: %s", name, strerror(-r));
	return CLI_FAILED;
}

int given_read(const char *path, const char *what, size_t max_len,
	       uint8_t **ret_data, size_t *ret_len)
{
	int r = file_read(is_input(path) ? "/dev/stdin" : path, max_len,
			  ret_data, ret_len);

	return r < 0 ? given_complain(path, what, max_len, r) : CLI_OK;
}
