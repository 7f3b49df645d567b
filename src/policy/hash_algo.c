// SPDX-License-Identifier: MIT
/*
 * The table of hash algorithms.
 */
#include "policy/hash_algo.h"
#include "base/util.h"

static const struct hash_algo algos[] = {
	{ 2, true, 20, "sha1", EVP_sha1 },
	{ 4, false, 32, "sha256", EVP_sha256 },
	{ 5, false, 48, "sha384", EVP_sha384 },
	{ 6, false, 64, "sha512", EVP_sha512 },
	{ 7, false, 28, "sha224", EVP_sha224 },
	{ 20, false, 32, "sha3-256", EVP_sha3_256 },
	{ 21, false, 48, "sha3-384", EVP_sha3_384 },
	{ 22, false, 64, "sha3-512", EVP_sha3_512 },
};

const struct hash_algo *hash_algo_by_number(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		if (algos[i].number == number)
			return &algos[i];
	return NULL;
}

const struct hash_algo *hash_algo_by_name(struct imastage_bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		if (bytes_equal_text(name, algos[i].name))
			return &algos[i];
	return NULL;
}

const struct hash_algo *hash_algo_by_nid(int nid)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		if (EVP_MD_get_type(algos[i].md()) == nid)
			return &algos[i];
	return NULL;
}
