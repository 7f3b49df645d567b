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

static enum verify_result judge(void)
{
	const struct verify_request policies = {
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
	};
	struct imastage_bytes left = bytes_of(file.data, file.len);
	const struct imastage_source source = { read_left, &left };

	assert_int_equal(
		store_verify_file(store, source, &policies, now, &verdict), 0);
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
	  ROUND(files_that_are_nobodys), ROUND(history_and_a_boot),
	  ROUND(an_old_history_bars_nobody))
