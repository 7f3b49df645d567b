/* SPDX-License-Identifier: MIT */
/*
 * The TPM's PCR banks. A bank is named by its hash algorithm. Sets of banks
 * are bit masks, 1 << bank; sets of PCRs are, too.
 */
#ifndef IMASTAGE_BANK_H
#define IMASTAGE_BANK_H

#include <imastage/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMASTAGE_DIGEST_MAX 64 /* bytes in a digest of the widest bank */
#define IMASTAGE_NR_PCRS 24
#define IMASTAGE_PCR_IMA 10 /* where IMA records unless told otherwise */

enum imastage_bank {
	IMASTAGE_SHA1,
	IMASTAGE_SHA256,
	IMASTAGE_SHA384,
	IMASTAGE_SHA512,
	IMASTAGE_SM3,
	IMASTAGE_NR_BANKS
};

/* The banks that OpenSSL can hash for on this machine, as a mask. */
IMASTAGE_API unsigned int imastage_banks_available(void);

/* As in the kernel's file names: "sha256", "sm3". */
IMASTAGE_API const char *imastage_bank_name(enum imastage_bank bank);

/* Bytes in a digest of this bank. */
IMASTAGE_API size_t imastage_bank_digest_len(enum imastage_bank bank);

/* The TPM's number for the algorithm, TPM_ALG_*: 0x000b for sha256. */
IMASTAGE_API uint16_t imastage_bank_tpm_alg(enum imastage_bank bank);

/*
 * The bank of that name or of that number. "sm3_256" and "sm3-256" are taken
 * for sm3. -ENOENT when there is none.
 */
IMASTAGE_API int imastage_bank_by_name(struct imastage_bytes name,
				       enum imastage_bank *ret_bank);
IMASTAGE_API int imastage_bank_by_tpm_alg(uint16_t alg,
					  enum imastage_bank *ret_bank);

#ifdef __cplusplus
}
#endif

#endif
