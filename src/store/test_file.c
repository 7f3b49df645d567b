// SPDX-License-Identifier: MIT
/*
 * Evidence files of a machine that the store knows: challenges that they use up or not,
 * history, and files that are nobody's.
 */
#include "base/bytes.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "store/file.h"

#include <errno.h>
#include <unistd.h>

#define NOW 1000000

static char folder[] = "/tmp/imastage-store-XXXXXX";
static char path[64];
static struct store *store;
static struct made_machine machine;
static struct challenge challenge;
static struct verify_verdict verdict;
static struct imastage_buffer file;
static uint64_t now;

static int begin(void **state)
{
	struct store_options options = { .path = path, .create = true };

	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	now = NOW;
	assert_int_equal(store_open(&options, &store), 0);
	made_machine_init(&machine);
	assert_int_equal(storing_add(store, &machine, "m", NOW), 0);
	return 0;
}

static int end(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".key" };
	char name[128];

	(void)state;
	assert_int_equal(store_check(store), 0);
	store_close(store);
	made_machine_fini(&machine);
	free(file.data);
	memset(&file, 0, sizeof(file));
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return rmdir(folder);
}

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct imastage_bytes *left = context;
	struct imastage_bytes piece = bytes_first(*left, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	*left = bytes_skip(*left, piece.len);
	return (ssize_t)piece.len;
}

static int read_again(void *context)
{
	*(struct imastage_bytes *)context = bytes_of(file.data, file.len);
	return 0;
}

static enum verify_result judge(void)
{
	const struct verify_request policies = {
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
	};
	struct imastage_bytes left = bytes_of(file.data, file.len);
	const struct imastage_source source = { read_left, &left };
	const struct store_again again = { read_again, &left };

	assert_int_equal(store_verify_file(store, source, &again, &policies,
					   now, &verdict),
			 0);
	return verdict.result;
}

/* The parts instead of the file, of the records from @first on. */
static enum verify_result judge_parts(size_t first)
{
	const struct verify_request policies = { .list_pcrs = 1u << 10 };
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.first_index = first,
	};
	const struct verify_evidence evidence = {
		.msg = bytes_of(machine.made.msg, machine.made.msg_len),
		.sig = bytes_of(machine.made.sig, machine.made.sig_len),
		.pcrs = bytes_of(machine.made.pcrs, machine.made.pcrs_len),
	};
	size_t from = first ? machine.ends[first - 1] : 0;
	struct store_parts parts = { .evidence = &evidence, .first = first };
	struct imastage_reader *reader;

	assert_int_equal(
		imastage_reader_new_memory(bytes_of(machine.list + from,
						    machine.len - from),
					   &options, &reader),
		0);
	parts.list = verify_list_of(reader);
	assert_int_equal(store_verify_parts(store, &parts, NULL, &policies, now,
					    &verdict),
			 0);
	imastage_reader_free(reader);
	return verdict.result;
}

static void ask(void)
{
	const struct store_ask is = { .machine = "m", .seconds = 60 };

	assert_int_equal(store_challenge(store, &is, now, &challenge), 0);
}

static void answer(size_t first)
{
	storing_quote(&machine, &challenge);
	made_machine_pack(&machine, first, NULL, &file);
}

static bool has(enum verify_id id)
{
	return verify_has(&verdict, id);
}

TEST(rounds)
{
	size_t first = 0;

	for (int i = 0; i < 8; i++) {
		ask();
		assert_int_equal(challenge.from, first);
		answer(first);
		assert_int_equal(judge(), VERIFY_WARNED);
		assert_true(verdict.proved);
		assert_int_equal(verdict.continues, first > 0);
		assert_false(has(VERIFY_QUOTE_RAW));
		first = machine.nr;
		made_machine_measure(&machine, 5);
	}
}

TEST(a_challenge_is_good_once)
{
	ask();
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
	ask();
	answer(0);
	now += 61;
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_EXPIRED));
}

/* Its list begins where the store was, and is not any more. */
TEST(an_answer_that_goes_on_shown_again)
{
	ask();
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	ask();
	answer(4);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
}

/* What is said of files that are nobody's costs the machine nothing. */
TEST(files_that_are_nobodys)
{
	static const uint8_t other[32] = { 1 };
	struct manifest manifest;

	made_machine_quote(&machine, bytes_of(other, sizeof(other)));
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_NONCE));
	ask();
	answer(0);
	file.len--;
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_false(verdict.proved);
	ask();
	storing_quote(&machine, &challenge);
	manifest = made_machine_describe(&machine, 2);
	made_machine_pack(&machine, 2, &manifest, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_MANIFEST_FIRST));
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(),
			 VERIFY_WARNED); /* the challenge is still good */
	machine.made.msg[0] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_MAGIC));
}

