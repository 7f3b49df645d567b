// SPDX-License-Identifier: MIT
/*
 * The texts of enrolment and challenges: there and back, and what is none.
 */
#include "base/bytes.h"
#include "evidence/challenge.h"
#include "evidence/enroll.h"
#include "lib/testing.h"

#include <errno.h>

#define REQUEST                                                   \
	"{\"imastage\":\"enroll-request-1\",\"ek_pub\":\"AAEC\"," \
	"\"ek_certificate\":\"\",\"ak_pub\":\"/w==\","            \
	"\"ak_qualified_name\":\"000b0a\",\"host\":\"a \\\"b\\\" c\"}\n"
#define ENROLL_CHALLENGE                                          \
	"{\"imastage\":\"enroll-challenge-1\",\"machine\":\"m\"," \
	"\"verifier\":\"v\",\"credential\":\"AAEC\",\"secret\":\"Aw==\"}\n"
#define ANSWER                                                 \
	"{\"imastage\":\"enroll-answer-1\",\"machine\":\"m\"," \
	"\"secret\":\"BAU=\"}\n"
#define NONCE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define CHALLENGE                                                           \
	"{\"imastage\":\"challenge-1\",\"machine\":\"m\",\"verifier\":"     \
	"\"v\",\"nonce\":\"" NONCE "\",\"from\":\"18446744073709551615\","  \
	"\"resets\":\"4294967295\",\"pcrs\":\"sha256:0-10+sha1:0,2-3,10\"," \
	"\"expires\":\"1760000000\"}\n"

/* ---- each form ----------------------------------------------------------------- */

static int parse_request(struct imastage_bytes text, void *message,
			 struct evidence_error *error)
{
	return enroll_request_parse(text, message, error);
}

static int write_request(const void *message, struct imastage_buffer *text)
{
	return enroll_request_write(message, text);
}

static int parse_enroll_challenge(struct imastage_bytes text, void *message,
				  struct evidence_error *error)
{
	return enroll_challenge_parse(text, message, error);
}

static int write_enroll_challenge(const void *message,
				  struct imastage_buffer *text)
{
	return enroll_challenge_write(message, text);
}

static int parse_answer(struct imastage_bytes text, void *message,
			struct evidence_error *error)
{
	return enroll_answer_parse(text, message, error);
}

static int write_answer(const void *message, struct imastage_buffer *text)
{
	return enroll_answer_write(message, text);
}

static int parse_challenge(struct imastage_bytes text, void *message,
			   struct evidence_error *error)
{
	return challenge_parse(text, message, error);
}

static int write_challenge(const void *message, struct imastage_buffer *text)
{
	return challenge_write(message, text);
}

static union {
	struct enroll_request request;
	struct enroll_challenge enroll_challenge;
	struct enroll_answer answer;
	struct challenge challenge;
} message;

static const struct form {
	const char *text;
	int (*parse)(struct imastage_bytes text, void *message,
		     struct evidence_error *error);
	int (*write)(const void *message, struct imastage_buffer *text);
} forms[] = {
	{ REQUEST, parse_request, write_request },
	{ ENROLL_CHALLENGE, parse_enroll_challenge, write_enroll_challenge },
	{ ANSWER, parse_answer, write_answer },
	{ CHALLENGE, parse_challenge, write_challenge },
};

static int parse(const struct form *form, struct imastage_bytes text,
		 struct evidence_error *error)
{
	memset(&message, 0xee, sizeof(message));
	return form->parse(text, &message, error);
}

TEST(each_comes_out_as_it_went_in)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct imastage_buffer text = { 0 };
		struct evidence_error error;

		assert_int_equal(parse(&forms[i], bytes_of_text(forms[i].text),
				       &error),
				 0);
		assert_int_equal(forms[i].write(&message, &text), 0);
		assert_true(bytes_equal_text(bytes_of(text.data, text.len),
					     forms[i].text));
		free(text.data);
	}
}

TEST(none_is_another)
{
	struct evidence_error error;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		for (size_t j = 0; j < ARRAY_SIZE(forms); j++)
			assert_int_equal(parse(&forms[i],
					       bytes_of_text(forms[j].text),
					       &error),
					 i == j ? 0 : -EBADMSG);
}

