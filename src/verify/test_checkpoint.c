// SPDX-License-Identifier: MIT
/*
 * Checkpoints: rounds of a made machine that go on from what the last one left, what is
 * carried from round to round, and texts that are none.
 */
#include "base/bytes.h"
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "verify/checkpoint.h"
#include "verify/checkpoint_text.h"

#include <errno.h>

static const uint8_t nonce[24] = { 7, 7, 7 };
static const struct evidence_name ak_name = { 3, { 0, 11, 1 } };

static struct dsse_key *key;
static struct made_machine machine;
static struct verify_verdict verdict;
static struct verify_request request;
static struct checkpoint checkpoint;
static struct imastage_buffer envelope;

static int begin(void **state)
{
	(void)state;
	assert_int_equal(dsse_key_new(&key), 0);
	made_machine_init(&machine);
	memset(&request, 0, sizeof(request));
	memset(&checkpoint, 0, sizeof(checkpoint));
	request.nonce = bytes_of(nonce, sizeof(nonce));
	return 0;
}

static int end(void **state)
{
	(void)state;
	dsse_key_free(key);
	made_machine_fini(&machine);
	free(envelope.data);
	memset(&envelope, 0, sizeof(envelope));
	return 0;
}

static enum verify_result round_of(void)
{
	made_machine_quote(&machine, request.nonce);
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	return verdict.result;
}

static enum verify_result round_by(enum made_policy how)
{
	struct policy *policy =
		make_policy(bytes_of(machine.list, machine.len), how);
	enum verify_result result;

	request.policy = policy;
	result = round_of();
	policy_free(policy);
	return result;
}

/* What was signed is read again, and is what the next round starts with. */
static void take_checkpoint(bool goes_on)
{
	const struct dsse_keys keys = { 1, { key } };
	static struct checkpoint made;
	uint8_t hash[CHECKPOINT_HASH_LEN];
	struct evidence_error error;

	if (checkpoint.sequence > 0)
		assert_int_equal(
			checkpoint_hash(bytes_of(envelope.data, envelope.len),
					hash),
			0);
	assert_int_equal(
		checkpoint_make(checkpoint.sequence ? &checkpoint : NULL, hash,
				"m", &ak_name, &verdict, 99, &made),
		0);
	envelope.len = 0;
	assert_int_equal(checkpoint_sign(&made, key, &envelope), 0);
	assert_int_equal(checkpoint_open(bytes_of(envelope.data, envelope.len),
					 &keys, &checkpoint, &error),
			 0);
	checkpoint_apply(&checkpoint, goes_on, &request);
}

/* ---- rounds ---------------------------------------------------------------------- */

TEST(goes_on)
{
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verdict.genuine && verdict.proved);
	assert_true(verdict.has_first_record);
	take_checkpoint(true);
	assert_string_equal(checkpoint.machine, "m");
	assert_int_equal(checkpoint.sequence, 1);
	assert_int_equal(checkpoint.next, 4);
	assert_int_equal(checkpoint.clock.resets, 5);
	assert_int_equal(checkpoint.firmware, 77);
	for (unsigned int i = 0; i < 20; i++) {
		made_machine_measure(&machine, i % 3);
		assert_int_equal(round_of(), VERIFY_WARNED);
		assert_true(verdict.continues);
		assert_int_equal(verdict.next_index, machine.nr);
		take_checkpoint(true);
		assert_int_equal(checkpoint.sequence, i + 2);
	}
	assert_true(checkpoint.has_first_record);
}

TEST(a_kernel_to_come_is_carried)
{
	assert_int_equal(round_of(), VERIFY_WARNED);
	verdict.kexec = VERIFY_KEXEC_LINE;
	take_checkpoint(true);
	assert_int_equal(request.kexec, VERIFY_KEXEC_LINE);
	checkpoint_apply(&checkpoint, false, &request);
	assert_int_equal(request.kexec, 0);
}

TEST(a_boot_begins_anew)
{
	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(true);
	made_machine_boot(&machine);
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verify_has(&verdict, VERIFY_BOOT_OTHER));
	assert_true(verdict.genuine);
	assert_false(verdict.proved);
	checkpoint_apply(&checkpoint, false, &request);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_false(verify_has(&verdict, VERIFY_CLOCK_FIRST));
	take_checkpoint(true);
	assert_int_equal(checkpoint.clock.resets, 6);
	assert_int_equal(checkpoint.sequence, 2);
}

