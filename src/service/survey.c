// SPDX-License-Identifier: MIT
/*
 * Looking, and saying what was seen.
 */
#include "service/survey.h"
#include "base/util.h"
#include "service/ask.h"

#include <json-c/json.h>
#include <errno.h>
#include <time.h>

/* ---- looking --------------------------------------------------------------- */

void survey_kernel(struct survey *survey, struct source *source)
{
	if (!source)
		return;
	survey->abilities = *source_abilities(source);
	survey->kernel_error = source_counts(source, &survey->counts);
	if (survey->kernel_error == 0)
		survey->counted = (int64_t)time(NULL);
	survey->kernel_text[0] = '\0';
	survey->nr_holders =
		source_holders(source, survey->holders, SURVEY_HOLDERS_MAX);
}

static int add_segment(void *context, const struct archive_segment *segment)
{
	((struct survey *)context)->appended = segment->changed;
	return 0;
}

static int add_boot(void *context, const struct archive_boot *boot)
{
	struct survey *survey = context;

	survey->nr_boots++;
	survey->nr_records += boot->nr_records;
	survey->nr_segments += boot->nr_segments;
	survey->bytes += boot->bytes;
	survey->stored_bytes += boot->stored_bytes;
	survey->boot = *boot;
	survey->has_boot = true;
	return 0;
}

/* The last ones are kept, in a ring until all are there. */
static int add_gap(void *context, const struct archive_gap *gap)
{
	struct survey *survey = context;
	struct survey_gap *to =
		&survey->gaps[survey->nr_gaps++ % SURVEY_GAPS_MAX];

	to->is = *gap;
	to->boot[0] = '\0';
	survey->nr_missing += gap->count;
	return 0;
}

static int add_hold(void *context, const struct archive_hold *hold)
{
	struct survey *survey = context;

	if (survey->nr_holds++ < SURVEY_HOLDS_MAX)
		survey->holds[survey->nr_holds - 1].is = *hold;
	return 0;
}

struct gap_search {
	struct survey *survey;
	struct archive *archive;
};

static int add_gaps_of(void *context, const struct archive_boot *boot)
{
	struct gap_search *search = context;

	if (boot->nr_gaps == 0)
		return 0;
	return archive_each_gap(search->archive, boot->id, add_gap,
				search->survey);
}

/* Numbers of boots become names. */
static int name_boots(void *context, const struct archive_boot *boot)
{
	struct survey *survey = context;

	for (size_t i = 0; i < SURVEY_GAPS_MAX && i < survey->nr_gaps; i++)
		if (survey->gaps[i].is.boot == boot->id)
			strcpy(survey->gaps[i].boot, boot->name);
	for (size_t i = 0; i < SURVEY_HOLDS_MAX && i < survey->nr_holds; i++)
		if (survey->holds[i].is.boot == boot->id)
			strcpy(survey->holds[i].boot, boot->name);
	return 0;
}

void survey_archive(struct survey *survey, struct archive *archive)
{
	struct gap_search search = { survey, archive };
	int r;

	if (!archive)
		return;
	r = archive_each_boot(archive, add_boot, survey);
	if (r == 0 && survey->has_boot)
		r = archive_each_segment(archive, survey->boot.id, add_segment,
					 survey);
	if (r == 0)
		r = archive_each_boot(archive, add_gaps_of, &search);
	if (r == 0)
		r = archive_each_hold(archive, add_hold, survey);
	if (r == 0)
		r = archive_each_boot(archive, name_boots, survey);
	survey->has_pending = r == 0 &&
			      archive_pending(archive, &survey->pending) == 0;
	survey->archive_error = r;
	if (survey->counts.has_deleted && !survey->has_first)
		survey_set_first(survey, archive, survey->counts.deleted);
}

/* What is missing counts in places, a byte each, see archive.h; here it does not. */
static int leave_out_gap(void *context, const struct archive_gap *gap)
{
	struct survey *survey = context;

	if (gap->first + gap->count <= survey->first) {
		survey->nr_freed -= gap->count;
		survey->freed_bytes -= gap->count ? gap->count : 1;
	}
	return 0;
}

