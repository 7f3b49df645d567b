// SPDX-License-Identifier: MIT
/*
 * imastage policy learn-boot: a generation of a boot policy, of what a machine booted. It is
 * taken from evidence that holds, or from what the store has of a machine.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/text.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/verifier/place.h"
#include "policy/boot_learn.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "tool/parse.h"
#include "verify/file.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define AK_LEN_MAX 8192

struct options {
	struct verifier_place place;
	const char *ak, *machine, *output;
	bool json;
	struct boot_approval approval;
	struct boot_learn learn;
	char at[32];

	uint8_t *ak_data; /* owned */
	size_t ak_len;
	struct verify_verdict verdict;
	struct checkpoint checkpoint;
};

/* ---- options ---------------------------------------------------------------- */

static int set_ak(void *context, const char *value)
{
	((struct options *)context)->ak = value;
	return *value ? 0 : -EINVAL;
}

static int set_machine(void *context, const char *value)
{
	((struct options *)context)->machine = value;
	return *value ? 0 : -EINVAL;
}

static int set_output(void *context, const char *value)
{
	((struct options *)context)->output = value;
	return *value ? 0 : -EINVAL;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_word(const char *value, const char **word)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~')
			return -EINVAL;
	*word = value;
	return len > 0 && len <= BOOT_WORD_MAX ? 0 : -EINVAL;
}

static int set_name(void *context, const char *value)
{
	return set_word(value, &((struct options *)context)->approval.name);
}

static int set_approved_by(void *context, const char *value)
{
	return set_word(value, &((struct options *)context)->approval.by);
}

static int set_pcrs(const char *value, uint32_t *pcrs)
{
	int r = parse_pcrs(bytes_of_text(value), pcrs);

	return r < 0 ? r : *pcrs & ~BOOT_ALL_PCRS ? -EINVAL : 0;
}

static int set_events(void *context, const char *value)
{
	return set_pcrs(value, &((struct options *)context)->learn.events);
}

static int set_any(void *context, const char *value)
{
	return set_pcrs(value, &((struct options *)context)->learn.any);
}

#define WORD_WANTED "1 to 127 printable ASCII characters"
#define PCRS_WANTED "PCRs of 0 to 9, like 4,8-9"