TEST(truncated_at_every_byte)
{
	struct evidence_error error;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		for (size_t len = 0; len < strlen(forms[i].text) - 1; len++)
			assert_int_equal(parse(&forms[i],
					       bytes_of(forms[i].text, len),
					       &error),
					 -EBADMSG);
}

TEST(values_arrive)
{
	struct evidence_error error;

	assert_int_equal(parse(&forms[0], bytes_of_text(REQUEST), &error), 0);
	assert_true(bytes_equal(message_view(&message.request.ek_pub),
				bytes_of("\0\1\2", 3)));
	assert_int_equal(message.request.ek_certificate.len, 0);
	assert_string_equal(message.request.host, "a \"b\" c");
	assert_int_equal(parse(&forms[3], bytes_of_text(CHALLENGE), &error), 0);
	assert_string_equal(message.challenge.machine, "m");
	assert_int_equal(message.challenge.from, UINT64_MAX);
	assert_int_equal(message.challenge.pcrs.nr, 2);
	assert_int_equal(message.challenge.pcrs.of[0].alg, 0x000b);
	assert_int_equal(message.challenge.pcrs.of[0].pcrs, 0x7ff);
	assert_int_equal(message.challenge.pcrs.of[1].alg, 0x0004);
	assert_int_equal(message.challenge.pcrs.of[1].pcrs, 0x40d);
}

/* ---- what is none ----------------------------------------------------------------- */

/* @form's text with @from replaced by @to. */
static int alter(const struct form *form, const char *from, const char *to,
		 struct evidence_error *error)
{
	static char text[MESSAGE_LEN_MAX];
	const char *at = strstr(form->text, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - form->text),
		 form->text, to, at + strlen(from));
	return parse(form, bytes_of_text(text), error);
}

#define FORM "its member imastage does not name this form"
#define OBJECT "it is not a JSON object"
#define MEMBERS "it has a member twice or one of another form"
#define MISSING "a member is missing"
#define BASE64 "a value is not base64 of a length it may have"
#define HEX "a value is not hexadecimal of a length it may have"
#define TEXT "a value is not printable ASCII of a length it may have"
#define NUMBER "a value is not a decimal number below 2^64"
#define PCRS "a value does not name PCRs, as sha256:0-10+sha1:10"

