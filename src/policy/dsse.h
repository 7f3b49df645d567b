/* SPDX-License-Identifier: MIT */
/*
 * Signed texts: DSSE envelopes (Dead Simple Signing Envelope 1.0), a JSON object
 *
 *	{"payload":BASE64,"payloadType":TEXT,"signatures":[{"keyid":TEXT,"sig":BASE64}]}
 *
 * The payload is signed as the bytes that it is, with its type and both lengths before it
 * (dsse_pae()), so nobody reads it before the signature is checked, and a signed text of
 * one kind is never taken for another.
 *
 * Keys are ECDSA P-256 with SHA-256; signatures are DER. The id of a key is the SHA-256 of
 * its SubjectPublicKeyInfo in hexadecimal; it is a hint: every accepted key is tried, so
 * that keys can be changed while old ones are accepted still.
 */
#ifndef POLICY_DSSE_H
#define POLICY_DSSE_H

#include "evidence/wire.h"

#define DSSE_KEYS_MAX 16 /* accepted at a time */
#define DSSE_SIGNATURES_MAX 8 /* in an envelope */
#define DSSE_KEY_ID_LEN 64
#define DSSE_LEN_MAX ((size_t)128 << 20) /* of an envelope */
#define DSSE_PEM_MAX ((size_t)8 << 10)

struct dsse_key;

/* A new one. -ENOMEM, -EIO */
int dsse_key_new(struct dsse_key **ret_key);
/* A private or public key in PEM, without a password. -EBADMSG: no P-256 key; -ENOMEM. */
int dsse_key_read(struct imastage_bytes pem, struct dsse_key **ret_key);
/* Appends PEM: PKCS #8, or SubjectPublicKeyInfo. -EINVAL: there is no private one. */
int dsse_key_write(const struct dsse_key *key, bool private,
		   struct imastage_buffer *pem);
void dsse_key_free(struct dsse_key *key);

bool dsse_key_signs(const struct dsse_key *key);
const char *dsse_key_id(const struct dsse_key *key);

/* The keys that are accepted. Not owned. */
struct dsse_keys {
	size_t nr;
	const struct dsse_key *of[DSSE_KEYS_MAX];
};

/* Appends what is signed: "DSSEv1 LEN type LEN payload". -ENOMEM. */
int dsse_pae(const char *type, struct imastage_bytes payload,
	     struct imastage_buffer *pae);

/*
 * Appends the envelope of @payload, a line. @type: of printable ASCII without '"' and '\'.
 * -EINVAL: the key does not sign; -ENOMEM, -EIO.
 */
int dsse_sign(const struct dsse_key *key, const char *type,
	      struct imastage_bytes payload, struct imastage_buffer *envelope);

#define DSSE_UNSIGNED 1 /* by none of @keys */
#define DSSE_OTHER_TYPE 2

/*
 * 0: *ret_payload (owned by the caller) was signed as of @type by one of @keys, whose id
 * is in *ret_key unless NULL. -EBADMSG: it is no envelope; -ENOMEM. Members of an envelope
 * that are not known are passed over, as DSSE asks; those known are there once. Memory is at
 * most four times the envelope, beside OpenSSL's.
 */
int dsse_open(struct imastage_bytes envelope, const char *type,
	      const struct dsse_keys *keys, struct imastage_buffer *ret_payload,
	      const char **ret_key, struct evidence_error *ret_error);

/*
 * The payload of @type whoever signed it, if anybody did: for a text that would be taken without a
 * signature, too. Else as dsse_open().
 */
int dsse_open_unchecked(struct imastage_bytes envelope, const char *type,
			struct imastage_buffer *ret_payload,
			struct evidence_error *ret_error);

#endif
