/* SPDX-License-Identifier: MIT */
/*
 * Keys of envelopes from the inside.
 */
#ifndef POLICY_DSSE_KEY_H
#define POLICY_DSSE_KEY_H

#include "policy/dsse.h"

#include <openssl/evp.h>

#define DSSE_SIGNATURE_MAX 80 /* DER of P-256 has at most 72 bytes */

struct dsse_key {
	EVP_PKEY *key; /* owned */
	bool signs; /* it has the private part */
	char id[DSSE_KEY_ID_LEN + 1];
};

/* -EIO */
int dsse_key_sign(const struct dsse_key *key, struct imastage_bytes data,
		  uint8_t ret_signature[DSSE_SIGNATURE_MAX], size_t *ret_len);

/* 1: it signed @data; 0: it did not; -ENOMEM. */
int dsse_key_check(const struct dsse_key *key, struct imastage_bytes data,
		   struct imastage_bytes signature);

#endif
