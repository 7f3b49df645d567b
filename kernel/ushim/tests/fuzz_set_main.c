// SPDX-License-Identifier: MIT
/*
 * Runs the fuzz target of the set of digests without a fuzzer: on the files that
 * are named, or else on random inputs, some of them again and again with the first
 * allocation failing, then the second, and so on. And a set with more buckets than
 * a segment has, for which inputs are too short.
 * With --write DIR, some inputs go to files there, for the fuzzer to start from.
 *
 *	fuzz_set_main [--seed N] [--inputs N]
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ima_digest_set.h"
#include "fuzz_files.h"
#include "tap.h"
#include "ushim.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

#define MAX_INPUT_LEN 4096
#define INPUT_LEN (3 + 3 * 64)
#define NR_WRITTEN 10
/* Of the inputs, every so many'th begins with each allocation failing. */
#define FAIL_EVERY 50
#define FAIL_LEN (3 + 3 * 16)

/* More than 4096 buckets. */
#define MANY 220000

static u64 nr_inputs, nr_failures;

static void run(const u8 *data, size_t len)
{
	LLVMFuzzerTestOneInput(data, len);
	nr_inputs++;
}

/* More is added than removed in the first half, less in the second. */
static void any_input(u64 *state, u8 input[INPUT_LEN])
{
	for (size_t i = 0; i < INPUT_LEN; i++)
		input[i] = rnd(state) >> 32;
	input[1] = 0;
	input[2] = 0;
	for (size_t i = 3; i < INPUT_LEN; i += 3) {
		u8 what = input[i] % 8;

		if (i < INPUT_LEN / 2 && (what == 3 || what == 4))
			input[i] = 8 * (input[i] / 8);
		if (what == 5 && input[i + 1] > 20)
			input[i + 1] = 0;
	}
}

static void run_failing(u8 input[INPUT_LEN])
{
	unsigned long nr_calls = ushim_slab_calls();

	run(input, FAIL_LEN);
	nr_calls = ushim_slab_calls() - nr_calls;
	for (unsigned long nth = 1; nth <= nr_calls; nth++) {
		input[1] = nth >> 8;
		input[2] = nth;
		run(input, FAIL_LEN);
		nr_failures++;
	}
}

static void run_random(u64 seed, u64 nr)
{
	u64 state = rnd_seed(seed);

	for (u64 i = 0; i < nr; i++) {
		u8 input[INPUT_LEN];

		any_input(&state, input);
		if (i % FAIL_EVERY)
			run(input, INPUT_LEN);
		else
			run_failing(input);
	}
	tap_ok("the set: %llu inputs, %llu with a failing allocation",
	       nr_inputs, nr_failures);
}

static void put_number(u8 digest[20], u32 number)
{
	memset(digest, 0, 20);
	put_unaligned_le32(number, digest + 8);
}

static void check_many(const struct ima_digest_set *set, u32 step)
{
	u8 digest[20];

	for (u32 i = 0; i < MANY; i++) {
		put_number(digest, i);
		must(ima_digest_set_has(set, digest, 10) == !(i % step),
		     "digest %u", i);
	}
}

static void run_many(void)
{
	static const siphash_key_t key = { { 3, 4 } };
	struct ima_digest_set set;
	u8 digest[20];

	ima_digest_set_init(&set, sizeof(digest), &key);
	for (u32 i = 0; i < MANY; i++) {
		put_number(digest, i);
		must(!ima_digest_set_reserve(&set, 1), "reserve");
		ima_digest_set_add(&set, digest, 10);
	}
	must(set.nr_segments > 1, "one segment");
	check_many(&set, 1);
	for (u32 i = 0; i < MANY; i++) {
		put_number(digest, i);
		if (i % 3)
			must(ima_digest_set_remove(&set, digest, 10), "remove");
	}
	check_many(&set, 3);
	must(ima_digest_set_bytes(&set) == ushim_slab_bytes(), "bytes");
	ima_digest_set_fini(&set);
	must(!ushim_slab_live(), "memory is left");
	tap_ok("the set: %d digests", MANY);
}

static void write_inputs(const char *dir)
{
	u64 state = rnd_seed(0);

	for (int i = 0; i < NR_WRITTEN; i++) {
		u8 input[INPUT_LEN];

		any_input(&state, input);
		fuzz_write(dir, i, input, INPUT_LEN);
	}
}

static void run_file(const char *path)
{
	static u8 input[MAX_INPUT_LEN];

	run(input, fuzz_read(path, input, sizeof(input)));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--write")) {
		write_inputs(argv[2]);
		return 0;
	}
	if (argc > 1 && argv[1][0] != '-') {
		for (int i = 1; i < argc; i++)
			run_file(argv[i]);
		return 0;
	}

	tap_plan(2);
	run_random(option(argc, argv, "--seed", 1),
		   option(argc, argv, "--inputs", 60));
	run_many();
	return 0;
}
