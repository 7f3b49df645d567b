/* SPDX-License-Identifier: MIT */
/*
 * A TPM's key as OpenSSL knows it.
 */
#ifndef EVIDENCE_PKEY_H
#define EVIDENCE_PKEY_H

#include "evidence/public.h"

#include <openssl/evp.h>

/*
 * RSA of any size, or a point of P-256 or P-384; for EVP_PKEY_free(). NULL: it is none of
 * these, the point is not on its curve, or there is no memory.
 */
EVP_PKEY *evidence_pkey(const struct evidence_public *public);

#endif