/* From record 0 within a boot: it is the same list, or it is none. */
TEST(all_of_it_again)
{
	made_machine_measure(&machine, 5);
	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(false);
	made_machine_measure(&machine, 1);
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_int_equal(verdict.next_index, 10);
	take_checkpoint(false);
	/* As if the TPM had been reset without counting. */
	made_machine_boot(&machine);
	machine.quote.clock.resets--;
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verify_has(&verdict, VERIFY_LOG_FORK));
	assert_false(verdict.proved);
	made_machine_measure(&machine, 20);
	machine.quote.values[0][0] ^= 1; /* another boot_aggregate */
	made_machine_boot(&machine);
	machine.quote.clock.resets--;
	made_machine_measure(&machine, 20);
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verify_has(&verdict, VERIFY_LOG_FORK));
}

/* ---- what is carried ---------------------------------------------------------------- */

TEST(what_was_wrong_stays_wrong_in_that_boot)
{
	assert_int_equal(round_by(MADE_OTHER), VERIFY_REJECTED);
	assert_true(verdict.proved);
	take_checkpoint(true);
	assert_int_equal(checkpoint.verdict, VERIFY_REJECTED);
	for (unsigned int i = 0; i < 10; i++) {
		made_machine_measure(&machine, 1);
		assert_int_equal(round_by(MADE_AS_LISTED), VERIFY_REJECTED);
		assert_true(verdict.proved);
		assert_true(verify_has(&verdict, VERIFY_FILE_DIGEST));
		take_checkpoint(true);
		assert_true(checkpoint.carried.nr <= VERIFY_CARRIED_MAX);
	}
	assert_int_equal(checkpoint.carried.reasons[0].id, VERIFY_FILE_DIGEST);
	assert_int_equal(checkpoint.carried.reasons[0].index, 1);
	assert_int_equal(checkpoint.carried.reasons[0].path_len, 10);
	assert_memory_equal(checkpoint.carried.reasons[0].path, "/usr/bin/1",
			    10);
	made_machine_boot(&machine);
	checkpoint_apply(&checkpoint, false, &request);
	assert_int_equal(round_by(MADE_AS_LISTED), VERIFY_WARNED);
	take_checkpoint(true);
	assert_int_equal(checkpoint.verdict, VERIFY_WARNED);
}

TEST(verified_again_it_may_be_right)
{
	assert_int_equal(round_by(MADE_OTHER), VERIFY_REJECTED);
	take_checkpoint(false);
	request.carried = NULL;
	assert_int_equal(round_by(MADE_AS_LISTED), VERIFY_WARNED);
	assert_false(verify_has(&verdict, VERIFY_FILE_DIGEST));
}

/* What is not proved leads nowhere. */
TEST(failures_of_the_proof_do_not_advance)
{
	static struct checkpoint next;
	uint8_t hash[CHECKPOINT_HASH_LEN] = { 0 };

	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(true);
	for (enum verify_challenge i = VERIFY_CHALLENGE_USED;
	     i <= VERIFY_CHALLENGE_EXPIRED; i++) {
		request.challenge = i;
		assert_int_equal(round_of(), VERIFY_REJECTED);
		assert_false(verdict.genuine || verdict.proved);
		assert_int_equal(checkpoint_make(&checkpoint, hash, "m",
						 &ak_name, &verdict, 1, &next),
				 CHECKPOINT_NOT_PROVED);
	}
	request.challenge = VERIFY_CHALLENGE_OPEN;
	machine.list[machine.ends[3] - 1] ^= 1;
	request.start = NULL;
	request.first_index = 0;
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verdict.genuine);
	assert_int_equal(checkpoint_make(&checkpoint, hash, "m", &ak_name,
					 &verdict, 1, &next),
			 CHECKPOINT_NOT_PROVED);
	verdict.proved = true;
	verdict.result = VERIFY_NONE;
	assert_int_equal(checkpoint_make(&checkpoint, hash, "m", &ak_name,
					 &verdict, 1, &next),
			 CHECKPOINT_NOT_PROVED);
}

