// SPDX-License-Identifier: MIT
/*
 * imastage status: how the keeper, the kernel and the archive are.
 */
#include "base/util.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/place.h"
#include "service/ask.h"
#include "service/status.h"

#include <json-c/json.h>
#include <errno.h>

struct options {
	struct place place;
	bool json;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static const struct opt status_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Says what the kernel holds and can do, what is archived, "
		   "and who is in the way:\nasks the agent, or looks itself "
		   "when none runs.\n",
	.epilogue = "Exit status: 0 all is well, 1 it could not be looked at, "
		    "3 records are missing, do\nnot explain the TPM's PCR, or "
		    "cannot be saved at the moment.\n",
};

static int look(const struct place *place, struct json_object **ret_status)
{
	struct archive_options archive_options = {
		.dir = place->config.archive,
		.say = place->verbose ? place_say_of(place) : NULL,
	};
	struct source_options source_options = {
		.dir = place->config.source,
	};
	cleanup_free struct facts *facts = calloc(1, sizeof(*facts));
	struct archive *archive = NULL;
	struct source *source = NULL;

	if (!facts)
		return -ENOMEM;
	facts->survey.kernel_error = source_open(&source_options, &source);
	facts->survey.archive_error =
		archive_open_reader(&archive_options, &archive);
	survey_kernel(&facts->survey, source);
	survey_archive(&facts->survey, archive);
	source_close(source);
	archive_close(archive);
	*ret_status = status_json(facts);
	return 0;
}

static int get_status(const struct place *place,
		      struct json_object **ret_status)
{
	struct json_object *request;
	int r = -ENOENT;

	if (!place->archive && !place->source) {
		request = place_request("status");
		r = ask(place->config.control, request, cli_interrupted,
			ret_status);
		json_object_put(request);
	}
	if (r < 0 && !ask_is_nobody(r) && r != -EINTR)
		cli_error("the agent at %s: %s", place->config.control,
			  strerror(-r));
	return r == 0 || r == -EINTR ? r : look(place, ret_status);
}

static bool has(struct json_object *status, const char *name)
{
	return json_object_object_get_ex(status, name, NULL);
}

static int judge(struct json_object *status)
{
	struct json_object *kernel = json_object_object_get(status, "kernel");
	struct json_object *archive = json_object_object_get(status, "archive");
	struct json_object *check = json_object_object_get(status, "check");

	if (has(kernel, "error") && has(archive, "error"))
		return CLI_FAILED;
	if (has(status, "trouble") ||
	    json_object_get_int64(json_object_object_get(status, "nr_gaps")) ||
	    (check && json_object_get_boolean(
			      json_object_object_get(check, "rejected"))))
		return CLI_REJECTED;
	return CLI_OK;
}

int cmd_status(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ status_opts, &options },
		{ place_opts, &options.place },
	};
	struct json_object *status;
	int r = place_parse(&options.place, &command, groups, 2, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (get_status(&options.place, &status) < 0)
		return CLI_FAILED;
	if (options.json)
		place_print_json(status);
	else
		status_print(stdout, status);
	r = judge(status);
	json_object_put(status);
	return r;
}
