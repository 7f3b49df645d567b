// SPDX-License-Identifier: MIT
/*
 * imastage archive prune: removes what is no longer needed.
 */
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "tool/parse.h"
#include "cmd/keeper/place.h"
#include "service/words.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>

struct options {
	struct place place;
	uint64_t max_bytes, max_age, keep_boots;
	bool force, dry_run, json;
};

static int set_max_bytes(void *context, const char *value)
{
	return config_parse_size(bytes_of_text(value),
				 &((struct options *)context)->max_bytes);
}

static int set_max_age(void *context, const char *value)
{
	return config_parse_duration(bytes_of_text(value),
				     &((struct options *)context)->max_age);
}

static int set_keep_boots(void *context, const char *value)
{
	return parse_number(value, UINT32_MAX,
			    &((struct options *)context)->keep_boots);
}

static int set_force(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->force = true;
	return 0;
}

static int set_dry_run(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->dry_run = true;
	return 0;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt prune_opts[] = {
	{ .text = "What may go:" },
	{ "max-bytes", 0, "SIZE",
	  "the oldest segments beyond so many bytes on disk: 500M",
	  set_max_bytes, "bytes like 512K, 16M or 1G" },
	{ "max-age", 0, "TIME", "segments that are older than that: 90d",
	  set_max_age, "a time like 12h or 90d" },
	{ "keep-boots", 0, "N", "all hard boots but the last N", set_keep_boots,
	  "a number" },
	{ "force", 0, NULL,
	  "also what no verifier has acknowledged; what a hold\nkeeps stays",
	  set_force, NULL },
	{ "dry-run", 'n', NULL, "only say what would go", set_dry_run, NULL },
	{ "json", 'j', NULL, "say it as one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Removes the oldest segments that any of the limits names; "
		   "never what a hold keeps\n(imastage hold), nor, without "
		   "--force, what nobody has acknowledged by one.\n",
};

static struct json_object *new_request(const struct options *options)
{
	struct json_object *request = place_request("prune");

	json_object_object_add(request, "max_bytes",
			       json_object_new_uint64(options->max_bytes));
	json_object_object_add(request, "max_age",
			       json_object_new_uint64(options->max_age / 1000));
	json_object_object_add(request, "keep_boots",
			       json_object_new_uint64(options->keep_boots));
	json_object_object_add(request, "force",
			       json_object_new_boolean(options->force));
	json_object_object_add(request, "dry_run",
			       json_object_new_boolean(options->dry_run));
	return request;
}

static uint64_t number(struct json_object *reply, const char *name)
{
	return json_object_get_uint64(json_object_object_get(reply, name));
}

static void print(const struct options *options, struct json_object *reply)
{
	struct json_object *holder = json_object_object_get(reply, "held_by");
	char bytes[WORDS_BYTES_LEN];

	printf("%s %" PRIu64 " segments with %" PRIu64 " records (%s)\n",
	       options->dry_run ? "would remove" : "removed",
	       number(reply, "segments"), number(reply, "records"),
	       words_of_bytes(number(reply, "bytes"), bytes));
	if (holder)
		text_print_line(stdout, "more is kept by the hold '%s'",
				json_object_get_string(holder));
	if (json_object_get_boolean(
		    json_object_object_get(reply, "unacknowledged")))
		printf("more is kept because nobody has acknowledged it: "
		       "--force removes it\n");
}

static int check_options(const struct options *options)
{
	if (!options->max_bytes && !options->max_age && !options->keep_boots)
		return cli_usage("nothing is said of what may go: --max-bytes, "
				 "--max-age or --keep-boots");
	if (options->max_age && options->max_age < 1000)
		return cli_usage("--max-age is a second at least");
	return CLI_OK;
}

int cmd_archive_prune(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ prune_opts, &options },
		{ place_opts, &options.place },
	};
	struct json_object *request, *reply;
	int r = opts_parse_all(&command, groups, 2, argc, argv);

	if (r == CLI_OK)
		r = check_options(&options);
	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	r = place_init(&options.place);
	if (r != CLI_OK)
		return r;
	request = new_request(&options);
	r = place_do_or_complain(&options.place, request, true, &reply);
	json_object_put(request);
	if (r < 0)
		return CLI_FAILED;
	if (options.json)
		place_print_json(reply);
	else
		print(&options, reply);
	json_object_put(reply);
	return CLI_OK;
}
