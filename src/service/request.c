// SPDX-License-Identifier: MIT
/*
 * Requests, by two tables: what can be asked, and what can be said with it.
 */
#include "service/request.h"
#include "base/bytes.h"
#include "base/util.h"
#include "service/ask.h"

#include <json-c/json.h>
#include <errno.h>
#include <inttypes.h>

enum member {
	NAME = 1 << 0,
	FROM = 1 << 1,
	BOOT = 1 << 2,
	WAIT = 1 << 3,
	FOR = 1 << 4,
	LIMITS = 1 << 5,
	UP_TO = 1 << 6,
};

enum rights {
	LOGGED = 1 << 0, /* with the one who asks */
	ROOT = 1 << 1, /* for root only */
};

static const struct verb {
	const char *name;
	enum request_kind kind;
	enum job_kind job;
	unsigned int allowed, needed; /* members */
	unsigned int rights;
} verbs[] = {
	{ "status", REQUEST_STATUS, JOB_SURVEY, 0, 0, 0 },
	{ "drain", REQUEST_DRAIN, JOB_DRAIN, WAIT, 0, 0 },
	{ "flush", REQUEST_FLUSH, JOB_FLUSH, FOR, FOR, LOGGED },
	{ "trim", REQUEST_TRIM, JOB_TRIM, FROM | UP_TO, FROM | UP_TO, LOGGED },
	{ "reconcile", REQUEST_RECONCILE, JOB_RECONCILE, 0, 0, 0 },
	{ "check", REQUEST_CHECK, JOB_CHECK, 0, 0, 0 },
	{ "hold", REQUEST_HOLD, JOB_HOLD, NAME | FROM | BOOT, NAME | FROM,
	  LOGGED },
	{ "release", REQUEST_RELEASE, JOB_RELEASE, NAME, NAME, LOGGED },
	{ "holds", REQUEST_HOLDS, JOB_SURVEY, 0, 0, 0 },
	{ "prune", REQUEST_PRUNE, JOB_PRUNE, LIMITS, 0, LOGGED | ROOT },
	{ "metrics", REQUEST_METRICS, JOB_NONE, 0, 0, 0 },
	{ "reload", REQUEST_RELOAD, JOB_NONE, 0, 0, LOGGED | ROOT },
};

/* ---- values ---------------------------------------------------------------- */

static int get_text(struct json_object *value, char *to, size_t size)
{
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	len = (size_t)json_object_get_string_len(value);
	if (len == 0 || len >= size ||
	    strlen(json_object_get_string(value)) != len)
		return -EINVAL;
	memcpy(to, json_object_get_string(value), len + 1);
	return 0;
}

/* A whole number that is not negative. */
static int get_number(struct json_object *value, uint64_t max, uint64_t *to)
{
	uint64_t number;

	if (!json_object_is_type(value, json_type_int))
		return -EINVAL;
	number = json_object_get_uint64(value);
	if (json_object_get_int64(value) < 0 || number > max)
		return -EINVAL;
	*to = number;
	return 0;
}

static int get_bool(struct json_object *value, bool *to)
{
	if (!json_object_is_type(value, json_type_boolean))
		return -EINVAL;
	*to = json_object_get_boolean(value);
	return 0;
}

static int set_name(struct request *rq, struct json_object *value)
{
	return get_text(value, rq->job.name, sizeof(rq->job.name));
}

static int set_from(struct request *rq, struct json_object *value)
{
	return get_number(value, INT64_MAX, &rq->job.from);
}

static int set_up_to(struct request *rq, struct json_object *value)
{
	return get_number(value, INT64_MAX, &rq->job.up_to);
}

static int set_boot(struct request *rq, struct json_object *value)
{
	return get_text(value, rq->job.boot, sizeof(rq->job.boot));
}

static int set_wait(struct request *rq, struct json_object *value)
{
	return get_bool(value, &rq->wait);
}

static int set_for(struct request *rq, struct json_object *value)
{
	int r = get_text(value, rq->job.reason, sizeof(rq->job.reason));

	return r < 0 || !strcmp(rq->job.reason, "kexec") ? r : -EINVAL;
}

