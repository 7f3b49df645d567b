// SPDX-License-Identifier: MIT
/*
 * Hashing with libcrypto.
 *
 * Replay is many very short messages: two blocks for a template digest, one or
 * two for an extend. EVP, with everything fetched once and contexts reused, costs
 * 30 ns more for each of them than the low-level calls: of the whole 17 % where
 * the processor has no instructions for SHA, 44 % where it has (bench/log measures
 * both). Where they are x86's, sha_ni.c is used instead of either. All others, such as
 * ARM's, gain the more by the low-level calls, although OpenSSL 3 marks them
 * deprecated; it still has them, and should it ever not, this file is all there is to
 * change. Padding here and calling their compression function alone was tried and gains
 * nothing. sm3 has none.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "log/hash.h"
#include "log/sha_ni.h"

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
	if (bank == IMASTAGE_SHA1 || bank == IMASTAGE_SHA256)
		hash.is_ni = sha_ni_is_there();
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

static int sha1_two(SHA_CTX *sha1, struct imastage_bytes first,
		    struct imastage_bytes second, uint8_t *ret_digest)
{
	return result(SHA1_Init(sha1) == 1 &&
		      SHA1_Update(sha1, first.data, first.len) == 1 &&
		      (second.len == 0 ||
		       SHA1_Update(sha1, second.data, second.len) == 1) &&
		      SHA1_Final(ret_digest, sha1) == 1);
}

static int sha256_two(SHA256_CTX *sha256, struct imastage_bytes first,
		      struct imastage_bytes second, uint8_t *ret_digest)
{
	return result(SHA256_Init(sha256) == 1 &&
		      SHA256_Update(sha256, first.data, first.len) == 1 &&
		      (second.len == 0 ||
		       SHA256_Update(sha256, second.data, second.len) == 1) &&
		      SHA256_Final(ret_digest, sha256) == 1);
}

static int any_two(struct hash *hash, struct imastage_bytes first,
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

/* What nearly all records need is told apart once. */
int hash_two(struct hash *hash, struct imastage_bytes first,
	     struct imastage_bytes second, uint8_t *ret_digest)
{
	bool is_sha1 = hash->bank == IMASTAGE_SHA1;

	if (hash->is_ni) {
		sha_ni_hash(first, second, is_sha1 ? ret_digest : NULL,
			    is_sha1 ? NULL : ret_digest);
		return 0;
	}
	if (is_sha1)
		return sha1_two(&hash->state.sha1, first, second, ret_digest);
	if (hash->bank == IMASTAGE_SHA256)
		return sha256_two(&hash->state.sha256, first, second,
				  ret_digest);
	return any_two(hash, first, second, ret_digest);
}
