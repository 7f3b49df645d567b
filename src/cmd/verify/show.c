// SPDX-License-Identifier: MIT
/*
 * imastage verify --html, --ear: a verdict in files.
 */
#include "cmd/verify/show.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/util.h"
#include "report/ear.h"

#include <errno.h>
#include <stdlib.h>

#define UNKNOWN "unknown"

/* ---- what is seen ------------------------------------------------------------ */

static void see_request(void *context, const struct verify_request *request)
{
	struct show *show = context;
	struct imastage_bytes machine =
		bytes_first(request->machine, sizeof(show->machine) - 1);
	struct imastage_bytes nonce =
		bytes_first(request->nonce, sizeof(show->nonce));

	refused_begin(&show->refused);
	if (show->part)
		report_clear(show->part);
	if (machine.len > 0)
		memcpy(show->machine, machine.data, machine.len);
	show->machine[machine.len] = '\0';
	if (nonce.len > 0)
		memcpy(show->nonce, nonce.data, nonce.len);
	show->nonce_len = nonce.len;
	show->judges_files = request->policy != NULL;
	show->policy = request->policy;
	show->violations_warn =
		request->violations == VERIFY_VIOLATIONS_WARN ||
		(request->violations == VERIFY_VIOLATIONS_POLICY &&
		 request->policy &&
		 policy_switches(request->policy)->violations_warn);
	show->judges_boot = request->nr_boots > 0 || request->boot_policy;
}

/* What a reader has to do something about comes first. */
static enum report_kind kind_of(enum policy_outcome outcome)
{
	if (outcome <= POLICY_KEY_LEARNT)
		return REPORT_ALLOWED;
	return outcome <= POLICY_EXCLUDED ? REPORT_DOUBTFUL : REPORT_REFUSED;
}

static void see_judgement(const struct show *show,
			  const struct policy_judgement *judgement,
			  struct report_record *shown)
{
	shown->kind = kind_of(judgement->outcome);
	shown->outcome = policy_outcome_name(judgement->outcome);
	shown->package =
		policy_package_of(show->policy, judgement->package).name;
	if (judgement->was_other ||
	    (judgement->outcome == POLICY_IS_VIOLATION &&
	     show->violations_warn))
		shown->kind = REPORT_DOUBTFUL;
}

static void note_refused(struct show *show, uint64_t index,
			 const struct policy_reading *reading,
			 const struct policy_judgement *judgement,
			 const struct report_record *shown)
{
	const struct policy_reading none = { .path = shown->path };
	struct approval_file file;
	int r;

	approval_file_of(reading ? reading : &none, judgement, &file);
	r = refused_note(&show->refused, index, &file);
	if (r < 0)
		show->error = r;
}

/* Nearly all records are allowed, and without a page nobody wants to see these. */
static bool wants(const struct show *show,
		  const struct policy_judgement *judgement)
{
	return show->part ||
	       (judgement && kind_of(judgement->outcome) == REPORT_REFUSED);
}

static void show_record(struct show *show, const struct verify_where *where,
			const struct policy_reading *reading,
			const struct policy_judgement *judgement)
{
	bool violation = imastage_record_is_violation(where->record);
	struct report_record shown = {
		.index = where->index,
		.kind = violation ? REPORT_DOUBTFUL : REPORT_UNJUDGED,
		.outcome = violation ? "violation" : "not judged",
		.template_name = where->record->name,
	};
	int r;

	if (violation || judgement)
		(void)imastage_record_event_name(where->record, &shown.path);
	if (judgement)
		see_judgement(show, judgement, &shown);
	if (reading && judgement) {
		shown.path = reading->path;
		if (reading->has_alg)
			shown.algorithm = policy_algorithm_name(reading->alg);
		shown.digest = reading->digest;
	}
	if (judgement && shown.kind == REPORT_REFUSED)
		note_refused(show, where->index, reading, judgement, &shown);
	r = show->part ? report_add(show->part, &shown) : 0;
	if (r < 0)
		show->error = r;
}

static void see_record(void *context, const struct verify_where *where,
		       const struct policy_reading *reading,
		       const struct policy_judgement *judgement)
{
	struct show *show = context;

	if (wants(show, judgement))
		show_record(show, where, reading, judgement);
}

int show_begin(struct show *show, struct verify_request *request)
{
	int r = 0;

	if (!show->html && !show->ear && !request->policy)
		return CLI_OK;
	if (show->html || show->ear)
		r = report_new(&show->report);
	if (show->report)
		r = report_new(&show->part);
	if (r < 0)
		return verify_complain("the report", r);
	show->watch = (struct verify_watch){ see_request, see_record, show };
	request->watch = &show->watch;
	return CLI_OK;
}

void show_end_part(struct show *show)
{
	refused_end(&show->refused);
	if (show->part)
		report_merge(show->report, show->part);
}

int show_look_up(struct show *show, const struct verify_options *options)
{
	const struct approval_policy policy = {
		.policy = options->policy,
		.path = options->policy_path,
		.is_signed = options->policy_keys.nr > 0,
	};
	int r = show->error;

	if (r == 0)
		r = refused_look_up(&show->refused, &policy);
	if (r == 0 && show->report)
		r = report_fill(show->report, refused_fill, &show->refused);
	if (r < 0)
		verify_complain("what was refused", r);
	return r;
}