TEST(barred_and_trusted)
{
	request.trusted = "by hand";
	assert_int_equal(round_of(), VERIFY_WARNED);
	assert_true(verify_has(&verdict, VERIFY_MACHINE_TRUSTED));
	request.barred = "the clock went back";
	assert_int_equal(round_of(), VERIFY_REJECTED);
	assert_true(verify_has(&verdict, VERIFY_MACHINE_BARRED));
}

/* More than there is room for: failures stay. */
TEST(carries_failures_first)
{
	static struct verify_verdict many;
	struct verify_carried carried;

	for (unsigned int i = 0; i < 30; i++) {
		const struct verify_where where = { .has_index = true,
						    .index = i };

		verify_say(&many, VERIFY_BOOT_POLICY, NULL);
		verify_say(&many, VERIFY_CLOCK_FIRST, NULL);
		verify_say(&many,
			   (enum verify_id)(VERIFY_LOG_SNAPSHOT_START + i % 4),
			   &where);
		verify_say(&many, VERIFY_FILE_DIGEST, &where);
	}
	verify_carry(&many, &carried);
	assert_int_equal(carried.nr, VERIFY_CARRIED_MAX);
	for (size_t i = 0; i < carried.nr; i++)
		assert_int_not_equal(verify_id_level(carried.reasons[i].id),
				     VERIFY_NOTE);
	assert_int_equal(verify_id_level(carried.reasons[0].id),
			 VERIFY_FAILURE);
	memset(&many, 0, sizeof(many));
	verify_add_carried(&many, &carried);
	verify_add_carried(&many, &carried);
	assert_int_equal(many.nr_reasons, VERIFY_CARRIED_MAX);
}

/* Found again without naming the record, it is not listed twice. */
TEST(carries_a_record_or_none)
{
	static struct verify_verdict now;
	const struct verify_where where = { .has_index = true, .index = 3 };
	const struct verify_where other = { .has_index = true, .index = 4 };
	struct verify_carried carried;

	memset(&now, 0, sizeof(now));
	verify_say(&now, VERIFY_BOOT_KEXEC, &where);
	verify_carry(&now, &carried);
	memset(&now, 0, sizeof(now));
	verify_say(&now, VERIFY_BOOT_KEXEC, NULL);
	verify_add_carried(&now, &carried);
	assert_int_equal(now.nr_reasons, 1);
	assert_int_equal(now.nr_of[VERIFY_BOOT_KEXEC], 1);
	memset(&now, 0, sizeof(now));
	verify_say(&now, VERIFY_BOOT_KEXEC, &other);
	verify_add_carried(&now, &carried);
	assert_int_equal(now.nr_reasons, 2);
	assert_true(now.reasons[1].earlier);
}

TEST(what_it_covers)
{
	struct evidence_selections asked = { 1, { { 0x000b, 0x7ff } } };

	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(true);
	assert_true(checkpoint_covers(&checkpoint, &asked));
	asked.of[0].pcrs = 1u << 10;
	assert_true(checkpoint_covers(&checkpoint, &asked));
	asked.of[0].pcrs = 1u << 11;
	assert_false(checkpoint_covers(&checkpoint, &asked));
	asked = (struct evidence_selections){ 1, { { 0x000c, 0x7ff } } };
	assert_false(checkpoint_covers(&checkpoint, &asked));
}

/* ---- texts ------------------------------------------------------------------------- */

static int open_with(const struct dsse_key *accepted,
		     struct imastage_bytes text)
{
	const struct dsse_keys keys = { 1, { accepted } };
	static struct checkpoint again;
	struct evidence_error error;

	return checkpoint_open(text, &keys, &again, &error);
}

TEST(another_verifiers)
{
	struct dsse_key *other;
	struct imastage_buffer foreign = { 0 };

	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(true);
	assert_int_equal(dsse_key_new(&other), 0);
	assert_int_equal(open_with(other,
				   bytes_of(envelope.data, envelope.len)),
			 DSSE_UNSIGNED);
	assert_int_equal(dsse_sign(key, "application/vnd.imastage.policy+json",
				   bytes_of_text("{}"), &foreign),
			 0);
	assert_int_equal(open_with(key, bytes_of(foreign.data, foreign.len)),
			 DSSE_OTHER_TYPE);
	foreign.len = 0;
	assert_int_equal(dsse_sign(key, CHECKPOINT_TYPE, bytes_of_text("{}"),
				   &foreign),
			 0);
	assert_int_equal(open_with(key, bytes_of(foreign.data, foreign.len)),
			 -EBADMSG);
	free(foreign.data);
	dsse_key_free(other);
}

