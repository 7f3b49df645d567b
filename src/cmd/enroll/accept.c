// SPDX-License-Identifier: MIT
/*
 * imastage enroll accept: the machine has told the secret, and is known from now on.
 */
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/json.h"

struct options {
	struct verifier_place place;
	bool json;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... ANSWER",
	.summary = "Enrols the machine whose answer is right. Prints its id.\n",
	.epilogue = "\n"
		    "Exit status: 0 enrolled, 3 the answer is refused, 1 it "
		    "could not be done, 2 usage.\n",
};

static int read_answer(const char *path, struct enroll_answer *answer)
{
	cleanup_free uint8_t *data = NULL;
	struct evidence_error error;
	size_t len;
	int status = given_read(path, "answer", MESSAGE_LEN_MAX, &data, &len);

	if (status != CLI_OK)
		return status;
	if (enroll_answer_parse(bytes_of(data, len), answer, &error) == 0)
		return CLI_OK;
	cli_error("%s: byte %zu: %s", path, error.offset, error.reason);
	return CLI_REJECTED;
}

static void print(const struct options *options,
		  const struct store_machine *machine)
{
	struct json json;

	if (!options->json) {
		printf("%s\n", machine->id);
		return;
	}
	json_start(&json, stdout, '{');
	json_text(&json, "machine", machine->id);
	json_text(&json, "host", machine->host);
	json_text(&json, "trust", store_trust_name(machine->trust));
	json_text(&json, "trusted", machine->trusted);
	json_end(&json, '}');
}

static int accept_it(const struct options *options, struct store *store,
		     const struct enroll_answer *answer)
{
	static struct store_machine machine;
	int r = store_end_enrolment(store, answer->machine,
				    message_view(&answer->secret),
				    verifier_now(), &machine);
	int status;

	if (r == STORE_UNKNOWN) {
		cli_error("%s: no enrolment waits for this machine; begin it "
			  "with 'imastage enroll challenge'",
			  answer->machine);
		return CLI_REJECTED;
	}
	status = verifier_answer(r, answer->machine);
	if (status == CLI_OK)
		print(options, &machine);
	return status;
}

int cmd_enroll_accept(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ opts, &options },
		{ verifier_opts, &options.place },
	};
	struct enroll_answer answer;
	struct store *store;
	const char *path;
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_argument(args, "ANSWER", &path);
	if (status == CLI_OK)
		status = read_answer(path, &answer);
	if (status == CLI_OK)
		status = verifier_open(&options.place, false, &store);
	if (status != CLI_OK)
		return status;
	status = accept_it(&options, store, &answer);
	store_close(store);
	explicit_bzero(&answer, sizeof(answer));
	return status;
}
