/* SPDX-License-Identifier: MIT */
/*
 * A TPM from inside: what the files of this folder share; and a TPM by whatever way there
 * is to one, for tests, which answer for it.
 */
#ifndef TPM_PRIVATE_H
#define TPM_PRIVATE_H

#include "tpm/ak.h"
#include "tpm/esys.h"

#include <pthread.h>
#include <string.h>

struct tpm {
	pthread_mutex_t lock; /* held while commands run that belong together */
	const struct say *say;
	char tcti[TPM_TCTI_MAX]; /* "": adopted, there is no way back to it */
	bool is_auto; /* it need not be there */
	struct tpm_esys link; /* esys NULL: not connected */
	unsigned int banks; /* which never change while it runs */
	TPM2B_AUTH owner_auth, endorsement_auth;

	bool identified;
	struct tpm_identity identity; /* as it was seen last */
	uint64_t time, clock; /* of the same moment; both only grow */

	char trouble[TPM_TROUBLE_MAX];
};

/* As tpm_open(). @link is taken over, on failure closed. */
int tpm_new(struct tpm_esys link, const struct say *log, struct tpm **ret_tpm);

/* Connected and for us alone, until tpm_end(); on failure there is nothing to end. */
int tpm_begin(struct tpm *tpm);
void tpm_end(struct tpm *tpm);

/*
 * Between these: 0, or what tpm_esys_errno() says; -EBADMSG. What went wrong is
 * noted for tpm_trouble(), with @what it was that was done.
 */
int tpm_failed(struct tpm *tpm, const char *what, TSS2_RC rc);

/* Notes a reason of our own, and returns @r. */
int tpm_refuse(struct tpm *tpm, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* @auth: at most TPM_AUTH_MAX bytes */
static inline TPM2B_AUTH tpm_auth_of(struct imastage_bytes auth)
{
	TPM2B_AUTH value = { .size = (uint16_t)auth.len };

	if (auth.len)
		memcpy(value.buffer, auth.data, auth.len);
	return value;
}

/* ---- objects in the TPM ---------------------------------------------------- */

struct tpm_object {
	ESYS_TR esys;
	bool is_transient; /* it goes when it is put away */
};

/* Of the key at @ak->place, for use with @ak->auth. Returns as tpm_ak_open(). */
int tpm_ak_load(struct tpm *tpm, const struct tpm_ak *ak,
		struct tpm_object *ret_object);

/* Also when the way to the TPM was lost meanwhile: then there is nothing to put away. */
void tpm_object_put(struct tpm *tpm, const struct tpm_object *object);

/* Public area and names of an attestation key. */
int tpm_ak_describe(struct tpm *tpm, ESYS_TR object, struct tpm_ak *ak);

/* ---- a key's file (ak_file.c) ---------------------------------------------- */

struct tpm_ak_file {
	TPM2B_PUBLIC template, key;
};

int tpm_ak_file_read(struct tpm *tpm, const char *path,
		     struct tpm_ak_file *ret_file);
int tpm_ak_file_write(struct tpm *tpm, const char *path,
		      const struct tpm_ak_file *file);

#endif
