// SPDX-License-Identifier: MIT
/*
 * imastage verify: does a TPM's quote prove a list, and what does it say?
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/verify/print.h"
#include "cmd/verify/show.h"
#include "cmd/verify/verify.h"
#include "list/pcrs.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/parse.h"

#include <errno.h>
#include <time.h>

#define ASKED_DEFAULT "sha256:0-10"

/* ---- options --------------------------------------------------------------- */

#define DEFINE_SET_PATH(part, member)                               \
	static int set_##part(void *context, const char *value)     \
	{                                                           \
		((struct verify_options *)context)->member = value; \
		return *value ? 0 : -EINVAL;                        \
	}

DEFINE_SET_PATH(quote, quote.path)
DEFINE_SET_PATH(signature, signature.path)
DEFINE_SET_PATH(pcrs, pcrs.path)
DEFINE_SET_PATH(keylime_quote, keylime_quote.path)
DEFINE_SET_PATH(keylime, keylime.path)
DEFINE_SET_PATH(boot_log, boot_log)
DEFINE_SET_PATH(ak, ak.path)
DEFINE_SET_PATH(challenge, challenge.path)
DEFINE_SET_PATH(checkpoint, checkpoint.path)
DEFINE_SET_PATH(checkpoint_out, checkpoint_out)
DEFINE_SET_PATH(store, store_path)
DEFINE_SET_PATH(html, show->html)
DEFINE_SET_PATH(ear, show->ear)

static int set_key(void *context, const char *value)
{
	struct verify_options *options = context;

	if (options->keys.nr == DSSE_KEYS_MAX)
		return cli_usage("more than %d keys", DSSE_KEYS_MAX);
	options->key_files[options->keys.nr++].path = value;
	return *value ? 0 : -EINVAL;
}

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
	struct verify_options *options = context;

	return set_hex(value, options->nonce, sizeof(options->nonce),
		       &options->request.nonce);
}

static int set_qualified_name(void *context, const char *value)
{
	struct verify_options *options = context;

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
	return set_id(value,
		      &((struct verify_options *)context)->request.verifier);
}

static int set_machine(void *context, const char *value)
{
	return set_id(value,
		      &((struct verify_options *)context)->request.machine);
}

static int set_raw_32(void *context, const char *value)
{
	(void)value;
	((struct verify_options *)context)->request.raw_32 = true;
	return 0;
}

static int set_asked(void *context, const char *value)
{
	struct verify_options *options = context;
	struct evidence_selections *asked = &options->request.asked;
	struct imastage_selection selections[IMASTAGE_SELECTIONS_MAX];
	int r = pcrs_parse_selection(value, IMASTAGE_PCR_IMA, selections,
				     &asked->nr);

	for (size_t i = 0; r == 0 && i < asked->nr; i++) {
		asked->of[i].alg = imastage_bank_tpm_alg(selections[i].bank);
		asked->of[i].pcrs = selections[i].pcrs;
	}
	options->asked_set = true;
	return r;
}

static int set_max_gap(void *context, const char *value)
{
	uint64_t seconds;
	int r = parse_number(value, UINT32_MAX, &seconds);

	if (r == 0)
		((struct verify_options *)context)->request.gap_max =
			seconds * 1000;
	return r == 0 && seconds == 0 ? -EINVAL : r;
}

static int set_from_snapshot(void *context, const char *value)
{
	(void)value;
	((struct verify_options *)context)->request.from_snapshot = true;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct verify_options *)context)->json = true;
	return 0;
}

static int set_strict(void *context, const char *value)
{
	(void)value;
	((struct verify_options *)context)->strict = true;
	return 0;
}

static int set_keep(void *context, const char *value)
{
	(void)value;
	((struct verify_options *)context)->keep = true;
	return 0;
}

