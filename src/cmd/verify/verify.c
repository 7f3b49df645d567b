// SPDX-License-Identifier: MIT
/*
 * imastage verify: does a TPM's quote prove a list, and what does it say?
 */
#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "list/input.h"
#include "list/pcrs.h"
#include "cmd/verify/print.h"
#include "evidence/qualifying.h"
#include "verify/verify.h"

#include <errno.h>

#define FILE_LEN_MAX ((size_t)64 << 10) /* of all but the list */
#define BOOTS_MAX 16
#define ASKED_DEFAULT "sha256:0-10"

/* A file that is given as an option. */
struct part {
	const char *path;
	uint8_t *data; /* owned */
	size_t len;
};

struct options {
	struct input_options input_options;
	struct part quote, signature, pcrs, ak;
	uint8_t nonce[EVIDENCE_NONCE_MAX];
	uint8_t qualified_name[EVIDENCE_NAME_MAX];
	struct pcr_values boots[BOOTS_MAX];
	struct verify_request request;
	bool json, strict;
	struct input input;
	struct verify_verdict verdict;
};

/* ---- options --------------------------------------------------------------- */

#define DEFINE_SET_PATH(part)                                   \
	static int set_##part(void *context, const char *value) \
	{                                                       \
		((struct options *)context)->part.path = value; \
		return *value ? 0 : -EINVAL;                    \
	}

DEFINE_SET_PATH(quote)
DEFINE_SET_PATH(signature)
DEFINE_SET_PATH(pcrs)
DEFINE_SET_PATH(ak)

static int set_hex(const char *value, uint8_t *data, size_t capacity,
		   struct imastage_bytes *ret_bytes)
{
	size_t len;
	int r = hex_decode(bytes_of_text(value), capacity, data, &len);

	if (r == 0)
		*ret_bytes = bytes_of(data, len);
	return r < 0 || len == 0 ? -EINVAL : 0;
}

static int set_nonce(void *context, const char *value)
{
	struct options *options = context;

	return set_hex(value, options->nonce, sizeof(options->nonce),
		       &options->request.nonce);
}

static int set_qualified_name(void *context, const char *value)
{
	struct options *options = context;

	return set_hex(value, options->qualified_name,
		       sizeof(options->qualified_name),
		       &options->request.qualified_name);
}

static int set_id(const char *value, struct imastage_bytes *ret_id)
{
	*ret_id = bytes_of_text(value);
	return ret_id->len > 0 && ret_id->len <= EVIDENCE_ID_MAX ? 0 : -EINVAL;
}

static int set_verifier(void *context, const char *value)
{
	return set_id(value, &((struct options *)context)->request.verifier);
}

static int set_machine(void *context, const char *value)
{
	return set_id(value, &((struct options *)context)->request.machine);
}

static int set_raw_32(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->request.raw_32 = true;
	return 0;
}

static int set_asked(void *context, const char *value)
{
	struct evidence_selections *asked =
		&((struct options *)context)->request.asked;
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	int r = pcrs_parse_selection(value, IMASTAGE_PCR_IMA, selections,
				     &asked->nr);

	for (size_t i = 0; r == 0 && i < asked->nr; i++) {
		asked->of[i].alg = imastage_bank_tpm_alg(selections[i].bank);
		asked->of[i].pcrs = selections[i].pcrs;
	}
	return r;
}

