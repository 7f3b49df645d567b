/* SPDX-License-Identifier: MIT */
/*
 * SHA-1 and SHA-256 by the SHA extensions of x86 processors. The other way to hash is
 * OpenSSL's: log/hash.h chooses.
 *
 * One hash alone leaves the processor waiting: each of its rounds needs what the one
 * before gives. So both hashes of a record, or of two PCRs, are computed side by side.
 * sha1 beside sha256 takes three quarters of the time that they take one after the
 * other; two messages side by side in one of them, 0.80 and 0.92. So the
 * pairs are the banks of one record, and no second record has to be there.
 */
#ifndef LOG_SHA_NI_H
#define LOG_SHA_NI_H

#include "base/bytes.h"

#ifdef __x86_64__

/* Has this processor what the functions below need? */
bool sha_ni_is_there(void);

/* For tests and benches: as if it had not, or as it is. */
void sha_ni_hide(bool hide);

/* Hashes of the two views, one after the other. One of @ret_* may be NULL. */
void sha_ni_hash(struct imastage_bytes first, struct imastage_bytes second,
		 uint8_t *ret_sha1, uint8_t *ret_sha256);

/* Extends a PCR in both banks, or in one when the other's value is NULL. */
void sha_ni_extend(uint8_t *sha1_value, const uint8_t *sha1_digest,
		   uint8_t *sha256_value, const uint8_t *sha256_digest);

#else

static inline bool sha_ni_is_there(void)
{
	return false;
}

static inline void sha_ni_hide(bool hide)
{
	(void)hide;
}

static inline void sha_ni_hash(struct imastage_bytes first,
			       struct imastage_bytes second, uint8_t *ret_sha1,
			       uint8_t *ret_sha256)
{
	(void)first, (void)second, (void)ret_sha1, (void)ret_sha256;
}

static inline void sha_ni_extend(uint8_t *sha1_value,
				 const uint8_t *sha1_digest,
				 uint8_t *sha256_value,
				 const uint8_t *sha256_digest)
{
	(void)sha1_value, (void)sha1_digest;
	(void)sha256_value, (void)sha256_digest;
}

#endif

#endif
