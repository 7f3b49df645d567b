// SPDX-License-Identifier: MIT
/*
 * What a table of made quotes cannot have: requests that make no sense, quotes that go on
 * from others, and that every reason is documented.
 */
#include "base/file.h"
#include "lib/testing.h"
#include "verify/verify.h"

#include <errno.h>

#define DOC TEST_DATA "/../docs/verdict.md"

/* ---- reasons ---------------------------------------------------------------- */

static const char *const levels[] = { "note", "warning", "failure" };

/* "| signature.wrong | failure |" begins its line. */
TEST(every_id_is_documented)
{
	uint8_t *data;
	size_t len, nr = 0;
	char *text;

	assert_int_equal(file_read(DOC, 1 << 20, &data, &len), 0);
	text = strndup((char *)data, len);
	assert_non_null(text);
	free(data);
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++) {
		char line[64];

		snprintf(line, sizeof(line), "\n| %s | %s |",
			 verify_id_name(id), levels[verify_id_level(id)]);
		if (!strstr(text, line))
			fail_msg("docs/verdict.md lacks%s", line);
	}
	for (const char *at = text; (at = strstr(at, "\n| ")); at++)
		/* Headings and other tables have no dot in their first word. */
		nr += memchr(at + 3, '.', strcspn(at + 3, " ")) != NULL;
	assert_int_equal(nr, VERIFY_NR_IDS);
	free(text);
}

/* One id cannot hide others, and all are counted. */
TEST(reasons_are_bounded)
{
	static struct verify_verdict verdict;
	const struct verify_where where = { .has_index = true, .index = 7 };
	size_t nr = 0;

	for (size_t i = 0; i < 1000; i++)
		verify_say(&verdict, VERIFY_LOG_DIGEST, &where);
	assert_int_equal(verdict.nr_reasons, VERIFY_EACH_MAX);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_DIGEST], 1000);
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		for (size_t i = 0; i < 10; i++)
			verify_add(&verdict, id, NULL, "%0300d", 1);
	assert_int_equal(verdict.nr_reasons, VERIFY_REASONS_MAX);
	assert_int_equal(strlen(verdict.reasons[63].text), VERIFY_TEXT_MAX - 1);
	for (enum verify_id id = 0; id < VERIFY_NR_IDS; id++)
		nr += verdict.nr_of[id];
	assert_int_equal(nr, 1000 + 10 * VERIFY_NR_IDS);
}

/* ---- requests --------------------------------------------------------------- */

static struct verify_request sane_request(void)
{
	static const uint8_t nonce[EVIDENCE_NAME_MAX];
	struct verify_request request = {
		.nonce = bytes_of(nonce, 20),
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << IMASTAGE_PCR_IMA,
	};

	return request;
}

static int ask(const struct verify_request *request)
{
	static const struct verify_evidence nothing;
	static struct verify_verdict verdict;
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	struct imastage_reader *reader;
	int r;

	assert_int_equal(imastage_reader_new_memory(bytes_of(NULL, 0), &options,
						    &reader),
			 0);
	verdict.result = VERIFY_ACCEPTED;
	r = verify_quote(request, &nothing, verify_list_of(reader), &verdict);
	imastage_reader_free(reader);
	assert_int_equal(verdict.result, r < 0 ? VERIFY_NONE : VERIFY_REJECTED);
	assert_false(verdict.proved);
	return r;
}

TEST(nonces)
{
	struct verify_request request = sane_request();

	assert_int_equal(ask(&request), 0);
	request.nonce.len = 15;
	assert_int_equal(ask(&request), -EINVAL);
	request.nonce.len = 32;
	assert_int_equal(ask(&request), -EINVAL);
	request.raw_32 = true;
	assert_int_equal(ask(&request), 0);
	request.nonce.len = 33;
	assert_int_equal(ask(&request), -EINVAL);
	request.machine = bytes_of_text("machine");
	assert_int_equal(ask(&request), -EINVAL);
	request.verifier = bytes_of_text("verifier");
	assert_int_equal(ask(&request), 0);
	request.nonce.len = 65;
	assert_int_equal(ask(&request), -EINVAL);
}

TEST(what_is_asked_for)
{
	struct verify_request request = sane_request();

	request.asked.of[0].pcrs = 0x3ff; /* without IMA's */
	assert_int_equal(ask(&request), -EINVAL);
	request = sane_request();
	request.asked.nr = 0;
	assert_int_equal(ask(&request), -EINVAL);
	request = sane_request();
	request.asked.nr = 2; /* a bank twice */
	request.asked.of[1] = request.asked.of[0];
	assert_int_equal(ask(&request), -EINVAL);
	request.asked.of[1].alg = 0x7777;
	assert_int_equal(ask(&request), -EINVAL);
	request = sane_request();
	request.list_pcrs |= 1u << 11; /* not asked for */
	assert_int_equal(ask(&request), -EINVAL);
	request.list_pcrs = 0;
	assert_int_equal(ask(&request), -EINVAL);
}

TEST(where_it_starts)
{
	struct verify_request request = sane_request();
	struct pcr_values start = { .set = { [IMASTAGE_SHA1] = 1u << 10 } };

	request.first_index = 5; /* and no values */
	assert_int_equal(ask(&request), -EINVAL);
	request.first_index = 0;
	request.start = &start; /* of another bank */
	assert_int_equal(ask(&request), -EINVAL);
	start.set[IMASTAGE_SHA256] = 1u << 10;
	assert_int_equal(ask(&request), 0);
	request.from_snapshot = true;
	assert_int_equal(ask(&request), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(every_id_is_documented),
	  cmocka_unit_test(reasons_are_bounded), cmocka_unit_test(nonces),
	  cmocka_unit_test(what_is_asked_for),
	  cmocka_unit_test(where_it_starts))
