// SPDX-License-Identifier: MIT
/*
 * Runs the fuzz target without a fuzzer: on the files that are named, or else on
 * seeds of its own: all short commands over the letters that matter, and every
 * way to cut short or change one byte of longer commands and of a trailer.
 * With --write DIR, the seeds go to files there, for the fuzzer to start from.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include "fuzz_files.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

#define MAX_INPUT_LEN 4096
#define SHORT_LEN 5

static const char letters[] = "0159:ADS\n -x";

struct seed {
	const char *bytes;
	size_t len;
};

/* clang-format off */
#define SEED(bytes) { bytes, sizeof(bytes) - 1 }
/* clang-format on */
/* Two digests by md5 and one that did not fit; the sum is right. */
#define TRAILER(how)                                            \
	SEED(how "IMASTAGE\1\0\0\0\xbf\x69\x8e\xc9"             \
		 "\x62\0\0\0\0\0\0\0\xab\x89\x67\x45\x23\1\0\0" \
		 "\3\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"             \
		 "\2\0\0\0\0\0\0\0\1\0\x10\0\0\0\0\0"           \
		 "\x0a\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7"         \
		 "\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf"             \
		 "\x0b\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7"         \
		 "\xe8\xe9\xea\xeb\xec\xed\xee\xef")

/* One digest, that is there already, by sha1, of a later version. */
#define TRAILER_2(how)                                     \
	SEED(how "IMASTAGE\2\0\0\0\0\0\0\0"                \
		 "\x59\0\0\0\0\0\0\0\1\2\3\4\5\6\7\x08"    \
		 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"        \
		 "\1\0\0\0\0\0\0\0\2\0\x14\0\0\0\0\0"      \
		 "\x0aknown\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
		 "more")

static const struct seed seeds[] = {
	SEED("\0"
	     "1\n"),
	SEED("\0"
	     "5:3\n"),
	SEED("\0"
	     "18446744073709551615\n"),
	SEED("\0"
	     "18446744073709551616\n"),
	SEED("\0"
	     "999999999999999999:9\n"),
	SEED("\1"
	     "A\n"),
	SEED("\1"
	     "D\n"),
	SEED("\1"
	     "42\n"),
	SEED("\1"
	     "99999999999999999999\n"),
	SEED("\1"
	     "S\n"),
	TRAILER("\2"),
	TRAILER("\6"),
	TRAILER("\7"),
	TRAILER("\x0f"),
	TRAILER("\x27"),
	TRAILER_2("\x0f"),
};

static u64 nr_inputs;

static void run(const u8 *data, size_t len)
{
	LLVMFuzzerTestOneInput(data, len);
	nr_inputs++;
}

/* All commands of up to SHORT_LEN letters, by counting in their base. */
static void run_short(void)
{
	u64 nr = 1;

	for (size_t len = 0; len <= SHORT_LEN; len++) {
		for (u64 i = 0; i < nr; i++) {
			u8 input[1 + SHORT_LEN];
			u64 rest = i;

			for (size_t j = 0; j < len; j++) {
				input[1 + j] = letters[rest % strlen(letters)];
				rest /= strlen(letters);
			}
			for (input[0] = 0; input[0] < 2; input[0]++)
				run(input, 1 + len);
		}
		nr *= strlen(letters);
	}
}

static void run_changed(const struct seed *seed)
{
	u8 input[128];

	must(seed->len <= sizeof(input), "long seed");
	for (size_t len = 0; len <= seed->len; len++) {
		memcpy(input, seed->bytes, len);
		run(input, len);
	}
	for (size_t i = 0; i < seed->len; i++) {
		for (int byte = 0; byte < 256; byte++) {
			input[i] = byte;
			run(input, seed->len);
		}
		input[i] = seed->bytes[i];
	}
}

static void write_seeds(const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		fuzz_write(dir, i, seeds[i].bytes, seeds[i].len);
}

static void run_file(const char *path)
{
	static u8 input[MAX_INPUT_LEN];

	run(input, fuzz_read(path, input, sizeof(input)));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--write")) {
		write_seeds(argv[2]);
		return 0;
	}

	tap_plan(1);
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc == 1) {
		run_short();
		for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
			run_changed(&seeds[i]);
	}
	tap_ok("commands and trailers: %llu inputs", nr_inputs);
	return 0;
}
