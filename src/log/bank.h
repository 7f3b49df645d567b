/* SPDX-License-Identifier: MIT */
/*
 * The TPM's PCR banks that a measurement list can be replayed for. A bank is
 * named by its hash algorithm. Sets of banks are bit masks, 1 << bank.
 */
#ifndef LOG_BANK_H
#define LOG_BANK_H

#include "base/bytes.h"

#define LOG_DIGEST_MAX 64 /* bytes in a digest of the widest bank */

enum log_bank {
	LOG_BANK_SHA1,
	LOG_BANK_SHA256,
	LOG_BANK_SHA384,
	LOG_BANK_SHA512,
	LOG_NR_BANKS
};

#define LOG_BANKS_ALL ((1u << LOG_NR_BANKS) - 1)

/* As in the kernel's file names and in OpenSSL: "sha256". */
const char *log_bank_name(enum log_bank bank);

/* Bytes in a digest of this bank. */
size_t log_bank_digest_len(enum log_bank bank);

/* Returns -ENOENT when no bank has that name. */
int log_bank_by_name(struct bytes name, enum log_bank *ret_bank);

#endif
