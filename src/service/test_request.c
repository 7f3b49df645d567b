// SPDX-License-Identifier: MIT
/*
 * Requests: the same with every version of json-c.
 */
#include "base/bytes.h"
#include "lib/testing.h"
#include "service/ask.h"
#include "service/request.h"

#include <errno.h>
#include <json-c/json.h>

static int parse(const char *text, struct request *rq, char *error)
{
	return request_parse(bytes_of_text(text), rq, error);
}

/* json-c 0.18 takes bytes above 0x7f for control characters when it is strict. */
TEST(names_have_any_letters)
{
	char error[JOB_TEXT_MAX];
	struct request rq;

	assert_int_equal(parse("{\"do\":\"hold\",\"name\":\"pr\xc3\xbc"
			       "fer\",\"from\":0}",
			       &rq, error),
			 0);
	assert_string_equal(rq.job.name, "pr\xc3\xbc"
					 "fer");
	assert_int_equal(
		parse("{\"do\":\"hold\",\"name\":\"pr\\u00fcfer\",\"from\":0}",
		      &rq, error),
		0);
	assert_string_equal(rq.job.name, "pr\xc3\xbc"
					 "fer");
}

TEST(what_is_refused_and_how)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{\"do\":\"hold\",\"name\":\"\xff\",\"from\":0}", "JSON" },
		{ "{\"do\":\"hold\",\"name\":\"a\tb\",\"from\":0}", "JSON" },
		{ "{'do':'status'}", "JSON" },
		{ "{\"do\":\"status\",}", "JSON" },
		{ "{\"do\":\"status\"/**/}", "JSON" },
		{ "{\"do\":\"status\"}{}", "JSON" },
		{ "{\"do\":STATUS}", "JSON" },
		{ "{\"do\":\"hold\",\"name\":\"a\",\"from\":NaN}", "JSON" },
		{ "{\"do\":\"hold\",\"name\":\"a\",\"from\":9223372036854775808}",
		  "'from' must be" },
		{ "{\"do\":\"hold\",\"name\":\"a\",\"from\":18446744073709551616}",
		  "'from' must be" },
		{ "{\"do\":\"hold\",\"name\":\"a\",\"from\":"
		  "99999999999999999999999}",
		  "'from' must be" },
		{ "{\"do\":\"hold\",\"name\":\"a\",\"from\":-9223372036854775809}",
		  "'from' must be" },
	};
	char error[JOB_TEXT_MAX];
	struct request rq;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].text, &rq, error), -EINVAL);
		if (!strstr(error, cases[i].words))
			fail_msg("%s: %s", cases[i].text, error);
	}
}

static struct json_object *parse_many(const char *each, size_t nr)
{
	size_t len = strlen(each);
	cleanup_free char *text = malloc(nr * len + 16);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, "{\"a\":[");
	for (size_t i = 0; i < nr; i++)
		at = stpcpy(at, each);
	at = stpcpy(at, "0]}");
	return ask_parse(text, (size_t)(at - text));
}

/* An agent has long lists to tell, in which no object is as short as it can be. */
TEST(answers_are_weighed)
{
	struct json_object *object = parse_many(
		"{\"name\":\"a-verifier\",\"boot\":\"2026-11-30T20:00:00Z-1\","
		"\"from\":12345678,\"since\":1764532800},",
		9000);

	assert_non_null(object);
	json_object_put(object);
	assert_null(parse_many("{},", 20000));
	assert_null(parse_many("0,", 200000));
}

/* What a verifier was sent may be deleted, from where to where is said. */
TEST(a_trim_says_what_it_may_delete)
{
	char error[JOB_TEXT_MAX];
	struct request rq;

	assert_int_equal(parse("{\"do\":\"trim\",\"from\":3,\"up_to\":9}", &rq,
			       error),
			 0);
	assert_int_equal(rq.job.kind, JOB_TRIM);
	assert_int_equal(rq.job.from, 3);
	assert_int_equal(rq.job.up_to, 9);
	assert_int_equal(parse("{\"do\":\"trim\",\"from\":3}", &rq, error),
			 -EINVAL);
	assert_string_equal(
		error,
		"'trim' needs 'up_to': the index behind the last record");
	assert_int_equal(parse("{\"do\":\"drain\",\"up_to\":9}", &rq, error),
			 -EINVAL);
}

TEST_MAIN(cmocka_unit_test(names_have_any_letters),
	  cmocka_unit_test(what_is_refused_and_how),
	  cmocka_unit_test(answers_are_weighed),
	  cmocka_unit_test(a_trim_says_what_it_may_delete))
