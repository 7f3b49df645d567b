// SPDX-License-Identifier: MIT
/*
 * History judged again, shown. Paths are as machines have them: any bytes.
 */
#include "cmd/verify/reverify_print.h"
#include "base/bytes.h"
#include "base/text.h"
#include "cmd/verify/print.h"

#include <inttypes.h>

#define REVERIFY_VERSION 1

static const char *word_of(const struct outcome *outcome)
{
	if (!outcome->known)
		return "not known";
	return outcome->judged ? policy_outcome_name(outcome->outcome) :
				 "not judged";
}

/* Records of changes that are not shown. */
static uint64_t nr_more(const struct changes *changes, enum change_kind kind)
{
	uint64_t nr = changes->nr_of[kind];

	for (size_t i = 0; i < changes->nr_changes[kind]; i++)
		nr -= changes->of[kind][i].nr;
	return nr;
}

static size_t nr_shown(uint64_t nr)
{
	return nr < HISTORY_SHOWN_MAX ? nr : HISTORY_SHOWN_MAX;
}

/* ---- for people ------------------------------------------------------------ */

static void print_holes(FILE *file, const struct history *history)
{
	for (size_t i = 0; i < nr_shown(history->nr_holes); i++) {
		const struct history_hole *hole = &history->holes[i];

		fputs("  in part: what was verified ", file);
		if (hole->has_from)
			fprintf(file,
				"from record %" PRIu64 " of boot %" PRIu32 " ",
				hole->from.index, hole->from.resets);
		fprintf(file,
			"up to record %" PRIu64 " of boot %" PRIu32
			" is not kept\n",
			hole->to.index, hole->to.resets);
	}
	if (history->nr_holes > HISTORY_SHOWN_MAX)
		fprintf(file, "  in part: %" PRIu64 " holes more\n",
			history->nr_holes - HISTORY_SHOWN_MAX);
}

static void print_losses(FILE *file, const struct history *history)
{
	for (size_t i = 0; i < nr_shown(history->nr_losses); i++)
		text_print_line(file, "  lost: %s: %s", history->losses[i].name,
				history_loss_text(history->losses[i].kind));
	if (history->nr_losses > HISTORY_SHOWN_MAX)
		fprintf(file, "  lost: %" PRIu64 " files more\n",
			history->nr_losses - HISTORY_SHOWN_MAX);
}

static void print_places(FILE *file, const struct change *change)
{
	fprintf(file, "; record %" PRIu64 " of boot %" PRIu32,
		change->first.index, change->first.resets);
	if (change->nr > 1)
		fprintf(file,
			" and %" PRIu64 " more, up to record %" PRIu64
			" of boot %" PRIu32,
			change->nr - 1, change->last.index,
			change->last.resets);
	putc('\n', file);
}

static void print_change(FILE *file, enum change_kind kind,
			 const struct change *change)
{
	fprintf(file, "  %s now: ", change_kind_name(kind));
	text_print(file, bytes_of(change->path, change->path_len));
	if (change->digest_len > 0) {
		fprintf(file, " %s:",
			change->algorithm ? change->algorithm : "digest");
		text_print_hex(file,
			       bytes_of(change->digest, change->digest_len));
	}
	fprintf(file, ": %s, then %s", word_of(&change->now),
		word_of(&change->before));
	if (*change->package) {
		fputs("; of ", file);
		text_print(file, bytes_of_text(change->package));
	}
	if (*change->text) {
		fputs("; ", file);
		text_print(file, bytes_of_text(change->text));
	}
	print_places(file, change);
}

static void print_changes(FILE *file, const struct changes *changes)
{
	for (enum change_kind kind = 0; kind < CHANGE_NR_KINDS; kind++) {
		for (size_t i = 0; i < changes->nr_changes[kind]; i++)
			print_change(file, kind, &changes->of[kind][i]);
		if (nr_more(changes, kind) > 0)
			fprintf(file, "  %s now: %" PRIu64 " records more\n",
				change_kind_name(kind), nr_more(changes, kind));
	}
	if (changes->nr_unjudged > 0)
		fprintf(file,
			"  judged by no policy then: %" PRIu64 " records\n",
			changes->nr_unjudged);
	if (changes->nr_unknown > 0)
		fprintf(file,
			"  judged then as nobody knows: %" PRIu64 " records\n",
			changes->nr_unknown);
}

