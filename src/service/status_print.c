// SPDX-License-Identifier: MIT
/*
 * A status for people: a line or two for each question that somebody may have.
 */
#include "service/json_line.h"
#include "service/status.h"
#include "service/words.h"

#include <json-c/json.h>
#include <inttypes.h>

#define COLUMN 11

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

static const char *text(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name);

	return json_object_is_type(value, json_type_string) ?
		       json_object_get_string(value) :
		       "?";
}

static uint64_t number(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name);

	return json_object_is_type(value, json_type_int) ?
		       json_object_get_uint64(value) :
		       0;
}

static bool is_true(struct json_object *object, const char *name)
{
	return json_object_get_boolean(member(object, name));
}

static size_t length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
		       json_object_array_length(list) :
		       0;
}

static void begin(FILE *file, const char *name)
{
	fprintf(file, "%-*s", COLUMN, name);
}

/* The line that matters, and one for each thing that is wrong. */
static void print_verdict(FILE *file, struct json_object *status)
{
	struct json_object *wrong = member(status, "wrong");

	begin(file, "verdict");
	fprintf(file, "%s\n", text(status, "verdict"));
	for (size_t i = 0; i < length(wrong); i++) {
		struct json_object *item = json_object_array_get_idx(wrong, i);

		fprintf(file, "  %s: %s\n", text(item, "id"),
			text(item, "text"));
	}
}

/* @name: of the first line, then blank. */
static void print_list(FILE *file, const char *name, struct json_object *list)
{
	begin(file, name);
	for (size_t i = 0; i < length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		fprintf(file, "%s%s", i ? ", " : "",
			json_object_is_type(item, json_type_string) ?
				json_object_get_string(item) :
				"?");
	}
	fprintf(file, "%s\n", length(list) ? "" : "none");
}

static void print_agent(FILE *file, struct json_object *agent)
{
	begin(file, "agent");
	if (!agent) {
		fprintf(file, "none runs: this is what kernel and archive say "
			      "themselves\n");
		return;
	}
	fprintf(file, "%s, pid %" PRIu64 ", version %s", text(agent, "state"),
		number(agent, "pid"), text(agent, "version"));
	fputc('\n', file);
}

static void print_job(FILE *file, struct json_object *job)
{
	if (!job)
		return;
	begin(file, "at work");
	fprintf(file, "%s, for %" PRIu64 " s", text(job, "kind"),
		number(job, "seconds"));
	if (number(job, "still_seconds"))
		fprintf(file, ", without progress for %" PRIu64 " s",
			number(job, "still_seconds"));
	fprintf(file, "; what follows is from before\n");
}

static void print_kernel(FILE *file, struct json_object *kernel)
{
	begin(file, "kernel");
	if (member(kernel, "error")) {
		fprintf(file, "cannot be looked at: %s\n",
			text(kernel, "error"));
		return;
	}
	fprintf(file, "%s\n", text(kernel, "kind"));
	print_list(file, "  can", member(kernel, "abilities"));
	print_list(file, "  banks", member(kernel, "banks"));
	begin(file, "  records");
	fprintf(file, "%" PRIu64 " current", number(kernel, "current"));
	if (member(kernel, "staged"))
		fprintf(file, ", %" PRIu64 " staged", number(kernel, "staged"));
	if (member(kernel, "deleted"))
		fprintf(file, ", %" PRIu64 " deleted",
			number(kernel, "deleted"));
	fprintf(file, " (at %s)\n", text(kernel, "time"));
}

static void print_archive(FILE *file, struct json_object *archive)
{
	char bytes[WORDS_BYTES_LEN], stored[WORDS_BYTES_LEN];
	char range[WORDS_RANGE_LEN];

	begin(file, "archive");
	if (member(archive, "error")) {
		fprintf(file, "cannot be read: %s\n", text(archive, "error"));
		return;
	}
	fprintf(file,
		"%" PRIu64 " records of %" PRIu64 " hard boots in %" PRIu64
		" segments, %s (%s on disk)\n",
		number(archive, "records"), number(archive, "boots"),
		number(archive, "segments"),
		words_of_bytes(number(archive, "bytes"), bytes),
		words_of_bytes(number(archive, "stored_bytes"), stored));
	if (!member(archive, "boot"))
		return;
	begin(file, "  boot");
	fprintf(file, "%s, records %s, %" PRIu64 " kernels\n",
		text(archive, "boot"),
		words_of_range(number(archive, "first"), number(archive, "end"),
			       range),
		number(archive, "kernels"));
	begin(file, "  appended");
	fprintf(file, "%s", text(archive, "appended"));
	if (number(archive, "pending"))
		fprintf(file,
			", %" PRIu64 " saved records are still to be deleted "
			"from the kernel",
			number(archive, "pending"));
	fputc('\n', file);
}

