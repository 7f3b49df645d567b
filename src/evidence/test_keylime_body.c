// SPDX-License-Identifier: MIT
/*
 * Requests to Keylime's verify/evidence: what they say, what is refused and where, and what
 * a hostile one costs.
 */
#include "evidence/keylime_body.h"
#include "lib/alloc_count.h"
#include "lib/testing.h"
#include "log/buffer.h"

#include <errno.h>

#define REQUIRED                                                        \
	"\"quote\":\"rZm9v:Zg==:Zm8=\",\"nonce\":\"0123456789abcdef\"," \
	"\"hash_alg\":\"sha256\",\"tpm_ek\":\"AAAA\",\"tpm_ak\":\"Zm9v\""
#define BODY(more) "{\"type\":\"tpm\",\"data\":{" REQUIRED more "}}"
/* Where @more is in it. */
#define MORE_AT (sizeof(BODY("")) - sizeof("}}"))
#define LEN ((size_t)1 << 20)

static int parse(const char *text, struct evidence_keylime_body *ret_body,
		 struct evidence_error *ret_error)
{
	/* Its own block, so that the sanitizer sees what is read behind it. */
	size_t len = strlen(text);
	uint8_t *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = evidence_keylime_body_parse(bytes_of(copy, len), ret_body,
					ret_error);
	free(copy);
	return r;
}

static void assert_text(struct imastage_bytes bytes, const char *text)
{
	assert_true(bytes_equal_text(bytes, text));
}

TEST(what_it_says)
{
	static const char text[] =
		BODY(",\"ima_measurement_list\":\"10 \\u00e4\\ud83d\\ude00"
		     "\xc3\xa4\\n\",\"mb_log\":\"Zm8=\","
		     "\"runtime_policy\":\"{\\\"meta\\\":0}\",\"other\":[{}]");
	struct evidence_keylime_body body;
	struct evidence_error error;

	assert_int_equal(parse(text, &body, &error), 0);
	assert_text(body.quote.msg, "foo");
	assert_text(body.quote.sig, "f");
	assert_text(body.quote.pcrs, "fo");
	assert_text(body.nonce, "0123456789abcdef");
	assert_text(body.ak, "foo");
	assert_text(body.list, "10 \xc3\xa4\xf0\x9f\x98\x80\xc3\xa4\n");
	assert_text(body.boot_log, "fo");
	assert_text(body.runtime_policy, "{\"meta\":0}");
	assert_int_equal(body.bank, IMASTAGE_SHA256);
	assert_null(body.other_policy);
	evidence_keylime_body_fini(&body);
}

TEST(policies_that_say_nothing_are_none)
{
	static const struct {
		const char *text, *other;
		size_t len;
	} cases[] = {
		{ BODY(",\"runtime_policy\":\"{}\",\"mb_policy\":null"), NULL,
		  0 },
		{ BODY(",\"runtime_policy\":null,\"tpm_policy\":\"\""), NULL,
		  0 },
		{ BODY(",\"runtime_policy\":\"null\",\"tpm_policy\":\"{}\""),
		  NULL, 0 },
		{ BODY(",\"runtime_policy\":\"x\",\"tpm_policy\":\"{1}\""),
		  "tpm_policy", 1 },
		{ BODY(",\"mb_policy\":\"x\""), "mb_policy", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct evidence_keylime_body body;
		struct evidence_error error;

		assert_int_equal(parse(cases[i].text, &body, &error), 0);
		assert_int_equal(body.runtime_policy.len, cases[i].len);
		if (cases[i].other)
			assert_string_equal(body.other_policy, cases[i].other);
		else
			assert_null(body.other_policy);
		evidence_keylime_body_fini(&body);
	}
}

TEST(what_is_refused)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "[]", 0 },
		{ "{}", 0 },
		{ "{\"type\":\"tpm\"}", 0 },
		{ "{\"data\":{" REQUIRED "}}", 0 },
		{ "{\"type\":\"tee\",\"data\":{" REQUIRED "}}", 8 },
		{ "{\"type\":\"tpm\",\"data\":[]}", 21 },
		{ "{\"type\":\"tpm\",\"data\":{},\"data\":{}}", 31 },
		{ BODY("") "x", MORE_AT + 2 },
		{ BODY(",\"nonce\":\"0\""), MORE_AT + 1 },
		{ BODY(",\"mb_log\":null,\"mb_log\":\"\""), MORE_AT + 15 },
		{ BODY(",\"\":0,\"\":0"), MORE_AT + 6 },
		{ BODY(",\"mb_log\":\"Zm*=\""), MORE_AT + 13 },
		{ BODY(",\"mb_log\":\"\\u005am*=\""), MORE_AT + 10 },
		{ BODY(",\"mb_log\":{}"), MORE_AT + 10 },
		{ BODY(",\"ima_measurement_list\":\"a\xff\""), MORE_AT + 26 },
		{ BODY(",\"ima_measurement_list\":\"\\ud800\""), MORE_AT + 25 },
		{ BODY(",\"ima_measurement_list\":\"\n\""), MORE_AT + 25 },
		{ BODY(",\"other\":[1,]"), MORE_AT + 12 },
		{ "{\"data\":{\"quote\":\"rZm9v\"}}", 23 },
		{ "{\"data\":{\"quote\":\"rZm9v:Z*==:Zm8=\"}}", 25 },
		{ "{\"data\":{\"hash_alg\":\"md5\"}}", 21 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct evidence_keylime_body body;
		struct evidence_error error;
		int r = parse(cases[i].text, &body, &error);

		if (r != -EBADMSG || error.offset != cases[i].at)
			fail_msg("%s: %d at %zu: %s", cases[i].text, r,
				 error.offset, error.reason);
		assert_true(error.reason[0]);
	}
}