static const struct opt evidence_opts[] = {
	{ .text = "What the machine sent, if it is not an evidence file:" },
	{ "quote", 'q', "FILE", "what the TPM signed, as of tpm2_quote -m",
	  set_quote, "a file" },
	{ "signature", 's', "FILE", "its signature (-s)", set_signature,
	  "a file" },
	{ "pcrs", 'p', "FILE", "the PCR values (-o)", set_pcrs, "a file" },
	{ "keylime-quote", 0, "FILE",
	  "instead of these three: a quote of Keylime's agent, one\n"
	  "line that begins with r",
	  set_keylime_quote, "a file" },
	{ "boot-log", 0, "FILE",
	  "the firmware's event log, binary_bios_measurements", set_boot_log,
	  "a file" },
	{ "keylime", 0, "FILE",
	  "all of it: the body of a request to Keylime's\n"
	  "verify/evidence; answers as Keylime does",
	  set_keylime, "a file" },
	{ 0 },
};

static const struct opt request_opts[] = {
	{ .text = "What the verifier knows and asked for:" },
	{ "store", 0, "FILE",
	  "all of it: the verifier's store, which is brought up to\n"
	  "date",
	  set_store, "a file" },
	{ "keep", 0, NULL,
	  "with --store: keep evidence that is proved in the folder\n"
	  "STORE.evidence, for 'imastage reverify'",
	  set_keep, NULL },
	{ "ak", 'k', "FILE",
	  "the machine's attestation key, as of tpm2_readpublic -o;\n"
	  "in PEM with a warning",
	  set_ak, "a file" },
	{ "qualified-name", 0, "HEX", "its qualified name", set_qualified_name,
	  "hex digits" },
	{ "challenge", 'c', "FILE",
	  "the challenge: nonce, verifier, machine, PCRs, expiry",
	  set_challenge, "a file" },
	{ "nonce", 'n', "HEX", "or the nonce, 16 to 31 bytes", set_nonce,
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
	{ "checkpoint", 0, "FILE", "where the last verification ended",
	  set_checkpoint, "a file" },
	{ "max-gap", 0, "SECONDS",
	  "warn of more between two quotes, by the TPM's clock", set_max_gap,
	  "a number of seconds, from 1 on" },
	{ "from-snapshot", 0, NULL,
	  "the list may begin at a snapshot_aggregate, where there\n"
	  "is no checkpoint; the verdict warns of it",
	  set_from_snapshot, NULL },
	{ "checkpoint-out", 0, "FILE", "where this one does",
	  set_checkpoint_out, "a file" },
	{ "verifier-key", 0, "FILE",
	  "P-256 key in PEM that checkpoints are signed by; of\n"
	  "several all are accepted, the first one signs\n"
	  "(with --store, STORE.key)",
	  set_key, "a file" },
	{ 0 },
};

static const struct opt output_opts[] = {
	{ .text = "The verdict:" },
	{ "json", 'j', NULL, "as one JSON object", set_json, NULL },
	{ "html", 0, "FILE", "as a page for a browser, too", set_html,
	  "a file" },
	{ "ear", 0, "FILE",
	  "as an EAT Attestation Result (JWT), too, signed by the\n"
	  "verifier's key",
	  set_ear, "a file" },
	{ "strict", 0, NULL, "a warning is exit status 3, too", set_strict,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [EVIDENCE]...",
	.summary = "Verifies evidence of a machine: a TPM's quote, and the "
		   "measurement list that it\nproves. Evidence files are "
		   "verified in their order, each from where the one before\n"
		   "ended. With --quote or --keylime-quote the files are parts "
		   "of the list. All reasons\nare given.\n",
	.epilogue = "Exit status: 0 accepted or warning, 3 rejected, 1 it "
		    "could not be judged.\n",
};

/* ---- what is loaded -------------------------------------------------------- */

int part_load(struct part *part, const char *name)
{
	char what[32];

	if (!part->path)
		return cli_usage("--%s is missing", name);
	snprintf(what, sizeof(what), "file for --%s", name);
	return given_read(part->path, what, VERIFY_PART_LEN_MAX, &part->data,
			  &part->len);
}

struct imastage_bytes part_bytes(const struct part *part)
{
	return bytes_of(part->data, part->len);
}

/* What a challenge says is what was asked for. */
static void take_challenge(struct verify_options *options)
{
	const struct challenge *message = &options->message;
	struct verify_request *request = &options->request;

	request->nonce = message_view(&message->nonce);
	request->verifier = bytes_of_text(message->verifier);
	request->machine = bytes_of_text(message->machine);
	request->asked = message->pcrs;
	if (options->sequence.now > message->expires)
		request->challenge = VERIFY_CHALLENGE_EXPIRED;
}

static int load_challenge(struct verify_options *options)
{
	const struct verify_request *request = &options->request;
	struct evidence_error error;
	int status;

	if (!options->challenge.path)
		return CLI_OK;
	if (request->nonce.len > 0 || request->verifier.len > 0 ||
	    request->machine.len > 0 || options->asked_set)
		return cli_usage(
			"--challenge says nonce, verifier, machine and "
			"PCRs: leave out those options");
	status = part_load(&options->challenge, "challenge");
	if (status != CLI_OK)
		return status;
	if (challenge_parse(part_bytes(&options->challenge), &options->message,
			    &error) < 0) {
		cli_error("%s: not a challenge: %s, at byte %zu",
			  options->challenge.path, error.reason, error.offset);
		return CLI_FAILED;
	}
	take_challenge(options);
	return CLI_OK;
}

static int load_keys(struct verify_options *options)
{
	size_t nr = options->keys.nr;

	options->keys.nr = 0;
	for (size_t i = 0; i < nr; i++) {
		struct part *file = &options->key_files[i];
		struct dsse_key *key;
		int status = part_load(file, "verifier-key");

		if (status != CLI_OK)
			return status;
		if (dsse_key_read(part_bytes(file), &key) < 0) {
			cli_error("%s: not a P-256 key in PEM without a "
				  "password",
				  file->path);
			return CLI_FAILED;
		}
		options->keys.of[options->keys.nr++] = key;
	}
	return CLI_OK;
}

static int name_by_key(struct verify_options *options)
{
	struct evidence_public key;
	struct evidence_error error;
	struct evidence_name name;
	int r = evidence_public_parse(part_bytes(&options->ak), &key, &error);

	if (r == 0)
		r = evidence_public_name(&key, &name);
	if (r)
		return -EINVAL;
	hex_encode(bytes_of(name.bytes, name.len), options->key_name);
	return 0;
}

static int check_keys(struct verify_options *options)
{
	const struct dsse_keys *keys = &options->keys;

	if (!options->checkpoint.path && !options->checkpoint_out)
		return CLI_OK;
	if (keys->nr == 0)
		return cli_usage("checkpoints need --verifier-key");
	if (options->request.machine.len == 0 && name_by_key(options) < 0)
		return cli_usage("checkpoints need a key of a TPM, not in PEM");
	if (options->checkpoint_out && !dsse_key_signs(keys->of[0]))
		return cli_usage("%s: a public key signs no checkpoint",
				 options->key_files[0].path);
	if (options->checkpoint_out)
		options->sequence.key = keys->of[0];
	return CLI_OK;
}

static int load_all(struct verify_options *options)
{
	int status = part_load(&options->ak, "ak");

	if (status == CLI_OK)
		status = load_challenge(options);
	if (status == CLI_OK)
		status = load_keys(options);
	if (status == CLI_OK)
		status = check_keys(options);
	return status;
}

/* ---- the checkpoint -------------------------------------------------------- */

static void begin(struct verify_options *options)
{
	struct verify_sequence *sequence = &options->sequence;

	options->request.ak = part_bytes(&options->ak);
	options->request.trusted = "it is the file given by --ak";
	sequence->request = options->request;
	sequence->machine =
		options->request.machine.len > 0 ?
			(const char *)options->request.machine.data :
			options->key_name;
}

/* CLI_OK: go on; anything else is the end, with a verdict. */
static int resume(struct verify_options *options)
{
	int status, r;

	begin(options);
	if (!options->checkpoint.path)
		return CLI_OK;
	status = part_load(&options->checkpoint, "checkpoint");
	if (status != CLI_OK)
		return status;
	r = verify_sequence_resume(&options->sequence,
				   part_bytes(&options->checkpoint),
				   &options->keys, &options->verdict);
	if (r <= 0) {
		options->checkpoint_refused = true;
		return verify_finish(options, r);
	}
	options->request.from_file = true;
	options->sequence.request.from_file = true;
	return CLI_OK;
}

static int put_checkpoint(struct verify_options *options)
{
	const struct imastage_buffer *envelope = &options->sequence.envelope;
	struct output output;
	int r = output_open(&output, options->checkpoint_out);

	if (r < 0)
		return r;
	if (fwrite(envelope->data, 1, envelope->len, output.file) !=
	    envelope->len)
		r = -EIO;
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	return r;
}

int verify_write_checkpoint(struct verify_options *options)
{
	int r;

	if (!options->checkpoint_out)
		return 0;
	if (options->sequence.envelope.len == 0) {
		cli_error("%s: not written, because nothing was proved",
			  options->checkpoint_out);
		return 0;
	}
	r = put_checkpoint(options);
	if (r < 0)
		cli_error("%s: %s", options->checkpoint_out, path_strerror(r));
	return r;
}

/* ---- the store --------------------------------------------------------------- */

static void say_error(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level <= SAY_WARNING)
		cli_error("%s", text);
}

static int check_store_options(const struct verify_options *options)
{
	const struct verify_request *request = &options->request;

	if (options->ak.path || options->challenge.path ||
	    options->checkpoint.path || options->checkpoint_out ||
	    request->nonce.len > 0 || request->machine.len > 0 ||
	    request->verifier.len > 0 || request->qualified_name.len > 0)
		return cli_usage("--store knows keys, challenges and "
				 "checkpoints: leave out those options");
	return CLI_OK;
}

static int open_store(struct verify_options *options)
{
	static const struct say say = { say_error, NULL };
	const char *accepted[DSSE_KEYS_MAX];
	struct store_options store = {
		.path = options->store_path,
		.key = options->key_files[0].path,
		.accepted = accepted,
		.keep = options->keep,
		.say = &say,
	};
	int status = check_store_options(options);

	if (status != CLI_OK)
		return status;
	for (size_t i = 1; i < options->keys.nr; i++)
		accepted[store.nr_accepted++] = options->key_files[i].path;
	options->keys.nr = 0; /* none is loaded here */
	return store_open(&store, &options->store) < 0 ? CLI_FAILED : CLI_OK;
}

/* ---- the end ---------------------------------------------------------------- */

int verify_complain(const char *what, int r)
{
	if (!cli_interrupted())
		cli_error("%s: %s", what, strerror(-r));
	return CLI_FAILED;
}

enum cli_status verify_status(const struct verify_options *options,
			      enum verify_result result)
{
	switch (result) {
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

static int show_one(struct verify_options *options)
{
	static char *const names[] = { NULL };
	const struct verdict_set set = {
		.verdicts = &options->verdict,
		.names = names,
		.nr = 1,
		.result = options->verdict.result,
		.is_one = true,
		.refused = &options->show->refused,
	};
	int looked_up;

	show_end_part(options->show);
	looked_up = show_look_up(options->show, options);
	verdict_print_set(stdout, &set, options->json);
	return looked_up < 0 ? looked_up :
			       show_write(options->show, options, &set);
}

int verify_finish(struct verify_options *options, int r)
{
	if (r == -EINVAL)
		return cli_usage("the nonce is missing, shorter than 16 bytes "
				 "or too long, only one of --verifier and "
				 "--machine is given, or PCR 10 is not asked "
				 "for");
	if (r > 0)
		return r;
	if (r < 0)
		verify_complain("it could not be judged", r);
	else if (verify_write_checkpoint(options) < 0)
		r = -EIO;
	if (show_one(options) < 0)
		r = -EIO;
	return r < 0 ? CLI_FAILED :
		       verify_status(options, options->verdict.result);
}

static void fini(struct verify_options *options)
{
	struct part *parts[] = {
		&options->quote,     &options->signature,     &options->pcrs,
		&options->keylime,   &options->keylime_quote, &options->ak,
		&options->challenge, &options->checkpoint,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		free(parts[i]->data);
	for (size_t i = 0; i < DSSE_KEYS_MAX; i++)
		free(options->key_files[i].data);
	for (size_t i = 0; i < options->keys.nr; i++)
		dsse_key_free(
			(struct dsse_key *)(uintptr_t)options->keys.of[i]);
	boot_policy_free(options->boot_policy);
	verify_sequence_fini(&options->sequence);
	store_close(options->store);
	show_fini(options->show);
	policy_free(options->policy);
	policy_key_files_fini(&options->policy_keys);
}

/* Whoever reads a token wants to know whose word it is. */
static int check_show(const struct verify_options *options)
{
	if (options->keylime.path &&
	    (options->show->html || options->show->ear))
		return cli_usage("--keylime answers as Keylime does: leave out "
				 "--html and --ear");
	if (options->show->ear && !options->store_path && options->keys.nr == 0)
		return cli_usage("--ear needs --verifier-key or --store");
	return CLI_OK;
}

/* Parts are in no file that could be read again. */
static int check_keep(const struct verify_options *options)
{
	if (!options->keep)
		return CLI_OK;
	if (!options->store_path)
		return cli_usage("--keep needs --store");
	if (options->quote.path || options->keylime_quote.path ||
	    options->keylime.path)
		return cli_usage("--keep keeps evidence files: leave it out, "
				 "or have the machine send one");
	return CLI_OK;
}

/* A public key signs nothing. */
static int check_ear_key(const struct verify_options *options)
{
	if (options->show->ear && !options->store &&
	    !dsse_key_signs(options->keys.of[0]))
		return cli_usage("%s: a public key signs no result",
				 options->key_files[0].path);
	return CLI_OK;
}

static int judge(struct verify_options *options, char **args)
{
	bool parts = options->quote.path || options->signature.path ||
		     options->pcrs.path || options->keylime_quote.path;
	int status;

	status = show_begin(options->show, &options->request);
	if (status == CLI_OK)
		status = verify_load_boot_policies(options);
	if (status == CLI_OK)
		status = options->store_path ? open_store(options) :
					       load_all(options);
	if (status == CLI_OK)
		status = check_ear_key(options);
	if (status == CLI_OK && !options->store)
		status = resume(options);
	if (status != CLI_OK || options->checkpoint_refused)
		return status;
	if (!parts && options->boot_log)
		return cli_usage("--boot-log: an evidence file has its own");
	return parts ? verify_parts(options, args) :
		       verify_evidence(options, args);
}

int cmd_verify(int argc, char **argv)
{
	static struct show show;
	static struct verify_options options = { .show = &show }; /* large */
	const struct opt_group groups[] = {
		{ evidence_opts, &options },
		{ request_opts, &options },
		{ verify_policy_opts, &options },
		{ output_opts, &options },
		{ input_opts, &options.input_options },
	};
	char **args;
	int status;

	options.request.list_pcrs = 1u << IMASTAGE_PCR_IMA;
	options.sequence.now = (uint64_t)time(NULL);
	(void)set_asked(&options, ASKED_DEFAULT);
	options.asked_set = false;
	status = opts_parse(&command, groups, ARRAY_SIZE(groups), argc, argv,
			    &args);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = check_show(&options);
	if (status == CLI_OK)
		status = check_keep(&options);
	if (status != CLI_OK)
		return status;
	if (options.policy_keys.nr > 0 && !options.policy_path &&
	    !options.keylime.path)
		return cli_usage("--policy-key needs --policy");
	status = verify_load_policy(&options);
	if (status == CLI_OK)
		status = options.keylime.path ? verify_keylime(&options, args) :
						judge(&options, args);
	fini(&options);
	return status;
}
