// SPDX-License-Identifier: MIT
/*
 * The life of a store on a disk that fails at the Nth operation, or loses its power there,
 * for N = 1, 2, 3 ... until all of it passes. After each a challenge is unused, or used
 * with its verdict; the machine's checkpoint is the one of its last verdict; a verdict that
 * was said is there; and life goes on.
 *
 * By default some of the places are left out; with FAULTS=all in the environment none are.
 */
#include "base/bytes.h"
#include "lib/disk.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "store/db.h"

#include <errno.h>

#define NOW 1000000
#define NR_ROUNDS 4

static char key_path[] = "/tmp/imastage-store-key-XXXXXX";
static uint64_t nr_injected;

static int make_key(void **state)
{
	(void)state;
	storing_make_key(key_path);
	return 0;
}

static int remove_key(void **state)
{
	(void)state;
	printf("# %llu faults injected\n", (unsigned long long)nr_injected);
	return unlink(key_path);
}

/* ---- a life ----------------------------------------------------------------------- */

struct life {
	struct disk *disk;
	struct store *store;
	struct made_machine machine;
	struct challenge last; /* the challenge that was asked last */
	bool has_last;
	bool said; /* and its verdict was said */
	unsigned int nr_said; /* verdicts that were said */
};

static int open_store(struct life *life)
{
	const struct store_options options = {
		.path = "/store.db",
		.key = key_path,
		.create = true,
		.vfs = disk_vfs(life->disk),
	};

	return store_open(&options, &life->store);
}

static int one_round(struct life *life)
{
	const struct store_ask ask = { .machine = "m", .seconds = 60 };
	struct verify_verdict verdict;
	struct challenge challenge;
	int r = store_challenge(life->store, &ask, NOW, &challenge);

	if (r < 0)
		return r;
	life->last = challenge;
	life->has_last = true;
	life->said = false;
	made_machine_measure(&life->machine, 1);
	storing_quote(&life->machine, &challenge);
	r = storing_judge(life->store, &life->machine, &challenge, NOW,
			  &verdict);
	if (r < 0)
		return r;
	assert_int_equal(r, 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	life->said = true;
	life->nr_said++;
	return 0;
}

/* All of it, from wherever it was left. */
static int live(struct life *life)
{
	int r = life->store ? 0 : open_store(life);

	if (r == 0)
		r = storing_add(life->store, &life->machine, "m", NOW);
	if (r == STORE_EXISTS)
		r = 0;
	for (unsigned int i = 0; r == 0 && i < NR_ROUNDS; i++)
		r = one_round(life);
	return r;
}

static void begin(struct life *life)
{
	memset(life, 0, sizeof(*life));
	life->disk = disk_new();
	made_machine_init(&life->machine);
}

static void end(struct life *life)
{
	store_close(life->store);
	assert_int_equal(disk_nr_open(life->disk), 0);
	disk_free(life->disk);
	made_machine_fini(&life->machine);
}

/* ---- what must hold ------------------------------------------------------------------ */

/* What a count of rows says. */
static uint64_t count(struct store *store, const char *text)
{
	struct sqlite3_stmt *query;
	uint64_t number;

	assert_int_equal(sqlite3_prepare_v2(store->db, text, -1, &query, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(query), SQLITE_ROW);
	number = sql_number(query, 0);
	sqlite3_finalize(query);
	return number;
}

static void check(struct life *life)
{
	struct store *store = life->store;
	uint64_t used, verdicts;

	assert_int_equal(store_check(store), 0);
	used = count(store, "SELECT count(*) FROM challenges "
			    "WHERE verdict IS NOT NULL");
	verdicts = count(store, "SELECT count(*) FROM verdicts");
	assert_int_equal(used, verdicts);
	assert_int_equal(count(store, "SELECT count(*) FROM challenges c JOIN "
				      "verdicts v ON v.id = c.verdict"),
			 used);
	assert_int_equal(count(store, "SELECT count(*) FROM checkpoints"),
			 verdicts);
	assert_true(verdicts >= life->nr_said);
	assert_true(verdicts <= (uint64_t)life->nr_said + 1);
	life->nr_said = (unsigned int)verdicts;
}

/* The challenge whose verdict was not said: unused, and answered now, or used. */
static void answer_last(struct life *life)
{
	static struct store_round round;
	struct verify_verdict verdict;
	int r;

	if (!life->has_last)
		return;
	storing_quote(&life->machine, &life->last);
	r = store_begin(life->store, life->machine.quote.qualifying, NOW,
			&round);
	if (r == STORE_UNKNOWN) {
		assert_false(life->said);
		return;
	}
	assert_int_equal(r, 0);
	assert_true(round.state == VERIFY_CHALLENGE_USED || !life->said);
	r = storing_judge(life->store, &life->machine, &life->last, NOW,
			  &verdict);
	if (round.state == VERIFY_CHALLENGE_USED) {
		/* The machine would send from where the challenge says. */
		assert_true(r == STORE_OTHER_START ||
			    verify_has(&verdict, VERIFY_QUOTE_USED));
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(verdict.result, VERIFY_WARNED);
	life->nr_said++;
}

static void go_on(struct life *life)
{
	disk_fail(life->disk, DISK_NONE, 0);
	if (!life->store)
		assert_int_equal(open_store(life), 0);
	check(life);
	answer_last(life);
	life->has_last = false;
	assert_int_equal(live(life), 0);
}

/* ---- faults ----------------------------------------------------------------------------- */

static bool wants_all(void)
{
	const char *value = getenv("FAULTS");

	return value && !strcmp(value, "all");
}

/* In the same process, or in the next one. False when the fault did not occur. */
static bool try_fault(enum disk_fault fault, uint64_t nr)
{
	static struct life life;
	bool occurred;
	int r;

	begin(&life);
	disk_fail(life.disk, fault, nr);
	r = live(&life);
	occurred = disk_has_failed(life.disk);
	assert_true(r == 0 || occurred);
	if (nr % 2 && life.store) {
		store_close(life.store);
		life.store = NULL;
	}
	go_on(&life);
	end(&life);
	nr_injected += occurred;
	return occurred;
}

static void try_faults(enum disk_fault fault, unsigned int step)
{
	for (uint64_t nr = 1; try_fault(fault, nr);)
		nr += wants_all() ? 1 : step;
}

TEST(an_operation_fails)
{
	try_faults(DISK_IO_ERROR, 3);
}

TEST(the_disk_is_full)
{
	try_faults(DISK_FULL, 3);
	try_faults(DISK_STAYS_FULL, 3);
	try_faults(DISK_SHORT, 3);
}

/* What the power left, or a kill: everything that was written (seed 1). */
static bool try_power(uint64_t nr, uint32_t seed)
{
	static struct life life;
	struct disk *after;
	bool occurred;

	begin(&life);
	disk_fail(life.disk, DISK_POWER, nr);
	(void)live(&life);
	occurred = disk_has_failed(life.disk);
	after = disk_after_power_loss(life.disk, seed);
	store_close(life.store);
	life.store = NULL;
	disk_free(life.disk);
	life.disk = after;
	go_on(&life);
	end(&life);
	nr_injected += occurred;
	return occurred;
}

TEST(the_power_is_lost)
{
	for (uint64_t nr = 1; try_power(nr, (uint32_t)nr);)
		nr += wants_all() ? 1 : 2;
}

TEST_MAIN_WITH(make_key, remove_key, cmocka_unit_test(an_operation_fails),
	       cmocka_unit_test(the_disk_is_full),
	       cmocka_unit_test(the_power_is_lost))
