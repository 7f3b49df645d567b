/* SPDX-License-Identifier: MIT */
/*
 * The digests that a record has: one for each bank of the TPM, and one by sha1
 * where no bank has that. Each is shown by files of its own.
 */
#ifndef EMU_BANKS_H
#define EMU_BANKS_H

#include "emu/tpm.h"

/**
 * struct banks - what digests there are
 * @nr_tpm: banks of the TPM, which come first
 * @nr: those and, if none of them is sha1, sha1
 * @bank: what they are
 */
struct banks {
	unsigned int nr_tpm;
	unsigned int nr;
	struct tpm_bank bank[TPM_BANKS_MAX + 1];
};

void banks_init(struct banks *banks, const struct tpm *tpm);

/* The kernel does not know the hash of that bank. */
void banks_forget(struct banks *banks, const struct algo *algo);

/* As the kernel names files after it. @ret_name: at least 24 bytes */
void bank_name(const struct tpm_bank *bank, char *ret_name, size_t room);

#endif