static void print_freed(FILE *file, struct json_object *freed)
{
	char bytes[WORDS_BYTES_LEN];

	if (!freed)
		return;
	begin(file, "freed");
	fprintf(file, "%" PRIu64 " records, %s of list\n",
		number(freed, "records"),
		words_of_bytes(number(freed, "bytes"), bytes));
}

static void print_drain(FILE *file, struct json_object *drain)
{
	char bytes[WORDS_BYTES_LEN];

	if (!drain)
		return;
	begin(file, "last drain");
	fprintf(file, "%s: %" PRIu64 " records, %s, %.3f s (%s)\n",
		text(drain, "time"), number(drain, "records"),
		words_of_bytes(number(drain, "bytes"), bytes),
		json_object_get_double(member(drain, "seconds")),
		text(drain, "reason"));
}

static void print_trouble(FILE *file, struct json_object *trouble)
{
	if (!trouble)
		return;
	begin(file, "trouble");
	fprintf(file, "%s (since %s)\n", text(trouble, "error"),
		text(trouble, "time"));
}

static void print_quote(FILE *file, struct json_object *quote)
{
	if (!quote)
		return;
	begin(file, "own quote");
	if (member(quote, "next"))
		fprintf(file,
			"%s, %" PRIu64 " s ago, of records before %" PRIu64,
			text(quote, "time"), number(quote, "seconds"),
			number(quote, "next"));
	else
		fputs("none of this boot", file);
	if (member(quote, "error"))
		fprintf(file, "; %s: %s",
			is_true(quote, "off") ? "they are off" :
						"the last one failed",
			text(quote, "error"));
	fputc('\n', file);
}

static void print_check(FILE *file, struct json_object *check)
{
	if (!check)
		return;
	begin(file, is_true(check, "rejected") ? "REJECTED" : "check");
	fprintf(file, "%s: %s\n", text(check, "time"), text(check, "verdict"));
}

static void print_gap(FILE *file, struct json_object *gap)
{
	struct archive_gap is = {
		.first = number(gap, "first"),
		.count = number(gap, "count"),
	};
	char missing[WORDS_GAP_LEN];

	begin(file, "GAP");
	fprintf(file, "%s of boot %s: %s\n", words_of_gap(&is, missing),
		text(gap, "boot"), text(gap, "reason"));
}

static void print_gaps(FILE *file, struct json_object *gaps)
{
	for (size_t i = 0; i < length(gaps); i++)
		print_gap(file, json_object_array_get_idx(gaps, i));
}

static void print_holds(FILE *file, struct json_object *holds)
{
	for (size_t i = 0; i < length(holds); i++) {
		struct json_object *hold = json_object_array_get_idx(holds, i);

		begin(file, "hold");
		fprintf(file, "%s: from record %" PRIu64 " of boot %s on\n",
			text(hold, "name"), number(hold, "from"),
			text(hold, "boot"));
	}
}

static void print_holders(FILE *file, struct json_object *holders)
{
	for (size_t i = 0; i < length(holders); i++) {
		struct json_object *holder =
			json_object_array_get_idx(holders, i);

		begin(file, "in the way");
		fprintf(file, "%spid %" PRIu64 " (%s) %s %s: %s\n",
			is_true(holder, "view") ? "our own view, " : "",
			number(holder, "pid"), text(holder, "comm"),
			is_true(holder, "writes") ? "writes" : "reads",
			text(holder, "path"), text(holder, "command"));
	}
}

static void print_all(FILE *file, struct json_object *status)
{
	print_verdict(file, status);
	print_agent(file, member(status, "agent"));
	print_job(file, member(status, "job"));
	print_kernel(file, member(status, "kernel"));
	print_archive(file, member(status, "archive"));
	print_freed(file, member(status, "freed"));
	print_drain(file, member(status, "last_drain"));
	print_check(file, member(status, "check"));
	print_quote(file, member(status, "quote"));
	print_trouble(file, member(status, "trouble"));
	print_gaps(file, member(status, "gaps"));
	print_holds(file, member(status, "holds"));
	print_holders(file, member(status, "holders"));
}

/* Names in it may be anything. */
static void print(FILE *file, struct json_object *object,
		  void (*as)(FILE *file, struct json_object *object))
{
	if (json_defuse(object) < 0)
		fputs("cannot be shown: out of memory\n", file);
	else
		as(file, object);
}

void status_print(FILE *file, struct json_object *status)
{
	print(file, status, print_all);
}

void status_print_gap(FILE *file, struct json_object *gap)
{
	print(file, gap, print_gap);
}
