/* SPDX-License-Identifier: MIT */
/*
 * Attestation keys: keys of a TPM that sign nothing but what the TPM itself has to say,
 * such as quotes. A key of ours is a primary key of the endorsement hierarchy:
 *
 *	- so the verifier can tell its qualified name from its public area alone
 *	  (evidence_public_primary()), and its counters are not obscured;
 *	- restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth; and noDA,
 *	  so that a machine that was locked out by wrong passwords can still attest;
 *	- made from random bytes in its template, so each is another one.
 *
 * It is kept in one of two places:
 *
 *	handle	persistent in the TPM. Nothing of it is on any disk; it may have an
 *		authorization value. TPM2_Clear removes it.
 *	file	the TPM makes it again from its template each time it is used, some tenths of a
 *		second for an elliptic curve, but up to some ten seconds for RSA, in which
 *		the TPM does nothing else, and IMA waits. Who can read the file and ask the TPM
 *		can use the key; so it has no authorization value. TPM2_Clear leaves it. Drawn in
 *		ak_file.c.
 *
 * A persistent key that another program made is as good, wherever it is below.
 *
 * What fails says in tpm_trouble() what to do, and why it failed by its errno: those of
 * tpm_esys_errno() beside those of tpm.h.
 */
#ifndef TPM_AK_H
#define TPM_AK_H

#include "evidence/public.h"
#include "tpm/tpm.h"

/* Where a key is kept unless somebody says otherwise. */
#define TPM_AK_HANDLE 0x8101494du
#define TPM_AK_HANDLE_TEXT "0x8101494d"

#define TPM_FILE_MAX 256

struct tpm_ak_place {
	uint32_t handle; /* 0: in a file */
	char file[TPM_FILE_MAX];
};

/*
 * "0x81010002", a persistent handle of the owner; anything else is a path. -EINVAL: it is
 * no such handle, though it looks like a number, or too long.
 */
int tpm_ak_place_parse(const char *text, struct tpm_ak_place *ret_place);
/* As it was parsed. */
void tpm_ak_place_print(const struct tpm_ak_place *place,
			char ret_text[TPM_FILE_MAX]);

/* All by SHA-256, but that of P-384 by SHA-384. */
enum tpm_ak_kind {
	TPM_AK_ECC_P256, /* ECDSA */
	TPM_AK_ECC_P384,
	TPM_AK_RSA_2048, /* RSASSA */
	TPM_AK_RSA_3072,
	TPM_AK_RSAPSS_2048,
	TPM_AK_RSAPSS_3072,
	TPM_NR_AK_KINDS
};

const char *tpm_ak_kind_name(enum tpm_ak_kind kind);
/* -EINVAL */
int tpm_ak_kind_parse(const char *text, enum tpm_ak_kind *ret_kind);

#define TPM_PUBLIC_MAX 1024

/* A key, and all that has to be known to use it. A plain value, which nobody releases. */
struct tpm_ak {
	struct tpm_ak_place place;
	uint8_t auth_len;
	uint8_t auth[TPM_AUTH_MAX];
	size_t public_len;
	uint8_t public[TPM_PUBLIC_MAX]; /* TPM2B_PUBLIC */
	struct evidence_name name, qualified;
};

static inline struct imastage_bytes tpm_ak_public(const struct tpm_ak *ak)
{
	struct imastage_bytes bytes = { ak->public, ak->public_len };

	return bytes;
}

/*
 * Makes a key and puts it there. @auth: its authorization value, may be empty. -EEXIST:
 * there is something, which stays as it is; -EINVAL: @auth is too long, or for a file.
 */
int tpm_ak_create(struct tpm *tpm, const struct tpm_ak_place *place,
		  enum tpm_ak_kind kind, struct imastage_bytes auth,
		  struct tpm_ak *ret_ak);

/*
 * Finds the key that is there, and what it is. @auth is for using it, and is not tried.
 * -ENOKEY: there is none; -EKEYREJECTED: what is there is no attestation key;
 * -ESTALE: the file is of another TPM; -EBADMSG: it is no such file.
 */
int tpm_ak_open(struct tpm *tpm, const struct tpm_ak_place *place,
		struct imastage_bytes auth, struct tpm_ak *ret_ak);

#endif
