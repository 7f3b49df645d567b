// SPDX-License-Identifier: MIT
/*
 * The member "verification-keys" of a policy: a text that is JSON itself,
 *
 *	{"meta":{"version":1},"keyids":[NUMBER],"pubkeys":[BASE64 of DER]}
 *
 * or a string of JSON that is that text. Ids are not believed: a key has the id
 * that follows from it.
 */
#include "base/base64.h"
#include "base/util.h"
#include "policy/read_private.h"

#include <errno.h>

/* @reading: of the text inside. */
static int add_key(struct reading *reading, struct imastage_bytes text)
{
	cleanup_free uint8_t *der = malloc(BASE64_DATA_MAX(text.len) + 1);
	size_t len, at;
	int r;

	if (!der)
		return -ENOMEM;
	if (base64_decode(text, der, &len, &at) < 0)
		return refuse(reading, "a key that is not in base64");
	r = policy_keys_add(reading->keys, bytes_of(der, len));
	if (r == -EBADMSG || r == -ENOTSUP)
		return refuse(reading, "a key that is none, or of a kind that "
				       "is not taken");
	if (r == 0)
		r = policy_add_text(reading->builder, POLICY_KEY,
				    bytes_of(der, len));
	return read_added(reading, r);
}

static int read_keys(struct reading *reading)
{
	struct imastage_bytes text;
	int r = json_pull_open(&reading->pull, '[');

	while (r == 0 && (r = json_pull_element(&reading->pull)) == 1) {
		r = json_pull_string(&reading->pull, &text);
		if (r == 0)
			r = add_key(reading, text);
	}
	return r;
}

static int read_anything(struct reading *reading)
{
	return json_pull_skip(&reading->pull);
}

static int read_object(struct reading *reading)
{
	static const struct member members[] = {
		{ "meta", read_anything, true },
		{ "keyids", read_anything, true },
		{ "pubkeys", read_keys, true },
	};

	return read_members(reading, members, ARRAY_SIZE(members), false);
}

/* The second time, it has to be the object. */
static int read_inner(struct reading *reading, bool again)
{
	struct imastage_bytes text;
	int r;

	if (again || json_pull_peek(&reading->pull) != '"')
		r = read_object(reading);
	else {
		r = json_pull_string(&reading->pull, &text);
		reading->inner = true;
		if (r == 0)
			r = read_key_text(reading, text);
	}
	return r == 0 ? json_pull_end(&reading->pull) : r;
}

/* What is wrong in it is said of the string that it is. */
int read_key_text(struct reading *reading, struct imastage_bytes text)
{
	struct json_pull outer = reading->pull;
	cleanup_free uint8_t *copy = malloc(text.len + 1);
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text.data, text.len);
	r = json_pull_init(&reading->pull, bytes_of(copy, text.len));
	if (r == 0)
		r = read_inner(reading, reading->inner);
	if (r < 0) {
		outer.error_at = outer.value_at;
		outer.reason = reading->pull.reason;
	}
	json_pull_fini(&reading->pull);
	reading->pull = outer;
	return r;
}