void show_fini(struct show *show)
{
	report_free(show->report);
	report_free(show->part);
	refused_fini(&show->refused);
}

/* ---- earlier rounds ------------------------------------------------------------ */

struct rounds {
	struct report_round *of; /* owned, the oldest first */
	size_t nr;
};

static void reverse(struct rounds *rounds)
{
	for (size_t i = 0; i < rounds->nr / 2; i++) {
		struct report_round other = rounds->of[i];

		rounds->of[i] = rounds->of[rounds->nr - 1 - i];
		rounds->of[rounds->nr - 1 - i] = other;
	}
}

static int read_rounds(struct store *store, const char *machine,
		       struct rounds *rounds)
{
	uint64_t before = 0;
	int r = 0;

	while (rounds->nr < STORE_VERDICTS_MAX) {
		struct store_verdict verdict = { 0 };

		r = store_last_verdict(store, machine, before, &verdict);
		if (r)
			break;
		before = verdict.id;
		rounds->of[rounds->nr++] = (struct report_round){
			.made = verdict.made,
			.result = verdict.result,
			.proved = verdict.proved,
			.resets = verdict.resets,
			.first = verdict.first,
			.next = verdict.next,
		};
		free(verdict.reasons.data);
	}
	reverse(rounds);
	return r < 0 ? r : 0;
}

static int load_rounds(const struct show *show,
		       const struct verify_options *options,
		       struct rounds *ret_rounds)
{
	*ret_rounds = (struct rounds){ 0 };
	if (!options->store || !show->machine[0])
		return 0;
	ret_rounds->of = calloc(STORE_VERDICTS_MAX, sizeof(*ret_rounds->of));
	return ret_rounds->of ?
		       read_rounds(options->store, show->machine, ret_rounds) :
		       -ENOMEM;
}

/* ---- the page ------------------------------------------------------------------ */

static const char *name_of_machine(const struct show *show,
				   const struct verify_options *options)
{
	if (show->machine[0])
		return show->machine;
	return options->key_name[0] ? options->key_name : UNKNOWN;
}

/* What the last file's log says of the boot. */
static size_t take_events(const struct verdict_set *set,
			  struct report_event events[BOOT_EVENTS_MAX])
{
	const struct boot_events *boot =
		set->nr > 0 ? &set->verdicts[set->nr - 1].boot : NULL;
	size_t nr = boot ? boot->nr : 0;

	for (size_t i = 0; i < nr; i++)
		events[i] = (struct report_event){
			.pcr = boot->of[i].pcr,
			.kind = boot_event_role_name(boot->of[i].role),
			.text = bytes_of_text(boot->of[i].text),
		};
	return nr;
}

static int put_page(struct show *show, const struct verify_options *options,
		    const struct verdict_set *set, FILE *file)
{
	struct report_about about = {
		.machine = bytes_of_text(name_of_machine(show, options)),
		.made = options->sequence.now,
		.result = set->result,
		.verdicts = set->verdicts,
		.names = set->names,
		.nr_verdicts = set->nr,
	};
	struct report_event events[BOOT_EVENTS_MAX];
	struct rounds rounds;
	int r = load_rounds(show, options, &rounds);

	about.events = events;
	about.nr_events = take_events(set, events);
	about.rounds = rounds.of;
	about.nr_rounds = rounds.nr;
	if (r == 0)
		r = report_write(show->report, &about, file);
	free(rounds.of);
	return r;
}

/* ---- the token ----------------------------------------------------------------- */

/* The first of the worst ones. */
static const struct verify_verdict *worst_of(const struct verdict_set *set)
{
	for (size_t i = 0; i < set->nr; i++)
		if (set->verdicts[i].result == set->result)
			return &set->verdicts[i];
	return &set->verdicts[0];
}

static int put_token(struct show *show, const struct verify_options *options,
		     const struct verdict_set *set, FILE *file)
{
	const struct ear ear = {
		.verdict = worst_of(set),
		.machine = bytes_of_text(name_of_machine(show, options)),
		.nonce = bytes_of(show->nonce, show->nonce_len),
		.made = options->sequence.now,
		.judges_files = show->judges_files,
		.judges_boot = show->judges_boot,
	};
	const struct dsse_key *key = options->store ?
					     store_key(options->store) :
					     options->keys.of[0];

	return set->nr > 0 ? ear_write(&ear, key, file) : -ENODATA;
}

/* ---- files --------------------------------------------------------------------- */

typedef int (*put_function)(struct show *show,
			    const struct verify_options *options,
			    const struct verdict_set *set, FILE *file);

static int write_one(struct show *show, const struct verify_options *options,
		     const struct verdict_set *set, const char *path,
		     put_function put)
{
	struct output output;
	int r;

	if (!path)
		return 0;
	r = output_open(&output, path);
	if (r == 0) {
		r = put(show, options, set, output.file);
		if (r == 0)
			r = output_commit(&output);
		output_fini(&output);
	}
	if (r < 0)
		cli_error("%s: %s", path, path_strerror(r));
	return r;
}

int show_write(struct show *show, const struct verify_options *options,
	       const struct verdict_set *set)
{
	int html, ear;

	if (!show->report)
		return 0;
	if (show->error < 0) {
		verify_complain("the report", show->error);
		return show->error;
	}
	html = write_one(show, options, set, show->html, put_page);
	ear = write_one(show, options, set, show->ear, put_token);
	return html < 0 ? html : ear;
}
