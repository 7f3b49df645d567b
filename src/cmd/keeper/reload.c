// SPDX-License-Identifier: MIT
/*
 * imastage reload: has the agent read its configuration again.
 */
#include "tool/cli.h"
#include "cmd/cmd.h"
#include "cmd/keeper/place.h"
#include "service/ask.h"

#include <json-c/json.h>

static const struct command command = {
	.synopsis = "[OPTION]...",
	.summary = "Has the agent read its configuration again, once it is "
		   "done with what it does. What is\nwrong is said, and "
		   "changes nothing. 'systemctl reload imastaged' runs it.\n",
};

int cmd_reload(int argc, char **argv)
{
	struct place place = { 0 };
	const struct opt_group groups[] = { { place_opts, &place } };
	struct json_object *request, *reply;
	int r = place_parse(&place, &command, groups, 1, argc, argv);

	if (r != CLI_OK)
		return r == OPTS_HELP ? CLI_OK : r;
	request = place_request("reload");
	r = place_ask_or_complain(&place, request, &reply);
	json_object_put(request);
	if (r < 0)
		return CLI_FAILED;
	json_object_put(reply);
	return CLI_OK;
}
