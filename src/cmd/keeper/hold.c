// SPDX-License-Identifier: MIT
/*
 * imastage hold, release, holds: who still needs which records.
 */
#include "base/text.h"
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "tool/parse.h"
#include "cmd/keeper/place.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>

struct options {
	struct place place;
	bool json, has_from;
	uint64_t from;
	const char *boot;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_from(void *context, const char *value)
{
	struct options *options = context;

	options->has_from = true;
	return parse_number(value, INT64_MAX, &options->from);
}

static int set_boot(void *context, const char *value)
{
	((struct options *)context)->boot = value;
	return *value ? 0 : -EINVAL;
}

static const struct opt hold_opts[] = {
	{ .text = "What is held:" },
	{ "from", 'f', "N", "record N and all after it", set_from,
	  "a record's index" },
	{ "boot", 'b', "BOOT", "N is a record of this hard boot (the last one)",
	  set_boot, "the name of a boot" },
	{ 0 },
};

static const struct opt holds_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ 0 },
};

static const struct opt release_opts[] = { { 0 } };

static const struct command hold_command = {
	.synopsis = "--from N [OPTION]... NAME",
	.summary = "Keeps records for NAME: from N on none is pruned; those "
		   "before are acknowledged. A\nlater call moves the hold.\n",
};

static const struct command release_command = {
	.synopsis = "[OPTION]... NAME",
	.summary = "Forgets the hold NAME.\n",
};

static const struct command holds_command = {
	.synopsis = "[OPTION]...",
	.summary = "Shows who keeps which records.\n",
};

/* Parses, and wants one argument behind the options, or none. */
static int begin(struct options *options, const struct command *command,
		 const struct opt *opts, const char *argument, int argc,
		 char **argv, char ***ret_args)
{
	const struct opt_group groups[] = {
		{ opts, options },
		{ place_opts, &options->place },
	};
	int r = opts_parse(command, groups, 2, argc, argv, ret_args);

	if (r != CLI_OK)
		return r;
	if (argument && !**ret_args)
		return cli_usage("no %s given", argument);
	if (argument ? !!(*ret_args)[1] : !!**ret_args)
		return cli_usage("'%s' is too much",
				 (*ret_args)[argument ? 1 : 0]);
	return place_init(&options->place);
}

static int run(const struct options *options, struct json_object *request,
	       struct json_object **ret_reply)
{
	int r = place_do_or_complain(&options->place, request, true, ret_reply);

	json_object_put(request);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_hold(int argc, char **argv)
{
	struct options options = { 0 };
	struct json_object *request, *reply;
	char **args;
	int r = begin(&options, &hold_command, hold_opts, "NAME", argc, argv,
		      &args);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (!options.has_from)
		return cli_usage("--from is missing: the first record that is "
				 "still needed");
	request = place_request("hold");
	json_object_object_add(request, "name",
			       json_object_new_string(args[0]));
	json_object_object_add(request, "from",
			       json_object_new_uint64(options.from));
	if (options.boot)
		json_object_object_add(request, "boot",
				       json_object_new_string(options.boot));
	r = run(&options, request, &reply);
	if (r == CLI_OK)
		json_object_put(reply);
	return r;
}

int cmd_release(int argc, char **argv)
{
	struct options options = { 0 };
	struct json_object *request, *reply;
	char **args;
	int r = begin(&options, &release_command, release_opts, "NAME", argc,
		      argv, &args);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	request = place_request("release");
	json_object_object_add(request, "name",
			       json_object_new_string(args[0]));
	r = run(&options, request, &reply);
	if (r == CLI_OK)
		json_object_put(reply);
	return r;
}

/* ---- holds: read from the archive, whether an agent runs or not ------------ */

struct listing {
	struct archive *archive;
	struct json_object *list; /* NULL: print lines */
	uint64_t nr;
};

struct naming {
	int64_t id;
	char name[ARCHIVE_NAME_MAX];
};

static int name_boot(void *context, const struct archive_boot *boot)
{
	struct naming *naming = context;

	if (boot->id == naming->id)
		strcpy(naming->name, boot->name);
	return 0;
}

static int show_hold(void *context, const struct archive_hold *hold)
{
	struct listing *listing = context;
	struct naming boot = { .id = hold->boot, .name = "?" };
	struct json_object *object;

	(void)archive_each_boot(listing->archive, name_boot, &boot);
	listing->nr++;
	if (!listing->list) {
		text_print_line(stdout,
				"%-24s boot %s, from record %" PRIu64
				" on, of uid %u",
				hold->name, boot.name, hold->from, hold->owner);
		return 0;
	}
	object = json_object_new_object();
	json_object_object_add(object, "name",
			       json_object_new_string(hold->name));
	json_object_object_add(object, "boot",
			       json_object_new_string(boot.name));
	json_object_object_add(object, "from",
			       json_object_new_uint64(hold->from));
	json_object_object_add(object, "owner",
			       json_object_new_uint64(hold->owner));
	json_object_array_add(listing->list, object);
	return 0;
}

static int show_holds(const struct options *options, struct archive *archive)
{
	struct listing listing = { .archive = archive };
	struct json_object *object = NULL;
	int r;

	if (options->json) {
		object = json_object_new_object();
		listing.list = json_object_new_array();
		json_object_object_add(object, "holds", listing.list);
	}
	r = archive_each_hold(archive, show_hold, &listing);
	if (r < 0)
		cli_error("%s: %s", options->place.config.archive,
			  strerror(-r));
	else if (object)
		place_print_json(object);
	else if (listing.nr == 0)
		printf("none\n");
	json_object_put(object);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

int cmd_holds(int argc, char **argv)
{
	struct options options = { 0 };
	struct archive *archive;
	char **args;
	int r = begin(&options, &holds_command, holds_opts, NULL, argc, argv,
		      &args);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (place_open_archive(&options.place, &archive) < 0)
		return CLI_FAILED;
	r = show_holds(&options, archive);
	archive_close(archive);
	return r;
}
