// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target over seeds, without libFuzzer, and prints TAP: one case for
 * each FILE. NAME.hex is hex text (lib/hexfile.h), others are taken as they are.
 * A crash ends the program before its plan is met.
 *
 *	driver FILE...			run
 *	driver --binary DIR FILE...	write the seeds to DIR for libFuzzer
 */
#include "base/bytes.h"
#include "base/file.h"
#include "base/util.h"
#include "lib/hexfile.h"

#include <libgen.h>

#define SEED_LEN_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_seed(struct imastage_bytes seed, const char *name,
		    const char *dir)
{
	(void)dir;
	LLVMFuzzerTestOneInput(seed.data, seed.len);
	printf("ok - %s\n", name);
	return 0;
}

static int write_seed(struct imastage_bytes seed, const char *name,
		      const char *dir)
{
	cleanup_fclose FILE *file = NULL;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file || fwrite(seed.data, 1, seed.len, file) != seed.len ||
	    fflush(file)) {
		perror(path);
		return -1;
	}
	return 0;
}

static int read_seed(const char *path, uint8_t **ret_data, size_t *ret_len)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".hex"))
		return hexfile_read(path, ret_data, ret_len);
	return file_read(path, SEED_LEN_MAX, ret_data, ret_len);
}

static int each_seed(char **files, const char *dir,
		     int (*use)(struct imastage_bytes, const char *,
				const char *))
{
	for (; *files; files++) {
		cleanup_free uint8_t *data = NULL;
		size_t len;
		int r = read_seed(*files, &data, &len);

		if (r < 0) {
			printf("Bail out! %s: %s\n", *files, strerror(-r));
			return 1;
		}
		if (use(bytes_of(data, len), basename(*files), dir) < 0)
			return 1;
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--binary"))
		return each_seed(argv + 3, argv[2], write_seed);
	printf("1..%d\n", argc - 1);
	return each_seed(argv + 1, NULL, run_seed);
}
