// SPDX-License-Identifier: MIT
/*
 * From facts to JSON. status_print.c goes on from there.
 */
#include "service/status.h"
#include "service/ask.h"
#include "service/verdict.h"
#include "service/words.h"

#include <json-c/json.h>
#include <time.h>

static void put_time(struct json_object *to, int64_t time)
{
	char room[SURVEY_TIME_LEN];

	survey_put_text(to, "time", survey_time(time, room));
}

static struct json_object *drain_json(const struct facts_drain *drain)
{
	struct json_object *object = json_object_new_object();

	put_time(object, drain->time);
	survey_put_number(object, "records", drain->records);
	survey_put_number(object, "bytes", drain->bytes);
	json_object_object_add(
		object, "seconds",
		json_object_new_double((double)drain->ms / 1000));
	survey_put_text(object, "reason", drain->reason);
	return object;
}

static struct json_object *trouble_json(const struct facts *facts)
{
	struct json_object *object = json_object_new_object();

	survey_put_text(object, "errno", ask_errno_name(facts->trouble));
	survey_put_text(object, "error", facts->trouble_text);
	put_time(object, facts->trouble_since);
	return object;
}

static struct json_object *check_json(const struct facts *facts)
{
	struct json_object *object = json_object_new_object();

	put_time(object, facts->checked);
	survey_put_text(object, "verdict", facts->verdict);
	json_object_object_add(object, "rejected",
			       json_object_new_boolean(facts->rejected));
	return object;
}

/* @time 0: none of this boot. */
static struct json_object *quote_json(const struct facts_quote *quote)
{
	struct json_object *object = json_object_new_object();
	int64_t now = (int64_t)time(NULL);

	json_object_object_add(object, "off",
			       json_object_new_boolean(quote->off));
	if (quote->time) {
		put_time(object, quote->time);
		survey_put_number(
			object, "seconds",
			now > quote->time ? (uint64_t)(now - quote->time) : 0);
		survey_put_number(object, "next", quote->end);
	}
	if (quote->error)
		survey_put_text(object, "errno", ask_errno_name(quote->error));
	if (*quote->text)
		survey_put_text(object, "error", quote->text);
	return object;
}

static void put_verdict(struct json_object *to, const struct facts *facts)
{
	struct json_object *list = json_object_new_array();
	struct verdict verdict;
	char line[JOB_TEXT_MAX];

	verdict_of(facts, &verdict);
	verdict_line(&verdict, facts, line, sizeof(line));
	json_object_object_add(to, "ok",
			       json_object_new_boolean(verdict.nr == 0));
	survey_put_text(to, "verdict", line);
	for (size_t i = 0; i < verdict.nr; i++) {
		struct json_object *wrong = json_object_new_object();

		survey_put_text(wrong, "id", verdict.wrong[i].id);
		survey_put_text(wrong, "text", verdict.wrong[i].text);
		json_object_array_add(list, wrong);
	}
	json_object_object_add(to, "wrong", list);
}

static struct json_object *job_json(const struct facts_job *job)
{
	struct json_object *object = json_object_new_object();

	survey_put_text(object, "kind", job_name(job->kind));
	survey_put_number(object, "seconds", job->age_ms / 1000);
	survey_put_number(object, "still_seconds", job->still_ms / 1000);
	return object;
}

struct json_object *status_json(const struct facts *facts)
{
	struct json_object *status = json_object_new_object();

	put_verdict(status, facts);
	if (facts->job.kind != JOB_NONE)
		json_object_object_add(status, "job", job_json(&facts->job));
	survey_add_json(&facts->survey, status);
	if (*facts->reconcile)
		survey_put_text(status, "reconciled", facts->reconcile);
	if (facts->drain.time)
		json_object_object_add(status, "last_drain",
				       drain_json(&facts->drain));
	if (facts->trouble)
		json_object_object_add(status, "trouble", trouble_json(facts));
	if (facts->reconciled || facts->quote.time)
		json_object_object_add(status, "quote",
				       quote_json(&facts->quote));
	if (facts->checked)
		json_object_object_add(status, "check", check_json(facts));
	return status;
}
