// SPDX-License-Identifier: MIT
/*
 * imastage reverify: evidence that is kept, judged by another policy.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "cmd/verifier/place.h"
#include "cmd/verify/reverify_print.h"
#include "cmd/verify/show.h"
#include "tool/progress.h"

#include <errno.h>
#include <inttypes.h>

#define NAMED_MAX 256
#define PAGE_MAX 64 /* machines on one page */

struct reverify {
	struct verify_options verify; /* policies, and what shows them */
	struct verifier_place place;
	const char *named[NAMED_MAX]; /* none: all of the store */
	size_t nr_named;
	enum progress_mode progress;

	struct history history; /* of the machine at hand */
	struct reverify_sum sum;
	struct json json;
	int status; /* CLI_FAILED: some of it could not be done */
	uint64_t nr_read, nr_bytes; /* of all that is to be read */

	/* For the page: of the machines before; owned. */
	struct verify_verdict *verdicts;
	char *names[PAGE_MAX + 1];
};

/* ---- options --------------------------------------------------------------- */

static int set_machine(void *context, const char *value)
{
	struct reverify *all = context;

	if (all->nr_named == NAMED_MAX)
		return cli_usage("more than %d machines; leave --machine out "
				 "to judge all",
				 NAMED_MAX);
	all->named[all->nr_named++] = value;
	return *value ? 0 : -EINVAL;
}

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct reverify *)context)->verify.json = true;
	return 0;
}

static int set_html(void *context, const char *value)
{
	((struct reverify *)context)->verify.show->html = value;
	return *value ? 0 : -EINVAL;
}

static int set_strict(void *context, const char *value)
{
	(void)value;
	((struct reverify *)context)->verify.strict = true;
	return 0;
}

static int set_progress(void *context, const char *value)
{
	(void)value;
	((struct reverify *)context)->progress = PROGRESS_ALWAYS;
	return 0;
}

static int set_no_progress(void *context, const char *value)
{
	(void)value;
	((struct reverify *)context)->progress = PROGRESS_NEVER;
	return 0;
}

static const struct opt opts[] = {
	{ .text = "What is judged:" },
	{ "machine", 'm', "ID",
	  "the history of this machine; may be given several times\n"
	  "(all machines of the store)",
	  set_machine, "the id of a machine" },
	{ .text = "The result:" },
	{ "json", 'j', NULL, "as one JSON object", set_json, NULL },
	{ "html", 0, "FILE", "as a page for a browser, too", set_html,
	  "a file" },
	{ "strict", 0, NULL, "a warning is exit status 3, too", set_strict,
	  NULL },
	{ "progress", 0, NULL, "show progress, even if not on a terminal",
	  set_progress, NULL },
	{ "no-progress", 0, NULL, "show no progress", set_no_progress, NULL },
	{ 0 },
};

static const struct command command = {
	.synopsis = "--policy FILE [OPTION]...",
	.summary =
		"Judges the evidence that 'imastage verify --keep' has kept "
		"by another policy, without\nasking any machine. Lists which "
		"records are refused or approved now and were not\nthen. "
		"Changes nothing in the store.\n",
	.epilogue = "Exit status: 0 accepted or warning, 3 rejected, 1 some of "
		    "it could not be judged;\nthe worst of all machines.\n",
};

/* ---- a machine --------------------------------------------------------------- */

static bool go_on(void *context, size_t len)
{
	struct reverify *all = context;

	all->nr_read += len;
	progress_update(all->sum.nr_rounds + all->history.nr_rounds,
			all->nr_read, all->nr_bytes);
	return !cli_interrupted();
}

static void end_round(void *context)
{
	const struct reverify *all = context;

	show_end_part(all->verify.show);
}

static void add_to_sum(struct reverify *all)
{
	const struct history *history = &all->history;
	struct reverify_sum *sum = &all->sum;

	sum->result = history_worse(sum->result, history->result);
	sum->nr_machines++;
	sum->nr_in_part += history->nr_holes > 0;
	sum->nr_lost += history->nr_losses > 0;
	sum->nr_rounds += history->nr_rounds;
	sum->nr_records += history->nr_records;
	sum->nr_bytes += history->nr_bytes;
	for (enum change_kind kind = 0; kind < CHANGE_NR_KINDS; kind++)
		sum->nr_of[kind] += history->changes.nr_of[kind];
}

static int keep_for_page(struct reverify *all)
{
	size_t nr = all->sum.nr_machines;

	if (!all->verify.show->html)
		return 0;
	if (nr == PAGE_MAX)
		return -E2BIG;
	all->names[nr] = strdup(all->history.machine);
	all->verdicts[nr] = all->history.verdict;
	return all->names[nr] ? 0 : -ENOMEM;
}

static void print(struct reverify *all)
{
	progress_clear();
	if (all->verify.json)
		reverify_put_machine(&all->json, &all->history);
	else
		reverify_print_machine(stdout, &all->history);
}

/* What could not be judged of one is no reason to leave out the others. */
static int one_machine(struct reverify *all, const char *id)
{
	const struct history_watch watch = { go_on, end_round, all };
	int r = store_reverify(all->verify.store, id, &all->verify.request,
			       &watch, &all->history);

	if (cli_interrupted())
		return -EINTR;
	if (r == STORE_UNKNOWN) {
		all->status = verifier_answer(r, id);
		return 0;
	}
	if (r < 0) {
		cli_error("%s: could not be judged: %s", id, strerror(-r));
		all->status = CLI_FAILED;
	}
	print(all);
	r = keep_for_page(all);
	add_to_sum(all);
	return r;
}