TEST(what_is_missing)
{
	static const char *const names[] = { "quote", "nonce", "hash_alg",
					     "tpm_ek", "tpm_ak" };
	static const char *const values[] = { "null", "\"\"", NULL };

	for (size_t i = 0; i < 3 * ARRAY_SIZE(names); i++) {
		const char *name = names[i / 3], *value = values[i % 3];
		char text[256] = BODY(""), *at = strstr(text, name), rest[256];
		struct evidence_keylime_body body;
		struct evidence_error error;

		/* Another name, or another value. */
		if (!value)
			at[0] = 'x';
		else {
			at += strlen(name) + 2;
			snprintf(rest, sizeof(rest), "%s",
				 at + 1 + strcspn(at + 1, "\"") + 1);
			snprintf(at, sizeof(text) - (size_t)(at - text), "%s%s",
				 value, rest);
		}
		assert_int_equal(parse(text, &body, &error),
				 EVIDENCE_BODY_MISSING);
		assert_string_equal(error.reason, name);
		assert_int_equal(error.offset, 21);
	}
}

TEST(cut_off_at_every_byte)
{
	static const char text[] =
		BODY(",\"ima_measurement_list\":\"\\u00e4\\n\",\"mb_log\":"
		     "\"Zm8=\",\"runtime_policy\":\"{}\",\"other\":[{}]");

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char cut[sizeof(text)] = "";
		struct evidence_keylime_body body;
		struct evidence_error error;

		memcpy(cut, text, len);
		assert_int_equal(parse(cut, &body, &error), -EBADMSG);
		assert_true(error.offset <= len);
	}
}

/* ---- what it costs ------------------------------------------------------------- */

static void put(struct imastage_buffer *text, const char *piece)
{
	assert_int_equal(buffer_put(text, bytes_of_text(piece)), 0);
}

TEST(memory_is_bounded_by_the_length)
{
	static const char *const cases[][3] = {
		{ "{\"type\":\"tpm\",\"data\":{" REQUIRED
		  ",\"ima_measurement_list\":\"",
		  "a\\n", "\"}}" },
		{ "{\"type\":\"tpm\",\"data\":{" REQUIRED ",\"mb_log\":\"",
		  "\\u0041AAA", "\"}}" },
		{ "{\"type\":\"tpm\",\"data\":{" REQUIRED ",\"other\":\"",
		  "\\u0041", "\"}}" },
		{ "{\"type\":\"tpm\",\"data\":{\"quote\":\"r", "A\\u0041AA",
		  "::\"}}" },
		{ "{", "\"a\":0,", "\"b\":0}" },
		{ "{\"data\":{", "\"a\":{},", "\"b\":0}}" },
		{ "{\"a\":[", "{\"a\":0},", "0]}" },
		{ "{\"a\":\"\\n", "aaaaaaaa", "" },
		{ "{\"a\":", "[", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct evidence_keylime_body body = { 0 };
		struct imastage_buffer text = { 0 };
		struct evidence_error error;
		int r;

		put(&text, cases[i][0]);
		while (text.len < LEN)
			put(&text, cases[i][1]);
		put(&text, cases[i][2]);
		alloc_count_start();
		r = evidence_keylime_body_parse(bytes_of(text.data, text.len),
						&body, &error);
		print_message("# %zu bytes: %d, %zu KiB of memory\n", text.len,
			      r, alloc_count_peak() >> 10);
		assert_true(alloc_count_peak() <=
			    2 * text.len + EVIDENCE_KEYLIME_LEN_MAX);
		evidence_keylime_body_fini(&body);
		free(text.data);
	}
}

TEST(what_is_too_long_costs_nothing)
{
	struct evidence_keylime_body body;
	struct evidence_error error;
	const char text[1] = "";

	alloc_count_start();
	assert_int_equal(evidence_keylime_body_parse(
				 bytes_of(text, EVIDENCE_BODY_LEN_MAX + 1),
				 &body, &error),
			 -EBADMSG);
	assert_int_equal(alloc_count_peak(), 0);
}

TEST_MAIN(cmocka_unit_test(what_it_says),
	  cmocka_unit_test(policies_that_say_nothing_are_none),
	  cmocka_unit_test(what_is_refused), cmocka_unit_test(what_is_missing),
	  cmocka_unit_test(cut_off_at_every_byte),
	  cmocka_unit_test(memory_is_bounded_by_the_length),
	  cmocka_unit_test(what_is_too_long_costs_nothing))
