// SPDX-License-Identifier: MIT
/*
 * A store without memory: each step of a round is taken while the Nth allocation fails, for
 * N = 1, 2, 3 ... until none does. What fails says -ENOMEM, changes nothing, and can be taken
 * again.
 */
#include "base/bytes.h"
#include "lib/alloc.h"
#include "lib/disk.h"
#include "lib/storing.h"
#include "lib/testing.h"

#include <errno.h>

#define NOW 1000000

static char key_path[] = "/tmp/imastage-store-key-XXXXXX";
static uint64_t nr_injected;

static struct disk *disk;
static struct store *store;
static struct made_machine machine;
static struct store_machine added;
static struct challenge challenge;
static struct store_round begun;
static struct verify_request request;
static struct verify_verdict verdict;
static struct imastage_buffer envelope;

static int make_key(void **state)
{
	(void)state;
	alloc_init();
	storing_make_key(key_path);
	return 0;
}

static int remove_key(void **state)
{
	(void)state;
	printf("# %llu allocations failed\n", (unsigned long long)nr_injected);
	return unlink(key_path);
}

/* ---- steps ------------------------------------------------------------------------ */

static int open_it(void)
{
	const struct store_options options = { .path = "/store.db",
					       .key = key_path,
					       .create = true,
					       .vfs = disk_vfs(disk) };

	return store_open(&options, &store);
}

static int add_it(void)
{
	int r = store_add_machine(store, &added, NOW);

	return r == STORE_EXISTS ? 0 : r;
}

static int ask(void)
{
	const struct store_ask is = { .machine = added.id, .seconds = 60 };

	return store_challenge(store, &is, NOW, &challenge);
}

static int begin(void)
{
	return store_begin(store, machine.quote.qualifying, NOW, &begun);
}

static int commit(void)
{
	return store_commit(store, &begun, &verdict, NOW);
}

static int get_checkpoint(void)
{
	envelope.len = 0;
	return store_get_checkpoint(store, added.id, &envelope);
}

static int judge_checkpoint(void)
{
	return store_judge_checkpoint(store, added.id,
				      bytes_of(envelope.data, envelope.len));
}

static int check(void)
{
	return store_check(store);
}

/* Until it has had all memory that it wants. */
static void take(int (*step)(void), bool lasts)
{
	bool occurred = true;
	int r;

	for (uint64_t nr = 1; occurred; nr++) {
		alloc_fail(nr, lasts);
		r = step();
		occurred = alloc_stop();
		nr_injected += occurred;
		if (r != 0) {
			assert_true(occurred);
			assert_int_equal(r, -ENOMEM);
		} else if (step == open_it && occurred) {
			store_close(store);
		} else if (step == commit) {
			return; /* it can be done once */
		}
	}
	assert_int_equal(r, 0);
}

/* ---- a round ------------------------------------------------------------------------ */

static void prepare(void)
{
	struct evidence_public key;
	struct evidence_error error;

	disk = disk_new();
	made_machine_init(&machine);
	memset(&added, 0, sizeof(added));
	snprintf(added.id, sizeof(added.id), "m");
	added.trust = STORE_TRUST_AK;
	added.ak.len = machine.key.len;
	memcpy(added.ak.data, machine.key.area, machine.key.len);
	assert_int_equal(evidence_public_parse(message_view(&added.ak), &key,
					       &error),
			 0);
	assert_int_equal(evidence_public_name(&key, &added.ak_name), 0);
}

static void one_round(bool lasts)
{
	take(ask, lasts);
	storing_quote(&machine, &challenge);
	take(begin, lasts);
	memset(&request, 0, sizeof(request));
	assert_int_equal(store_request(store, &begun, challenge.from, &request),
			 0);
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	take(commit, lasts);
	made_machine_measure(&machine, 1);
}

static void live(bool lasts)
{
	prepare();
	take(open_it, lasts);
	take(add_it, lasts);
	for (unsigned int i = 0; i < 3; i++)
		one_round(lasts);
	assert_int_equal(begun.checkpoint.sequence, 2);
	take(get_checkpoint, lasts);
	take(judge_checkpoint, lasts);
	take(check, lasts);
	store_close(store);
	free(envelope.data);
	memset(&envelope, 0, sizeof(envelope));
	made_machine_fini(&machine);
	assert_int_equal(disk_nr_open(disk), 0);
	disk_free(disk);
}

/* A round of a group while the Nth allocation fails. False when it did not. */
static bool try_group(uint64_t nr, bool lasts)
{
	bool occurred;
	int r, ended;

	assert_int_equal(ask(), 0);
	storing_quote(&machine, &challenge);
	assert_int_equal(begin(), 0);
	memset(&request, 0, sizeof(request));
	assert_int_equal(store_request(store, &begun, challenge.from, &request),
			 0);
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	assert_int_equal(store_begin_group(store), 0);
	alloc_fail(nr, lasts);
	r = commit();
	occurred = alloc_stop();
	nr_injected += occurred;
	ended = store_end_group(store);
	assert_true(ended == 0 || (occurred && ended == -EIO));
	assert_int_equal(begin(), 0);
	assert_int_equal(begun.state, r == 0 && ended == 0 ?
					      VERIFY_CHALLENGE_USED :
					      VERIFY_CHALLENGE_OPEN);
	return occurred;
}

/* What a round left half done in it does not become durable with the group. */
TEST(groups)
{
	prepare();
	assert_int_equal(open_it(), 0);
	assert_int_equal(add_it(), 0);
	/* First while the statements that take it back are not made yet. */
	for (uint64_t nr = 1; try_group(nr, true);)
		nr++;
	for (uint64_t nr = 1; try_group(nr, false);)
		nr++;
	assert_int_equal(check(), 0);
	store_close(store);
	made_machine_fini(&machine);
	disk_free(disk);
}

TEST(one_allocation_fails)
{
	live(false);
}

TEST(memory_runs_out)
{
	live(true);
}

TEST_MAIN_WITH(make_key, remove_key, cmocka_unit_test(groups),
	       cmocka_unit_test(one_allocation_fails),
	       cmocka_unit_test(memory_runs_out))
