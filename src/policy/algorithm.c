// SPDX-License-Identifier: MIT
/*
 * The table of algorithms. Their numbers are in compiled policies and never change.
 */
#include "policy/algorithm.h"
#include "base/util.h"

#include <errno.h>

static const struct {
	const char *name;
	size_t len;
} table[POLICY_NR_ALGORITHMS] = {
	[POLICY_MD5] = { "md5", 16 },
	[POLICY_SHA1] = { "sha1", 20 },
	[POLICY_SHA224] = { "sha224", 28 },
	[POLICY_SHA256] = { "sha256", 32 },
	[POLICY_SHA384] = { "sha384", 48 },
	[POLICY_SHA512] = { "sha512", 64 },
	[POLICY_RMD160] = { "rmd160", 20 },
	[POLICY_SM3] = { "sm3", 32 },
	[POLICY_SHA3_256] = { "sha3-256", 32 },
	[POLICY_SHA3_384] = { "sha3-384", 48 },
	[POLICY_SHA3_512] = { "sha3-512", 64 },
	[POLICY_STREEBOG256] = { "streebog256", 32 },
	[POLICY_STREEBOG512] = { "streebog512", 64 },
};

/* Takes @prefix off the front. */
static bool take_prefix(struct imastage_bytes *name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (!bytes_equal_text(bytes_first(*name, len), prefix))
		return false;
	*name = bytes_skip(*name, len);
	return true;
}

int policy_algorithm_by_name(struct imastage_bytes name, uint8_t *ret_alg)
{
	unsigned int verity = 0;

	/* Nearly all records say this. */
	if (bytes_equal_text(name, "sha256")) {
		*ret_alg = POLICY_SHA256;
		return 0;
	}
	if (take_prefix(&name, "verity:"))
		verity = POLICY_VERITY;
	else
		(void)take_prefix(&name, "ima:");
	for (unsigned int i = 0; i < POLICY_NR_ALGORITHMS; i++) {
		if (!bytes_equal_text(name, table[i].name))
			continue;
		*ret_alg = (uint8_t)(i | verity);
		return 0;
	}
	return -ENOENT;
}

int policy_algorithm_by_len(size_t len, uint8_t *ret_alg)
{
	for (uint8_t alg = POLICY_SHA1; alg <= POLICY_SHA512; alg++) {
		if (table[alg].len != len)
			continue;
		*ret_alg = alg;
		return 0;
	}
	return -ENOENT;
}

const char *policy_algorithm_name(uint8_t alg)
{
	unsigned int plain = alg & ~POLICY_VERITY;

	return plain < POLICY_NR_ALGORITHMS ? table[plain].name : NULL;
}

size_t policy_algorithm_len(uint8_t alg)
{
	unsigned int plain = alg & ~POLICY_VERITY;

	return plain < POLICY_NR_ALGORITHMS ? table[plain].len : 0;
}
