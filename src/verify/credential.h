/* SPDX-License-Identifier: MIT */
/*
 * MakeCredential without a TPM: a secret that only the TPM with a certain endorsement key
 * (EK) can tell, and only while it holds an object of a certain name.
 *
 * The EK gives a seed to its TPM alone: by RSA-OAEP, or by ECDH with a key made for it. Of
 * the seed are made, by KDFa, an AES key that hides the secret, and an HMAC key that binds
 * the result to the name. Source: TPM 2.0 Library, part 1, "Credential Protection", annexes
 * B and C; part 3, TPM2_MakeCredential.
 */
#ifndef VERIFY_CREDENTIAL_H
#define VERIFY_CREDENTIAL_H

#include "evidence/enroll.h"

#define CREDENTIAL_SECRET_LEN 32

#define CREDENTIAL_NO_EK 1 /* it is no storage key with AES-CFB that fits */

/*
 * Fills in credential and secret of *ret_challenge. @ek: as its templates have it, restricted,
 * to decrypt, with SHA-256, SHA-384 or SHA-512 and AES; RSA or P-256 or P-384. @secret: of
 * CREDENTIAL_SECRET_LEN. -EIO, -ENOMEM of OpenSSL.
 */
int credential_make(const struct evidence_public *ek,
		    const struct evidence_name *name,
		    struct imastage_bytes secret,
		    struct enroll_challenge *ret_challenge);

#endif
