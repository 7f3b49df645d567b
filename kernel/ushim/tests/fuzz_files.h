/* SPDX-License-Identifier: MIT */
/* Inputs of the fuzz targets as files, for the drivers that run without a fuzzer. */
#ifndef USHIM_TESTS_FUZZ_FILES_H
#define USHIM_TESTS_FUZZ_FILES_H

#include <linux/types.h>

/* As @dir/seed-@nr. */
void fuzz_write(const char *dir, int nr, const void *bytes, size_t len);

/* At most @max bytes; returns how many there were. */
size_t fuzz_read(const char *path, u8 *ret_bytes, size_t max);

#endif
