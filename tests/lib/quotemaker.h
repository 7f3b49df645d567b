/* SPDX-License-Identifier: MIT */
/*
 * Makes what a TPM makes: attestation keys of any kind and quotes signed by them, right in
 * every field unless the test changes it. The tests' own, not the parsers' code.
 */
#ifndef LIB_QUOTEMAKER_H
#define LIB_QUOTEMAKER_H

#include "evidence/attest.h"

#include <openssl/evp.h>

enum maker_kind {
	MAKER_P256,
	MAKER_P384,
	MAKER_RSASSA,
	MAKER_RSAPSS,
};

struct maker_key {
	enum maker_kind kind;
	EVP_PKEY *pkey; /* owned */
	uint8_t area[512]; /* TPM2B_PUBLIC */
	size_t len;
};

void maker_key_new(enum maker_kind kind, struct maker_key *ret_key);
void maker_key_free(struct maker_key *key);

#define MAKER_PCRS 11 /* 0 to 10, of the sha256 bank */

/* What a quote says. */
struct maker_quote {
	struct imastage_bytes signer;
	struct imastage_bytes qualifying;
	struct evidence_clock clock;
	uint64_t firmware;
	uint8_t values[MAKER_PCRS][32];
	const uint8_t *sha1; /* PCR 10 of that bank, quoted before; or NULL */
	bool ima_alone; /* of the sha256 bank, PCR 10 and no other */
};

struct made_quote {
	uint8_t msg[512], sig[600], pcrs[2048];
	size_t msg_len, sig_len, pcrs_len;
};

void maker_make(const struct maker_key *key, const struct maker_quote *quote,
		struct made_quote *ret_made);

#endif
