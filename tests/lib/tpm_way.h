/* SPDX-License-Identifier: MIT */
/*
 * A way to a TPM that is in the way: some commands are refused, or one byte of their
 * answers is changed.
 *
 *	struct tpm_way way;
 *	struct tpm *tpm = tpm_way_open(&way, tcti);
 *
 *	tpm_way_hit(&way, 2, 1, TPM2_RC_LOCKOUT);	the third command from now on
 *	...
 *	tpm_way_close(&way, tpm);
 */
#ifndef LIB_TPM_WAY_H
#define LIB_TPM_WAY_H

#include "tpm/private.h"

#define TPM_WAY_ANSWER_MAX 4096

/* Between TSS and the TPM; answers can be others than the TPM gave. */
struct tpm_way {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first */
	TSS2_TCTI_CONTEXT *real;
	unsigned int nr; /* commands so far */
	unsigned int from, to; /* which of them are answered otherwise */
	TSS2_RC rc; /* so; or, when it is 0, one byte is changed: */
	uint32_t command; /* of these only; 0: all, */
	uint32_t spared; /* but these */
	size_t at;
	bool is_hit; /* the command under way is one of these */
	bool was_hit; /* one was, and the answer had that byte */
	uint8_t answer[TPM_WAY_ANSWER_MAX];
	size_t len;
};

/* @tcti: the real one */
struct tpm *tpm_way_open(struct tpm_way *way, const char *tcti);
void tpm_way_close(struct tpm_way *way, struct tpm *tpm);

/* From now on @from others are left alone, then @nr are hit. */
void tpm_way_hit(struct tpm_way *way, unsigned int from, unsigned int nr,
		 TSS2_RC rc);

#endif
