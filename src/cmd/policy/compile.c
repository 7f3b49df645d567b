// SPDX-License-Identifier: MIT
/*
 * imastage policy compile: a policy as a file that is mapped and needs no parsing.
 */
#include "base/output.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/policy/common.h"
#include "tool/cli.h"

#include <errno.h>

static int set_output(void *context, const char *value)
{
	((struct policy_options *)context)->output = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt opts[] = {
	{ "output", 'o', "FILE", "where to", set_output, "a file" },
	POLICY_KEY_OPT,
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... --output FILE POLICY",
	.summary = "Makes a file of a policy that needs no parsing, for this "
		   "verifier alone: it has no\nsignature. Prints the SHA-256 "
		   "by which verdicts name the policy.\n",
};

static int write_image(const struct policy *policy, const char *path)
{
	struct imastage_bytes image = policy_image(policy);
	struct output output;
	int r = output_open(&output, path);

	if (r < 0)
		return r;
	if (fwrite(image.data, 1, image.len, output.file) != image.len)
		r = -EIO;
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	return r;
}

static int compile(struct policy *policy, const char *path)
{
	int r;

	if (!path)
		return cli_usage("--output is missing");
	r = policy_note_excluded(policy);
	if (r == 0)
		r = write_image(policy, path);
	if (r < 0) {
		cli_error("%s: %s", path, path_strerror(r));
		return CLI_FAILED;
	}
	text_print_hex(stdout, bytes_of(policy_hash(policy), POLICY_HASH_LEN));
	putchar('\n');
	return CLI_OK;
}

int cmd_policy_compile(int argc, char **argv)
{
	static struct policy_options options;
	struct policy *policy = NULL;
	int status =
		policy_begin(&command, opts, argc, argv, 1, &options, &policy);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = compile(policy, options.output);
	policy_end(&options, 1, &policy);
	return status;
}
