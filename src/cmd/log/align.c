// SPDX-License-Identifier: MIT
/*
 * imastage log align: divides a list into the records that lead to PCR values
 * and those in excess. The list is read twice, the second time from a copy
 * where it cannot be read twice; records are written as they were.
 */
#include "base/hex.h"
#include "base/output.h"
#include "base/util.h"
#include "tool/cli.h"
#include "tool/given.h"
#include "cmd/cmd.h"
#include "evidence/attest.h"
#include "evidence/pcrs.h"
#include "tool/json.h"
#include "tool/parse.h"
#include "list/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* One of the two files. */
struct half {
	const char *path; /* NULL: not wanted */
	struct output output;
	uint64_t nr_records;
	struct imastage_reader_options kind; /* of its records */
};

static bool is_json(const struct half *half)
{
	return half->kind.format == IMASTAGE_FORMAT_CEL_JSON;
}

#define QUOTE_LEN_MAX ((size_t)64 << 10)
#define VALUE_TEXT_LEN (32 + HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX))

/* A quote that is read itself, as the texts that options would have. */
struct quote {
	const char *path, *values_path;
	char selections[IMASTAGE_SELECTIONS_MAX * 80];
	char digest[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	char values[TARGET_TEXTS_MAX][VALUE_TEXT_LEN];
};

struct align {
	struct quote quote;
	struct input_options input_options;
	struct target target;
	struct half prefix;
	struct half excess;
	bool json;
};

static int set_prefix(void *context, const char *value)
{
	((struct align *)context)->prefix.path = value;
	return 0;
}

static int set_excess(void *context, const char *value)
{
	((struct align *)context)->excess.path = value;
	return 0;
}

static int set_quote(void *context, const char *value)
{
	((struct align *)context)->quote.path = value;
	return 0;
}

static int set_quote_values(void *context, const char *value)
{
	((struct align *)context)->quote.values_path = value;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct align *)context)->json = true;
	return 0;
}

