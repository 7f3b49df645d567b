// SPDX-License-Identifier: MIT
/*
 * imastage enroll: the steps by which a verifier comes to know a machine.
 */
#include "cmd/cmd.h"
#include "tool/cli.h"

static const struct verb verbs[] = {
	{ "request", "machine: this is my TPM, and this its attestation key",
	  cmd_enroll_request },
	{ "challenge",
	  "verifier: seal a secret for both, if the TPM is trusted",
	  cmd_enroll_challenge },
	{ "answer", "machine: open what the verifier sealed for both",
	  cmd_enroll_answer },
	{ "accept", "verifier: know the machine that told the secret",
	  cmd_enroll_accept },
	{ 0 },
};

static const struct verb_table table = {
	.name = "imastage enroll",
	.summary =
		"How a verifier comes to know that a key is in a machine's "
		"TPM. Each step writes a\nsmall file for the next one, which "
		"may be carried there in any way.",
	.verbs = verbs,
};

int cmd_enroll(int argc, char **argv)
{
	return verbs_run(&table, argc, argv);
}
