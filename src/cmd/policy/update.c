// SPDX-License-Identifier: MIT
/*
 * imastage policy update: a policy before machines are upgraded.
 */
#include "cmd/cmd.h"
#include "cmd/policy/made.h"
#include "cmd/policy/load.h"
#include "cmd/policy/sources.h"
#include "base/bytes.h"
#include "catalog/update.h"
#include "policy/time.h"
#include "tool/cli.h"
#include "tool/parse.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define GRACE_MAX 36500 /* days */

struct options {
	struct made made;
	struct update_rules rules;
	uint64_t grace;
	bool has_grace, drops;
};

static int set_retire(void *context, const char *value)
{
	return policy_time_read(bytes_of_text(value),
				&((struct options *)context)->rules.retires);
}

static int set_grace(void *context, const char *value)
{
	struct options *options = context;

	options->has_grace = true;
	return parse_number(value, GRACE_MAX, &options->grace);
}

static int set_drop(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->drops = true;
	return 0;
}

static const struct opt update_opts[] = {
	{ .text = "What is replaced:" },
	{ "retire", 0, "DATE",
	  "the day from which replaced digests are no longer allowed",
	  set_retire, "a day like 2026-12-24" },
	{ "grace", 0, "DAYS", "the same, as days from today", set_grace,
	  "a number of days" },
	{ "drop-retired", 0, NULL, "leave out what has retired before today",
	  set_drop, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "[OPTION]... POLICY SOURCE...",
	.summary =
		"Adds to a policy what packages and other sources have, before machines are\n"
		"upgraded. Digests of packages that get another version retire: they are allowed\n"
		"until a day, so machines are accepted before, during and after their upgrade.\n",
	.epilogue =
		"Nothing is written if a package is refused, is missing, or a file cannot be read,\n"
		"unless --incomplete is given. POLICY itself changes only if --output names it.\n",
};

/* Days begin at midnight UTC. */
static int set_days(struct options *options, const struct sources *sources)
{
	uint64_t now = (uint64_t)time(NULL), today = now - now % POLICY_DAY;

	if (options->has_grace && options->rules.retires)
		return cli_usage(
			"--retire and --grace both say when; give one of them");
	if (!options->has_grace && !options->rules.retires &&
	    sources_have_versions(sources))
		return cli_usage(
			"no day for what is replaced; name it with --grace or --retire");
	options->rules.today = today;
	if (options->has_grace)
		options->rules.retires =
			today + (options->grace + 1) * POLICY_DAY;
	if (options->drops)
		options->rules.drop_before = today + 1;
	return CLI_OK;
}

static int merge(struct options *options, struct sources *sources,
		 const struct policy *old, const struct policy *fresh)
{
	struct policy_builder *builder;
	struct update_counts counts;
	int status = CLI_FAILED, r = policy_builder_new(&builder);

	if (r == 0) {
		r = update_policy(old, fresh, &options->rules, builder,
				  &counts);
		if (r == 0)
			status = made_write(&options->made, sources, builder,
					    &counts);
		policy_builder_free(builder);
	}
	if (r < 0)
		cli_error("%s", strerror(-r));
	return status;
}

static int read_fresh(struct options *options, struct sources *sources,
		      const struct policy *old)
{
	struct policy *fresh = NULL;
	int status = sources_read(sources);

	if (status == CLI_OK)
		status = made_finish(sources->builder, &fresh);
	if (status == CLI_OK)
		status = merge(options, sources, old, fresh);
	policy_free(fresh);
	return status;
}

static int update(struct options *options, struct sources *sources,
		  const char *path)
{
	struct policy *old = NULL;
	int status = sources_check(sources);

	if (status == CLI_OK)
		status = set_days(options, sources);
	if (status == CLI_OK)
		status = policy_load(path, NULL, &old);
	if (status != CLI_OK)
		return status;
	if (policy_builder_new(&sources->builder) == 0) {
		status = read_fresh(options, sources, old);
		policy_builder_free(sources->builder);
	} else {
		cli_error("%s", strerror(ENOMEM));
		status = CLI_FAILED;
	}
	policy_free(old);
	return status;
}

int cmd_policy_update(int argc, char **argv)
{
	static struct sources sources = { .bank = IMASTAGE_SHA256 };
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ sources_opts, &sources },
		{ update_opts, &options },
		{ made_opts, &options.made },
	};
	char **args;
	int status = opts_parse(&command, groups, 3, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	if (!args[0] || args[1])
		return cli_usage("one policy is updated: POLICY");
	status = update(&options, &sources, args[0]);
	sources_fini(&sources);
	return status;
}
