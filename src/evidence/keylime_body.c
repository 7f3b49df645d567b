// SPDX-License-Identifier: MIT
/*
 * One walk over the body. What its strings mean is never longer than they are, so one block
 * of the text's length has room for all of them.
 */
#include "evidence/keylime_body.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/json_pull.h"
#include "base/util.h"

#include <errno.h>
#include <stdlib.h>

struct reading {
	struct json_pull pull;
	struct evidence_keylime_body *body;
	uint8_t *room; /* what is left of the body's memory */
	struct evidence_error *error;
	bool said; /* @error is set; else it is as @pull has it */
	bool has_type, has_data;
	size_t data_at;
	uint32_t seen, given; /* of data_members[]; given: not empty */
};

/* ---- what is wrong ---------------------------------------------------------- */

static int say(struct reading *reading, size_t offset, const char *reason)
{
	reading->error->offset = offset;
	reading->error->reason = reason;
	reading->said = true;
	return -EBADMSG;
}

/* At character @at of @string, which was taken last. */
static int say_in(struct reading *reading, struct imastage_bytes string,
		  size_t at, const char *reason)
{
	const struct json_pull *pull = &reading->pull;
	bool plain = string.len + 2 == pull->at - pull->value_at;

	return say(reading, pull->value_at + (plain ? 1 + at : 0), reason);
}

/* ---- members of "data" -------------------------------------------------------- */

static struct imastage_bytes keep(struct reading *reading, size_t len)
{
	struct imastage_bytes kept = bytes_of(reading->room, len);

	reading->room += len;
	return kept;
}

static struct imastage_bytes copy(struct reading *reading,
				  struct imastage_bytes string)
{
	memcpy(reading->room, string.data, string.len);
	return keep(reading, string.len);
}

static int take_quote(struct reading *reading, struct imastage_bytes string)
{
	struct evidence_error why;
	int r = evidence_keylime_parse(string, &reading->body->quote, &why);

	if (r == -EFBIG)
		return say_in(reading, string, 0, "the quote is too long");
	return r == -EBADMSG ? say_in(reading, string, why.offset, why.reason) :
			       r;
}

static int take_nonce(struct reading *reading, struct imastage_bytes string)
{
	reading->body->nonce = copy(reading, string);
	return 0;
}

static int take_bank(struct reading *reading, struct imastage_bytes string)
{
	return imastage_bank_by_name(string, &reading->body->bank) < 0 ?
		       say_in(reading, string, 0, "a bank that is not known") :
		       0;
}

/* Keylime passes it on, and uses it for nothing. */
static int take_ek(struct reading *reading, struct imastage_bytes string)
{
	(void)reading, (void)string;
	return 0;
}

static int take_base64(struct reading *reading, struct imastage_bytes string,
		       struct imastage_bytes *ret_bytes)
{
	size_t len, at;

	if (base64_decode(string, reading->room, &len, &at) < 0)
		return say_in(reading, string, at, "not base64");
	*ret_bytes = keep(reading, len);
	return 0;
}

static int take_ak(struct reading *reading, struct imastage_bytes string)
{
	return take_base64(reading, string, &reading->body->ak);
}

static int take_boot_log(struct reading *reading, struct imastage_bytes string)
{
	return take_base64(reading, string, &reading->body->boot_log);
}

static int take_list(struct reading *reading, struct imastage_bytes string)
{
	reading->body->list = copy(reading, string);
	return 0;
}

/* A policy that says nothing is none. */
static bool is_policy(struct imastage_bytes text)
{
	return !bytes_equal_text(text, "{}") && !bytes_equal_text(text, "null");
}

static int take_policy(struct reading *reading, struct imastage_bytes string)
{
	if (is_policy(string))
		reading->body->runtime_policy = copy(reading, string);
	return 0;
}

static int take_tpm_policy(struct reading *reading,
			   struct imastage_bytes string)
{
	if (is_policy(string))
		reading->body->other_policy = "tpm_policy";
	return 0;
}

static int take_mb_policy(struct reading *reading, struct imastage_bytes string)
{
	if (is_policy(string))
		reading->body->other_policy = "mb_policy";
	return 0;
}

