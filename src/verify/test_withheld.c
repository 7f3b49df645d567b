// SPDX-License-Identifier: MIT
/*
 * Records of which a machine shows digests alone: they lead to the quote as any, a policy says
 * whether that will do, and nothing that is not so can be hidden by it.
 */
#include "base/hex.h"
#include "evidence/withheld.h"
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "verify/ahead.h"

#include <stdlib.h>

#define BANKS (1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256)
#define NR 4 /* records of a machine that has booted */

static const uint8_t nonce[24] = { 7 };
static struct made_machine machine;
static struct imastage_buffer list; /* what it shows */
static struct imastage_digests digests[NR]; /* of its records */
static struct verify_verdict verdict;

/* ---- what is shown ------------------------------------------------------------- */

/* Changes a record in its binary form, @len bytes. */
typedef void (*forge_function)(uint8_t *raw, size_t len);

/* The list, with the record at @index withheld, and then changed; each record is hashed. */
static void withhold(size_t index, forge_function forge)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	const struct imastage_sink sink = imastage_sink_buffer(&list);
	struct imastage_hasher *hasher;
	struct imastage_reader *reader;
	struct imastage_record record;

	list.len = 0;
	assert_int_equal(imastage_hasher_new(BANKS, &hasher), 0);
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(machine.list, machine.len),
					   &options, &reader),
		0);
	for (size_t i = 0; i < machine.nr; i++) {
		size_t start = list.len;

		assert_int_equal(imastage_reader_next(reader, &record), 0);
		if (i < NR)
			assert_int_equal(imastage_hasher_template(
						 hasher, &record, &digests[i]),
					 0);
		if (i != index) {
			assert_int_equal(sink.write(sink.context,
						    record.raw.data,
						    record.raw.len),
					 0);
			continue;
		}
		assert_int_equal(withheld_write(hasher, BANKS, &record, sink),
				 0);
		if (forge)
			forge(list.data + start, list.len - start);
	}
	imastage_reader_free(reader);
	imastage_hasher_free(hasher);
}

/* By that policy; or NULL. */
static void judge(struct policy *policy)
{
	struct made_machine shown = machine;
	struct verify_request request = {
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.list_pcrs = 1u << 10,
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.policy = policy,
	};

	assert_true(list.len <= sizeof(shown.list));
	memcpy(shown.list, list.data, list.len);
	shown.len = list.len;
	made_machine_quote(&shown, bytes_of(nonce, sizeof(nonce)));
	assert_int_equal(made_machine_verify(&shown, &request, &verdict), 0);
	policy_free(policy);
}

/* What all records but the one at @index are approved by, and @ours. */
static struct policy *policy_but(size_t index, const char *ours)
{
	struct policy_builder *builder;
	struct policy *policy, *listed, *more = make_policy_of("{}", ours);
	struct made_machine others = machine;
	size_t start = index ? machine.ends[index - 1] : 0;
	size_t end = machine.ends[index];

	memmove(others.list + start, others.list + end, others.len - end);
	listed = make_policy(bytes_of(others.list, others.len - (end - start)),
			     MADE_AS_LISTED);
	assert_int_equal(policy_builder_new(&builder), 0);
	assert_int_equal(policy_add_all(builder, listed), 0);
	assert_int_equal(policy_add_all(builder, more), 0);
	policy_set_switches(builder, policy_switches(more));
	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	policy_builder_free(builder);
	policy_free(listed);
	policy_free(more);
	return policy;
}

static int boot(void **state)
{
	(void)state;
	made_machine_init(&machine);
	return machine.nr == NR ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	made_machine_fini(&machine);
	free(list.data);
	list = (struct imastage_buffer){ 0 };
	return 0;
}

/* ---- what is said of it ---------------------------------------------------------- */

TEST(is_proved_and_warns_without_a_policy)
{
	withhold(2, NULL);
	judge(NULL);
	assert_true(verdict.proved);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_WITHHELD], 1);
	assert_int_equal(verdict.nr_withheld, 1);
	assert_int_equal(verdict.next_index, NR);
}

TEST(fails_by_a_policy_that_says_nothing)
{
	withhold(2, NULL);
	judge(policy_but(2, "{\"version\":1}"));
	assert_true(verdict.proved);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 1);
	assert_int_equal(verdict.nr_outcomes[POLICY_IS_WITHHELD], 1);
}

TEST(warns_by_one_that_says_so)
{
	withhold(2, NULL);
	judge(policy_but(2, "{\"version\":1,\"withheld\":\"warn\"}"));
	assert_int_equal(verdict.result, VERIFY_WARNED);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_WITHHELD], 1);
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 0);
}

