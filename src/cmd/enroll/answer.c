// SPDX-License-Identifier: MIT
/*
 * imastage enroll answer
 */
#include "attest/enrolled.h"
#include "base/bytes.h"
#include "base/path.h"
#include "cmd/attest/machine.h"
#include "cmd/cmd.h"
#include "cmd/enroll/message_file.h"
#include "evidence/enroll.h"
#include "tool/cli.h"
#include "tpm/credential.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	struct machine machine;
	const char *output, *enrolled;
};

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return *value ? 0 : -EINVAL;
}

static int set_enrolled(void *context, const char *value)
{
	((struct options *)context)->enrolled = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt opts[] = {
	{ .text = "What is written:" },
	{ "output", 'o', "FILE", "the answer, to FILE", set_output, "a file" },
	{ "enrolled", 'E', "FILE",
	  "who this machine is, and to whom, to FILE\n"
	  "(/var/lib/imastage/enrolled)",
	  set_enrolled, "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... FILE",
	.summary = "Has the TPM open the challenge in FILE, writes the answer "
		   "for the verifier, and\nkeeps who this machine is, and to "
		   "whom.\n",
};

static int read_challenge(const char *path, struct enroll_challenge *ret)
{
	struct imastage_buffer text;
	struct evidence_error error;
	int status = message_file_read(path, &text);

	if (status == CLI_OK &&
	    enroll_challenge_parse(bytes_of(text.data, text.len), ret, &error) <
		    0)
		status = message_file_refuse(path, "challenge", &error);
	free(text.data);
	return status;
}

static int activate(struct options *options, const char *path,
		    const struct enroll_challenge *challenge,
		    const struct tpm_ak *ak, struct enroll_answer *answer)
{
	int r = tpm_activate(options->machine.tpm, ak,
			     message_view(&challenge->credential),
			     message_view(&challenge->secret),
			     answer->secret.data, &answer->secret.len);

	_Static_assert(sizeof(answer->secret.data) >= TPM_SECRET_MAX,
		       "all that a TPM may say");
	if (r == -EINVAL) {
		cli_error("%s: the credential in it is none", path);
		return CLI_FAILED;
	}
	return r < 0 ? machine_complain(&options->machine, r) : CLI_OK;
}

/* Before the answer: a machine that has answered knows who it is. */
static int keep(const struct options *options,
		const struct enroll_challenge *challenge,
		const struct tpm_ak *ak)
{
	const char *path = options->enrolled ? options->enrolled :
					       options->machine.config.enrolled;
	struct enrolled enrolled = { .ak_name.len = ak->name.len };
	int r;

	memcpy(enrolled.machine, challenge->machine, sizeof(enrolled.machine));
	memcpy(enrolled.verifier, challenge->verifier,
	       sizeof(enrolled.verifier));
	memcpy(enrolled.ak_name.data, ak->name.bytes, ak->name.len);
	r = enrolled_write(path, &enrolled);
	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s; name another file with --enrolled", path,
		  path_strerror(r));
	return CLI_FAILED;
}

static int write_answer(const struct options *options,
			const struct enroll_answer *answer)
{
	struct imastage_buffer text = { 0 };
	int r = enroll_answer_write(answer, &text), status = CLI_FAILED;

	if (r < 0)
		cli_error("%s", strerror(-r));
	else
		status = message_file_write(options->output, &text);
	free(text.data);
	return status;
}

static int answer_it(struct options *options, const char *path)
{
	struct enroll_challenge challenge = { 0 };
	struct enroll_answer answer = { 0 };
	struct tpm_ak ak;
	int status = read_challenge(path, &challenge);

	if (status == CLI_OK)
		status = machine_open_ak(&options->machine, &ak);
	if (status == CLI_OK)
		status = activate(options, path, &challenge, &ak, &answer);
	if (status == CLI_OK)
		status = keep(options, &challenge, &ak);
	memcpy(answer.machine, challenge.machine, sizeof(answer.machine));
	return status == CLI_OK ? write_answer(options, &answer) : status;
}

int cmd_enroll_answer(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ opts, &options },
		{ machine_opts, &options.machine },
	};
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!*args || args[1])
		return cli_usage("%s", *args ? "one challenge at a time" :
					       "no challenge given");
	status = machine_begin(&options.machine);
	if (status == CLI_OK)
		status = answer_it(&options, *args);
	machine_end(&options.machine);
	return status;
}