static struct imastage_buffer text;

/* The text with @from replaced by @to. */
static int alter(const char *from, const char *to)
{
	static struct checkpoint again;
	struct evidence_error error;
	static char altered[32768];
	const char *all = (const char *)text.data, *at;

	at = memmem(all, text.len, from, strlen(from));
	assert_non_null(at);
	snprintf(altered, sizeof(altered), "%.*s%s%.*s", (int)(at - all), all,
		 to, (int)(text.len - (size_t)(at - all) - strlen(from)),
		 at + strlen(from));
	return checkpoint_parse(bytes_of_text(altered), &again, &error);
}

#define HASH_OF_ZEROS \
	"0000000000000000000000000000000000000000000000000000000000000000"

TEST(refuses)
{
	static const char *const table[][2] = {
		{ "{", "[" },
		{ "checkpoint-1", "checkpoint-2" },
		{ "{", "{\"next\":\"4\"," },
		{ "{", "{\"new\":\"4\"," },
		{ "{", "{\"new\":[[[[[[[[[]]]]]]]]]," },
		{ "\"next\":\"4\"", "\"next\":\"0\"" },
		{ "\"next\":\"4\"", "\"next\":4" },
		{ "\"kexec\":\"0\"", "\"kexec\":\"4\"" },
		{ "\"kexec\":\"0\",", "" },
		{ "\"next\":\"4\"", "\"next\":\"1e999\"" },
		{ "\"sequence\":\"1\"", "\"sequence\":\"0\"" },
		{ "\"resets\":\"5\"", "\"resets\":\"4294967296\"" },
		{ "\"restarts\":\"0\"", "\"restarts\":\"4294967296\"" },
		{ "\"safe\":\"1\"", "\"safe\":\"2\"" },
		{ HASH_OF_ZEROS, "00" },
		{ "\"verdict\":\"warning\"", "\"verdict\":\"none\"" },
		{ "\"verdict\":\"warning\"", "\"verdict\":\"good\"" },
		{ "\"pcrs\":{", "\"pcrs\":[" },
		{ "\"sha256\":{", "\"sha257\":{" },
		{ "\"sha256\":{", "\"sha384\":{" },
		{ "\"sha256\":{", "\"sha1\":{},\"sha256\":{" },
		{ "{\"0\":\"", "{\"24\":\"" },
		{ "{\"0\":\"", "{\"1\":\"" },
		{ "{\"0\":\"01", "{\"0\":\"" },
		{ "\"policies\":[]", "\"policies\":{}" },
		{ "\"policies\":[]", "\"policies\":[\"00\"]" },
		{ "\"policies\":[]", "\"policies\":[1]" },
		{ "\"reasons\":[", "\"reasons\":[{}," },
		{ "\"id\":\"boot.policy\"", "\"id\":\"boot.polity\"" },
		{ "\"id\":\"boot.policy\"", "\"id\":\"clock.first\"" },
		{ "\"index\":\"\"", "\"index\":\"x\"" },
		{ "\"index\":\"\"", "\"index\":\"18446744073709551616\"" },
		{ "\"path\":\"\"", "\"path\":\"0\"" },
		{ "\"text\":\"\"", "\"text\":\"\\u001b[2J\"" },
	};

	assert_int_equal(round_of(), VERIFY_WARNED);
	take_checkpoint(true);
	text.len = 0;
	assert_int_equal(checkpoint_write(&checkpoint, &text), 0);
	assert_int_equal(alter("{", " {"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (alter(table[i][0], table[i][1]) != -EBADMSG)
			fail_msg("%s", table[i][1]);
	free(text.data);
	memset(&text, 0, sizeof(text));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(CASE(goes_on), CASE(a_kernel_to_come_is_carried),
	  CASE(a_boot_begins_anew), CASE(all_of_it_again),
	  CASE(what_was_wrong_stays_wrong_in_that_boot),
	  CASE(verified_again_it_may_be_right),
	  CASE(failures_of_the_proof_do_not_advance), CASE(barred_and_trusted),
	  CASE(carries_failures_first), CASE(carries_a_record_or_none),
	  CASE(what_it_covers), CASE(another_verifiers), CASE(refuses))
