/* SPDX-License-Identifier: MIT */
/*
 * The attestation key that the configuration names.
 */
#ifndef SERVICE_AK_H
#define SERVICE_AK_H

#include "attest/self.h"
#include "service/config.h"

/*
 * What is in the file @path, without the newline at its end, at most TPM_AUTH_MAX bytes: -EFBIG
 * otherwise, or the errno of reading it. NULL or "": an empty value.
 */
int ak_read_auth(const char *path, uint8_t ret_auth[TPM_AUTH_MAX],
		 size_t *ret_len);

/*
 * The key, for use. @text: JOB_TEXT_MAX bytes, set when it fails: what to do about it. -ENOKEY:
 * there is none, or "none" is configured.
 */
int ak_open(const struct config *config, struct tpm *tpm, struct tpm_ak *ret_ak,
	    char *text);

/* The same, and a quote by it; see self_quote_ask(). */
int ak_ask_quote(const struct config *config, struct tpm *tpm,
		 struct self_quote *quote, char *text);

#endif