/* ---- all of them --------------------------------------------------------------- */

/* Calls @each for the ids that are wanted, until it returns something else than 0. */
static int for_each(struct reverify *all,
		    int (*each)(struct reverify *all, const char *id))
{
	struct store_machine *machine = calloc(1, sizeof(*machine));
	int r = machine ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < all->nr_named; i++)
		r = each(all, all->named[i]);
	while (r == 0 && all->nr_named == 0) {
		r = store_next_machine(all->verify.store, machine->id, machine);
		if (r == 0)
			r = each(all, machine->id);
	}
	free(machine);
	return r == STORE_UNKNOWN ? 0 : r;
}

static int add_bytes(struct reverify *all, const char *id)
{
	struct store_kept_sum sum = { 0 };
	int r = store_sum_kept(all->verify.store, id, &sum);

	all->nr_bytes += sum.bytes;
	return r;
}

static int write_page(struct reverify *all)
{
	struct verify_options *options = &all->verify;
	const struct verdict_set set = {
		.verdicts = all->verdicts,
		.names = all->names,
		.nr = all->sum.nr_machines,
		.result = all->sum.result,
	};

	if (!options->show->html)
		return 0;
	*options->show->machine = '\0';
	if (set.nr == 1)
		snprintf(options->show->machine, sizeof(options->show->machine),
			 "%s", all->names[0]);
	snprintf(options->key_name, sizeof(options->key_name), "%zu machines",
		 set.nr);
	if (show_look_up(options->show, options) < 0)
		return -EIO;
	return show_write(options->show, options, &set);
}

static void print_end(struct reverify *all)
{
	progress_clear();
	if (all->sum.nr_machines == 0)
		all->sum.result = VERIFY_NONE;
	if (all->verify.json)
		reverify_end_json(&all->json, &all->sum);
	else
		reverify_print_sum(stdout, &all->sum);
}

static int judge_all(struct reverify *all)
{
	const struct policy *policy = all->verify.policy;
	int r;

	if (all->verify.json)
		reverify_begin_json(&all->json, stdout,
				    policy ? policy_hash(policy) : NULL);
	all->sum.result = VERIFY_ACCEPTED;
	r = for_each(all, add_bytes);
	progress_start_of(all->progress, "rounds");
	if (r == 0)
		r = for_each(all, one_machine);
	if (r == 0)
		r = store_find_strays(all->verify.store, &all->sum.strays);
	if (r < 0 || all->status != CLI_OK)
		all->sum.result = history_worse(all->sum.result, VERIFY_NONE);
	print_end(all);
	if (r == -E2BIG)
		cli_error("--html: more than %d machines; name some by "
			  "--machine",
			  PAGE_MAX);
	if (r == 0)
		r = write_page(all);
	return r < 0 ? CLI_FAILED :
		       verify_status(&all->verify, all->sum.result);
}

/* ---- the verb --------------------------------------------------------------------- */

static int load(struct reverify *all)
{
	struct verify_options *options = &all->verify;
	int status = show_begin(options->show, &options->request);

	if (status == CLI_OK)
		status = verify_load_policy(options);
	if (status == CLI_OK)
		status = verify_load_boot_policies(options);
	if (status == CLI_OK)
		status = verifier_open(&all->place, false, &options->store);
	if (status == CLI_OK && options->show->html) {
		all->verdicts = calloc(PAGE_MAX, sizeof(*all->verdicts));
		if (!all->verdicts)
			status = verify_complain("the report", -ENOMEM);
	}
	return status;
}

static void fini(struct reverify *all)
{
	store_close(all->verify.store);
	boot_policy_free(all->verify.boot_policy);
	policy_free(all->verify.policy);
	policy_key_files_fini(&all->verify.policy_keys);
	show_fini(all->verify.show);
	for (size_t i = 0; i < PAGE_MAX; i++)
		free(all->names[i]);
	free(all->verdicts);
}

static int check(const struct verify_options *options)
{
	if (options->policy_keys.nr > 0 && !options->policy_path)
		return cli_usage("--policy-key needs --policy");
	if (!options->policy_path && options->nr_boot_policies == 0 &&
	    options->request.nr_boots == 0)
		return cli_usage("no policy is given: name one by --policy or "
				 "--boot-policy");
	return CLI_OK;
}

int cmd_reverify(int argc, char **argv)
{
	static struct show show;
	static struct reverify all = { .verify.show = &show }; /* large */
	const struct opt_group groups[] = {
		{ opts, &all },
		{ verify_policy_opts, &all.verify },
		{ verifier_opts, &all.place },
	};
	int status;

	all.verify.request.list_pcrs = 1u << IMASTAGE_PCR_IMA;
	all.verify.sequence.now = verifier_now();
	status = opts_parse_all(&command, groups, ARRAY_SIZE(groups), argc,
				argv);
	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = check(&all.verify);
	if (status == CLI_OK)
		status = load(&all);
	if (status == CLI_OK)
		status = judge_all(&all);
	fini(&all);
	return status;
}
