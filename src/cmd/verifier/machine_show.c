// SPDX-License-Identifier: MIT
/*
 * imastage machine list, show
 */
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "store/kept.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <inttypes.h>
#include <time.h>

struct options {
	struct verifier_place place;
	bool json;
	const char *checkpoint;
};

static int set_json(void *context, const char *value)
{
	(void)value;
	((struct options *)context)->json = true;
	return 0;
}

static int set_checkpoint(void *context, const char *value)
{
	((struct options *)context)->checkpoint = value;
	return 0;
}

static const struct opt list_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object for each machine", set_json,
	  NULL },
	{ 0 },
};

static const struct opt show_opts[] = {
	{ .text = "What is printed:" },
	{ "json", 'j', NULL, "one JSON object", set_json, NULL },
	{ "checkpoint", 0, "FILE", "its newest checkpoint goes there, too",
	  set_checkpoint, "a file" },
	{ 0 },
};

static const struct command list_command = {
	.synopsis = "[OPTION]...",
	.summary = "Lists the machines in the store, each with its last "
		   "verdict.\n",
};

static const struct command show_command = {
	.synopsis = "[OPTION]... MACHINE",
	.summary = "Shows a machine: its keys, how they came to be trusted, "
		   "the last verdict.\n",
};

/* A machine, the last that was said of it, and how much of its evidence is kept. */
struct shown {
	struct store_machine machine;
	bool has_verdict;
	struct store_verdict verdict;
	struct store_kept_sum kept;
};

/* Answers as store_get_machine(). */
static int complete(struct store *store, struct shown *shown)
{
	int r = store_last_verdict(store, shown->machine.id, 0,
				   &shown->verdict);

	shown->has_verdict = r == 0;
	return r < 0 ? r :
		       store_sum_kept(store, shown->machine.id, &shown->kept);
}

static void put_time(char ret_text[32], uint64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&at, &tm) ||
	    strftime(ret_text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(ret_text, 32, "%" PRIu64, seconds);
}

/* ---- what is kept ------------------------------------------------------------------- */

/* Rounds of a boot, each from where the one before it ended. */
struct stretch {
	uint32_t resets;
	uint64_t first, next, nr;
};

struct stretches {
	struct store *store;
	const char *machine;
	struct store_kept kept; /* the round at hand */
	struct stretch at; /* of those before it; nr 0: none */
	bool ended;
};

static bool goes_on(const struct stretches *all)
{
	return all->at.nr > 0 && all->at.resets == all->kept.resets &&
	       all->at.next == all->kept.first;
}

static void take_round(struct stretches *all)
{
	if (!goes_on(all))
		all->at = (struct stretch){ .resets = all->kept.resets,
					    .first = all->kept.first };
	all->at.next = all->kept.next;
	all->at.nr++;
}

/* 0, STORE_UNKNOWN behind the last, negative. */
static int next_stretch(struct stretches *all, struct stretch *ret_stretch)
{
	int r = 0;

	while (!all->ended) {
		struct stretch before = all->at;
		bool broken;

		r = store_next_kept(all->store, all->machine, all->kept.id,
				    &all->kept);
		if (r < 0)
			return r;
		all->ended = r == STORE_UNKNOWN;
		broken = before.nr > 0 && (all->ended || !goes_on(all));
		if (!all->ended)
			take_round(all);
		*ret_stretch = before;
		if (broken)
			return 0;
	}
	return STORE_UNKNOWN;
}

/* ---- JSON ---------------------------------------------------------------------------- */

static void put_u64(struct json *json, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	json_text(json, name, text);
}

static void put_name(struct json *json, const char *member,
		     const struct evidence_name *name)
{
	if (name->len > 0)
		json_hex(json, member, bytes_of(name->bytes, name->len));
}

static void put_verdict(struct json *json, const struct store_verdict *verdict)
{
	json_open(json, "last", '{');
	put_u64(json, "time", verdict->made);
	json_text(json, "verdict", verify_result_name(verdict->result));
	json_boolean(json, "proved", verdict->proved);
	json_number(json, "resets", verdict->resets);
	put_u64(json, "first", verdict->first);
	put_u64(json, "next", verdict->next);
	json_close(json, '}');
}

