// SPDX-License-Identifier: MIT
/* See refused.h. */
#include "cmd/verify/refused.h"
#include "base/bytes.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define PRINTED_MAX 8 /* of each part */
#define KEPT_LEN_MAX \
	(POLICY_NAME_LEN_MAX + 1) /* of a longer name the rest is of no use */

struct refused_record {
	uint64_t index;
	struct approval_file file; /* whose views are of @bytes */
	struct explain_question question;
	struct approval approval; /* owned */
	char package[2 * POLICY_WORD_LEN_MAX + 2]; /* and its version */
	uint8_t bytes[];
};

/* ---- noting ---------------------------------------------------------------- */

static void drop_from(struct refused *refused, size_t first)
{
	while (refused->nr > first) {
		struct refused_record *last = refused->of[--refused->nr];

		approval_free(&last->approval);
		free(last);
	}
}

static struct refused_part *current(struct refused *refused)
{
	size_t nr = refused->nr_parts;

	return &refused->parts[nr < REFUSED_PARTS_MAX ? nr :
							REFUSED_PARTS_MAX - 1];
}

void refused_begin(struct refused *refused)
{
	struct refused_part *part = current(refused);

	drop_from(refused, part->first);
	part->nr = 0;
	part->nr_all = 0;
}

static struct refused_record *copy_of(const struct approval_file *file)
{
	struct imastage_bytes path = bytes_first(file->path, KEPT_LEN_MAX);
	struct imastage_bytes digest =
		bytes_first(file->digest, IMASTAGE_DIGEST_MAX);
	struct refused_record *made =
		calloc(1, sizeof(*made) + path.len + digest.len);

	if (!made)
		return NULL;
	made->file = *file;
	if (path.len > 0)
		memcpy(made->bytes, path.data, path.len);
	if (digest.len > 0)
		memcpy(made->bytes + path.len, digest.data, digest.len);
	made->file.path = bytes_of(made->bytes, path.len);
	made->file.digest = bytes_of(made->bytes + path.len, digest.len);
	return made;
}

int refused_note(struct refused *refused, uint64_t index,
		 const struct approval_file *file)
{
	struct refused_part *part = current(refused);
	struct refused_record *made;

	part->nr_all++;
	if (refused->nr == REPORT_SHOWN_MAX)
		return 0;
	made = copy_of(file);
	if (!made)
		return -ENOMEM;
	made->index = index;
	refused->of[refused->nr++] = made;
	part->nr++;
	return 0;
}

void refused_end(struct refused *refused)
{
	if (refused->nr_parts < REFUSED_PARTS_MAX)
		refused->nr_parts++;
	if (refused->nr_parts < REFUSED_PARTS_MAX)
		*current(refused) =
			(struct refused_part){ .first = refused->nr };
}

void refused_fini(struct refused *refused)
{
	drop_from(refused, 0);
}

/* ---- looking up -------------------------------------------------------------- */

static void name_package(struct refused_record *record)
{
	const struct policy_package *package = &record->question.found.package;

	snprintf(record->package, sizeof(record->package), "%.*s%s%.*s",
		 (int)package->name.len, (const char *)package->name.data,
		 package->version.len > 0 ? " " : "", (int)package->version.len,
		 (const char *)package->version.data);
}

static int approve_all(struct refused *refused,
		       const struct approval_policy *policy,
		       const struct explain_question *questions)
{
	int r = 0;

	for (size_t i = 0; i < refused->nr && r == 0; i++) {
		struct refused_record *record = refused->of[i];

		record->question = questions[i];
		name_package(record);
		r = approval_make(policy, &record->file,
				  &record->question.found, &record->approval);
	}
	return r;
}

int refused_look_up(struct refused *refused,
		    const struct approval_policy *policy)
{
	struct explain_question *questions;
	int r;

	if (refused->nr == 0)
		return 0;
	questions = calloc(refused->nr, sizeof(*questions));
	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < refused->nr; i++) {
		const struct approval_file *file = &refused->of[i]->file;

		questions[i].path = file->path;
		questions[i].alg = file->alg;
		if (file->has_alg)
			questions[i].digest = file->digest;
	}
	r = explain_all(policy->policy, questions, refused->nr);
	if (r == 0)
		r = approve_all(refused, policy, questions);
	free(questions);
	return r;
}

/* ---- for people ---------------------------------------------------------------- */

static void print_record(const struct refused_record *record, FILE *file)
{
	const struct approval *approval = &record->approval;

	fprintf(file, "refused: record %" PRIu64 ": %s: ", record->index,
		policy_outcome_name(record->file.outcome));
	text_print(file, record->file.path);
	if (record->question.found.guess) {
		fputs("\n  package: ", file);
		approval_print_package(file, &record->question.found);
	}
	for (size_t i = 0; i < approval->nr_commands; i++)
		fprintf(file, "\n  %s: %.*s", i > 0 ? "or" : "to approve it",
			(int)approval->commands[i].len,
			(const char *)approval->commands[i].data);
	if (approval->advice)
		fprintf(file, "\n  no line approves it: %s", approval->advice);
	putc('\n', file);
}

void refused_print(const struct refused *refused, size_t nr, FILE *file)
{
	const struct refused_part *part =
		nr < refused->nr_parts ? &refused->parts[nr] : NULL;
	size_t shown;

	if (!part)
		return;
	shown = part->nr < PRINTED_MAX ? part->nr : PRINTED_MAX;
	for (size_t i = 0; i < shown; i++)
		print_record(refused->of[part->first + i], file);
	if (part->nr_all > shown)
		fprintf(file,
			"refused: %" PRIu64 " more; --json and --html tell of "
			"up to %d\n",
			part->nr_all - shown, REPORT_SHOWN_MAX);
}

/* ---- for programs ---------------------------------------------------------------- */

static void put_record(const struct refused_record *record, struct json *json)
{
	const struct approval_file *file = &record->file;
	char index[24];

	snprintf(index, sizeof(index), "%" PRIu64, record->index);
	json_open(json, NULL, '{');
	json_text(json, "index", index);
	json_text(json, "outcome", policy_outcome_name(file->outcome));
	json_bytes(json, "path", file->path);
	if (file->has_alg) {
		json_text(json, "algorithm", policy_algorithm_name(file->alg));
		json_hex(json, "digest", file->digest);
	}
	approval_put(&record->approval, &record->question.found, json);
	json_close(json, '}');
}

void refused_put(const struct refused *refused, size_t nr, struct json *json)
{
	const struct refused_part *part =
		nr < refused->nr_parts ? &refused->parts[nr] : NULL;

	if (!part || part->nr == 0)
		return;
	json_open(json, "refused", '[');
	for (size_t i = 0; i < part->nr; i++)
		put_record(refused->of[part->first + i], json);
	json_close(json, ']');
}

/* ---- for the page ------------------------------------------------------------------ */

void refused_fill(void *context, size_t nr, struct report_record *record)
{
	const struct refused *refused = context;
	const struct refused_record *from;

	if (nr >= refused->nr || refused->of[nr]->index != record->index)
		return;
	from = refused->of[nr];
	record->package = bytes_of_text(from->package);
	record->guess = approval_guess(&from->question.found);
	for (size_t i = 0; i < from->approval.nr_commands; i++)
		record->remedies[i] = bytes_of(from->approval.commands[i].data,
					       from->approval.commands[i].len);
	record->advice = from->approval.advice;
}