static const struct opt opts[] = {
	{ .text = "What was booted:" },
	{ "ak", 'k', "FILE",
	  "the attestation key of the machine whose evidence it is", set_ak,
	  "a file" },
	{ "machine", 0, "ID",
	  "or the last values of a machine in the store, without\n"
	  "EVIDENCE",
	  set_machine, "the id of a machine" },
	{ .text = "What is approved:" },
	{ "events", 0, "PCRS",
	  "the events that led to these PCRs, not their values: each\n"
	  "of them, in any order, and no others",
	  set_events, PCRS_WANTED },
	{ "any", 0, "PCRS", "these PCRs are not looked at", set_any,
	  PCRS_WANTED },
	{ "name", 0, "TEXT", "what the generation is called (learnt)", set_name,
	  WORD_WANTED },
	{ "approved-by", 0, "TEXT",
	  "approve it, by this name; otherwise it does not count",
	  set_approved_by, WORD_WANTED },
	{ .text = "Where it goes:" },
	{ "output", 'o', "FILE", "write the policy there", set_output,
	  "a file" },
	{ "json", 'j', NULL, "print the policy, not what was learnt", set_json,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [EVIDENCE]",
	.summary = "Learns what a machine booted, from an evidence file that "
		   "begins at record 0 or\nfrom the store, and shows it. The "
		   "policy that it writes is for\n'imastage verify "
		   "--boot-policy'.\n",
	.epilogue = "\nExit status: 0 learnt, 3 the evidence does not hold, 1 "
		    "it could not be done, 2 usage.\n",
};

/* ---- evidence --------------------------------------------------------------- */

static int complain(const char *what, int r)
{
	cli_error("%s: %s", what, strerror(-r));
	return CLI_FAILED;
}

/*
 * The question is whatever was answered: that a boot is old is no reason not to learn it.
 */
static int make_request(struct options *options,
			const struct container_small *small,
			const struct boot_log_watcher *watcher,
			struct verify_request *ret_request)
{
	struct evidence_attest attest;
	struct evidence_error error;

	if (small->manifest.first > 0 ||
	    evidence_attest_parse(small->msg, &attest, &error))
		return -EINVAL;
	*ret_request = (struct verify_request){
		.ak = bytes_of(options->ak_data, options->ak_len),
		.nonce = attest.qualifying,
		.raw_32 = true,
		.history = small->manifest.kind == MANIFEST_HISTORY,
		.asked = attest.selections,
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
		.watcher = watcher,
	};
	return 0;
}

static int run_file(struct options *options, struct verify_file *file)
{
	const struct boot_log_watcher watcher = { boot_learn_see,
						  &options->learn };
	const struct container_small *small;
	struct verify_request request;
	int r = verify_file_open(file, &small);

	if (r == 0)
		r = make_request(options, small, &watcher, &request);
	if (r == 0)
		r = verify_file_run(file, &request, &options->verdict);
	if (r == VERIFY_FILE_REFUSED) {
		verify_file_refuse(file, &options->verdict);
		r = 0;
	}
	return r;
}

static ssize_t read_fd(void *context, void *data, size_t len)
{
	ssize_t n = read(*(const int *)context, data, len);

	return n < 0 ? -errno : n;
}

/* Each of its failures, for whoever wonders. */
static int refuse(const struct options *options, const char *path)
{
	const struct verify_verdict *verdict = &options->verdict;

	for (size_t i = 0; i < verdict->nr_reasons; i++) {
		const struct verify_reason *reason = &verdict->reasons[i];

		if (verify_id_level(reason->id) == VERIFY_FAILURE)
			cli_error("%s: %s: %s%s%s", path,
				  verify_id_name(reason->id),
				  verify_id_meaning(reason->id),
				  reason->text[0] ? "; " : "", reason->text);
	}
	return CLI_REJECTED;
}

static int judge_file(struct options *options, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct imastage_source source = { read_fd, &fd };
	struct verify_file *file;
	int r = fd < 0 ? -errno : verify_file_new(source, 0, &file);

	if (r < 0)
		return complain(path, r);
	r = run_file(options, file);
	verify_file_free(file);
	if (r == -EINVAL) {
		cli_error("%s: not a quote with a list from record 0; ask the "
			  "machine for all of it, or learn from the store",
			  path);
		return CLI_FAILED;
	}
	if (r < 0)
		return complain(path, r);
	return options->verdict.result == VERIFY_REJECTED ||
			       !options->verdict.proved ?
		       refuse(options, path) :
		       CLI_OK;
}

static int learn_from_file(struct options *options, const char *path,
			   const char **ret_reason)
{
	const struct verify_verdict *verdict = &options->verdict;
	int status = given_read(options->ak, "attestation key", AK_LEN_MAX,
				&options->ak_data, &options->ak_len);

	if (status == CLI_OK)
		status = judge_file(options, path);
	if (status != CLI_OK)
		return status;
	return boot_learn_check(&options->learn, &verdict->pcrs,
				options->learn.nr_seen > 0 &&
					!verify_has(verdict,
						    VERIFY_BOOT_LOG_BANK),
				ret_reason);
}

/* ---- the store -------------------------------------------------------------- */

static int get_checkpoint(struct options *options, struct store *store)
{
	const struct dsse_keys keys = { 1, { store_key(store) } };
	struct imastage_buffer envelope = { 0 };
	struct evidence_error error;
	int r = store_get_checkpoint(store, options->machine, &envelope);

	if (r == 0)
		r = checkpoint_open(bytes_of(envelope.data, envelope.len),
				    &keys, &options->checkpoint, &error);
	free(envelope.data);
	if (r == 0)
		return CLI_OK;
	cli_error("%s: no checkpoint of this machine that the verifier's key "
		  "signed; verify its evidence first",
		  options->machine);
	return CLI_FAILED;
}

static int learn_from_store(struct options *options, const char **ret_reason)
{
	struct store *store;
	int status = verifier_open(&options->place, false, &store);

	if (status != CLI_OK)
		return status;
	status = get_checkpoint(options, store);
	store_close(store);
	if (status != CLI_OK)
		return status;
	if (options->checkpoint.verdict == VERIFY_REJECTED) {
		cli_error("%s: its last verdict is rejected; nothing is learnt "
			  "of it",
			  options->machine);
		return CLI_REJECTED;
	}
	return boot_learn_check(&options->learn, &options->checkpoint.pcrs,
				false, ret_reason);
}

/* ---- what was learnt --------------------------------------------------------- */

static void print_pcr(const struct boot_learn *learn, unsigned int pcr)
{
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	if (learn->any & 1u << pcr) {
		printf("PCR %u is not looked at\n", pcr);
	} else if (learn->events & 1u << pcr) {
		printf("PCR %u by its events\n", pcr);
	} else {
		hex_encode(bytes_of(learn->quoted->of[learn->bank][pcr],
				    imastage_bank_digest_len(learn->bank)),
			   hex);
		printf("PCR %u is %s:%s\n", pcr,
		       imastage_bank_name(learn->bank), hex);
	}
}

static void print_learnt(const struct options *options)
{
	const struct boot_learn *learn = &options->learn;

	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++)
		print_pcr(learn, pcr);
	if (learn->has_log)
		boot_events_print(stdout, &learn->main);
	else
		printf("no event log: nothing is known of secure boot and the "
		       "command line\n");
	if (options->approval.by[0])
		printf("'%s' is approved by %s\n", options->approval.name,
		       options->approval.by);
	else
		printf("'%s' is not approved yet: --approved-by\n",
		       options->approval.name);
}