static int put_stretches(struct json *json, struct store *store,
			 const char *machine)
{
	struct stretches all = { .store = store, .machine = machine };
	struct stretch stretch;
	int r;

	json_open(json, "ranges", '[');
	while ((r = next_stretch(&all, &stretch)) == 0) {
		json_open(json, NULL, '{');
		json_number(json, "resets", stretch.resets);
		put_u64(json, "first", stretch.first);
		put_u64(json, "next", stretch.next);
		put_u64(json, "rounds", stretch.nr);
		json_close(json, '}');
	}
	json_close(json, ']');
	free(all.kept.outcomes.data);
	return r == STORE_UNKNOWN ? 0 : r;
}

/* @store: for which rounds these are; NULL: their number is enough. */
static int put_kept(struct json *json, const struct shown *shown,
		    struct store *store)
{
	int r = 0;

	json_open(json, "kept", '{');
	put_u64(json, "rounds", shown->kept.nr);
	put_u64(json, "bytes", shown->kept.bytes);
	if (store)
		r = put_stretches(json, store, shown->machine.id);
	json_close(json, '}');
	return r;
}

static int put_machine(const struct shown *shown, struct store *store)
{
	const struct store_machine *machine = &shown->machine;
	struct json json;
	int r;

	json_start(&json, stdout, '{');
	json_text(&json, "machine", machine->id);
	json_text(&json, "host", machine->host);
	put_u64(&json, "added", machine->added);
	json_text(&json, "trust", store_trust_name(machine->trust));
	json_text(&json, "trusted", machine->trusted);
	put_name(&json, "ak_name", &machine->ak_name);
	put_name(&json, "ak_qualified_name", &machine->ak_qualified);
	put_name(&json, "ek_name", &machine->ek_name);
	json_boolean(&json, "fresh", machine->fresh);
	if (*machine->barred)
		json_text(&json, "barred", machine->barred);
	if (shown->has_verdict)
		put_verdict(&json, &shown->verdict);
	r = put_kept(&json, shown, store);
	json_end(&json, '}');
	return r;
}

/* ---- for people ------------------------------------------------------------------------- */

static const char *word_of(const struct shown *shown)
{
	if (*shown->machine.barred)
		return "barred";
	return shown->has_verdict ? verify_result_name(shown->verdict.result) :
				    "never seen";
}

static void print_line(const struct shown *shown)
{
	char time[32] = "";

	if (shown->has_verdict)
		put_time(time, shown->verdict.made);
	text_print_line(stdout, "%s  %s  %s%s%s  %s", shown->machine.id,
			store_trust_name(shown->machine.trust), word_of(shown),
			*time ? " " : "", time, shown->machine.host);
}

static void print_name(const char *what, const struct evidence_name *name)
{
	if (name->len == 0)
		return;
	printf("%s: ", what);
	text_print_hex(stdout, bytes_of(name->bytes, name->len));
	putchar('\n');
}

static void print_reasons(const struct verify_carried *carried)
{
	for (size_t i = 0; i < carried->nr; i++)
		text_print_line(stdout, "in boot %u: %s: %s", carried->resets,
				verify_id_name(carried->reasons[i].id),
				verify_id_meaning(carried->reasons[i].id));
}

static int print_kept(const struct shown *shown, struct store *store)
{
	struct stretches all = { .store = store, .machine = shown->machine.id };
	struct stretch stretch;
	int r;

	printf("kept: %" PRIu64 " rounds, %" PRIu64 " bytes\n", shown->kept.nr,
	       shown->kept.bytes);
	while ((r = next_stretch(&all, &stretch)) == 0)
		printf("kept: boot %" PRIu32 ": records %" PRIu64 "..%" PRIu64
		       ", rounds %" PRIu64 "\n",
		       stretch.resets, stretch.first, stretch.next - 1,
		       stretch.nr);
	free(all.kept.outcomes.data);
	return r == STORE_UNKNOWN ? 0 : r;
}