static void print_counts(FILE *file, const struct verify_verdict *verdict)
{
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (verdict->nr_of[id] && verify_id_level(id) != VERIFY_NOTE)
			fprintf(file, "  %s: %s: %s: %" PRIu64 "\n",
				print_level_name(id), verify_id_name(id),
				verify_id_meaning(id), verdict->nr_of[id]);
}

void reverify_print_machine(FILE *file, const struct history *history)
{
	text_print(file, bytes_of_text(history->machine));
	fprintf(file, ": %s", verify_result_name(history->result));
	if (history->nr_rounds == 0) {
		fputs("; no evidence is kept\n", file);
	} else {
		fprintf(file,
			", then %s; rounds %" PRIu64 ", records %" PRIu64 "\n",
			verify_result_name(history->before), history->nr_rounds,
			history->nr_records);
	}
	print_holes(file, history);
	print_losses(file, history);
	print_changes(file, &history->changes);
	print_counts(file, &history->verdict);
}

void reverify_print_sum(FILE *file, const struct reverify_sum *sum)
{
	const struct history_strays *strays = &sum->strays;

	for (size_t i = 0; i < nr_shown(strays->nr); i++)
		text_print_line(file, "passed over: %s: no verdict names it",
				strays->names[i]);
	if (strays->nr > HISTORY_SHOWN_MAX)
		fprintf(file, "passed over: %" PRIu64 " files more\n",
			strays->nr - HISTORY_SHOWN_MAX);
	fprintf(file,
		"%s: machines %" PRIu64 ", %" PRIu64
		" of them in part, %" PRIu64 " with losses; rounds %" PRIu64
		", records %" PRIu64 "\n",
		verify_result_name(sum->result), sum->nr_machines,
		sum->nr_in_part, sum->nr_lost, sum->nr_rounds, sum->nr_records);
	fprintf(file,
		"records refused now %" PRIu64 ", warned now %" PRIu64
		", approved now %" PRIu64 "\n",
		sum->nr_of[CHANGE_REFUSED], sum->nr_of[CHANGE_WARNED],
		sum->nr_of[CHANGE_APPROVED]);
}

/* ---- JSON ------------------------------------------------------------------ */

/* As text, for many programs take numbers for floating point. */
static void put_u64(struct json *json, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	json_text(json, name, text);
}

static void put_place(struct json *json, const char *name,
		      const struct change_place *place)
{
	json_open(json, name, '{');
	json_number(json, "resets", place->resets);
	put_u64(json, "index", place->index);
	json_close(json, '}');
}

static void put_holes(struct json *json, const struct history *history)
{
	json_open(json, "holes", '[');
	for (size_t i = 0; i < nr_shown(history->nr_holes); i++) {
		json_open(json, NULL, '{');
		if (history->holes[i].has_from)
			put_place(json, "from", &history->holes[i].from);
		put_place(json, "to", &history->holes[i].to);
		json_close(json, '}');
	}
	json_close(json, ']');
	put_u64(json, "nr_holes", history->nr_holes);
}

static void put_losses(struct json *json, const struct history *history)
{
	static const char *const words[] = {
		[HISTORY_MISSING] = "missing",
		[HISTORY_NO_FILE] = "no-file",
		[HISTORY_CHANGED] = "changed",
		[HISTORY_UNCHAINED] = "unchained",
		[HISTORY_UNPROVED] = "unproved",
	};

	json_open(json, "losses", '[');
	for (size_t i = 0; i < nr_shown(history->nr_losses); i++) {
		json_open(json, NULL, '{');
		json_text(json, "file", history->losses[i].name);
		json_text(json, "what", words[history->losses[i].kind]);
		json_close(json, '}');
	}
	json_close(json, ']');
	put_u64(json, "nr_losses", history->nr_losses);
}

static void put_outcome(struct json *json, const char *name,
			const struct outcome *outcome)
{
	if (!outcome->known)
		json_text(json, name, "unknown");
	else
		json_text(json, name,
			  outcome->judged ?
				  policy_outcome_name(outcome->outcome) :
				  "unjudged");
}

