/* SPDX-License-Identifier: MIT */
/*
 * One signature over one digest by one key.
 */
#ifndef POLICY_SIGNED_DIGEST_H
#define POLICY_SIGNED_DIGEST_H

#include "policy/hash_algo.h"

/* 1: @key signed @digest, by @algo, with PKCS#1 v1.5 or ECDSA; 0: it did not; -ENOMEM. */
int signed_digest_check(EVP_PKEY *key, const struct hash_algo *algo,
			struct imastage_bytes digest,
			struct imastage_bytes signature);

#endif
