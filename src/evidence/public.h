/* SPDX-License-Identifier: MIT */
/*
 * A TPM's key as others may see it: TPM2B_PUBLIC, big-endian:
 *	u16	length of all that follows, which is TPMT_PUBLIC:
 *	u16	0x0001 RSA, 0x0023 ECC
 *	u16	hash of its name
 *	u32	attributes
 *	u16, n	policy
 *	u16	symmetric algorithm, or 0x0010; else u16 bits, u16 mode
 *	u16	scheme, or 0x0010; else u16 hash (of ECDAA another u16, of RSAES none)
 *	RSA	u16 bits, u32 exponent (0: 65537); u16, n modulus
 *	ECC	u16 curve, u16 key derivation or 0x0010, else u16 hash; u16, x; u16, y
 *
 * The name of a key is the hash's number and the hash of TPMT_PUBLIC, and so names all of
 * it. Its qualified name has those of its parents in it, and is in what the key signs.
 * Source: TPM 2.0 Library, part 2, TPMT_PUBLIC; part 1, "Names".
 */
#ifndef EVIDENCE_PUBLIC_H
#define EVIDENCE_PUBLIC_H

#include "evidence/signature.h"

/* TPMA_OBJECT */
#define EVIDENCE_FIXED_TPM (1u << 1)
#define EVIDENCE_FIXED_PARENT (1u << 4)
#define EVIDENCE_SENSITIVE_DATA_ORIGIN (1u << 5)
#define EVIDENCE_RESTRICTED (1u << 16)
#define EVIDENCE_DECRYPT (1u << 17)
#define EVIDENCE_SIGN (1u << 18)

/* TPM_ECC_CURVE */
#define EVIDENCE_P256 0x0003
#define EVIDENCE_P384 0x0004

/* Hierarchies, which are parents without a public area. */
#define EVIDENCE_OWNER 0x40000001u
#define EVIDENCE_NULL 0x40000007u
#define EVIDENCE_ENDORSEMENT 0x4000000bu

#define EVIDENCE_NAME_MAX (2 + IMASTAGE_DIGEST_MAX)

struct evidence_name {
	size_t len;
	uint8_t bytes[EVIDENCE_NAME_MAX];
};

struct evidence_public {
	struct imastage_bytes area; /* TPMT_PUBLIC: what the name is over */
	uint16_t type;
	enum imastage_bank name_hash;
	uint32_t attributes;
	struct imastage_bytes policy;
	uint16_t symmetric; /* EVIDENCE_ALG_NULL: none, and the next two are 0 */
	uint16_t symmetric_bits, symmetric_mode;
	uint16_t scheme;
	uint16_t hash; /* of the scheme; EVIDENCE_ALG_NULL without one */
	uint16_t bits; /* of RSA */
	uint32_t exponent; /* of RSA, 65537 where the area says 0 */
	struct imastage_bytes modulus;
	uint16_t curve; /* of ECC */
	struct imastage_bytes x, y;
};

/*
 * EVIDENCE_OTHER_TYPE: neither RSA nor ECC, nothing is set. -EBADMSG, also when its
 * name is by a hash that is not known.
 */
int evidence_public_parse(struct imastage_bytes bytes,
			  struct evidence_public *ret_public,
			  struct evidence_error *ret_error);

/* -ENOTSUP: OpenSSL has no such hash; -EIO */
int evidence_public_name(const struct evidence_public *key,
			 struct evidence_name *ret_name);

/* @parent: qualified name of the key's parent */
int evidence_public_qualified(const struct evidence_public *key,
			      struct imastage_bytes parent,
			      struct evidence_name *ret_name);

/* The same for a primary key, of a hierarchy. */
int evidence_public_primary(const struct evidence_public *key,
			    uint32_t hierarchy, struct evidence_name *ret_name);

#endif
