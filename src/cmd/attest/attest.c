// SPDX-License-Identifier: MIT
/*
 * imastage attest: a quote, and the records that it proves, in one file.
 */
#include "attest/attest.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/output.h"
#include "base/util.h"
#include "cmd/attest/machine.h"
#include "cmd/attest/question.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/words.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#define BOOT_LOG_NAME "binary_bios_measurements"

struct options {
	struct place place;
	struct machine machine;
	struct question question;
	const char *path; /* of the evidence */
	const char *boot_log_path;
	struct withheld_prefixes withhold;
	bool excess, trim, pack, no_archive, no_boot_log, json;
};

/* What is made, and of what. */
struct work {
	struct options *options;
	struct source *source;
	struct attest_records *records;
	struct attest_evidence evidence;
	struct attest_file file;
	uint8_t *boot_log; /* owned */
	size_t boot_log_len;
	uint64_t nr_deleted;
};

/* ---- options --------------------------------------------------------------- */

#define DEFINE_SET(what)                                        \
	static int set_##what(void *context, const char *value) \
	{                                                       \
		(void)value;                                    \
		((struct options *)context)->what = true;       \
		return 0;                                       \
	}

DEFINE_SET(excess)
DEFINE_SET(trim)
DEFINE_SET(pack)
DEFINE_SET(no_archive)
DEFINE_SET(no_boot_log)
DEFINE_SET(json)

static int set_path(void *context, const char *value)
{
	((struct options *)context)->path = value;
	return *value ? 0 : -EINVAL;
}

static int set_boot_log(void *context, const char *value)
{
	((struct options *)context)->boot_log_path = value;
	return *value ? 0 : -EINVAL;
}

static int set_withhold(void *context, const char *value)
{
	return withheld_prefixes_add(&((struct options *)context)->withhold,
				     value);
}

