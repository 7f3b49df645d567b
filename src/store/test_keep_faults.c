// SPDX-License-Identifier: MIT
/*
 * Evidence is kept on a disk that fails at the Nth operation, or loses its power there, for
 * N = 1, 2, 3 ... until all of it passes. After each, once the store is opened again: each
 * verdict names a file, which is there as it was sent; and there is no file that none names.
 *
 * By default some of the places are left out; with FAULTS=all in the environment none are.
 */
#include "base/bytes.h"
#include "lib/disk.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "store/file.h"
#include "store/keep.h"

#include <errno.h>
#include <openssl/evp.h>

#define NOW 1000000
#define NR_ROUNDS 2
#define FOLDER "/store.db.evidence"

static char key_path[] = "/tmp/imastage-keep-key-XXXXXX";
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
	struct imastage_buffer file;
	unsigned int nr_said; /* verdicts that were said */
};

static int open_store(struct life *life)
{
	const struct store_options options = {
		.path = "/store.db",
		.key = key_path,
		.create = true,
		.keep = true,
		.vfs = disk_vfs(life->disk),
		.io = disk_io(life->disk),
	};

	return store_open(&options, &life->store);
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

static int one_round(struct life *life)
{
	const struct store_ask ask = { .machine = "m", .seconds = 60 };
	const struct verify_request policies = { .list_pcrs = 1u << 10 };
	struct imastage_bytes left;
	const struct imastage_source source = { read_left, &left };
	struct verify_verdict verdict;
	struct challenge challenge;
	int r = store_challenge(life->store, &ask, NOW, &challenge);

	if (r < 0)
		return r;
	made_machine_measure(&life->machine, 1);
	storing_quote(&life->machine, &challenge);
	made_machine_pack(&life->machine, challenge.from, NULL, &life->file);
	left = bytes_of(life->file.data, life->file.len);
	r = store_verify_file(life->store, source, NULL, &policies, NOW,
			      &verdict);
	if (r < 0) {
		assert_int_equal(verdict.result, VERIFY_NONE);
		return r;
	}
	assert_int_equal(verdict.result, VERIFY_WARNED);
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
	free(life->file.data);
	made_machine_fini(&life->machine);
}

/* ---- what must hold ------------------------------------------------------------------ */

static void check_file(struct life *life, const struct store_kept *kept)
{
	const struct io *io = disk_io(life->disk);
	char *path = kept_path(life->store, kept->name, false);
	uint8_t data[65536], hash[32];
	ssize_t len;
	int fd;

	assert_non_null(path);
	fd = io_open(io, path, O_RDONLY, 0);
	assert_true(fd >= 0);
	len = io_read_full(io, fd, data, sizeof(data), 0);
	io_close(io, fd);
	free(path);
	assert_int_equal(len, kept->bytes);
	assert_int_equal(EVP_Digest(data, (size_t)len, hash, NULL, EVP_sha256(),
				    NULL),
			 1);
	assert_memory_equal(hash, kept->sha256, sizeof(hash));
}

static int expect_named(void *context, const char *name, bool named)
{
	(void)context;
	if (!named)
		printf("# %s is named by no verdict\n", name);
	assert_true(named);
	return 0;
}

static int expect_none(void *context, const char *name)
{
	(void)context;
	printf("# new/%s is left\n", name);
	return 1;
}

static unsigned int nr_verdicts(struct store *store)
{
	struct store_verdict at = { 0 };
	unsigned int nr = 0;
	int r;

	while ((r = store_last_verdict(store, "m", at.id, &at)) == 0)
		nr++;
	assert_int_equal(r, STORE_UNKNOWN);
	free(at.reasons.data);
	return nr;
}

static void check(struct life *life)
{
	struct store_kept kept = { 0 };
	unsigned int nr = 0;
	int r;

	assert_int_equal(store_check(life->store), 0);
	while ((r = store_next_kept(life->store, "m", kept.id, &kept)) == 0) {
		check_file(life, &kept);
		nr++;
	}
	assert_int_equal(r, STORE_UNKNOWN);
	free(kept.outcomes.data);
	assert_int_equal(nr, nr_verdicts(life->store));
	assert_true(nr >= life->nr_said && nr <= life->nr_said + 1);
	assert_int_equal(kept_list(life->store, expect_named, NULL), 0);
	assert_int_equal(io_list(disk_io(life->disk), FOLDER "/new",
				 expect_none, NULL),
			 0);
	life->nr_said = nr;
}

/* In the next process. */
static void go_on(struct life *life)
{
	disk_fail(life->disk, DISK_NONE, 0);
	store_close(life->store);
	life->store = NULL;
	assert_int_equal(open_store(life), 0);
	check(life);
	assert_int_equal(live(life), 0);
	check(life);
}

/* ---- faults ----------------------------------------------------------------------------- */

static bool wants_all(void)
{
	const char *value = getenv("FAULTS");

	return value && !strcmp(value, "all");
}

/* False when the fault did not occur. */
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
	try_faults(DISK_IO_ERROR, 5);
}

TEST(the_disk_is_full)
{
	try_faults(DISK_FULL, 5);
	try_faults(DISK_STAYS_FULL, 7);
	try_faults(DISK_SHORT, 7);
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
		nr += wants_all() ? 1 : 5;
}

TEST(it_is_killed)
{
	for (uint64_t nr = 1; try_power(nr, 1);)
		nr += wants_all() ? 1 : 5;
}

TEST_MAIN_WITH(make_key, remove_key, cmocka_unit_test(an_operation_fails),
	       cmocka_unit_test(the_disk_is_full),
	       cmocka_unit_test(the_power_is_lost),
	       cmocka_unit_test(it_is_killed))
