// SPDX-License-Identifier: MIT
/*
 * imastage policy check --list: where a policy meets a list. Each record is judged as a verifier judges it,
 * and each exclude is asked of it beside.
 */
#include "base/bytes.h"
#include "cmd/policy/check.h"
#include "cmd/policy/common.h"
#include "list/input.h"
#include "policy/exclude.h"
#include "tool/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define TIRED_MAX 16 /* times that one exclude may take too many steps */

/* Records that have something in common. */
struct hits {
	uint64_t nr, first;
};

struct asked_exclude {
	struct policy_exclude *exclude; /* owned */
	struct hits taken, tired;
};

/* A name of the policy that has a blank, as a kernel writes it. */
struct blank_name {
	struct imastage_bytes written; /* owned */
};

struct meeting {
	const struct policy *policy;
	struct policy_appraisal *appraisal;
	struct asked_exclude *excludes; /* owned */
	size_t nr_excludes;
	struct blank_name *names; /* owned, in order */
	size_t nr_names;
	struct hits outcomes[POLICY_NR_OUTCOMES], blank;
};

static void hit(struct hits *hits, uint64_t index)
{
	if (hits->nr++ == 0)
		hits->first = index;
}

/* ---- names with a blank ------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	struct imastage_bytes one = ((const struct blank_name *)a)->written;
	struct imastage_bytes other = ((const struct blank_name *)b)->written;
	size_t len = one.len < other.len ? one.len : other.len;
	int order = memcmp(one.data, other.data, len);

	return order ? order : (one.len > other.len) - (one.len < other.len);
}

static int add_name(struct meeting *meeting, struct imastage_bytes name)
{
	struct blank_name *more = reallocarray(
		meeting->names, meeting->nr_names + 1, sizeof(*more));
	uint8_t *written;

	if (!more)
		return -ENOMEM;
	meeting->names = more;
	written = malloc(name.len);
	if (!written)
		return -ENOMEM;
	for (size_t i = 0; i < name.len; i++)
		written[i] = name.data[i] == ' ' ? '_' : name.data[i];
	more[meeting->nr_names++].written = bytes_of(written, name.len);
	return 0;
}

static int find_names(struct meeting *meeting)
{
	struct policy_item item;
	uint64_t place = 0;
	int r;

	while ((r = policy_next(meeting->policy, &place, &item)) == 1) {
		if (item.space != POLICY_FILES ||
		    !bytes_contain(item.name, ' '))
			continue;
		r = add_name(meeting, item.name);
		if (r < 0)
			return r;
	}
	if (meeting->nr_names > 0)
		qsort(meeting->names, meeting->nr_names,
		      sizeof(*meeting->names), compare_names);
	return r;
}

static bool is_blank_name(const struct meeting *meeting,
			  struct imastage_bytes path)
{
	const struct blank_name wanted = { path };

	return meeting->nr_names > 0 && path.len > 0 &&
	       bsearch(&wanted, meeting->names, meeting->nr_names,
		       sizeof(wanted), compare_names);
}

/* ---- a record ---------------------------------------------------------------- */

static void ask_exclude(struct asked_exclude *asked, struct imastage_bytes path,
			uint64_t index)
{
	int r;

	if (asked->tired.nr >= TIRED_MAX)
		return;
	r = policy_exclude_match(asked->exclude, path);
	if (r == 1)
		hit(&asked->taken, index);
	else if (r == EXCLUDE_TIRED)
		hit(&asked->tired, index);
}

static bool is_aggregate(const struct policy_reading *reading)
{
	return policy_is_boot_aggregate(reading) ||
	       bytes_equal_text(reading->path, "snapshot_aggregate");
}

/* What a verifier computes itself is not held against the policy. */
static int take_record(struct meeting *meeting, uint64_t index,
		       const struct imastage_record *record)
{
	struct policy_judgement judgement;
	struct policy_reading reading;
	int r = policy_judge_record(meeting->appraisal, record, &reading,
				    &judgement);

	if (r < 0 || (reading.readable && is_aggregate(&reading)))
		return r;
	hit(&meeting->outcomes[judgement.outcome], index);
	if (!reading.readable)
		return 0;
	for (size_t i = 0; i < meeting->nr_excludes; i++)
		ask_exclude(&meeting->excludes[i], reading.path, index);
	if (judgement.outcome == POLICY_UNLISTED &&
	    is_blank_name(meeting, reading.path))
		hit(&meeting->blank, index);
	return 0;
}