static int set_max_bytes(struct request *rq, struct json_object *value)
{
	return get_number(value, INT64_MAX, &rq->job.prune.max_bytes);
}

static int set_max_age(struct request *rq, struct json_object *value)
{
	return get_number(value, INT64_MAX, &rq->job.prune.max_age);
}

static int set_keep_boots(struct request *rq, struct json_object *value)
{
	uint64_t number;
	int r = get_number(value, UINT32_MAX, &number);

	if (r == 0)
		rq->job.prune.keep_boots = (unsigned int)number;
	return r;
}

static int set_force(struct request *rq, struct json_object *value)
{
	return get_bool(value, &rq->job.prune.force);
}

static int set_dry_run(struct request *rq, struct json_object *value)
{
	return get_bool(value, &rq->job.prune.dry_run);
}

static const struct member_entry {
	const char *name;
	enum member member;
	int (*set)(struct request *rq, struct json_object *value);
	const char *wanted;
} members[] = {
	{ "name", NAME, set_name, "a name of 1 to 63 bytes" },
	{ "from", FROM, set_from, "the index of a record" },
	{ "up_to", UP_TO, set_up_to, "the index behind the last record" },
	{ "boot", BOOT, set_boot, "the name of a boot" },
	{ "wait", WAIT, set_wait, "true or false" },
	{ "for", FOR, set_for, "\"kexec\"" },
	{ "max_bytes", LIMITS, set_max_bytes, "a number of bytes" },
	{ "max_age", LIMITS, set_max_age, "a number of seconds" },
	{ "keep_boots", LIMITS, set_keep_boots, "a number of boots" },
	{ "force", LIMITS, set_force, "true or false" },
	{ "dry_run", LIMITS, set_dry_run, "true or false" },
};

/* ---- parsing --------------------------------------------------------------- */

static const struct verb *find_verb(struct json_object *object)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, "do", &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(json_object_get_string(value), verbs[i].name))
			return &verbs[i];
	return NULL;
}

static const struct member_entry *find_member(const struct verb *verb,
					      const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].member & verb->allowed &&
		    !strcmp(name, members[i].name))
			return &members[i];
	return NULL;
}

static int parse_member(const struct verb *verb, const char *name,
			struct json_object *value, struct request *rq,
			unsigned int *missing, char *error)
{
	const struct member_entry *member = find_member(verb, name);

	if (!strcmp(name, "do"))
		return 0;
	if (!member) {
		snprintf(error, JOB_TEXT_MAX, "'%s' has no member '%.64s'",
			 verb->name, name);
		return -EINVAL;
	}
	if (member->set(rq, value) < 0) {
		snprintf(error, JOB_TEXT_MAX, "'%s' must be %s", member->name,
			 member->wanted);
		return -EINVAL;
	}
	*missing &= ~(unsigned int)member->member;
	return 0;
}

static int parse_members(const struct verb *verb, struct json_object *object,
			 struct request *rq, char *error)
{
	struct json_object_iterator at = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);
	unsigned int missing = verb->needed;
	int r = 0;

	for (; r == 0 && !json_object_iter_equal(&at, &end);
	     json_object_iter_next(&at))
		r = parse_member(verb, json_object_iter_peek_name(&at),
				 json_object_iter_peek_value(&at), rq, &missing,
				 error);
	for (size_t i = 0; r == 0 && missing && i < ARRAY_SIZE(members); i++) {
		if (!(missing & members[i].member))
			continue;
		snprintf(error, JOB_TEXT_MAX, "'%s' needs '%s': %s", verb->name,
			 members[i].name, members[i].wanted);
		r = -EINVAL;
	}
	return r;
}

static int parse_object(struct json_object *object, struct request *ret_request,
			char *ret_error)
{
	const struct verb *verb = find_verb(object);
	struct request rq = { .wait = true };
	int r;

	if (!verb) {
		snprintf(ret_error, JOB_TEXT_MAX,
			 "no member 'do' that names what there is to do");
		return -EINVAL;
	}
	rq.kind = verb->kind;
	rq.job.kind = verb->job;
	if (verb->job == JOB_DRAIN)
		strcpy(rq.job.reason, "request");
	r = parse_members(verb, object, &rq, ret_error);
	if (r == 0)
		*ret_request = rq;
	return r;
}