static const struct opt align_opts[] = {
	{ .text = "What is written:" },
	{ "prefix", 0, "FILE",
	  "the records that lead to the values; '-' is standard\n"
	  "output, and no result is printed",
	  set_prefix, "a file" },
	{ "excess", 0, "FILE", "those that follow", set_excess, "a file" },
	{ "json", 'j', NULL, "the result as one JSON object", set_json, NULL },
	{ .text = "A quote, whose signature is not looked at:" },
	{ "quote", 0, "FILE",
	  "the quote, as of tpm2_quote -m: its PCRs and digest", set_quote,
	  "a file" },
	{ "quote-values", 0, "FILE",
	  "values of the PCRs quoted (-o), where others than those\n"
	  "that are replayed were quoted",
	  set_quote_values, "a file" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "Finds the records that lead to PCR values or to a quote's "
		   "digest, and divides the\nmeasurement list there. The FILEs "
		   "are its parts, in order.\n",
	.epilogue = "Files appear when all is well only. Exit status 3: no "
		    "number of records leads there,\nor the digest in a "
		    "record is not that of its data.\n",
};

/* ---- the quote --------------------------------------------------------------- */

static int refuse(const char *path, const char *reason, size_t offset)
{
	cli_error("%s: %s, at byte %zu", path, reason, offset);
	return CLI_REJECTED;
}

/* "sha256:0,1,10", behind what is in @text; -EINVAL for a bank that is not known. */
static int put_selection(char *text, size_t capacity, uint16_t alg,
			 uint32_t pcrs)
{
	size_t len = strlen(text);
	enum imastage_bank bank;
	char sign = ':';

	if (imastage_bank_by_tpm_alg(alg, &bank) < 0)
		return -EINVAL;
	len += (size_t)snprintf(text + len, capacity - len, "%s%s",
				len ? "+" : "", imastage_bank_name(bank));
	for (; pcrs; pcrs &= pcrs - 1) {
		len += (size_t)snprintf(text + len, capacity - len, "%c%d",
					sign, __builtin_ctz(pcrs));
		sign = ',';
	}
	return 0;
}

static int take_attest(struct align *align,
		       const struct evidence_attest *attest)
{
	struct quote *quote = &align->quote;

	for (size_t i = 0; i < attest->selections.nr; i++)
		if (put_selection(quote->selections, sizeof(quote->selections),
				  attest->selections.of[i].alg,
				  attest->selections.of[i].pcrs) < 0)
			return refuse(quote->path,
				      "it is of a bank that is not known", 0);
	if (attest->pcr_digest.len > IMASTAGE_DIGEST_MAX)
		return refuse(quote->path, "its digest is too long", 0);
	hex_encode(attest->pcr_digest, quote->digest);
	align->target.quote_pcrs = quote->selections;
	align->target.quote_digest = quote->digest;
	return CLI_OK;
}

static int read_quote(struct align *align)
{
	cleanup_free uint8_t *data = NULL;
	struct evidence_attest attest;
	struct evidence_error error;
	size_t len;
	int r;

	if (align->target.quote_pcrs || align->target.quote_digest)
		return cli_usage("--quote has PCRs and digest: leave out "
				 "--quote-pcrs and --quote-digest");
	r = given_read(align->quote.path, "quote", QUOTE_LEN_MAX, &data, &len);
	if (r != CLI_OK)
		return r;
	r = evidence_attest_parse(bytes_of(data, len), &attest, &error);
	return r ? refuse(align->quote.path, error.reason, error.offset) :
		   take_attest(align, &attest);
}

static int add_other(struct align *align, enum imastage_bank bank, int pcr,
		     const uint8_t *value)
{
	struct target_texts *others = &align->target.others;
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	char *text;

	if (others->nr == TARGET_TEXTS_MAX)
		return cli_usage("more values than can be taken");
	text = align->quote.values[others->nr];
	hex_encode(bytes_of(value, imastage_bank_digest_len(bank)), hex);
	snprintf(text, VALUE_TEXT_LEN, "%s:%d=%s", imastage_bank_name(bank),
		 pcr, hex);
	others->of[others->nr++] = (struct target_text){ text, false };
	return CLI_OK;
}

/* Those that are replayed are found; the others are known. */
static int take_values(struct align *align, const struct evidence_pcrs *pcrs)
{
	uint32_t replayed = align->target.pcrs ? align->target.pcrs :
						 1u << IMASTAGE_PCR_IMA;
	int r = CLI_OK;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		uint32_t left = pcrs->values.set[bank] & ~replayed;

		for (; left && r == CLI_OK; left &= left - 1) {
			int pcr = __builtin_ctz(left);

			r = add_other(align, bank, pcr,
				      pcrs->values.of[bank][pcr]);
		}
	}
	return r;
}

static int read_values(struct align *align)
{
	cleanup_free uint8_t *data = NULL;
	struct evidence_pcrs pcrs;
	struct evidence_error error;
	size_t len;
	int r = given_read(align->quote.values_path, "file of PCR values",
			   QUOTE_LEN_MAX, &data, &len);

	if (r != CLI_OK)
		return r;
	r = evidence_pcrs_parse(bytes_of(data, len), &pcrs, &error);
	return r ? refuse(align->quote.values_path, error.reason,
			  error.offset) :
		   take_values(align, &pcrs);
}

static int complain(const struct half *half, int r)
{
	if (r < 0 && r != -EPIPE)
		cli_error("%s: %s", half->path, path_strerror(r));
	return r;
}

static int put(struct half *half, const void *data, size_t len)
{
	struct imastage_sink sink = imastage_sink_file(half->output.file);

	return sink.write(sink.context, data, len);
}

static int put_text(struct half *half, const char *text)
{
	return put(half, text, strlen(text));
}

/* The last line of a list may have come without its newline. */
static bool lacks_newline(const struct half *half,
			  const struct imastage_record *record)
{
	return half->kind.format == IMASTAGE_FORMAT_ASCII &&
	       record->raw.data[record->raw.len - 1] != '\n';
}

/* What stands between objects of CEL_JSON is no part of them. */
static int put_record(struct half *half, const struct imastage_record *record)
{
	int r = 0;

	if (!half->path)
		return 0;
	if (is_json(half))
		r = put_text(half, half->nr_records ? ",\n" : "[\n");
	if (r == 0)
		r = put(half, record->raw.data, record->raw.len);
	if (r == 0 && lacks_newline(half, record))
		r = put_text(half, "\n");
	half->nr_records++;
	return complain(half, r);
}

static int open_half(struct half *half)
{
	return half->path ?
		       complain(half, output_open(&half->output, half->path)) :
		       0;
}

