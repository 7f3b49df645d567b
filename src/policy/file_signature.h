/* SPDX-License-Identifier: MIT */
/*
 * Signatures of files, as IMA lists them.
 *
 * A field "sig" is the attribute security.ima, or security.evm where a portable signature
 * stands for it:
 *
 *	u8	type: 3 of IMA, 5 of EVM (portable), 6 of a digest by fs-verity
 *	u8	version: 2 or 3
 *	u8	hash algorithm, a number of the kernel's (enum hash_algo)
 *	u32	key id, big-endian
 *	u16	length of what follows, big-endian
 *	u8, n	RSA PKCS#1 v1.5, or ECDSA in DER
 *
 * Version 2 is over the file's digest. Version 3 is over the hash of three things: the type,
 * the algorithm's number, the digest. So no signature of one kind serves for another one,
 * which in version 2 nothing but the type prevents; a digest by fs-verity is never taken for
 * a file's. A field that is not of this form, to the byte, is no signature at all.
 *
 * A field "modsig" is the PKCS#7 message that was appended to the file, over the file
 * without it, whose digest is the field "d-modsig".
 *
 * Nothing is taken from the machine but the bytes of its records: a certificate that a message
 * brings along is not looked at.
 */
#ifndef POLICY_FILE_SIGNATURE_H
#define POLICY_FILE_SIGNATURE_H

#include "policy/keys.h"

#define FILE_SIGNATURE_HEADER_LEN 9
#define FILE_SIGNATURE_MODSIG_MAX ((size_t)64 << 10)

enum file_signature_outcome {
	FILE_SIGNATURE_GOOD, /* a key signed this digest */
	FILE_SIGNATURE_WEAK, /* the same, but by SHA-1: for who switched that on */
	FILE_SIGNATURE_ABSENT, /* the field is empty */
	FILE_SIGNATURE_MALFORMED, /* it is none: counts as absent */
	FILE_SIGNATURE_UNSUPPORTED, /* of another type or version, or hash */
	FILE_SIGNATURE_OTHER_DIGEST, /* over a digest of another kind or algorithm */
	FILE_SIGNATURE_UNKNOWN_KEY,
	FILE_SIGNATURE_WRONG, /* a key of its id did not sign this digest */
	/* A portable one of EVM, which is over metadata that is not in the record. */
	FILE_SIGNATURE_METADATA,
};

enum file_signature_kind {
	FILE_SIGNATURE_NONE,
	FILE_SIGNATURE_IMA, /* type 3 */
	FILE_SIGNATURE_EVM, /* type 5 */
	FILE_SIGNATURE_VERITY, /* type 6 */
	FILE_SIGNATURE_MODSIG,
};

struct file_signature {
	enum file_signature_kind kind;
	uint8_t version;
	uint8_t hash; /* the kernel's number */
	uint32_t key_id;
	struct imastage_bytes signature;
};

struct file_signature_result {
	enum file_signature_outcome outcome;
	enum file_signature_kind kind;
	uint32_t key_id; /* where @kind is of a field "sig" */
	bool learnt; /* good by a key that is not of those given */
};

/* "unknown-key": never changes. */
const char *file_signature_outcome_name(enum file_signature_outcome outcome);
/* "IMA", "EVM portable", "fs-verity", "appended"; NONE: "none". */
const char *file_signature_kind_name(enum file_signature_kind kind);

/*
 * Reads a field "sig" or "evmsig". -EBADMSG: it is not of the form; -ENOTSUP: of another
 * type or version than those above.
 */
int file_signature_parse(struct imastage_bytes field,
			 struct file_signature *ret_signature);

/*
 * Checks a field "sig" against the record's digest, which is by @algorithm as the record
 * names it: "sha256", "ima:sha256" or "verity:sha256". Returns 0 with an answer; -ENOMEM.
 */
int file_signature_check(const struct policy_keys *keys,
			 struct imastage_bytes field,
			 struct imastage_bytes algorithm,
			 struct imastage_bytes digest,
			 struct file_signature_result *ret_result);

/* The same for "modsig", with the digest that "d-modsig" has. */
int file_signature_check_modsig(const struct policy_keys *keys,
				struct imastage_bytes message,
				struct imastage_bytes algorithm,
				struct imastage_bytes digest,
				struct file_signature_result *ret_result);

#endif