TEST(refuses)
{
	static const struct {
		size_t form;
		const char *from, *to, *reason;
	} table[] = {
		{ 0, "{", "[", OBJECT },
		{ 0, "}", "}}", OBJECT },
		{ 0, "{", "{\"imastage\":\"enroll-request-1\",", OBJECT },
		{ 0, "{", "{\"a\":[[[[[[[[[0]]]]]]]]],", OBJECT },
		{ 0, "request-1", "request-2", FORM },
		{ 0, "\"enroll-request-1\"", "1", FORM },
		{ 0, "imastage", "imastagf", FORM },
		{ 0, "{", "{\"host\":\"\",", MEMBERS },
		{ 0, "{", "{\"new\":\"\",", MEMBERS },
		{ 0, "\"host\"", "\"hos\"", MEMBERS },
		{ 0, ",\"host\":\"a \\\"b\\\" c\"", "", MISSING },
		{ 0, "\"AAEC\"", "\"\"", BASE64 },
		{ 0, "\"AAEC\"", "\"AAE\"", BASE64 },
		{ 0, "\"AAEC\"", "\"AAE=\\n\"", BASE64 },
		{ 0, "\"AAEC\"", "\"AAF=\"", BASE64 },
		{ 0, "\"AAEC\"", "null", BASE64 },
		{ 0, "\"AAEC\"", "[\"AAEC\"]", BASE64 },
		{ 0, "000b0a", "", HEX },
		{ 0, "000b0a", "000b0", HEX },
		{ 0, "000b0a", "000b0g", HEX },
		{ 0, "a \\\"b", "\\u001b", TEXT },
		{ 0, "a \\\"b", "\\u0000", TEXT },
		{ 0, "a \\\"b", "\xc3\xa9", TEXT },
		{ 0, "a \\\"b", "\\u202e", TEXT },
		{ 1, "\"m\"", "\"\"", TEXT },
		{ 2, "\"m\"", "1", TEXT },
		{ 2, "BAU=", "", BASE64 },
		{ 3, NONCE, "00", HEX },
		{ 3, NONCE, NONCE "00", HEX },
		{ 3, "18446744073709551615", "18446744073709551616", NUMBER },
		{ 3, "18446744073709551615", "-1", NUMBER },
		{ 3, "\"18446744073709551615\"", "1", NUMBER },
		{ 3, "sha256:0-10+", "", "" },
		{ 3, "sha256:0-10+sha1:0,2-3,10", "", PCRS },
		{ 3, "sha256:0-10+", "sha256:0-10", PCRS },
		{ 3, "0,2-3,10\"", "10+\"", PCRS },
		{ 3, "sha256:0-10", "sha1:0", PCRS },
		{ 3, "sha256:0-10", "md5:0", PCRS },
		{ 3, "sha256:0-10", "sha256:", PCRS },
		{ 3, "sha256:0-10", "sha256", PCRS },
		{ 3, "sha256:0-10", "sha256:24", PCRS },
		{ 3, "sha256:0-10", "sha256:10-0", PCRS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct evidence_error error = { 0 };
		int r = alter(&forms[table[i].form], table[i].from, table[i].to,
			      &error);

		assert_int_equal(r, *table[i].reason ? -EBADMSG : 0);
		if (r < 0)
			assert_string_equal(error.reason, table[i].reason);
	}
}

TEST(says_where)
{
	struct evidence_error error;

	assert_int_equal(alter(&forms[2], "BAU=", "BAU", &error), -EBADMSG);
	assert_int_equal(error.offset, strlen(ANSWER) - strlen("\"BAU=\"}\n"));
}

TEST(what_is_too_long)
{
	static char text[MESSAGE_LEN_MAX + 100], id[EVIDENCE_ID_MAX + 4];
	struct evidence_error error;

	memset(text, ' ', sizeof(text));
	memcpy(text, ANSWER, strlen(ANSWER));
	assert_int_equal(
		parse(&forms[2], bytes_of(text, MESSAGE_LEN_MAX), &error), 0);
	assert_int_equal(parse(&forms[2], bytes_of(text, MESSAGE_LEN_MAX + 1),
			       &error),
			 -EBADMSG);
	memset(id, 'm', sizeof(id) - 1);
	id[0] = id[EVIDENCE_ID_MAX + 1] = '"';
	id[EVIDENCE_ID_MAX + 2] = '\0';
	assert_int_equal(alter(&forms[2], "\"m\"", id, &error), 0);
	id[EVIDENCE_ID_MAX + 1] = 'm';
	id[EVIDENCE_ID_MAX + 2] = '"';
	assert_int_equal(alter(&forms[2], "\"m\"", id, &error), -EBADMSG);
}

static int write_altered(const struct form *form, size_t at, size_t value)
{
	struct imastage_buffer text = { 0 };
	struct evidence_error error;
	int r;

	assert_int_equal(parse(form, bytes_of_text(form->text), &error), 0);
	memcpy((char *)&message + at, &value, sizeof(value));
	r = form->write(&message, &text);
	free(text.data);
	return r;
}

TEST(does_not_write_what_cannot_be_read)
{
	const size_t nonce = offsetof(struct challenge, nonce.len);
	const size_t nr = offsetof(struct challenge, pcrs.nr);
	const size_t pcrs = offsetof(struct challenge, pcrs.of);
	const size_t machine = offsetof(struct challenge, machine);

	assert_int_equal(write_altered(&forms[3], nonce, 32), 0);
	assert_int_equal(write_altered(&forms[3], nonce, 31), -EINVAL);
	assert_int_equal(write_altered(&forms[3], nonce, SIZE_MAX), -EINVAL);
	assert_int_equal(write_altered(&forms[3], nr, 0), -EINVAL);
	assert_int_equal(write_altered(&forms[3], nr, 17), -EINVAL);
	assert_int_equal(write_altered(&forms[3], pcrs, 0), -EINVAL);
	assert_int_equal(write_altered(&forms[3], machine, 0), -EINVAL);
	assert_int_equal(write_altered(&forms[3], machine, '\n'), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(each_comes_out_as_it_went_in),
	  cmocka_unit_test(none_is_another),
	  cmocka_unit_test(truncated_at_every_byte),
	  cmocka_unit_test(values_arrive), cmocka_unit_test(refuses),
	  cmocka_unit_test(says_where), cmocka_unit_test(what_is_too_long),
	  cmocka_unit_test(does_not_write_what_cannot_be_read))