/* Anybody who saw a challenge can name it in a quote of his own. */
TEST(garbage_uses_up_no_challenge)
{
	struct store_verdict noted = { 0 };

	ask();
	storing_quote(&machine, &challenge);
	machine.made.sig[machine.made.sig_len - 1] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_SIGNATURE_WRONG));
	machine.made.sig_len--;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_SIGNATURE_FORM));
	assert_int_equal(store_last_verdict(store, "m", 0, &noted),
			 STORE_UNKNOWN);
	machine.made.sig_len++;
	machine.made.sig[machine.made.sig_len - 1] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
}

/* What the key signed has its verdict, be the rest as it may. */
TEST(a_bad_list_uses_it_up)
{
	ask();
	storing_quote(&machine, &challenge);
	machine.list[machine.ends[1] + 40] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_false(has(VERIFY_QUOTE_USED));
	machine.list[machine.ends[1] + 40] ^= 1;
	made_machine_pack(&machine, 0, NULL, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
}

TEST(parts_instead_of_a_file)
{
	ask();
	storing_quote(&machine, &challenge);
	assert_int_equal(judge_parts(0), VERIFY_WARNED);
	assert_true(verdict.proved);
	assert_int_equal(judge_parts(0), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
	made_machine_measure(&machine, 3);
	ask();
	storing_quote(&machine, &challenge);
	assert_int_equal(judge_parts(2), VERIFY_REJECTED);
	assert_true(has(VERIFY_MANIFEST_FIRST));
	assert_int_equal(judge_parts(4), VERIFY_WARNED);
	assert_true(verdict.proved && verdict.continues);
	machine.made.msg[0] ^= 1;
	assert_int_equal(judge_parts(4), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_MAGIC));
}

/* A kernel that extends sha256 with sha1's digests and zeros. */
static void pad_bank(void)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_record record;
	struct imastage_reader *reader;

	imastage_replay_free(machine.replay);
	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA256, 1u << 10,
					     &machine.replay),
			 0);
	assert_int_equal(imastage_replay_set_form(machine.replay,
						  IMASTAGE_SHA256,
						  IMASTAGE_FORM_PADDED),
			 0);
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(machine.list, machine.len),
					   &options, &reader),
		0);
	while (imastage_reader_next(reader, &record) == 0)
		assert_int_equal(imastage_replay_extend(machine.replay, &record,
							NULL),
				 0);
	imastage_reader_free(reader);
}

/* Read twice, noted once. */
TEST(padded_digests_are_told_from_tampering)
{
	struct store_verdict noted = { 0 };

	pad_bank();
	ask();
	answer(0);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_LOG_PADDED));
	assert_int_equal(store_last_verdict(store, "m", 0, &noted), 0);
	assert_int_equal(noted.id, 1);
	free(noted.reasons.data);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_USED));
}

TEST(history_and_a_boot)
{
	struct manifest manifest;

	ask();
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	manifest = made_machine_quote_history(&machine, 4, 5);
	made_machine_pack(&machine, 4, &manifest, &file);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(has(VERIFY_QUOTE_HISTORY) && verdict.proved);
	made_machine_boot(&machine);
	ask();
	assert_int_equal(challenge.from, 6);
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_TAIL) && verdict.proved);
	made_machine_pack(&machine, 4, &manifest, &file); /* of a live quote */
	assert_int_equal(judge(), VERIFY_REJECTED);
	maker_key_free(&machine.key);
	maker_key_new(MAKER_P256, &machine.key);
	manifest = made_machine_quote_history(&machine, 0, 4);
	made_machine_pack(&machine, 0, &manifest, &file);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_AK_OTHER));
}

/* Whoever has an old file can show it again. */
TEST(an_old_history_bars_nobody)
{
	struct imastage_buffer old = { 0 };
	struct manifest manifest;

	ask();
	answer(0);
	assert_int_equal(judge(), VERIFY_WARNED);
	made_machine_measure(&machine, 2);
	manifest = made_machine_quote_history(&machine, 0, 6);
	made_machine_pack(&machine, 0, &manifest, &old);
	ask();
	answer(4);
	assert_int_equal(judge(), VERIFY_WARNED);
	file.len = 0;
	assert_int_equal(buffer_put(&file, bytes_of(old.data, old.len)), 0);
	assert_int_equal(judge(), VERIFY_REJECTED);
	assert_true(has(VERIFY_CLOCK_BACK));
	ask();
	answer(6);
	assert_int_equal(judge(), VERIFY_WARNED);
	assert_true(verdict.continues);
	free(old.data);
}

#define ROUND(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(ROUND(rounds), ROUND(a_challenge_is_good_once),
	  ROUND(an_answer_that_goes_on_shown_again),
	  ROUND(files_that_are_nobodys), ROUND(garbage_uses_up_no_challenge),
	  ROUND(a_bad_list_uses_it_up), ROUND(parts_instead_of_a_file),
	  ROUND(padded_digests_are_told_from_tampering),
	  ROUND(history_and_a_boot), ROUND(an_old_history_bars_nobody))
