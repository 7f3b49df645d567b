// SPDX-License-Identifier: MIT
/*
 * A verdict, shown. Paths are as the machine has them: any bytes.
 */
#include "cmd/verify/print.h"
#include "base/bytes.h"
#include "base/text.h"
#include "tool/json.h"

#include <inttypes.h>

#define VERDICT_VERSION 1

const char *print_level_name(enum verify_id id)
{
	static const char *const names[] = {
		[VERIFY_NOTE] = "note",
		[VERIFY_WARNING] = "warning",
		[VERIFY_FAILURE] = "failure",
	};

	return names[verify_id_level(id)];
}

/* ---- for people ------------------------------------------------------------ */

static void print_reason(FILE *file, const struct verify_reason *reason)
{
	fprintf(file, "%s: %s: %s", print_level_name(reason->id),
		verify_id_name(reason->id), verify_id_meaning(reason->id));
	if (reason->text[0])
		fprintf(file, "; %s", reason->text);
	if (reason->earlier)
		fputs("; in an earlier round of this boot", file);
	if (reason->has_index)
		fprintf(file, "; record %" PRIu64, reason->index);
	if (reason->has_byte)
		fprintf(file, "; byte %" PRIu64, reason->byte);
	if (reason->path_len > 0) {
		fputs("; ", file);
		text_print(file, bytes_of(reason->path, reason->path_len));
	}
	putc('\n', file);
}

/* How many more there are of each id than are shown. */
static void print_more(FILE *file, const struct verify_verdict *verdict)
{
	uint64_t shown[VERIFY_NR_IDS] = { 0 };

	for (size_t i = 0; i < verdict->nr_reasons; i++)
		shown[verdict->reasons[i].id]++;
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (verdict->nr_of[id] > shown[id])
			fprintf(file, "%s: %s: %" PRIu64 " more\n",
				print_level_name(id), verify_id_name(id),
				verdict->nr_of[id] - shown[id]);
}

static void print_outcomes(FILE *file, const struct verify_verdict *verdict)
{
	const char *between = "records by outcome: ";

	for (enum policy_outcome i = 0; i < POLICY_NR_OUTCOMES; i++) {
		if (verdict->nr_outcomes[i] == 0)
			continue;
		fprintf(file, "%s%" PRIu64 " %s", between,
			verdict->nr_outcomes[i], policy_outcome_name(i));
		between = ", ";
	}
	if (*between == ',')
		putc('\n', file);
}

static void print_body(FILE *file, const struct verify_verdict *verdict)
{
	if (verdict->proved && verdict->next_index == verdict->first_index)
		fprintf(file,
			"no record is new: %" PRIu64
			" were proved before, %" PRIu64 " follow\n",
			verdict->first_index, verdict->nr_excess);
	else if (verdict->proved)
		fprintf(file,
			"records %" PRIu64 "..%" PRIu64 " are proved, %" PRIu64
			" follow\n",
			verdict->first_index, verdict->next_index - 1,
			verdict->nr_excess);
	else
		fputs("no record is proved\n", file);
	print_outcomes(file, verdict);
	boot_events_print(file, &verdict->boot);
	for (size_t i = 0; i < verdict->nr_reasons; i++)
		print_reason(file, &verdict->reasons[i]);
	print_more(file, verdict);
}

void verdict_print_text(FILE *file, const struct verify_verdict *verdict)
{
	fprintf(file, "%s\n", verify_result_name(verdict->result));
	print_body(file, verdict);
}

static void print_set(FILE *file, const struct verdict_set *set)
{
	fprintf(file, "%s\n", verify_result_name(set->result));
	for (size_t i = 0; i < set->nr; i++) {
		if (!set->is_one) {
			putc('\n', file);
			text_print(file, bytes_of_text(set->names[i]));
			fprintf(file, ": %s\n",
				verify_result_name(set->verdicts[i].result));
		}
		print_body(file, &set->verdicts[i]);
		if (set->refused)
			refused_print(set->refused, i, file);
	}
}

/* ---- JSON ------------------------------------------------------------------ */

/* As text, for many programs take numbers for floating point. */
static void put_u64(struct json *json, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	json_text(json, name, text);
}

static void put_reason(struct json *json, const struct verify_reason *reason)
{
	json_open(json, NULL, '{');
	json_text(json, "id", verify_id_name(reason->id));
	json_text(json, "level", print_level_name(reason->id));
	if (reason->earlier)
		json_boolean(json, "earlier", true);
	if (reason->has_index)
		put_u64(json, "index", reason->index);
	if (reason->has_byte)
		put_u64(json, "byte", reason->byte);
	if (reason->path_len > 0)
		json_bytes(json, "path",
			   bytes_of(reason->path, reason->path_len));
	json_text(json, "meaning", verify_id_meaning(reason->id));
	if (reason->text[0])
		json_text(json, "text", reason->text);
	json_close(json, '}');
}

