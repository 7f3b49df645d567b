/* SPDX-License-Identifier: MIT */
/* Exact, for the algorithms that this system's <linux/hash_info.h> has. */
#ifndef USHIM_CRYPTO_HASH_INFO_H
#define USHIM_CRYPTO_HASH_INFO_H

#include <linux/hash_info.h>

#define SHA1_DIGEST_SIZE 20

extern const int hash_digest_size[HASH_ALGO__LAST];

#endif
