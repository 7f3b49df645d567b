/* SPDX-License-Identifier: MIT */
/* Exact: SipHash-2-4 (Aumasson and Bernstein, 2012), little-endian input. */
#ifndef USHIM_LINUX_SIPHASH_H
#define USHIM_LINUX_SIPHASH_H

#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

u64 siphash(const void *data, size_t len, const siphash_key_t *key);

#endif
