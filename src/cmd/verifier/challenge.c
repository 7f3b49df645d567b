// SPDX-License-Identifier: MIT
/*
 * imastage challenge: what a machine is asked for.
 */
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "cmd/cmd.h"
#include "list/pcrs.h"
#include "tool/cli.h"
#include "tool/parse.h"

#include <stdlib.h>

#define SECONDS_DEFAULT 300
#define SECONDS_MAX ((uint64_t)30 * 24 * 3600)

struct options {
	struct verifier_place place;
	struct store_ask ask;
	const char *output;
};

static bool has_list_pcr(const struct evidence_selections *pcrs)
{
	for (size_t i = 0; i < pcrs->nr; i++)
		if (pcrs->of[i].pcrs & 1u << IMASTAGE_PCR_IMA)
			return true;
	return false;
}

static int set_pcrs(void *context, const char *value)
{
	struct evidence_selections *pcrs =
		&((struct options *)context)->ask.pcrs;
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	int r = pcrs_parse_selection(value, IMASTAGE_PCR_IMA, selections,
				     &pcrs->nr);

	for (size_t i = 0; r == 0 && i < pcrs->nr; i++) {
		pcrs->of[i].alg = imastage_bank_tpm_alg(selections[i].bank);
		pcrs->of[i].pcrs = selections[i].pcrs;
	}
	return r == 0 && !has_list_pcr(pcrs) ?
		       cli_usage("--pcrs without PCR 10: no record could be "
				 "proved") :
		       r;
}

static int set_expires(void *context, const char *value)
{
	return parse_number(value, SECONDS_MAX,
			    &((struct options *)context)->ask.seconds);
}

static int set_reverify(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->ask.reverify = true;
	return 0;
}

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "What is asked:" },
	{ "pcrs", 'p', "PCRS", "which are quoted (sha256:0-10)", set_pcrs,
	  "BANK:PCRS[+...]" },
	{ "expires", 'e', "SECONDS", "for how long it is good (300)",
	  set_expires, "seconds, 2592000 at most" },
	{ "reverify", 0, NULL,
	  "all records from the boot on; if all is well, what was wrong\n"
	  "in this boot before is forgotten",
	  set_reverify, NULL },
	{ "output", 'o', "FILE", "where it goes (standard output)", set_output,
	  "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... MACHINE",
	.summary = "Makes a challenge: a nonce that is good once, and the "
		   "record from which on the\nmachine's list is wanted. The "
		   "machine answers with 'imastage attest'.\n",
};

static int ask(const struct options *options, struct store *store)
{
	struct imastage_buffer text = { 0 };
	struct challenge challenge;
	int r = store_challenge(store, &options->ask, verifier_now(),
				&challenge);
	int status = verifier_answer(r, options->ask.machine);

	if (status == CLI_OK && challenge_write(&challenge, &text) < 0) {
		cli_error("no memory");
		status = CLI_FAILED;
	}
	if (status == CLI_OK)
		status = verifier_write(options->output,
					bytes_of(text.data, text.len));
	free(text.data);
	return status;
}

int cmd_challenge(int argc, char **argv)
{
	struct options options = { .ask.seconds = SECONDS_DEFAULT };
	const struct opt_group groups[] = {
		{ opts, &options },
		{ verifier_opts, &options.place },
	};
	struct store *store;
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_argument(args, "MACHINE", &options.ask.machine);
	if (status == CLI_OK)
		status = verifier_open(&options.place, false, &store);
	if (status != CLI_OK)
		return status;
	status = ask(&options, store);
	store_close(store);
	return status;
}