static int take_list(struct meeting *meeting, const char *list)
{
	const struct input_options options = { 0 };
	char *args[] = { (char *)(uintptr_t)list, NULL };
	struct input input = { .fd = -1 };
	struct imastage_record record;
	int r = input_init(&input, &options, args);

	if (r != CLI_OK) {
		input_fini(&input);
		return r;
	}
	while ((r = input_next(&input, &record)) == 0) {
		r = take_record(meeting, input_index(&input), &record);
		if (r < 0) {
			cli_error("%s: %s", list, strerror(-r));
			break;
		}
	}
	progress_clear();
	input_fini(&input);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

/* ---- what is found ------------------------------------------------------------ */

static void tell(struct check *check, const char *id,
		 struct imastage_bytes subject, const char *meaning,
		 const struct hits *hits)
{
	char text[80];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " records, the first is number %" PRIu64, hits->nr,
		 hits->first);
	if (hits->nr > 0)
		check_find(check, id, subject, meaning, text);
}

static void tell_excludes(struct check *check, const struct meeting *meeting)
{
	for (size_t i = 0; i < meeting->nr_excludes; i++) {
		const struct asked_exclude *asked = &meeting->excludes[i];
		struct imastage_bytes text =
			policy_text(meeting->policy, POLICY_EXCLUDE, i);

		tell(check, "list.excluded", text, "it excludes records",
		     &asked->taken);
		tell(check, "list.slow", text,
		     "it takes too many steps, and excludes nothing",
		     &asked->tired);
		if (asked->taken.nr == 0 && asked->tired.nr == 0)
			check_find(check, "list.unused", text,
				   "it excludes no record of the list", NULL);
	}
}

/* Each outcome by which a machine with this list is refused. */
static void tell_outcomes(struct check *check, const struct meeting *meeting)
{
	const struct imastage_bytes none = { 0 };

	for (enum policy_outcome i = POLICY_EXCLUDED + 1;
	     i < POLICY_NR_OUTCOMES; i++) {
		char id[40];

		snprintf(id, sizeof(id), "list.%s", policy_outcome_name(i));
		tell(check, id, none, policy_outcome_meaning(i),
		     &meeting->outcomes[i]);
	}
	tell(check, "list.blank", none,
	     "the policy has a blank in the name, where the record has _",
	     &meeting->blank);
}

/* ---- all of it ------------------------------------------------------------------ */

static int begin(struct meeting *meeting)
{
	size_t nr = policy_nr_texts(meeting->policy, POLICY_EXCLUDE);
	int r = policy_appraisal_new(meeting->policy, NULL,
				     (uint64_t)time(NULL), &meeting->appraisal);

	meeting->excludes = calloc(nr + 1, sizeof(*meeting->excludes));
	if (r == 0 && !meeting->excludes)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < nr; i++) {
		struct policy_error error;

		r = policy_exclude_new(policy_text(meeting->policy,
						   POLICY_EXCLUDE, i),
				       &meeting->excludes[i].exclude, &error);
		meeting->nr_excludes += r == 0;
	}
	return r < 0 ? r : find_names(meeting);
}

static void end(struct meeting *meeting)
{
	for (size_t i = 0; i < meeting->nr_excludes; i++)
		policy_exclude_free(meeting->excludes[i].exclude);
	for (size_t i = 0; i < meeting->nr_names; i++)
		free((void *)(uintptr_t)meeting->names[i].written.data);
	free(meeting->excludes);
	free(meeting->names);
	policy_appraisal_free(meeting->appraisal);
}

int check_list(struct check *check, const struct policy *policy,
	       const char *list)
{
	struct meeting meeting = { .policy = policy };
	int r = begin(&meeting), status = CLI_FAILED;

	if (r < 0)
		cli_error("it could not be checked: %s", strerror(-r));
	else
		status = take_list(&meeting, list);
	if (status == CLI_OK) {
		tell_excludes(check, &meeting);
		tell_outcomes(check, &meeting);
	}
	end(&meeting);
	return status;
}
