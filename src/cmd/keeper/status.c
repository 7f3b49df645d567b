// SPDX-License-Identifier: MIT
/*
 * imastage status: how the keeper, the kernel and the archive are.
 */
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/absence.h"
#include "service/ask.h"
#include "service/request.h"
#include "service/status.h"

#include <json-c/json.h>
#include <errno.h>

#define GRACE_MS 5000 /* a keeper that is asked answers within stall_limit */

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
	.summary =
		"Says whether all is well, what the kernel holds, what is "
		"archived, and who is in\nthe way: asks the keeper, or looks "
		"itself when none runs.\n",
	.epilogue = "Exit status: 0 all is well, 1 you may not look, 3 "
		    "something is wrong: the first lines\nsay what.\n",
};

/* What there is to do about a kernel that cannot be looked at, as its source says it. */
static void keep_text(void *context, enum say_level level, const char *text)
{
	struct survey *survey = context;

	(void)level;
	snprintf(survey->kernel_text, sizeof(survey->kernel_text), "%s", text);
}

static void look_at_kernel(const struct place *place, struct survey *survey)
{
	struct say say = { keep_text, survey };
	struct source_options options = {
		.dir = place->config.source,
		.say = &say,
	};
	struct source *source = NULL;

	survey->kernel_error = source_open(&options, &source);
	survey_kernel(survey, source);
	source_close(source);
}

/* @asked: why the agent did not answer; 0: it was not asked. */
static void look_at_archive(const struct place *place, int asked,
			    struct facts *facts)
{
	struct archive_options options = {
		.dir = place->config.archive,
		.say = place->verbose ? place_say_of(place) : NULL,
	};
	struct absence absence = {
		.config = &place->config,
		.asked = asked,
		.usual = !place->config_path && !place->control,
	};

	facts->archive_named = place->archive != NULL;
	facts->survey.archive_error =
		archive_open_reader(&options, &absence.archive);
	survey_archive(&facts->survey, absence.archive);
	facts->absence = FACTS_NOT_EXPECTED;
	if (asked)
		absence_find(&absence, facts);
	archive_close(absence.archive);
}

static int look(const struct place *place, int asked,
		struct json_object **ret_status)
{
	cleanup_free struct facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return -ENOMEM;
	look_at_kernel(place, &facts->survey);
	look_at_archive(place, asked, facts);
	*ret_status = status_json(facts);
	return 0;
}

static int ask_agent(const struct place *place, struct json_object **ret_status)
{
	struct ask agent = {
		.path = place->config.control,
		.timeout_ms = place->timeout_ms ?
				      place->timeout_ms :
				      place->config.stall_limit + GRACE_MS,
		.stop = cli_interrupted,
	};
	struct json_object *request = place_request("status");
	int r = ask(&agent, request, ret_status);

	json_object_put(request);
	return r;
}

static int get_status(const struct place *place,
		      struct json_object **ret_status)
{
	char text[PLACE_TEXT_MAX];
	int r;

	if (place->archive || place->source)
		return look(place, 0, ret_status);
	r = ask_agent(place, ret_status);
	if (r == -EACCES || r == -EPERM) {
		*ret_status = request_refusal(r, place_words(place, r, text));
		return 0;
	}
	return r == 0 || r == -EINTR ? r : look(place, r, ret_status);
}

/* Of whom may not look, nothing is known to be wrong. */
static bool is_denied(struct json_object *object)
{
	const char *name =
		json_object_get_string(json_object_object_get(object, "errno"));

	return name && (!strcmp(name, "EACCES") || !strcmp(name, "EPERM"));
}

static int judge(struct json_object *status)
{
	if (json_object_get_boolean(json_object_object_get(status, "ok")))
		return CLI_OK;
	if (json_object_object_get(status, "agent"))
		return CLI_REJECTED;
	return is_denied(status) ||
			       is_denied(json_object_object_get(status,
								"kernel")) ||
			       is_denied(json_object_object_get(status,
								"archive")) ?
		       CLI_FAILED :
		       CLI_REJECTED;
}

static void print(const struct options *options, struct json_object *status)
{
	struct json_object *error = json_object_object_get(status, "error");

	if (error)
		cli_error("%s", json_object_get_string(error));
	if (options->json)
		place_print_json(status);
	else if (!error)
		status_print(stdout, status);
}

int cmd_status(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ status_opts, &options },
		{ place_wait_opts, &options.place },
		{ place_opts, &options.place },
	};
	struct json_object *status;
	int r = place_parse(&options.place, &command, groups, 3, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (get_status(&options.place, &status) < 0)
		return CLI_FAILED;
	print(&options, status);
	r = judge(status);
	json_object_put(status);
	return r;
}
