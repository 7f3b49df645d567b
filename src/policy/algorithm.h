/* SPDX-License-Identifier: MIT */
/*
 * Hash algorithms of files, as IMA names them. Bit POLICY_VERITY: the digest is fs-verity's,
 * over a tree of hashes and not over the content.
 */
#ifndef POLICY_ALGORITHM_H
#define POLICY_ALGORITHM_H

#include "base/bytes.h"

#include <imastage/bank.h>

#define POLICY_VERITY 0x80u

enum policy_algorithm {
	POLICY_MD5,
	POLICY_SHA1,
	POLICY_SHA224,
	POLICY_SHA256,
	POLICY_SHA384,
	POLICY_SHA512,
	POLICY_RMD160,
	POLICY_SM3,
	POLICY_SHA3_256,
	POLICY_SHA3_384,
	POLICY_SHA3_512,
	POLICY_STREEBOG256,
	POLICY_STREEBOG512,
	POLICY_NR_ALGORITHMS
};

/* "sha256", "verity:sha256", "ima:sha256". -ENOENT. */
int policy_algorithm_by_name(struct imastage_bytes name, uint8_t *ret_alg);

/* The one that a bare digest of @len bytes is of: of SHA-1 and SHA-2. -ENOENT. */
int policy_algorithm_by_len(size_t len, uint8_t *ret_alg);

/* Without "verity:"; NULL: there is no such algorithm. */
const char *policy_algorithm_name(uint8_t alg);
size_t policy_algorithm_len(uint8_t alg); /* 0: there is none */

/* Is a digest of it no proof of content? */
static inline bool policy_algorithm_is_weak(uint8_t alg)
{
	return (alg & ~POLICY_VERITY) <= POLICY_SHA1;
}

#endif
