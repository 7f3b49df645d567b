/* SPDX-License-Identifier: MIT */
/*
 * The way to a TPM over TSS, and the questions that everybody here asks it. Also
 * for the emulator.
 *
 * A TSS2_RC says what went wrong; TPM_RC_MALFORMED stands for an answer that is not
 * one to what was asked.
 */
#ifndef TPM_ESYS_H
#define TPM_ESYS_H

#include <tss2/tss2_esys.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_RC_MALFORMED TSS2_ESYS_RC_MALFORMED_RESPONSE

struct tpm_esys {
	TSS2_TCTI_CONTEXT *tcti; /* owned; NULL: adopted */
	ESYS_CONTEXT *esys; /* owned; NULL: not connected */
};

/* Is there a TCTI that is called so, before the first colon? */
bool tpm_esys_is_tcti(const char *tcti);

/* A TCTI string for what people write: "/dev/tpmrm0" is "device:/dev/tpmrm0". */
#define TPM_TCTI_MAX 280
void tpm_esys_tcti(const char *text, char ret_tcti[TPM_TCTI_MAX]);

/*
 * What went wrong, in words, with errno where that says more. @tcti: where the way to
 * it leads, if that is what failed; NULL: it was a command.
 */
#define TPM_WORDS_MAX 320
void tpm_esys_words(TSS2_RC rc, const char *tcti, char ret_text[TPM_WORDS_MAX]);

/* Has the TPM answered, but not done it? Then only so much is wrong. */
bool tpm_esys_is_refusal(TSS2_RC rc);

/*
 * What a refusal means to who asked:
 * -EAGAIN	it is busy with something else, and was for all the time that was waited
 * -EACCES	a wrong authorization value; -EBUSY: too many of them, it is locked
 * -ENOKEY	there is nothing under that handle
 * -EEXIST	there is something under that handle
 * -ENOSPC	it has no room for more objects
 * -EPERM	the hierarchy is off
 * -ENOTSUP	it does not have that algorithm, size or command
 * -EIO		anything else
 */
int tpm_esys_errno(TSS2_RC rc);

/* What can be done about it: "; ...", or "". */
const char *tpm_esys_remedy(TSS2_RC rc);

/*
 * A TPM may be busy: with a test of itself, or with what another program began. TSS asks
 * again at once, some times; this waits in between, longer each time, 2 s in all.
 *
 *	TPM_AGAIN(rc, Esys_...(...));
 */
struct tpm_patience {
	unsigned int nr;
};
bool tpm_esys_again(struct tpm_patience *patience, TSS2_RC rc);

#define TPM_AGAIN(rc, call)                               \
	do {                                              \
		struct tpm_patience patience_ = { 0 };    \
                                                          \
		do                                        \
			(rc) = (call);                    \
		while (tpm_esys_again(&patience_, (rc))); \
	} while (0)

/* @tcti: as tctildr takes it. On failure *ret_link is as after closing. */
TSS2_RC tpm_esys_open(const char *tcti, struct tpm_esys *ret_link);
/* The same by a way of the caller's own, which stays the caller's. */
TSS2_RC tpm_esys_adopt(TSS2_TCTI_CONTEXT *tcti, struct tpm_esys *ret_link);
void tpm_esys_close(struct tpm_esys *link);

/* The banks that the TPM has, with the PCRs allocated in each. */
TSS2_RC tpm_esys_banks(struct tpm_esys *link, TPML_PCR_SELECTION *ret_banks);

/*
 * As many of the PCRs in @wanted as fit in one answer: *ret_got is some of
 * @wanted, *ret_values has a value for each PCR in it, in its order. *ret_counter
 * tells one moment from another: it grows with each change of PCRs.
 */
TSS2_RC tpm_esys_read(struct tpm_esys *link, const TPML_PCR_SELECTION *wanted,
		      TPML_PCR_SELECTION *ret_got, TPML_DIGEST *ret_values,
		      uint32_t *ret_counter);

/*
 * The name of the endorsement key: of the one that is persistent, if one is; else one
 * is made by the standard template, which takes the TPM some tenths of a second, and
 * forgotten again. *ret_name is of size 0 where the TPM gives none: the hierarchy has
 * an authorization, or is off.
 */
TSS2_RC tpm_esys_ek_name(struct tpm_esys *link, TPM2B_NAME *ret_name);

/* Standard templates of it, of P-256, of RSA 2048 and of P-384: see ek.c. */
#define TPM_NR_EK_TEMPLATES 3
extern const TPM2B_PUBLIC tpm_esys_ek_templates[TPM_NR_EK_TEMPLATES];

/* Makes a key of the endorsement hierarchy. */
TSS2_RC tpm_esys_primary(struct tpm_esys *link, const TPM2B_PUBLIC *template,
			 const TPM2B_AUTH *auth, ESYS_TR *ret_object);

/* Adds @pcr of the bank @alg to a selection with room for it. */
void tpm_select_pcr(TPML_PCR_SELECTION *selection, uint16_t alg,
		    unsigned int pcr);

#endif
