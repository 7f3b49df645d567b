// SPDX-License-Identifier: MIT
/*
 * Hashing with libcrypto.
 *
 * Replay is many very short messages: two blocks for a template digest, one or
 * two for an extend. For these the EVP interface, with everything fetched once
 * and contexts reused, costs half as much again as the hashing itself (measured
 * by bench/log: 2.4 against 3.8 million records/s). So the low-level calls are
 * used, although OpenSSL 3 marks them deprecated; it still has them, and should
 * it ever not, this file is all there is to change. sm3 has none.
 *
 * For sha1 and sha256 messages of up to SHORT_MAX bytes are padded here and
 * given to the compression function, which saves another eighth: what Update
 * and Final do is for messages that come in pieces. Padding (FIPS 180-4, 5.1.1):
 *
 *	message | 0x80 | zeros to 8 bytes before a block's end | u64 bits, big
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "log/hash.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

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

#define BLOCK_LEN 64
#define SHORT_BLOCKS 4
#define SHORT_MAX (SHORT_BLOCKS * BLOCK_LEN - 9)

/* Returns the number of blocks. */
static size_t pad(struct imastage_bytes first, struct imastage_bytes second,
		  uint8_t blocks[SHORT_BLOCKS * BLOCK_LEN])
{
	size_t len = first.len + second.len;
	size_t nr = (len + 8) / BLOCK_LEN + 1;
	uint64_t bits = htobe64((uint64_t)len * 8);

	if (first.len > 0)
		memcpy(blocks, first.data, first.len);
	if (second.len > 0)
		memcpy(blocks + first.len, second.data, second.len);
	blocks[len] = 0x80;
	memset(blocks + len + 1, 0, nr * BLOCK_LEN - len - 1 - sizeof(bits));
	memcpy(blocks + nr * BLOCK_LEN - sizeof(bits), &bits, sizeof(bits));
	return nr;
}

static void put_word(uint8_t *at, uint32_t word)
{
	word = htobe32(word);
	memcpy(at, &word, sizeof(word));
}

static int sha1_short(SHA_CTX *state, const uint8_t *blocks, size_t nr,
		      uint8_t *ret_digest)
{
	if (SHA1_Init(state) != 1)
		return -EIO;
	for (size_t i = 0; i < nr; i++)
		SHA1_Transform(state, blocks + i * BLOCK_LEN);
	put_word(ret_digest, state->h0);
	put_word(ret_digest + 4, state->h1);
	put_word(ret_digest + 8, state->h2);
	put_word(ret_digest + 12, state->h3);
	put_word(ret_digest + 16, state->h4);
	return 0;
}

static int sha256_short(SHA256_CTX *state, const uint8_t *blocks, size_t nr,
			uint8_t *ret_digest)
{
	if (SHA256_Init(state) != 1)
		return -EIO;
	for (size_t i = 0; i < nr; i++)
		SHA256_Transform(state, blocks + i * BLOCK_LEN);
	for (size_t i = 0; i < 8; i++)
		put_word(ret_digest + 4 * i, state->h[i]);
	return 0;
}

static bool is_short(const struct hash *hash, struct imastage_bytes first,
		     struct imastage_bytes second)
{
	return hash->bank <= IMASTAGE_SHA256 && first.len <= SHORT_MAX &&
	       second.len <= SHORT_MAX - first.len;
}

int hash_two(struct hash *hash, struct imastage_bytes first,
	     struct imastage_bytes second, uint8_t *ret_digest)
{
	uint8_t blocks[SHORT_BLOCKS * BLOCK_LEN];
	int r;

	if (is_short(hash, first, second)) {
		size_t nr = pad(first, second, blocks);

		return hash->bank == IMASTAGE_SHA1 ?
			       sha1_short(&hash->state.sha1, blocks, nr,
					  ret_digest) :
			       sha256_short(&hash->state.sha256, blocks, nr,
					    ret_digest);
	}
	r = hash_start(hash);
	if (r == 0)
		r = hash_update(hash, first);
	if (r == 0)
		r = hash_update(hash, second);
	if (r == 0)
		r = hash_end(hash, ret_digest);
	return r;
}
