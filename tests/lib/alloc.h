/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when told to: for our own code by the linker
 * (--wrap=malloc and the like), for SQLite by its own interface. OpenSSL's and
 * zstd's do not.
 */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* Before SQLite is used for the first time. */
void alloc_init(void);

/* The @nr-th allocation from now on fails, and with @lasts all that follow. */
void alloc_fail(uint64_t nr, bool lasts);

/* From now on none does. Returns whether one did. */
bool alloc_stop(void);

#endif
