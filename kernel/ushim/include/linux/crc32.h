/* SPDX-License-Identifier: MIT */
/* Exact, through zlib, which inverts before and after; the kernel does not. */
#ifndef USHIM_LINUX_CRC32_H
#define USHIM_LINUX_CRC32_H

#include <linux/types.h>

u32 crc32_le(u32 crc, const void *buf, size_t len);

#endif
