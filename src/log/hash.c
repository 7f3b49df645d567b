// SPDX-License-Identifier: MIT
/*
 * Hashing with libcrypto.
 *
 * Replay is many very short messages: two blocks for a template digest, one or
 * two for an extend. For these the EVP interface, with everything fetched once
 * and contexts reused, costs half as much again as the hashing itself (bench/log
 * measures both). Padding them here and calling the compression function alone
 * was tried and gains nothing. So the low-level calls are
 * used, although OpenSSL 3 marks them deprecated; it still has them, and should
 * it ever not, this file is all there is to change. sm3 has none.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "log/hash.h"

#include <errno.h>
#include <openssl/evp.h>

static int init_evp(struct hash *hash, const char *name)
{
	hash->md = EVP_MD_fetch(NULL, name, NULL);
	if (!hash->md)
		return -ENOTSUP;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context) {
		EVP_MD_free(hash->md);
		return -ENOMEM;
	}
	return 0;
}

int hash_init(struct hash *ret_hash, enum imastage_bank bank)
{
	struct hash hash = { .bank = bank };
	int r = 0;

	if (bank == IMASTAGE_SM3)
		r = init_evp(&hash, "SM3");
	if (r == 0)
		*ret_hash = hash;
	return r;
}

void hash_fini(struct hash *hash)
{
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->md);
	hash->context = NULL;
	hash->md = NULL;
}

/* What OpenSSL says, 1 for success, as what we say. */
static int result(int ok)
{
	return ok == 1 ? 0 : -EIO;
}

int hash_start(struct hash *hash)
{
	switch (hash->bank) {
	case IMASTAGE_SHA1:
		return result(SHA1_Init(&hash->state.sha1));
	case IMASTAGE_SHA256:
		return result(SHA256_Init(&hash->state.sha256));
	case IMASTAGE_SHA384:
		return result(SHA384_Init(&hash->state.sha512));
	case IMASTAGE_SHA512:
		return result(SHA512_Init(&hash->state.sha512));
	default:
		return result(
			EVP_DigestInit_ex2(hash->context, hash->md, NULL));
	}
}

int hash_update(struct hash *hash, struct imastage_bytes bytes)
{
	if (bytes.len == 0)
		return 0;
	switch (hash->bank) {
	case IMASTAGE_SHA1:
		return result(
			SHA1_Update(&hash->state.sha1, bytes.data, bytes.len));
	case IMASTAGE_SHA256:
		return result(SHA256_Update(&hash->state.sha256, bytes.data,
					    bytes.len));
	case IMASTAGE_SHA384:
		return result(SHA384_Update(&hash->state.sha512, bytes.data,
					    bytes.len));
	case IMASTAGE_SHA512:
		return result(SHA512_Update(&hash->state.sha512, bytes.data,
					    bytes.len));
	default:
		return result(
			EVP_DigestUpdate(hash->context, bytes.data, bytes.len));
	}
}

int hash_end(struct hash *hash, uint8_t *ret_digest)
{
	switch (hash->bank) {
	case IMASTAGE_SHA1:
		return result(SHA1_Final(ret_digest, &hash->state.sha1));
	case IMASTAGE_SHA256:
		return result(SHA256_Final(ret_digest, &hash->state.sha256));
	case IMASTAGE_SHA384:
		return result(SHA384_Final(ret_digest, &hash->state.sha512));
	case IMASTAGE_SHA512:
		return result(SHA512_Final(ret_digest, &hash->state.sha512));
	default:
		return result(
			EVP_DigestFinal_ex(hash->context, ret_digest, NULL));
	}
}

int hash_copy(struct hash *to, const struct hash *from)
{
	if (from->context)
		return result(EVP_MD_CTX_copy_ex(to->context, from->context));
	to->state = from->state;
	return 0;
}

int hash_two(struct hash *hash, struct imastage_bytes first,
	     struct imastage_bytes second, uint8_t *ret_digest)
{
	int r = hash_start(hash);

	if (r == 0)
		r = hash_update(hash, first);
	if (r == 0)
		r = hash_update(hash, second);
	if (r == 0)
		r = hash_end(hash, ret_digest);
	return r;
}