static void put_change(struct json *json, const struct change *change)
{
	json_open(json, NULL, '{');
	json_bytes(json, "path", bytes_of(change->path, change->path_len));
	if (change->algorithm)
		json_text(json, "algorithm", change->algorithm);
	if (change->digest_len > 0)
		json_hex(json, "digest",
			 bytes_of(change->digest, change->digest_len));
	put_outcome(json, "now", &change->now);
	put_outcome(json, "before", &change->before);
	if (*change->package)
		json_bytes(json, "package", bytes_of_text(change->package));
	if (*change->text)
		json_bytes(json, "text", bytes_of_text(change->text));
	put_u64(json, "records", change->nr);
	put_place(json, "first", &change->first);
	put_place(json, "last", &change->last);
	json_close(json, '}');
}

static void put_changes(struct json *json, const struct changes *changes)
{
	for (enum change_kind kind = 0; kind < CHANGE_NR_KINDS; kind++) {
		json_open(json, change_kind_name(kind), '{');
		put_u64(json, "records", changes->nr_of[kind]);
		json_open(json, "changes", '[');
		for (size_t i = 0; i < changes->nr_changes[kind]; i++)
			put_change(json, &changes->of[kind][i]);
		json_close(json, ']');
		json_close(json, '}');
	}
	put_u64(json, "unjudged", changes->nr_unjudged);
	put_u64(json, "unknown", changes->nr_unknown);
}

static void put_counts(struct json *json, const struct verify_verdict *verdict)
{
	json_open(json, "counts", '{');
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		if (verdict->nr_of[id])
			put_u64(json, verify_id_name(id), verdict->nr_of[id]);
	json_close(json, '}');
	json_open(json, "outcomes", '{');
	for (enum policy_outcome i = 0; i < POLICY_NR_OUTCOMES; i++)
		if (verdict->nr_outcomes[i])
			put_u64(json, policy_outcome_name(i),
				verdict->nr_outcomes[i]);
	json_close(json, '}');
}

void reverify_begin_json(struct json *json, FILE *file, const uint8_t *policy)
{
	json_start(json, file, '{');
	json_number(json, "version", REVERIFY_VERSION);
	if (policy)
		json_hex(json, "policy", bytes_of(policy, VERIFY_RECORD_LEN));
	json_open(json, "machines", '[');
}

void reverify_put_machine(struct json *json, const struct history *history)
{
	json_open(json, NULL, '{');
	json_bytes(json, "machine", bytes_of_text(history->machine));
	json_text(json, "verdict", verify_result_name(history->result));
	if (history->nr_rounds > 0)
		json_text(json, "before", verify_result_name(history->before));
	put_u64(json, "rounds", history->nr_rounds);
	put_u64(json, "records", history->nr_records);
	put_u64(json, "bytes", history->nr_bytes);
	put_holes(json, history);
	put_losses(json, history);
	put_changes(json, &history->changes);
	put_counts(json, &history->verdict);
	json_close(json, '}');
}

static void put_strays(struct json *json, const struct history_strays *strays)
{
	json_open(json, "passed_over", '[');
	for (size_t i = 0; i < nr_shown(strays->nr); i++)
		json_bytes(json, NULL, bytes_of_text(strays->names[i]));
	json_close(json, ']');
	put_u64(json, "nr_passed_over", strays->nr);
}

void reverify_end_json(struct json *json, const struct reverify_sum *sum)
{
	json_close(json, ']');
	put_strays(json, &sum->strays);
	json_open(json, "sum", '{');
	put_u64(json, "machines", sum->nr_machines);
	put_u64(json, "in_part", sum->nr_in_part);
	put_u64(json, "with_losses", sum->nr_lost);
	put_u64(json, "rounds", sum->nr_rounds);
	put_u64(json, "records", sum->nr_records);
	put_u64(json, "bytes", sum->nr_bytes);
	for (enum change_kind kind = 0; kind < CHANGE_NR_KINDS; kind++)
		put_u64(json, change_kind_name(kind), sum->nr_of[kind]);
	json_close(json, '}');
	json_text(json, "verdict", verify_result_name(sum->result));
	json_end(json, '}');
}
