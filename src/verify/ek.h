/* SPDX-License-Identifier: MIT */
/*
 * Endorsement keys: is the certificate of one good, by the certificates of its maker that
 * the verifier was given? No list of revoked ones is asked for.
 */
#ifndef VERIFY_EK_H
#define VERIFY_EK_H

#include "evidence/enroll.h"

/* Certificates that are trusted. */
struct ek_roots;

int ek_roots_new(struct ek_roots **ret_roots); /* -ENOMEM */
void ek_roots_free(struct ek_roots *roots);

/*
 * Adds the certificates of a file: any number in PEM, or one in DER. -EBADMSG: it has
 * none; -ENOMEM.
 */
int ek_roots_add(struct ek_roots *roots, struct imastage_bytes file);

#define EK_TEXT_MAX 200

#define EK_BAD 1 /* the text says why */

/*
 * 0: @certificate is one of @ek, by @roots, at this time; the text says whose. What is
 * behind the certificate may be what a TPM fills its memory with. -ENOMEM
 */
int ek_check(const struct ek_roots *roots, struct imastage_bytes certificate,
	     const struct evidence_public *ek, char ret_text[EK_TEXT_MAX]);

/*
 * Is @ek the key of a file: TPM2B_PUBLIC, which is then the same in every byte, or a public
 * key in PEM? 1, 0; -EBADMSG: the file is neither; -ENOMEM.
 */
int ek_is(const struct evidence_public *ek, struct imastage_bytes file);

#endif
