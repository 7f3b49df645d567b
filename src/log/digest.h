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

#endif
