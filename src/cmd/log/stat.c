// SPDX-License-Identifier: MIT
/*
 * imastage log stat: what a list is made of.
 */
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "tool/parse.h"
#include "list/stat.h"

#include <errno.h>

#define MEMORY_DEFAULT 512 /* MiB */
#define TOP_DEFAULT 10
#define TOP_MAX 10000
#define SMALL_TALLY ((size_t)1 << 20)

struct options {
	struct input_options input;
	uint64_t top;
	uint64_t memory; /* MiB */
	bool json;
};

static int set_top(void *context, const char *value)
{
	return parse_number(value, TOP_MAX, &((struct options *)context)->top);
}

static int set_memory(void *context, const char *value)
{
	return parse_number(value, (uint64_t)1 << 20,
			    &((struct options *)context)->memory);
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt stat_opts[] = {
	{ .text = "What is printed:" },
	{ "top", 'n', "N", "the N paths and records at the top (10)", set_top,
	  "a number up to 10000" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ "memory", 0, "MIB",
	  "memory for paths and duplicates (512); what does not\n"
	  "fit is said",
	  set_memory, "a number of MiB" },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "Says what a measurement list is made of. The FILEs are its "
		   "parts, in order.\n",
	.epilogue =
		"A duplicate has the digest and the PCR of an earlier record; "
		"violations have no\ndigest and are none. A boot_aggregate "
		"begins each kernel's records: more than one\ntell that a "
		"kernel was started by another. Bytes are those of the list as "
		"it was\nread.\n",
};

static const char *format_name(enum imastage_format format)
{
	switch (format) {
	case IMASTAGE_FORMAT_BINARY:
		return "binary";
	case IMASTAGE_FORMAT_ASCII:
		return "ascii";
	case IMASTAGE_FORMAT_CEL_JSON:
		return "cel-json";
	default:
		return "cel-tlv";
	}
}

static void note_format(struct stats *stat, const struct input *input,
			const struct imastage_record *record)
{
	if (stat->format)
		return;
	stat->format =
		format_name(imastage_reader_get_options(input->reader)->format);
	stat->bank = imastage_bank_name(record->bank);
}

static int count(struct stats *stat, struct input *input, bool json)
{
	struct imastage_record record;
	int r;

	while ((r = input_next(input, &record)) == 0) {
		note_format(stat, input, &record);
		r = stat_add(stat, &record, input_index(input));
		if (r < 0) {
			cli_error("%s", strerror(-r));
			return CLI_FAILED;
		}
	}
	if (r < 0)
		return CLI_FAILED;
	progress_clear();
	return stat_report(stat, json) < 0 ? CLI_FAILED : CLI_OK;
}

static struct stats *new_stat(const struct options *options)
{
	struct stats *stat = calloc(1, sizeof(*stat));
	size_t half = (size_t)options->memory << 19;

	if (!stat)
		return NULL;
	stat->top = (size_t)options->top;
	stat->large = calloc(stat->top + 1, sizeof(*stat->large));
	stat->templates.memory_max = SMALL_TALLY;
	stat->pcrs.memory_max = SMALL_TALLY;
	stat->paths.memory_max = half;
	stat->seen.memory_max = half;
	return stat;
}

static void free_stat(struct stats *stat)
{
	for (size_t i = 0; stat->large && i < stat->nr_large; i++)
		free(stat->large[i].name.data);
	free(stat->large);
	tally_fini(&stat->templates);
	tally_fini(&stat->pcrs);
	tally_fini(&stat->paths);
	seen_fini(&stat->seen);
	free(stat);
}

int cmd_log_stat(int argc, char **argv)
{
	struct options options = { .top = TOP_DEFAULT,
				   .memory = MEMORY_DEFAULT };
	const struct opt_group groups[] = {
		{ stat_opts, &options },
		{ input_opts, &options.input },
	};
	struct input input = { .fd = -1 };
	struct stats *stat;
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	stat = new_stat(&options);
	status = input_init(&input, &options.input, args);
	if (!stat || !stat->large)
		status = CLI_FAILED;
	if (status == CLI_OK)
		status = count(stat, &input, options.json);
	input_fini(&input);
	if (stat)
		free_stat(stat);
	return status;
}