static int set_boot_pcrs(void *context, const char *value)
{
	struct options *options = context;
	struct pcr_values *boot = &options->boots[options->request.nr_boots];

	if (options->request.nr_boots == BOOTS_MAX)
		return cli_usage("more than %d sets of boot PCRs", BOOTS_MAX);
	options->request.boots = options->boots;
	options->request.nr_boots++;
	return strchr(value, '=') ? -EINVAL :
				    pcrs_parse(value, IMASTAGE_PCR_IMA, boot);
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_strict(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->strict = true;
	return 0;
}

static const struct opt evidence_opts[] = {
	{ .text = "What the machine sent, as tpm2_quote writes it:" },
	{ "quote", 'q', "FILE", "what the TPM signed (-m)", set_quote,
	  "a file" },
	{ "signature", 's', "FILE", "its signature (-s)", set_signature,
	  "a file" },
	{ "pcrs", 'p', "FILE", "the PCR values (-o)", set_pcrs, "a file" },
	{ 0 },
};

static const struct opt request_opts[] = {
	{ .text = "What the verifier knows and asked for:" },
	{ "ak", 'k', "FILE",
	  "the machine's attestation key, as of tpm2_readpublic -o", set_ak,
	  "a file" },
	{ "qualified-name", 0, "HEX", "its qualified name", set_qualified_name,
	  "hex digits" },
	{ "nonce", 'n', "HEX", "the nonce, 16 to 31 bytes", set_nonce,
	  "hex digits of up to 64 bytes" },
	{ "raw-32", 0, NULL, "one of 32 bytes, too, bound to nobody",
	  set_raw_32, NULL },
	{ "verifier", 0, "ID", "with --machine: the nonce is bound to both",
	  set_verifier, "a name of up to 255 bytes" },
	{ "machine", 0, "ID", "the machine's id", set_machine,
	  "a name of up to 255 bytes" },
	{ "asked", 0, "BANK:PCRS",
	  "the PCRs asked for, joined by '+' (" ASKED_DEFAULT ")", set_asked,
	  "BANK:PCRS[+...]" },
	{ "boot-pcrs", 0, "FILE",
	  "approved values of PCR 0 to 9, as tpm2_pcrread and evmctl\n"
	  "have them; may be given several times",
	  set_boot_pcrs, "[BANK,]FILE" },
	{ 0 },
};

static const struct opt output_opts[] = {
	{ .text = "The verdict:" },
	{ "json", 'j', NULL, "as one JSON object", set_json, NULL },
	{ "strict", 0, NULL, "a warning is exit status 3, too", set_strict,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "Verifies a TPM's quote and replays the measurement list up "
		   "to it. The FILEs are\nthe list's parts, in order, from the "
		   "hard boot on. All reasons are given.\n",
	.epilogue = "Exit status: 0 accepted or warning, 3 rejected, 1 it "
		    "could not be judged.\n",
};

/* ---- the list -------------------------------------------------------------- */

static int next_record(void *context, struct imastage_record *ret_record,
		       struct imastage_error *ret_place)
{
	struct input *input = context;
	int r = input_next(input, ret_record);

	ret_place->offset = input->offset;
	if (r < 0 && input->read_error)
		return -EIO; /* the part is, not what is in it */
	if (r < 0 && input->reader)
		*ret_place = *imastage_reader_error(input->reader);
	return r;
}

/* ---- the work -------------------------------------------------------------- */

static int load(struct part *part, const char *option)
{
	int r;

	if (!part->path)
		return cli_usage("--%s is missing", option);
	r = file_read(part->path, FILE_LEN_MAX, &part->data, &part->len);
	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s", part->path, strerror(-r));
	return CLI_FAILED;
}

static int load_parts(struct options *options)
{
	int status = load(&options->quote, "quote");

	if (status == CLI_OK)
		status = load(&options->signature, "signature");
	if (status == CLI_OK)
		status = load(&options->pcrs, "pcrs");
	if (status == CLI_OK)
		status = load(&options->ak, "ak");
	if (status == CLI_OK && options->request.nonce.len == 0)
		status = cli_usage("--nonce is missing");
	if (status == CLI_OK && options->input_options.first_index > 0)
		status = cli_usage("--first-index: the list must begin at "
				   "record 0");
	options->request.ak = bytes_of(options->ak.data, options->ak.len);
	return status;
}

static int verify(struct options *options)
{
	const struct verify_evidence evidence = {
		.msg = bytes_of(options->quote.data, options->quote.len),
		.sig = bytes_of(options->signature.data,
				options->signature.len),
		.pcrs = bytes_of(options->pcrs.data, options->pcrs.len),
	};
	const struct verify_list list = { next_record, &options->input };

	return verify_quote(&options->request, &evidence, list,
			    &options->verdict);
}

/* What costs twice is looked for only where it may explain something. */
static int verify_and_explain(struct options *options)
{
	int r = verify(options);

	if (r < 0 || !verify_has(&options->verdict, VERIFY_LOG_REPLAY) ||
	    verify_has(&options->verdict, VERIFY_LOG_FORM) ||
	    !input_can_rewind(&options->input))
		return r;
	r = input_rewind(&options->input);
	options->request.explain = true;
	return r < 0 ? r : verify(options);
}

static int status_of(const struct options *options)
{
	switch (options->verdict.result) {
	case VERIFY_ACCEPTED:
		return CLI_OK;
	case VERIFY_WARNED:
		return options->strict ? CLI_REJECTED : CLI_OK;
	case VERIFY_REJECTED:
		return CLI_REJECTED;
	default:
		return CLI_FAILED;
	}
}

static int judge(struct options *options, char **args)
{
	int status = input_init(&options->input, &options->input_options, args);
	int r;

	if (status != CLI_OK)
		return status;
	r = verify_and_explain(options);
	progress_clear();
	if (r == -EINVAL)
		return cli_usage("the nonce is shorter than 16 bytes or too "
				 "long, only one of --verifier and --machine "
				 "is given, or PCR 10 is not asked for");
	if (r < 0 && !cli_interrupted())
		cli_error("it could not be judged: %s", strerror(-r));
	if (options->json)
		verdict_print_json(stdout, &options->verdict);
	else
		verdict_print_text(stdout, &options->verdict);
	return status_of(options);
}

static void fini(struct options *options)
{
	input_fini(&options->input);
	free(options->quote.data);
	free(options->signature.data);
	free(options->pcrs.data);
	free(options->ak.data);
}

int cmd_verify(int argc, char **argv)
{
	static struct options options; /* a verdict is large */
	const struct opt_group groups[] = {
		{ evidence_opts, &options },
		{ request_opts, &options },
		{ output_opts, &options },
		{ input_opts, &options.input_options },
	};
	char **args;
	int status;

	options.input.fd = -1;
	options.request.list_pcrs = 1u << IMASTAGE_PCR_IMA;
	(void)set_asked(&options, ASKED_DEFAULT);
	status = opts_parse(&command, groups, 4, argc, argv, &args);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = load_parts(&options);
	if (status == CLI_OK)
		status = judge(&options, args);
	fini(&options);
	return status;
}