int request_parse(struct imastage_bytes text, struct request *ret_request,
		  char *ret_error)
{
	struct json_object *object =
		ask_parse((const char *)text.data, text.len);
	int r;

	if (!object) {
		snprintf(ret_error, JOB_TEXT_MAX, "not a JSON object");
		return -EINVAL;
	}
	r = parse_object(object, ret_request, ret_error);
	json_object_put(object);
	return r;
}

/* ---- rights ---------------------------------------------------------------- */

static const struct verb *verb_of(const struct request *request)
{
	const struct verb *verb = verbs;

	while (verb->kind != request->kind)
		verb++;
	return verb;
}

const char *request_name(const struct request *request)
{
	return verb_of(request)->name;
}

bool request_is_logged(const struct request *request)
{
	return verb_of(request)->rights & LOGGED;
}

int request_allow(const struct request *request, uid_t uid, char *ret_error)
{
	const struct verb *verb = verb_of(request);
	bool looks = request->kind == REQUEST_PRUNE &&
		     request->job.prune.dry_run;

	if (uid == 0 || looks || !(verb->rights & ROOT))
		return 0;
	snprintf(ret_error, JOB_TEXT_MAX, "'%s' is for root only%s", verb->name,
		 verb->kind == REQUEST_PRUNE ? "; others may add "
					       "'dry_run'" :
					       "");
	return -EPERM;
}

/* ---- replies --------------------------------------------------------------- */

static struct json_object *new_reply(bool ok)
{
	struct json_object *reply = json_object_new_object();

	json_object_object_add(reply, "ok", json_object_new_boolean(ok));
	return reply;
}

struct json_object *request_refusal(int error, const char *text)
{
	struct json_object *reply = new_reply(false);

	survey_put_text(reply, "errno", ask_errno_name(error));
	survey_put_text(reply, "error", text);
	return reply;
}

static void put_saved(struct json_object *reply, const struct job *job)
{
	survey_put_number(reply, "records", job->records);
	survey_put_number(reply, "bytes", job->bytes);
	json_object_object_add(reply, "seconds",
			       json_object_new_double((double)job->ms / 1000));
}

/* Done, and yet not well: what was saved does not explain the PCR. */
static void put_gaps(struct json_object *reply, const struct job *job)
{
	struct json_object *list = json_object_new_array();
	uint64_t nr = job->nr_gaps < JOB_GAPS_MAX ? job->nr_gaps : JOB_GAPS_MAX;

	for (uint64_t i = 0; i < nr; i++)
		json_object_array_add(list, survey_gap_json(&job->gaps[i],
							    job->boot));
	json_object_object_add(reply, "ok",
			       json_object_new_boolean(job->nr_gaps == 0));
	survey_put_number(reply, "nr_gaps", job->nr_gaps);
	json_object_object_add(reply, "gaps", list);
}

static void put_pruned(struct json_object *reply, const struct job *job)
{
	const struct archive_prune_result *pruned = &job->pruned;

	survey_put_number(reply, "segments", pruned->nr_segments);
	survey_put_number(reply, "records", pruned->nr_records);
	survey_put_number(reply, "boots", pruned->nr_boots);
	survey_put_number(reply, "bytes", pruned->bytes);
	if (pruned->held)
		survey_put_text(reply, "held_by", pruned->hold);
	json_object_object_add(reply, "unacknowledged",
			       json_object_new_boolean(pruned->unacknowledged));
}

struct json_object *request_reply(const struct job *job)
{
	struct json_object *reply;

	if (job->result < 0)
		return request_refusal(job->result, job->text);
	reply = new_reply(true);
	if (job->kind == JOB_DRAIN || job->kind == JOB_FLUSH) {
		put_saved(reply, job);
		put_gaps(reply, job);
	} else if (job->kind == JOB_TRIM) {
		survey_put_number(reply, "deleted", job->deleted);
	} else if (job->kind == JOB_PRUNE) {
		put_pruned(reply, job);
	}
	if (*job->text)
		survey_put_text(reply, "text", job->text);
	return reply;
}
