/* SPDX-License-Identifier: MIT */
/*
 * Hash algorithms as the kernel numbers them in signatures (enum hash_algo), as records
 * name them, and as OpenSSL does. Only those that signatures are checked by.
 */
#ifndef POLICY_HASH_ALGO_H
#define POLICY_HASH_ALGO_H

#include "base/bytes.h"

#include <openssl/evp.h>

struct hash_algo {
	uint8_t number;
	bool weak;
	uint8_t len; /* of a digest */
	const char *name;
	const EVP_MD *(*md)(void);
};

/* NULL: there is none. */
const struct hash_algo *hash_algo_by_number(uint8_t number);
const struct hash_algo *hash_algo_by_name(struct imastage_bytes name);
const struct hash_algo *hash_algo_by_nid(int nid);

#endif
