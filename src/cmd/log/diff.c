// SPDX-License-Identifier: MIT
/*
 * imastage log diff: tells two lists apart.
 */
#include "base/bytes.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "list/diff.h"
#include "tool/json.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>

#define DIGEST_SHOWN 6 /* bytes */

struct options {
	struct input_options input;
	bool json;
	bool brief;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_brief(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->brief = true;
	return 0;
}

static const struct opt diff_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL,
	  "an object on a line for each difference, one at "
	  "the end\nwith the counts",
	  set_json, NULL },
	{ "brief", 'q', NULL, "the counts only", set_brief, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... A B",
	.summary =
		"Says which records two measurement lists do not share. Each "
		"is a file, a folder of\nparts, or '-'. Formats, banks and "
		"byte orders may differ: what was measured is\ncompared.\n",
	.epilogue = "- INDEX                only in A\n"
		    "+ INDEX                only in B\n"
		    "~ INDEX-A -> INDEX-B   another record of the same name in "
		    "its place\n"
		    "> INDEX-A -> INDEX-B   the same record in another place\n"
		    "\n"
		    "Exit status: 0 the same, 3 not the same.\n",
};

static struct imastage_bytes template_of(const struct diff_entry *entry)
{
	return bytes_of(entry->text, entry->template_len);
}

static struct imastage_bytes name_of(const struct diff_entry *entry)
{
	return bytes_of(entry->text + entry->template_len, entry->name_len);
}

static struct imastage_bytes digest_of(const struct diff_entry *entry)
{
	return bytes_of(entry->digest, entry->digest_len);
}

static char sign_of(const struct diff_event *event)
{
	if (event->partner)
		return event->moved ? '>' : '~';
	return event->kind == DIFF_ADDED ? '+' : '-';
}

static void print_event(const struct diff_event *event)
{
	const struct diff_entry *entry = event->entry;

	printf("%c %" PRIu64, sign_of(event), entry->index);
	if (event->partner)
		printf(" -> %" PRIu64, event->partner->entry->index);
	printf("  %" PRIu32 " ", entry->pcr);
	text_print(stdout, template_of(entry));
	putchar(' ');
	text_print_hex(stdout, bytes_first(digest_of(entry), DIGEST_SHOWN));
	if (event->partner && !event->moved) {
		fputs(" -> ", stdout);
		text_print_hex(stdout,
			       bytes_first(digest_of(event->partner->entry),
					   DIGEST_SHOWN));
	}
	putchar(' ');
	text_print(stdout, name_of(entry));
	putchar('\n');
}

static const char *word_of(const struct diff_event *event)
{
	if (event->partner)
		return event->moved ? "reordered" : "changed";
	return event->kind == DIFF_ADDED ? "added" : "removed";
}

static void put_event(const struct diff_event *event)
{
	const struct diff_entry *entry = event->entry;
	struct json json;

	json_start(&json, stdout, '{');
	json_text(&json, "change", word_of(event));
	json_number(&json, event->kind == DIFF_ADDED ? "index_b" : "index_a",
		    entry->index);
	if (event->partner)
		json_number(&json, "index_b", event->partner->entry->index);
	json_number(&json, "pcr", entry->pcr);
	json_bytes(&json, "template", template_of(entry));
	json_hex(&json, "digest", digest_of(entry));
	if (event->partner && !event->moved)
		json_hex(&json, "digest_b", digest_of(event->partner->entry));
	json_bytes(&json, "event_name", name_of(entry));
	json_end(&json, '}');
}

static int report(void *context, const struct diff_event *event)
{
	const struct options *options = context;

	if (options->brief)
		return 0;
	if (options->json)
		put_event(event);
	else
		print_event(event);
	return ferror(stdout) ? -EIO : 0;
}

static bool is_same(const struct diff_counts *counts)
{
	return !counts->nr_added && !counts->nr_removed &&
	       !counts->nr_changed && !counts->nr_moved;
}

static void put_counts(const struct diff *diff)
{
	const struct diff_counts *c = &diff->counts;
	struct json json;

	json_start(&json, stdout, '{');
	json_number(&json, "records_a", diff->a.nr_records);
	json_number(&json, "records_b", diff->b.nr_records);
	json_number(&json, "added", c->nr_added);
	json_number(&json, "removed", c->nr_removed);
	json_number(&json, "changed", c->nr_changed);
	json_number(&json, "reordered", c->nr_moved);
	json_boolean(&json, "continued", c->is_continued && !is_same(c));
	json_boolean(&json, "same", is_same(c));
	json_end(&json, '}');
}

static void print_counts(const struct diff *diff)
{
	const struct diff_counts *c = &diff->counts;

	if (is_same(c)) {
		printf("the same %" PRIu64 " records\n", diff->a.nr_records);
		return;
	}
	printf("A has %" PRIu64 " records, B has %" PRIu64 ": %" PRIu64
	       " added, %" PRIu64 " removed, %" PRIu64 " changed, %" PRIu64
	       " reordered%s\n",
	       diff->a.nr_records, diff->b.nr_records, c->nr_added,
	       c->nr_removed, c->nr_changed, c->nr_moved,
	       c->is_continued ? "; B continues A" : "");
}

static int compare(struct diff *diff, struct options *options, char **args)
{
	char *of_a[] = { args[0], NULL };
	int r = input_init(&diff->a.input, &options->input, of_a);

	if (r == CLI_OK)
		r = input_init(&diff->b.input, &options->input, args + 1);
	if (r != CLI_OK)
		return r;
	if (diff_run(diff) < 0)
		return CLI_FAILED;
	progress_clear();
	if (options->json)
		put_counts(diff);
	else
		print_counts(diff);
	return is_same(&diff->counts) ? CLI_OK : CLI_REJECTED;
}

int cmd_log_diff(int argc, char **argv)
{
	struct options options = { 0 };
	struct diff diff = { .a = { .input = { .fd = -1 } },
			     .b = { .input = { .fd = -1 } },
			     .report = report,
			     .context = &options };
	const struct opt_group groups[] = {
		{ diff_opts, &options },
		{ input_opts, &options.input },
	};
	char **args;
	int status = opts_parse(&command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!args[0] || !args[1] || args[2])
		return cli_usage("two lists are compared: A B");
	status = compare(&diff, &options, args);
	diff_fini(&diff);
	return status;
}
