// SPDX-License-Identifier: MIT
/* Inputs of the fuzz targets as files. See fuzz_files.h. */

#include <stdio.h>

#include "fuzz_files.h"
#include "tap.h"

void fuzz_write(const char *dir, int nr, const void *bytes, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%02d", dir, nr);
	file = fopen(path, "w");
	must(file, "%s", path);
	must(fwrite(bytes, len, 1, file) == 1, "%s", path);
	must(!fclose(file), "%s", path);
}

size_t fuzz_read(const char *path, u8 *ret_bytes, size_t max)
{
	FILE *file = fopen(path, "r");
	size_t len;

	must(file, "%s", path);
	len = fread(ret_bytes, 1, max, file);
	fclose(file);
	return len;
}
