/* SPDX-License-Identifier: MIT */
/*
 * The endorsement key (EK), which says which TPM this is: its vendor's certificate for it
 * is in the TPM, too, if it has one. It signs nothing. It opens credentials, which a
 * verifier made for it and for one attestation key: who can say what was in one has both keys in
 * this TPM.
 *
 * Only EKs by the templates L-1 (RSA 2048), L-2 (P-256) and H-3 (P-384) of "TCG EK Credential
 * Profile" are known, and certificates at their indices. The key is persistent, or the TPM makes it
 * again: of RSA that takes up to some ten seconds, in which IMA waits.
 *
 * Errors are those of ak.h.
 */
#ifndef TPM_CREDENTIAL_H
#define TPM_CREDENTIAL_H

#include "tpm/ak.h"

enum tpm_ek_kind {
	TPM_EK_ECC_P256,
	TPM_EK_RSA_2048,
	TPM_EK_ECC_P384,
	TPM_NR_EK_KINDS
};

/* "ecc-p256", "rsa-2048", "ecc-p384" */
const char *tpm_ek_kind_name(enum tpm_ek_kind kind);
int tpm_ek_kind_parse(const char *text, enum tpm_ek_kind *ret_kind);

#define TPM_CERTIFICATE_MAX 8192

/* A plain value, which nobody releases. */
struct tpm_ek {
	enum tpm_ek_kind kind;
	size_t public_len;
	uint8_t public[TPM_PUBLIC_MAX]; /* TPM2B_PUBLIC */
	size_t certificate_len; /* 0: the TPM has none for it */
	uint8_t certificate
		[TPM_CERTIFICATE_MAX]; /* DER, without what is behind it */
};

static inline struct imastage_bytes tpm_ek_public(const struct tpm_ek *ek)
{
	struct imastage_bytes bytes = { ek->public, ek->public_len };

	return bytes;
}

/*
 * The kind that is the best to show: one with a certificate before one without, then one
 * that is persistent, then ECC.
 */
int tpm_ek_choose(struct tpm *tpm, enum tpm_ek_kind *ret_kind);

/*
 * The key and, @with_certificate, its certificate. -EBADMSG also when what is where the
 * certificate ought to be is none (only its length is looked at).
 */
int tpm_ek_read(struct tpm *tpm, enum tpm_ek_kind kind, bool with_certificate,
		struct tpm_ek *ret_ek);

#define TPM_SECRET_MAX 64

/*
 * Opens a credential. @credential: TPM2B_ID_OBJECT; @secret: TPM2B_ENCRYPTED_SECRET, whose
 * length tells of which kind the EK is. -EKEYREJECTED: it is not for this EK and this
 * attestation key; -EINVAL: it is no credential.
 */
int tpm_activate(struct tpm *tpm, const struct tpm_ak *ak,
		 struct imastage_bytes credential, struct imastage_bytes secret,
		 uint8_t ret_secret[TPM_SECRET_MAX], size_t *ret_len);

#endif