static int finish_half(struct half *half)
{
	int r = 0;

	if (!half->path)
		return 0;
	if (is_json(half))
		r = put_text(half, half->nr_records ? "\n]\n" : "[]\n");
	if (r == 0)
		r = output_sync(&half->output);
	return complain(half, r);
}

static int commit_half(struct half *half)
{
	return half->path ? complain(half, output_commit(&half->output)) : 0;
}

/* Records are written as they were: a file has those of one kind. */
static int check_kind(struct half *half, const struct input *input)
{
	const struct imastage_reader_options *options =
		imastage_reader_get_options(input->reader);

	if (half->nr_records == 0)
		half->kind = *options;
	if (!half->path || (half->kind.format == options->format &&
			    half->kind.bank == options->bank &&
			    half->kind.endian == options->endian))
		return 0;
	cli_error("%s: of another format, bank or byte order than the part "
		  "before; convert it first",
		  input_path(input));
	return -EINVAL;
}

static int divide(struct align *align, struct input *input, uint64_t nr_prefix)
{
	struct imastage_record record;
	int r = input_rewind(input);

	for (uint64_t i = 0; r == 0; i++) {
		struct half *half = i < nr_prefix ? &align->prefix :
						    &align->excess;

		r = input_next(input, &record);
		if (r)
			break;
		r = check_kind(half, input);
		if (r == 0)
			r = put_record(half, &record);
	}
	return r < 0 ? r : 0;
}

static int write_halves(struct align *align, struct input *input,
			uint64_t nr_prefix)
{
	int r = open_half(&align->prefix);

	if (r == 0)
		r = open_half(&align->excess);
	if (r == 0)
		r = divide(align, input, nr_prefix);
	if (r == 0)
		r = finish_half(&align->prefix);
	if (r == 0)
		r = finish_half(&align->excess);
	if (r == 0)
		r = commit_half(&align->prefix);
	if (r == 0)
		r = commit_half(&align->excess);
	output_fini(&align->prefix.output);
	output_fini(&align->excess.output);
	return r;
}

static bool is_stdout(const struct half *half)
{
	return half->path && !strcmp(half->path, "-");
}

static int align_list(struct align *align, struct replay_run *run, char **args)
{
	int r = input_init(run->input, &align->input_options, args);

	if (r != CLI_OK)
		return r;
	run->input->spool = align->prefix.path || align->excess.path;
	if (replay_judge(run, replay_run) < 0)
		return CLI_FAILED;
	if (replay_accepts(run) && run->input->spool &&
	    write_halves(align, run->input, run->nr_matched) < 0)
		return CLI_FAILED;
	progress_clear();
	if (!is_stdout(&align->prefix) && !is_stdout(&align->excess))
		replay_report(run, align->json);
	return replay_accepts(run) ? CLI_OK : CLI_REJECTED;
}

static int prepare(struct align *align, struct replay_run *run)
{
	int r = CLI_OK;

	if (align->quote.path)
		r = read_quote(align);
	if (r == CLI_OK && align->quote.values_path)
		r = read_values(align);
	if (r != CLI_OK)
		return r;
	if (align->prefix.path && align->excess.path &&
	    !strcmp(align->prefix.path, align->excess.path))
		return cli_usage("--prefix and --excess are the same file");
	align->target.until = true;
	r = target_complete(&align->target, NULL);
	if (r == CLI_OK &&
	    target_make(&align->target, &run->replay, &run->align) < 0)
		r = CLI_USAGE;
	return r;
}

int cmd_log_align(int argc, char **argv)
{
	static struct align align;
	struct input input = { .fd = -1 };
	struct replay_run run = { .input = &input,
				  .target = &align.target,
				  .drop = REPLAY_DROP_NONE };
	const struct opt_group groups[] = {
		{ align_opts, &align },
		{ target_opts, &align.target },
		{ target_quote_opts, &align.target },
		{ input_opts, &align.input_options },
	};
	char **args;
	int status;

	target_init(&align.target);
	status = opts_parse(&command, groups, 4, argc, argv, &args);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = prepare(&align, &run);
	if (status == CLI_OK)
		status = align_list(&align, &run, args);
	input_fini(&input);
	imastage_align_free(run.align);
	imastage_replay_free(run.replay);
	return status;
}
