/* SPDX-License-Identifier: MIT */
/*
 * A TPM's signature: TPMT_SIGNATURE, big-endian:
 *	u16	scheme: 0x0014 RSASSA, 0x0016 RSAPSS, 0x0018 ECDSA
 *	u16	hash
 *	u16, n	RSA: the signature; ECDSA: r
 *	u16, n	ECDSA: s
 * How r and s are padded is free; their values are for who checks the signature.
 * Source: TPM 2.0 Library, part 2, TPMT_SIGNATURE.
 */
#ifndef EVIDENCE_SIGNATURE_H
#define EVIDENCE_SIGNATURE_H

#include "evidence/wire.h"

/* TPM_ALG_ID */
enum {
	EVIDENCE_ALG_RSA = 0x0001,
	EVIDENCE_ALG_HMAC = 0x0005,
	EVIDENCE_ALG_NULL = 0x0010,
	EVIDENCE_ALG_RSASSA = 0x0014,
	EVIDENCE_ALG_RSAPSS = 0x0016,
	EVIDENCE_ALG_ECDSA = 0x0018,
	EVIDENCE_ALG_ECC = 0x0023,
};

#define EVIDENCE_RSA_LEN_MAX 512 /* 4096 bits */
#define EVIDENCE_ECC_LEN_MAX 66 /* 521 bits */

struct evidence_signature {
	uint16_t scheme;
	uint16_t hash; /* TPM_ALG_ID, of any */
	struct imastage_bytes rsa; /* of an RSA scheme */
	struct imastage_bytes r, s; /* of ECDSA */
};

/*
 * EVIDENCE_OTHER_TYPE: of another scheme, of which nothing is set but the scheme.
 * -EBADMSG.
 */
int evidence_signature_parse(struct imastage_bytes bytes,
			     struct evidence_signature *ret_signature,
			     struct evidence_error *ret_error);

#endif