/*
 * Nearly always, all that is archived. No segment is opened: the one that grows is open
 * for writing, so that IMA, where it measures it, would record a violation each time.
 */
void survey_set_first(struct survey *survey, struct archive *archive,
		      uint64_t first)
{
	struct archive_place place = { 0 };
	int64_t boot = survey->boot.id;
	int r;

	survey->has_first = true;
	survey->first = first;
	if (!survey->has_boot)
		return;
	survey->nr_freed = first < survey->boot.end ? first : survey->boot.end;
	r = archive_end_place(archive, boot, &place);
	if (r == 0 && first < place.index)
		r = archive_locate(archive, boot, ARCHIVE_INDEX, 0, first,
				   &place);
	if (r < 0)
		return;
	survey->freed_bytes = place.binary;
	(void)archive_each_gap(archive, boot, leave_out_gap, survey);
}

/* ---- saying ---------------------------------------------------------------- */

void survey_put_number(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

void survey_put_text(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static void put_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void put_error(struct json_object *to, int error)
{
	survey_put_text(to, "errno", ask_errno_name(error));
	survey_put_text(to, "error", strerror(-error));
}

const char *survey_time(int64_t seconds, char room[SURVEY_TIME_LEN])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) ||
	    !strftime(room, SURVEY_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(room, "unknown");
	return room;
}

static void put_time(struct json_object *to, const char *name, int64_t seconds)
{
	char room[SURVEY_TIME_LEN];

	survey_put_text(to, name, survey_time(seconds, room));
}

static struct json_object *abilities_json(const struct source_abilities *a)
{
	const struct {
		const char *name;
		bool has;
	} all[] = {
		{ "stage", a->stage },
		{ "stage_n", a->stage_n },
		{ "trim", a->trim },
		{ "guarded_trim", a->guarded_trim },
		{ "deleted_count", a->deleted_count },
		{ "snapshot", a->snapshot },
	};
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].has)
			json_object_array_add(
				list, json_object_new_string(all[i].name));
	return list;
}

static struct json_object *banks_json(unsigned int banks)
{
	struct json_object *list = json_object_new_array();

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (banks & 1u << bank)
			json_object_array_add(
				list, json_object_new_string(
					      imastage_bank_name(bank)));
	return list;
}

static struct json_object *kernel_json(const struct survey *survey)
{
	struct json_object *kernel = json_object_new_object();

	if (survey->kernel_error) {
		put_error(kernel, survey->kernel_error);
		if (*survey->kernel_text)
			survey_put_text(kernel, "error", survey->kernel_text);
		return kernel;
	}
	put_time(kernel, "time", survey->counted);
	survey_put_text(kernel, "kind",
			source_kind_name(survey->abilities.kind));
	json_object_object_add(kernel, "abilities",
			       abilities_json(&survey->abilities));
	json_object_object_add(kernel, "banks",
			       banks_json(survey->abilities.banks));
	survey_put_number(kernel, "current", survey->counts.current);
	if (survey->counts.has_staged)
		survey_put_number(kernel, "staged", survey->counts.staged);
	if (survey->counts.has_deleted)
		survey_put_number(kernel, "deleted", survey->counts.deleted);
	return kernel;
}

static void put_boot(struct json_object *to, const struct archive_boot *boot)
{
	survey_put_text(to, "boot", boot->name);
	survey_put_text(to, "boot_id", boot->boot_id);
	if (boot->has_reset_count)
		survey_put_number(to, "reset_count", boot->reset_count);
	survey_put_number(to, "kernels", boot->nr_kernels);
	survey_put_number(to, "boot_records", boot->nr_records);
	survey_put_number(to, "first", boot->first);
	survey_put_number(to, "end", boot->end);
	if (boot->end > boot->first)
		survey_put_number(to, "last", boot->end - 1);
}

