// SPDX-License-Identifier: MIT
/*
 * See message_file.h.
 */
#include "cmd/enroll/message_file.h"
#include "base/output.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/given.h"

#include <errno.h>

int message_file_read(const char *path, struct imastage_buffer *ret_text)
{
	*ret_text = (struct imastage_buffer){ 0 };
	return given_read(path, "message of enrolment", MESSAGE_LEN_MAX,
			  &ret_text->data, &ret_text->len);
}

static int write_text(const char *path, const struct imastage_buffer *text)
{
	struct output output;
	int r = output_open(&output, path);

	if (r < 0)
		return r;
	fwrite(text->data, 1, text->len, output.file);
	r = output_commit(&output);
	output_fini(&output);
	return r;
}

int message_file_write(const char *path, const struct imastage_buffer *text)
{
	int r = write_text(path, text);

	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s", path ? path : "standard output", path_strerror(r));
	return CLI_FAILED;
}

int message_file_refuse(const char *path, const char *what,
			const struct evidence_error *error)
{
	cli_error("%s: byte %zu: %s; it is no %s, or was damaged on its way",
		  !strcmp(path, "-") ? "standard input" : path, error->offset,
		  error->reason, what);
	return CLI_FAILED;
}