static int write_policy(const struct options *options)
{
	struct output output;
	int r = output_open(&output, options->output);

	if (r == 0) {
		boot_learn_write(&options->learn, &options->approval,
				 output.file);
		r = output_commit(&output);
		output_fini(&output);
	}
	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s", options->output, path_strerror(r));
	return CLI_FAILED;
}

static int finish(const struct options *options)
{
	if (options->json)
		boot_learn_write(&options->learn, &options->approval, stdout);
	else
		print_learnt(options);
	return options->output ? write_policy(options) : CLI_OK;
}

/* ---- all of it ----------------------------------------------------------------- */

static int approve(struct options *options)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!options->approval.name)
		options->approval.name = "learnt";
	options->approval.at = options->at;
	if (!options->approval.by) {
		options->approval.by = "";
		return CLI_OK;
	}
	return gmtime_r(&now, &tm) && strftime(options->at, sizeof(options->at),
					       "%Y-%m-%dT%H:%M:%SZ", &tm) ?
		       CLI_OK :
		       CLI_FAILED;
}

static int check_options(const struct options *options, char **args)
{
	if (options->learn.events & options->learn.any)
		return cli_usage("a PCR is in --events and in --any");
	if (options->machine)
		return options->ak || *args ?
			       cli_usage("--machine takes neither --ak nor "
					 "EVIDENCE") :
			       CLI_OK;
	if (!options->ak || !*args || args[1])
		return cli_usage("--ak and one file are needed, or --machine");
	return CLI_OK;
}

static int learn(struct options *options, char **args)
{
	const char *reason = NULL;
	int r = options->machine ? learn_from_store(options, &reason) :
				   learn_from_file(options, *args, &reason);

	if (r >= 0)
		return r == CLI_OK ? finish(options) : r;
	cli_error("%s: %s", options->machine ? options->machine : *args,
		  reason ? reason : strerror(-r));
	return CLI_FAILED;
}

int cmd_policy_learn_boot(int argc, char **argv)
{
	static struct options options; /* a verdict is large */
	const struct opt_group groups[] = {
		{ opts, &options },
		{ verifier_opts, &options.place },
	};
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = check_options(&options, args);
	if (status == CLI_OK)
		status = approve(&options);
	if (status == CLI_OK)
		status = learn(&options, args);
	boot_learn_fini(&options.learn);
	free(options.ak_data);
	return status;
}
