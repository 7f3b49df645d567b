/* SPDX-License-Identifier: MIT */
/*
 * One hash algorithm at work. The only door to OpenSSL but for signatures
 * (verify/signature.c).
 *
 * sha1, sha256, sha384 and sha512 use the low-level calls of libcrypto, sm3 the
 * EVP ones: see hash.c for why. Whole messages of sha1 and sha256 are hashed
 * without it where the processor has instructions for that (log/sha_ni.h).
 *
 * A hash is for one thread at a time. hash_copy() takes the state of one that
 * was fed with what several messages begin with.
 */
#ifndef LOG_HASH_H
#define LOG_HASH_H

#include <imastage/bank.h>
#include <openssl/sha.h>

struct hash {
	enum imastage_bank bank;
	bool is_ni; /* whole messages by sha_ni.h */
	union { /* of a message that comes in pieces */
		SHA_CTX sha1;
		SHA256_CTX sha256;
		SHA512_CTX sha512;
	} state;
	struct evp_md_st *md; /* owned; NULL for the low-level ones */
	struct evp_md_ctx_st *context; /* the same */
};

/* -ENOTSUP when OpenSSL has no such algorithm, -ENOMEM. */
int hash_init(struct hash *ret_hash, enum imastage_bank bank);
void hash_fini(struct hash *hash);

/* Starts a message, adds to it, ends it. -EIO when OpenSSL fails. */
int hash_start(struct hash *hash);
int hash_update(struct hash *hash, struct imastage_bytes bytes);
int hash_end(struct hash *hash, uint8_t *ret_digest);

/* @to, of the same bank, goes on where @from is. */
int hash_copy(struct hash *to, const struct hash *from);

/* Hash of the two views, one after the other. */
int hash_two(struct hash *hash, struct imastage_bytes first,
	     struct imastage_bytes second, uint8_t *ret_digest);

#endif
