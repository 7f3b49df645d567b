// SPDX-License-Identifier: MIT
/*
 * imastage collect: one drain, now.
 */
#include "base/util.h"
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/status.h"
#include "service/words.h"

#include <json-c/json.h>
#include <inttypes.h>

struct options {
	struct place place;
	bool json, kexec, no_wait;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_kexec(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->kexec = true;
	return 0;
}

static int set_no_wait(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->no_wait = true;
	return 0;
}

static int set_leave_gap(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->place.leave_gap = true;
	return 0;
}

static const struct opt collect_opts[] = {
	{ .text = "What is done:" },
	{ "before-kexec", 0, NULL,
	  "leave word that the next kernel may be of the same\nhard boot",
	  set_kexec, NULL },
	{ "no-wait", 0, NULL, "only ask the agent to begin", set_no_wait,
	  NULL },
	{ "leave-gap", 0, NULL,
	  "with --archive or --source: even if another keeper has\nthis kernel, whose archive lacks these records for good",
	  set_leave_gap, NULL },
	{ "json", 'j', NULL, "say what was done as one JSON object", set_json,
	  NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Saves all records that the kernel holds and deletes them "
		   "there: asks the agent to,\nor does it itself when none "
		   "runs.\n",
	.epilogue = "Exit status: 0 all is saved, 1 it is not, 3 it is, but "
		    "others are missing (GAP).\n",
};

static struct json_object *new_request(const struct options *options)
{
	struct json_object *request =
		place_request(options->kexec ? "flush" : "drain");

	if (options->kexec)
		json_object_object_add(request, "for",
				       json_object_new_string("kexec"));
	else if (options->no_wait)
		json_object_object_add(request, "wait",
				       json_object_new_boolean(false));
	return request;
}

static void print_gaps(struct json_object *gaps)
{
	size_t nr = json_object_is_type(gaps, json_type_array) ?
			    json_object_array_length(gaps) :
			    0;

	for (size_t i = 0; i < nr; i++)
		status_print_gap(stdout, json_object_array_get_idx(gaps, i));
}

static void print(const struct options *options, struct json_object *reply)
{
	char bytes[WORDS_BYTES_LEN];
	struct json_object *records = json_object_object_get(reply, "records");

	if (options->json) {
		place_print_json(reply);
		return;
	}
	if (records)
		printf("%" PRIu64 " records saved, %s\n",
		       json_object_get_uint64(records),
		       words_of_bytes(
			       json_object_get_uint64(
				       json_object_object_get(reply, "bytes")),
			       bytes));
	print_gaps(json_object_object_get(reply, "gaps"));
}

static int judge(struct json_object *reply)
{
	return json_object_get_boolean(json_object_object_get(reply, "ok")) ?
		       CLI_OK :
		       CLI_REJECTED;
}

int cmd_collect(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ collect_opts, &options },
		{ place_wait_opts, &options.place },
		{ place_opts, &options.place },
	};
	struct json_object *request, *reply;
	int r = opts_parse_all(&command, groups, 3, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	if (options.kexec && options.no_wait)
		return cli_usage("--before-kexec waits: what comes after it "
				 "must not be too early");
	if (options.place.leave_gap && !options.place.archive &&
	    !options.place.source)
		return cli_usage("--leave-gap goes with --archive or --source: "
				 "without these the agent is asked, and "
				 "nothing is missing anywhere");
	r = place_init(&options.place);
	if (r != CLI_OK)
		return r;
	request = new_request(&options);
	r = place_do_or_complain(&options.place, request, false, &reply);
	json_object_put(request);
	if (r < 0)
		return CLI_FAILED;
	print(&options, reply);
	r = judge(reply);
	json_object_put(reply);
	return r;
}