static struct policy *policy_of_digest(size_t index, enum imastage_bank bank)
{
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)], ours[512];

	hex_encode(bytes_of(digests[index].of[bank],
			    imastage_bank_digest_len(bank)),
		   hex);
	snprintf(ours, sizeof(ours),
		 "{\"version\":1,\"withheld_digests\":[\"%s:%s\"]}",
		 imastage_bank_name(bank), hex);
	return policy_but(2, ours);
}

TEST(is_approved_by_its_template_digest)
{
	withhold(2, NULL);
	judge(policy_of_digest(2, IMASTAGE_SHA256));
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 0);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_WITHHELD], 0);
	assert_int_equal(verdict.nr_outcomes[POLICY_BY_DIGEST], NR - 1);
	assert_int_equal(verdict.nr_withheld, 1);
	judge(policy_of_digest(1, IMASTAGE_SHA256));
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 1);
}

/* The quote is of sha256, and sha1 proves nothing. */
TEST(is_not_approved_by_sha1)
{
	withhold(2, NULL);
	judge(policy_of_digest(2, IMASTAGE_SHA1));
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 1);
}

/* The same for records that are read before their turn, by a policy that is large. */
TEST(is_read_ahead)
{
	verify_ahead_from = 0;
	withhold(2, NULL);
	judge(policy_of_digest(2, IMASTAGE_SHA256));
	verify_ahead_from = SIZE_MAX;
	assert_int_equal(verdict.nr_outcomes[POLICY_BY_DIGEST], NR - 1);
	assert_int_equal(verdict.nr_of[VERIFY_FILE_WITHHELD], 0);
}

/* A violation has no digest to show: it stays one, and its path is gone. */
TEST(violations_stay_violations)
{
	made_machine_violation(&machine, "/home/x/secret");
	withhold(NR, NULL);
	assert_null(memmem(list.data, list.len, "secret", 6));
	judge(NULL);
	assert_true(verdict.proved);
	assert_int_equal(verdict.nr_violations, 1);
	assert_int_equal(verdict.nr_withheld, 0);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_VIOLATION], 1);
}

/* ---- what is not so ---------------------------------------------------------------- */

static void change_digest(uint8_t *raw, size_t len)
{
	raw[len - 1] ^= 1;
}

TEST(another_digest_leads_nowhere)
{
	withhold(2, change_digest);
	judge(NULL);
	assert_false(verdict.proved);
	assert_int_equal(verdict.nr_of[VERIFY_LOG_REPLAY], 1);
}

static void set_ones(uint8_t *raw, size_t len)
{
	memset(raw + len - 32, 0xff, 32);
}

static void set_zeros(uint8_t *raw, size_t len)
{
	memset(raw + len - 32, 0, 32);
}

static void set_sha1_ones(uint8_t *raw, size_t len)
{
	(void)len;
	memset(raw + 4, 0xff, 20);
}

static void name_another_bank(uint8_t *raw, size_t len)
{
	raw[len - 32 - 2] = '7';
}

static void name_sha1(uint8_t *raw, size_t len)
{
	memcpy(raw + len - 32 - 8, "sha1:\0\0", 8);
}

static void without_name(uint8_t *raw, size_t len)
{
	raw[len - 32 - 1] = 'x';
}

/* Of a violation in the PCR, the list must say that it is one. */
TEST(no_violation_is_hidden)
{
	static const forge_function forgers[] = { set_ones, set_zeros,
						  set_sha1_ones };

	for (size_t i = 0; i < ARRAY_SIZE(forgers); i++) {
		withhold(2, forgers[i]);
		judge(NULL);
		assert_false(verdict.proved);
		assert_int_equal(verdict.nr_of[VERIFY_LOG_FORM], 1);
	}
}

TEST(each_bank_has_its_digest)
{
	static const forge_function forgers[] = { name_another_bank, name_sha1,
						  without_name };

	for (size_t i = 0; i < ARRAY_SIZE(forgers); i++) {
		withhold(2, forgers[i]);
		judge(NULL);
		assert_false(verdict.proved);
		assert_int_equal(verdict.nr_of[VERIFY_LOG_FORM], 1);
	}
}

/* What the boot's aggregate says has to be seen. */
TEST(the_first_record_is_not_withheld)
{
	withhold(0, NULL);
	judge(NULL);
	assert_int_equal(verdict.nr_of[VERIFY_BOOT_AGGREGATE_MISSING], 1);
	assert_false(verdict.has_first_record);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, boot, end)

TEST_MAIN(CASE(is_proved_and_warns_without_a_policy),
	  CASE(fails_by_a_policy_that_says_nothing),
	  CASE(warns_by_one_that_says_so),
	  CASE(is_approved_by_its_template_digest),
	  CASE(is_not_approved_by_sha1), CASE(is_read_ahead),
	  CASE(violations_stay_violations), CASE(another_digest_leads_nowhere),
	  CASE(no_violation_is_hidden), CASE(each_bank_has_its_digest),
	  CASE(the_first_record_is_not_withheld))