static void print_all(const struct shown *shown)
{
	const struct store_machine *machine = &shown->machine;
	char time[32];

	put_time(time, machine->added);
	text_print_line(stdout, "machine: %s", machine->id);
	text_print_line(stdout, "host: %s", machine->host);
	text_print_line(stdout, "added: %s", time);
	text_print_line(stdout, "trusted by: %s: %s",
			store_trust_name(machine->trust), machine->trusted);
	print_name("name of the AK", &machine->ak_name);
	print_name("its qualified name", &machine->ak_qualified);
	print_name("name of the EK", &machine->ek_name);
	if (*machine->barred)
		text_print_line(stdout, "barred: %s", machine->barred);
	if (!shown->has_verdict) {
		puts("no verdict yet");
		return;
	}
	put_time(time, shown->verdict.made);
	text_print_line(stdout,
			"last verdict: %s, %s; records up to %" PRIu64
			" of boot %u",
			verify_result_name(shown->verdict.result), time,
			shown->verdict.next, shown->verdict.resets);
	print_reasons(&machine->carried);
}

/* ---- verbs -------------------------------------------------------------------------------- */

static int list(const struct options *options, struct store *store)
{
	static struct shown shown;
	int r;

	while ((r = store_next_machine(store, shown.machine.id,
				       &shown.machine)) == 0 &&
	       (r = complete(store, &shown)) == 0) {
		if (options->json)
			(void)put_machine(&shown, NULL);
		else
			print_line(&shown);
	}
	free(shown.verdict.reasons.data);
	return r == STORE_UNKNOWN ? CLI_OK : CLI_FAILED;
}

static int write_checkpoint(const struct options *options, struct store *store,
			    const char *id)
{
	struct imastage_buffer envelope = { 0 };
	int r = store_get_checkpoint(store, id, &envelope);
	int status = CLI_FAILED;

	if (r == STORE_UNKNOWN)
		cli_error("%s: there is no checkpoint yet", id);
	else if (r == 0)
		status = verifier_write(options->checkpoint,
					bytes_of(envelope.data, envelope.len));
	free(envelope.data);
	return status;
}

static int print(const struct options *options, struct store *store,
		 const struct shown *shown)
{
	int r;

	if (!options->json)
		print_all(shown);
	r = options->json ? put_machine(shown, store) :
			    print_kept(shown, store);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static int show(const struct options *options, struct store *store,
		const char *id)
{
	static struct shown shown;
	int r = store_get_machine(store, id, &shown.machine), status;

	if (r == 0)
		r = complete(store, &shown);
	status = verifier_answer(r, id);
	if (status == CLI_OK && options->checkpoint)
		status = write_checkpoint(options, store, id);
	if (status == CLI_OK)
		status = print(options, store, &shown);
	free(shown.verdict.reasons.data);
	return status;
}

int cmd_machine_list(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ list_opts, &options },
		{ verifier_opts, &options.place },
	};
	struct store *store;
	int status = opts_parse_all(&list_command, groups, 2, argc, argv);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_open(&options.place, false, &store);
	if (status != CLI_OK)
		return status;
	status = list(&options, store);
	store_close(store);
	return status;
}

int cmd_machine_show(int argc, char **argv)
{
	struct options options = { 0 };
	const struct opt_group groups[] = {
		{ show_opts, &options },
		{ verifier_opts, &options.place },
	};
	struct store *store;
	const char *id;
	char **args;
	int status = opts_parse(&show_command, groups, 2, argc, argv, &args);

	if (status != CLI_OK)
		return status == OPTS_HELP ? CLI_OK : status;
	status = verifier_argument(args, "MACHINE", &id);
	if (status == CLI_OK)
		status = verifier_open(&options.place, false, &store);
	if (status != CLI_OK)
		return status;
	status = show(&options, store, id);
	store_close(store);
	return status;
}