/* What was only copied stays in the kernel: nothing is to be done about it. */
static uint64_t nr_pending(const struct survey *survey)
{
	return survey->has_pending && survey->pending.method != ARCHIVE_COPIED ?
		       survey->pending.count :
		       0;
}

static struct json_object *archive_json(const struct survey *survey)
{
	struct json_object *archive = json_object_new_object();

	if (survey->archive_error) {
		put_error(archive, survey->archive_error);
		return archive;
	}
	survey_put_number(archive, "boots", survey->nr_boots);
	survey_put_number(archive, "records", survey->nr_records);
	survey_put_number(archive, "segments", survey->nr_segments);
	survey_put_number(archive, "bytes", survey->bytes);
	survey_put_number(archive, "stored_bytes", survey->stored_bytes);
	if (survey->has_boot)
		put_boot(archive, &survey->boot);
	if (survey->appended)
		put_time(archive, "appended", survey->appended);
	survey_put_number(archive, "pending", nr_pending(survey));
	return archive;
}

static struct json_object *freed_json(const struct survey *survey)
{
	struct json_object *freed = json_object_new_object();

	survey_put_number(freed, "records", survey->nr_freed);
	survey_put_number(freed, "bytes", survey->freed_bytes);
	return freed;
}

struct json_object *survey_gap_json(const struct archive_gap *gap,
				    const char *boot)
{
	struct json_object *object = json_object_new_object();

	survey_put_text(object, "boot", boot);
	survey_put_number(object, "first", gap->first);
	if (gap->count) {
		survey_put_number(object, "count", gap->count);
		survey_put_number(object, "last", gap->first + gap->count - 1);
	}
	survey_put_text(object, "reason", gap->reason);
	put_time(object, "time", gap->created);
	return object;
}

static struct json_object *gaps_json(const struct survey *survey)
{
	struct json_object *list = json_object_new_array();
	uint64_t nr = survey->nr_gaps;
	uint64_t from = nr > SURVEY_GAPS_MAX ? nr - SURVEY_GAPS_MAX : 0;

	for (uint64_t i = from; i < nr; i++) {
		const struct survey_gap *gap =
			&survey->gaps[i % SURVEY_GAPS_MAX];

		json_object_array_add(list,
				      survey_gap_json(&gap->is, gap->boot));
	}
	return list;
}

static struct json_object *holds_json(const struct survey *survey)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < SURVEY_HOLDS_MAX && i < survey->nr_holds; i++) {
		struct json_object *object = json_object_new_object();

		survey_put_text(object, "name", survey->holds[i].is.name);
		survey_put_text(object, "boot", survey->holds[i].boot);
		survey_put_number(object, "from", survey->holds[i].is.from);
		survey_put_number(object, "owner", survey->holds[i].is.owner);
		put_time(object, "time", survey->holds[i].is.changed);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *holders_json(const struct survey *survey)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < survey->nr_holders; i++) {
		const struct source_holder *holder = &survey->holders[i];
		struct json_object *object = json_object_new_object();

		survey_put_number(object, "pid", (uint64_t)holder->pid);
		survey_put_text(object, "comm", holder->comm);
		survey_put_text(object, "command", holder->command);
		survey_put_text(object, "path", holder->path);
		put_bool(object, "writes", holder->writes);
		put_bool(object, "view", holder->view);
		json_object_array_add(list, object);
	}
	return list;
}

void survey_add_json(const struct survey *survey, struct json_object *to)
{
	json_object_object_add(to, "kernel", kernel_json(survey));
	json_object_object_add(to, "archive", archive_json(survey));
	if (survey->has_first)
		json_object_object_add(to, "freed", freed_json(survey));
	survey_put_number(to, "nr_gaps", survey->nr_gaps);
	json_object_object_add(to, "gaps", gaps_json(survey));
	survey_put_number(to, "nr_holds", survey->nr_holds);
	json_object_object_add(to, "holds", holds_json(survey));
	json_object_object_add(to, "holders", holders_json(survey));
}