static const struct opt attest_opts[] = {
	{ .text = "The evidence:" },
	{ "output", 'o', "FILE", "where it is written (standard output)",
	  set_path, "a file" },
	{ "compress", 'z', NULL, "in a frame of zstd", set_pack, NULL },
	{ "excess", 0, NULL, "also records that are newer than the quote",
	  set_excess, NULL },
	{ "withhold", 0, "PATH",
	  "of files at or below PATH, show template digests and not what\n"
	  "was measured; may be repeated",
	  set_withhold, WITHHELD_WANTED },
	{ "trim", 0, NULL,
	  "when it is written, delete from the kernel those of its\n"
	  "records that the quote proves, by T:N; they are archived",
	  set_trim, NULL },
	{ "boot-log", 0, "FILE",
	  "the firmware's event log (" BOOT_LOG_NAME "\n"
	  "beside the kernel's files, if it is there)",
	  set_boot_log, "a file" },
	{ "no-boot-log", 0, NULL, "without it", set_no_boot_log, NULL },
	{ "no-archive", 0, NULL, "only what the kernel lists", set_no_archive,
	  NULL },
	{ "json", 'j', NULL, "with --output: say what was done as JSON",
	  set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [CHALLENGE]",
	.summary = "Has the TPM quote its PCRs, and writes the quote with the "
		   "records that it proves as one\nfile, for a verifier. "
		   "CHALLENGE is what that one asks for, '-' standard input.\n",
	.epilogue = "Exit status: 0 it is written, 3 the list does not explain "
		    "the quote, 1 another failure;\nthen nothing is written.\n",
};

static int check_options(const struct options *options)
{
	bool to_file = options->path && strcmp(options->path, "-") != 0;

	if (options->trim && !to_file)
		return cli_usage("--trim wants --output FILE: what is deleted "
				 "has to be on a disk before");
	if (options->trim && options->no_archive)
		return cli_usage("--trim deletes what is archived: it goes "
				 "without --no-archive");
	if (options->json && !to_file)
		return cli_usage("--json wants --output FILE: standard output "
				 "is for the evidence");
	if (options->no_boot_log && options->boot_log_path)
		return cli_usage("--boot-log and --no-boot-log");
	if (!to_file && isatty(STDOUT_FILENO))
		return cli_usage("evidence is no text: name a file with "
				 "--output");
	return CLI_OK;
}

/* ---- what is there --------------------------------------------------------- */

static bool interrupted(void *context)
{
	(void)context;
	return cli_interrupted();
}

static int open_source(struct work *work)
{
	const struct place *place = &work->options->place;
	struct source_options options = {
		.dir = place->config.source,
		.wait_ms = (unsigned int)place->config.wait,
		.say = place_say_of(place),
		.stop = interrupted,
	};

	return source_open(&options, &work->source) < 0 ? CLI_FAILED : CLI_OK;
}

/* Nothing is quoted for what cannot be done. */
static int check_trim(const struct work *work)
{
	if (!work->options->trim ||
	    source_abilities(work->source)->guarded_trim)
		return CLI_OK;
	cli_error("--trim: this kernel cannot delete exactly so many records "
		  "(T:N); nothing was done. Leave out --trim, 'imastage "
		  "collect' deletes what is archived");
	return CLI_FAILED;
}

static int open_records(struct work *work)
{
	const struct options *options = work->options;
	const struct config *config = &options->place.config;
	struct archive_options archive = {
		.dir = config->archive, .say = place_say_of(&options->place)
	};
	bool archived = !options->no_archive &&
			access(config->archive, F_OK) == 0;
	struct attest_records_options records = {
		.archive = archived ? &archive : NULL,
		.source = work->source,
		.boot_id = config->boot_id,
		.spool_dir = archived ? config->archive : P_tmpdir,
		.say = archive.say,
		.stop = interrupted,
	};
	int r;

	if (options->trim && !archived) {
		cli_error("--trim: %s: there is no archive, and what is not "
			  "archived is not deleted; 'imastage collect' makes "
			  "one",
			  config->archive);
		return CLI_FAILED;
	}
	r = attest_records_open(&records, &work->records);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

/* Beside the folder that has the list: what is elsewhere is of another machine. */
static int name_boot_log(const struct options *options, char *ret_path,
			 size_t room)
{
	const char *source = options->place.config.source;
	size_t len = strlen(source);

	while (len > 1 && source[len - 1] == '/')
		len--;
	while (len > 0 && source[len - 1] != '/')
		len--;
	return snprintf(ret_path, room, "%.*stpm0/" BOOT_LOG_NAME, (int)len,
			source) < (int)room ?
		       0 :
		       -ENAMETOOLONG;
}

static int read_boot_log(struct work *work)
{
	const struct options *options = work->options;
	const char *path = options->boot_log_path;
	char there[PATH_MAX];
	int r = 0;

	if (options->no_boot_log)
		return CLI_OK;
	if (!path) {
		r = name_boot_log(options, there, sizeof(there));
		path = there;
	}
	if (r == 0)
		r = file_read(path, CONTAINER_BOOT_LOG_MAX, &work->boot_log,
			      &work->boot_log_len);
	if (r == -ENOENT && !options->boot_log_path)
		return CLI_OK;
	if (r < 0) {
		cli_error("%s: %s; --no-boot-log leaves it out", path,
			  strerror(-r));
		return CLI_FAILED;
	}
	return CLI_OK;
}

/* ---- quoting --------------------------------------------------------------- */

/* For tests: stands still there, to be killed or to go on. */
static void stop_at(void *wanted, const char *name)
{
	if (wanted && !strcmp(wanted, name))
		(void)kill(getpid(), SIGSTOP);
}

static int complain_of_quote(struct work *work, int r)
{
	char trouble[TPM_TROUBLE_MAX];

	if (r == -EUCLEAN || r == -ENODATA)
		return CLI_REJECTED;
	tpm_trouble(work->options->machine.tpm, trouble);
	if (*trouble)
		return machine_complain(&work->options->machine, r);
	if (r == -ENOMEM)
		cli_error("%s", strerror(-r));
	return CLI_FAILED;
}

static int quote(struct work *work)
{
	struct options *options = work->options;
	const struct attest_request request = {
		.pcrs = &options->question.pcrs,
		.qualifying = bytes_of(options->question.qualifying,
				       options->question.qualifying_len),
		.say = place_say_of(&options->place),
		.step = stop_at,
		.context = getenv("IMASTAGE_STOP_AT"),
	};
	struct tpm_ak ak;
	int status = machine_open_ak(&options->machine, &ak);
	int r;

	if (status != CLI_OK)
		return status;
	r = attest_take(options->machine.tpm, &ak, work->records, &request,
			&work->evidence);
	return r < 0 ? complain_of_quote(work, r) : CLI_OK;
}

/* ---- writing --------------------------------------------------------------- */

static int choose_first(struct work *work)
{
	struct attest_extent extent = attest_records_extent(work->records);
	const struct question *question = &work->options->question;
	uint64_t first = question_first(question, work->evidence.clock.resets);

	if (first != question->from)
		cli_error("note: the machine was booted since record %" PRIu64
			  " was asked for: the list is sent from its beginning",
			  question->from);
	if (first < extent.first) {
		cli_error("record %" PRIu64 " is asked for, the oldest that is "
			  "left is %" PRIu64 ": %s",
			  first, extent.first,
			  extent.archived ? "what came before was pruned" :
					    "there is no archive of what came "
					    "before");
		return CLI_FAILED;
	}
	if (first > work->evidence.end) {
		cli_error("record %" PRIu64 " is asked for, but the quote "
			  "proves %" PRIu64 " records",
			  first, work->evidence.end);
		return CLI_FAILED;
	}
	work->file.first = first;
	return CLI_OK;
}

static int complain_of_output(const struct options *options, int r)
{
	if (r == -EFBIG)
		cli_error("%s: an evidence file has 8 GiB of records at most, "
			  "and 16 MiB of event log; send a part, with --from",
			  options->path ? options->path : "-");
	else if (r != -EPIPE && r != -EINTR)
		cli_error("%s: %s", options->path ? options->path : "-",
			  path_strerror(r));
	return CLI_FAILED;
}

static int write_output(struct work *work, struct output *output)
{
	int r = attest_write(work->records, &work->evidence, &work->file,
			     imastage_sink_file(output->file));

	if (r == 0 && cli_interrupted())
		r = -EINTR;
	return r == 0 ? output_commit(output) : r;
}

static int write_evidence(struct work *work)
{
	const struct options *options = work->options;
	struct output output;
	int r = output_open(&output, options->path);

	if (r < 0)
		return complain_of_output(options, r);
	r = write_output(work, &output);
	output_fini(&output);
	return r < 0 ? complain_of_output(options, r) : CLI_OK;
}

static int make(struct work *work)
{
	const struct options *options = work->options;
	int status = choose_first(work);

	work->file.kind = MANIFEST_LIVE;
	work->file.excess = options->excess;
	work->file.pack = options->pack;
	work->file.withhold = options->withhold;
	work->file.boot_log = bytes_of(work->boot_log, work->boot_log_len);
	return status == CLI_OK ? write_evidence(work) : status;
}

/* ---- trimming -------------------------------------------------------------- */

/* The keeper does it, ours if no other runs: it deletes nothing that it has not compared. */
static int trim(struct work *work)
{
	struct json_object *request = place_request("trim"), *reply;
	int r;

	json_object_object_add(request, "from",
			       json_object_new_uint64(work->file.first));
	json_object_object_add(request, "up_to",
			       json_object_new_uint64(work->evidence.end));
	r = place_do_or_complain(&work->options->place, request, false, &reply);
	json_object_put(request);
	if (r < 0) {
		cli_error("note: the evidence is written, what it has is not "
			  "deleted from the kernel");
		return CLI_FAILED;
	}
	work->nr_deleted = json_object_get_uint64(
		json_object_object_get(reply, "deleted"));
	json_object_put(reply);
	return CLI_OK;
}

/* ---- saying what was done -------------------------------------------------- */

static void print_json(const struct work *work)
{
	struct json json;

	json_start(&json, stdout, '{');
	json_text(&json, "file", work->options->path);
	json_text(&json, "kind", "live");
	json_number(&json, "first", work->file.first);
	json_number(&json, "records", work->file.nr_records);
	json_number(&json, "next", work->evidence.end);
	json_number(&json, "excess", work->file.nr_excess);
	json_number(&json, "withheld", work->file.nr_withheld);
	json_boolean(&json, "boot_log", work->boot_log_len > 0);
	json_number(&json, "resets", work->evidence.clock.resets);
	json_number(&json, "restarts", work->evidence.clock.restarts);
	json_number(&json, "deleted", work->nr_deleted);
	json_end(&json, '}');
}

static void print(const struct work *work)
{
	char there[WORDS_RANGE_LEN];

	if (!work->options->path || !strcmp(work->options->path, "-"))
		return;
	if (work->options->json) {
		print_json(work);
		return;
	}
	if (work->evidence.end == work->file.first)
		printf("%s: the quote proves that no record is new",
		       work->options->path);
	else
		printf("%s: the quote proves records %s", work->options->path,
		       words_of_range(work->file.first, work->evidence.end,
				      there));
	if (work->file.nr_excess)
		printf(", %" PRIu64 " that follow are there",
		       work->file.nr_excess);
	if (work->file.nr_withheld)
		printf(", %" PRIu64 " are withheld", work->file.nr_withheld);
	puts(work->boot_log_len ? ", with the event log" : "");
	if (work->options->trim)
		printf("%" PRIu64 " records deleted from the kernel\n",
		       work->nr_deleted);
}

/* ---- the verb -------------------------------------------------------------- */

static int attest(struct work *work)
{
	int status = open_source(work);

	if (status == CLI_OK)
		status = check_trim(work);
	if (status == CLI_OK)
		status = open_records(work);
	if (status == CLI_OK)
		status = read_boot_log(work);
	if (status == CLI_OK)
		status = quote(work);
	if (status == CLI_OK)
		status = make(work);
	if (status == CLI_OK && work->options->trim)
		status = trim(work);
	if (status == CLI_OK)
		print(work);
	attest_records_close(work->records);
	source_close(work->source);
	free(work->boot_log);
	return status;
}

static int begin(struct options *options, char **args)
{
	int status = check_options(options);

	if (args[0] && args[1])
		return cli_usage("'%s' is too much", args[1]);
	if (status == CLI_OK)
		status = question_complete(&options->question, args[0]);
	if (status == CLI_OK)
		status = place_init(&options->place);
	options->machine.config_path = options->place.config_path;
	return status == CLI_OK ? machine_begin(&options->machine) : status;
}

int cmd_attest(int argc, char **argv)
{
	struct options options = { 0 };
	struct work work = { .options = &options };
	const struct opt_group groups[] = {
		{ attest_opts, &options },
		{ question_opts, &options.question },
		{ machine_tpm_opts, &options.machine },
		{ place_opts, &options.place },
	};
	char **args;
	int status = opts_parse(&command, groups, 4, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = begin(&options, args);
	if (status == CLI_OK)
		status = attest(&work);
	machine_end(&options.machine);
	return status;
}
