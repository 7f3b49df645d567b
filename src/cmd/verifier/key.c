// SPDX-License-Identifier: MIT
/*
 * imastage key: the key that a verifier signs checkpoints with.
 */
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "cmd/cmd.h"
#include "store/key.h"
#include "tool/cli.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static const struct verb verbs[] = {
	{ "create", "make one", cmd_key_create },
	{ "show", "print its id and its public part", cmd_key_show },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage key",
	.summary = "Works with the keys that verifiers sign checkpoints with.",
	.verbs = verbs,
	.epilogue = "\n"
		    "A store makes its own key when it is made; see "
		    "--key and --accept-key there.\n",
};

int cmd_key(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}

static const struct opt no_opts[] = { { 0 } };

static const struct command create_command = {
	.synopsis = "FILE",
	.summary = "Makes a private key (ECDSA P-256, PEM), which its owner "
		   "alone may read. Prints its id.\n",
};

static const struct command show_command = {
	.synopsis = "FILE",
	.summary = "Prints a key's id and its public part.\n",
};

/* The id; and the public part, too. */
static int print(const char *path, bool all)
{
	struct imastage_buffer pem = { 0 };
	struct dsse_key *key;
	int r = store_read_key(path, &verifier_say, &key);

	if (r < 0)
		return CLI_FAILED;
	printf("%s\n", dsse_key_id(key));
	if (all)
		r = dsse_key_write(key, false, &pem);
	if (r < 0)
		cli_error("%s: its public part could not be written", path);
	if (pem.len > 0)
		fwrite(pem.data, 1, pem.len, stdout);
	free(pem.data);
	dsse_key_free(key);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static int parse(const struct command *command, int argc, char **argv,
		 const char **ret_path)
{
	const struct opt_group group = { no_opts, NULL };
	char **args;
	int status = opts_parse(command, &group, 1, argc, argv, &args);

	return status == CLI_OK ? verifier_argument(args, "FILE", ret_path) :
				  status;
}

int cmd_key_create(int argc, char **argv)
{
	const char *path;
	int status = parse(&create_command, argc, argv, &path);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (access(path, F_OK) == 0) {
		cli_error("%s: exists; name another file", path);
		return CLI_FAILED;
	}
	return store_make_key(path, &verifier_say) < 0 ? CLI_FAILED :
							 print(path, false);
}

int cmd_key_show(int argc, char **argv)
{
	const char *path;
	int status = parse(&show_command, argc, argv, &path);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	return print(path, true);
}