/* In Keylime's order, which is that in which it misses them. */
static const struct {
	const char *name;
	bool required;
	/* @string is not empty, and gone with the next call of the pull's. */
	int (*take)(struct reading *reading, struct imastage_bytes string);
} data_members[] = {
	{ "quote", true, take_quote },
	{ "nonce", true, take_nonce },
	{ "hash_alg", true, take_bank },
	{ "tpm_ek", true, take_ek },
	{ "tpm_ak", true, take_ak },
	{ "tpm_policy", false, take_tpm_policy },
	{ "runtime_policy", false, take_policy },
	{ "mb_policy", false, take_mb_policy },
	{ "ima_measurement_list", false, take_list },
	{ "mb_log", false, take_boot_log },
};

/* ---- objects ------------------------------------------------------------------- */

static int take_value(struct reading *reading, size_t i)
{
	struct imastage_bytes string;
	int r;

	if (reading->seen & 1u << i)
		return json_pull_refuse(&reading->pull,
					"a name that is there twice");
	reading->seen |= 1u << i;
	if (json_pull_peek(&reading->pull) == 'n')
		return json_pull_word(&reading->pull, "null");
	r = json_pull_string(&reading->pull, &string);
	if (r < 0 || string.len == 0)
		return r;
	reading->given |= 1u << i;
	return data_members[i].take(reading, string);
}

static int take_member(struct reading *reading, struct imastage_bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(data_members); i++)
		if (bytes_equal_text(name, data_members[i].name))
			return take_value(reading, i);
	return json_pull_skip(&reading->pull);
}

static int take_data(struct reading *reading)
{
	struct imastage_bytes name;
	int r = json_pull_open(&reading->pull, '{');

	if (r == 0 && reading->has_data)
		return json_pull_refuse(&reading->pull,
					"a name that is there twice");
	reading->has_data = true;
	reading->data_at = reading->pull.value_at;
	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1)
		r = take_member(reading, name);
	return r;
}

static int take_type(struct reading *reading)
{
	struct imastage_bytes type;
	int r = json_pull_string(&reading->pull, &type);

	reading->has_type = true;
	return r == 0 && !bytes_equal_text(type, "tpm") ?
		       json_pull_refuse(&reading->pull,
					"evidence of another type than tpm") :
		       r;
}

static int take_outer(struct reading *reading, struct imastage_bytes name)
{
	if (bytes_equal_text(name, "type"))
		return take_type(reading);
	return bytes_equal_text(name, "data") ? take_data(reading) :
						json_pull_skip(&reading->pull);
}

static int look_for_missing(struct reading *reading)
{
	if (!reading->has_type || !reading->has_data)
		return say(reading, 0,
			   "the member 'type' or 'data' is missing");
	for (size_t i = 0; i < ARRAY_SIZE(data_members); i++) {
		if (!data_members[i].required || reading->given & 1u << i)
			continue;
		(void)say(reading, reading->data_at, data_members[i].name);
		return EVIDENCE_BODY_MISSING;
	}
	return 0;
}

static int take_all(struct reading *reading)
{
	struct imastage_bytes name;
	int r = json_pull_open(&reading->pull, '{');

	while (r == 0 && (r = json_pull_member(&reading->pull, &name)) == 1)
		r = take_outer(reading, name);
	if (r == 0)
		r = json_pull_end(&reading->pull);
	return r == 0 ? look_for_missing(reading) : r;
}

int evidence_keylime_body_parse(struct imastage_bytes text,
				struct evidence_keylime_body *ret_body,
				struct evidence_error *ret_error)
{
	struct evidence_keylime_body body = { 0 };
	struct reading reading = { .body = &body, .error = ret_error };
	int r;

	if (text.len > EVIDENCE_BODY_LEN_MAX)
		return say(&reading, 0, "it is too long");
	body.memory = malloc(text.len + 1);
	if (!body.memory)
		return -ENOMEM;
	reading.room = body.memory;
	r = json_pull_init(&reading.pull, text);
	reading.pull.names_max = EVIDENCE_BODY_NAMES_MAX;
	if (r == 0)
		r = take_all(&reading);
	if (r == -EBADMSG && !reading.said)
		(void)say(&reading, reading.pull.error_at, reading.pull.reason);
	json_pull_fini(&reading.pull);
	if (r == 0)
		*ret_body = body;
	else
		evidence_keylime_body_fini(&body);
	return r;
}

void evidence_keylime_body_fini(struct evidence_keylime_body *body)
{
	evidence_keylime_fini(&body->quote);
	free(body->memory);
	body->memory = NULL;
}
