/* SPDX-License-Identifier: MIT */
/*
 * What this folder shares about hashers beyond imastage/digest.h.
 */
#ifndef LOG_DIGEST_H
#define LOG_DIGEST_H

#include "log/hash.h"

#include <imastage/digest.h>

struct imastage_hasher {
	unsigned int banks; /* mask of those that template digests are made of */
	unsigned int
		ready; /* mask of those below that are set: @banks, and more */
	struct hash hash[IMASTAGE_NR_BANKS];
};

/* As _new and _free, for one that is part of something else. */
int hasher_init(struct imastage_hasher *ret_hasher, unsigned int banks);
void hasher_fini(struct imastage_hasher *hasher);

/* Sets those of @banks that are not set, for whoever hashes by them himself. */
int hasher_make_ready(struct imastage_hasher *hasher, unsigned int banks);

/* Those of @banks that sha_ni.h computes, both at once. */
static inline unsigned int hasher_ni_banks(const struct imastage_hasher *hasher,
					   unsigned int banks)
{
	unsigned int ni = 0;

	if (hasher->hash[IMASTAGE_SHA1].is_ni)
		ni |= 1u << IMASTAGE_SHA1;
	if (hasher->hash[IMASTAGE_SHA256].is_ni)
		ni |= 1u << IMASTAGE_SHA256;
	return banks & ni;
}

/* @value where @bank is in @banks, else NULL. */
static inline uint8_t *hasher_if(unsigned int banks, enum imastage_bank bank,
				 uint8_t *value)
{
	return banks & 1u << bank ? value : NULL;
}

#endif