static void put_counts(struct json *json, const struct verify_verdict *verdict)
{
	json_open(json, "counts", '{');
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (verdict->nr_of[id])
			put_u64(json, verify_id_name(id), verdict->nr_of[id]);
	json_close(json, '}');
}

/* Of the policy, and what became of the records. */
static void put_policy(struct json *json, const struct verify_verdict *verdict)
{
	json_open(json, "policy", '{');
	json_hex(json, "sha256",
		 bytes_of(verdict->policy, sizeof(verdict->policy)));
	json_open(json, "outcomes", '{');
	for (enum policy_outcome i = 0; i < POLICY_NR_OUTCOMES; i++)
		if (verdict->nr_outcomes[i])
			put_u64(json, policy_outcome_name(i),
				verdict->nr_outcomes[i]);
	json_close(json, '}');
	json_close(json, '}');
}

static void put_clock(struct json *json, const struct verify_verdict *verdict)
{
	json_open(json, "quote", '{');
	put_u64(json, "clock", verdict->clock.clock);
	json_number(json, "resets", verdict->clock.resets);
	json_number(json, "restarts", verdict->clock.restarts);
	json_boolean(json, "safe", verdict->clock.safe);
	put_u64(json, "firmware", verdict->firmware);
	json_close(json, '}');
}

static void put_event(struct json *json, const struct boot_event *event)
{
	json_open(json, NULL, '{');
	json_text(json, "role", boot_event_role_name(event->role));
	json_number(json, "pcr", event->pcr);
	put_u64(json, "event", event->number);
	json_text(json, "bank", imastage_bank_name(event->bank));
	json_hex(json, "digest",
		 bytes_of(event->digest,
			  imastage_bank_digest_len(event->bank)));
	json_text(json, "text", event->text);
	json_boolean(json, "proved", event->proved);
	json_close(json, '}');
}

static void put_boot(struct json *json, const struct boot_events *events)
{
	if (events->nr == 0)
		return;
	json_open(json, "boot", '[');
	for (size_t i = 0; i < events->nr; i++)
		put_event(json, &events->of[i]);
	json_close(json, ']');
}

static void put_verdict(struct json *json, const struct verify_verdict *verdict)
{
	json_text(json, "verdict", verify_result_name(verdict->result));
	json_boolean(json, "proved", verdict->proved);
	put_u64(json, "first", verdict->first_index);
	put_u64(json, "next", verdict->next_index);
	put_u64(json, "violations", verdict->nr_violations);
	put_u64(json, "withheld", verdict->nr_withheld);
	put_u64(json, "excess", verdict->nr_excess);
	if (verdict->has_quote)
		put_clock(json, verdict);
	put_boot(json, &verdict->boot);
	json_open(json, "reasons", '[');
	for (size_t i = 0; i < verdict->nr_reasons; i++)
		put_reason(json, &verdict->reasons[i]);
	json_close(json, ']');
	put_counts(json, verdict);
	if (verdict->has_policy)
		put_policy(json, verdict);
}

void verdict_print_json(FILE *file, const struct verify_verdict *verdict)
{
	struct json json;

	json_start(&json, file, '{');
	json_number(&json, "version", VERDICT_VERSION);
	put_verdict(&json, verdict);
	json_end(&json, '}');
}

void verdict_put_json(struct json *json, const char *name,
		      const struct verify_verdict *verdict)
{
	json_open(json, name, '{');
	json_number(json, "version", VERDICT_VERSION);
	put_verdict(json, verdict);
	json_close(json, '}');
}

static void put_one(struct json *json, const struct verdict_set *set, size_t nr)
{
	put_verdict(json, &set->verdicts[nr]);
	if (set->refused)
		refused_put(set->refused, nr, json);
}

static void put_files(struct json *json, const struct verdict_set *set)
{
	json_text(json, "verdict", verify_result_name(set->result));
	json_open(json, "files", '[');
	for (size_t i = 0; i < set->nr; i++) {
		json_open(json, NULL, '{');
		json_bytes(json, "file", bytes_of_text(set->names[i]));
		put_one(json, set, i);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_set(FILE *file, const struct verdict_set *set)
{
	struct json json;

	json_start(&json, file, '{');
	json_number(&json, "version", VERDICT_VERSION);
	if (set->is_one)
		put_one(&json, set, 0);
	else
		put_files(&json, set);
	json_end(&json, '}');
}

void verdict_print_set(FILE *file, const struct verdict_set *set, bool json)
{
	if (json)
		put_set(file, set);
	else
		print_set(file, set);
}
