/* SPDX-License-Identifier: MIT */
/*
 * PCR values as text, in the forms that other programs write and read:
 *
 *	PCR-10: 4F 63 ...	the kernel's old sysfs file `pcrs`, evmctl --pcrs:
 *	PCR-10: 4f63...		digits in either case, with or without spaces
 *
 *	sha256:			tpm2_pcrread
 *	  10: 0x4F63...
 *
 * Empty lines and those that begin with '#' say nothing. No memory is allocated, and
 * each line is looked at once.
 */
#ifndef LOG_PCR_FILE_H
#define LOG_PCR_FILE_H

#include <imastage/bank.h>

struct pcr_values {
	uint32_t set[IMASTAGE_NR_BANKS]; /* mask of PCRs that have a value */
	uint8_t of[IMASTAGE_NR_BANKS][IMASTAGE_NR_PCRS][IMASTAGE_DIGEST_MAX];
};

/* -EINVAL when there is no such PCR or the length is not the bank's. */
int pcr_values_set(struct pcr_values *values, enum imastage_bank bank,
		   unsigned int pcr, struct imastage_bytes value);

/*
 * Adds what @text says to *values. @bank: of values under no heading;
 * IMASTAGE_NR_BANKS to tell it by their length. Banks that are not known are
 * left out. -EBADMSG when a line is not of these forms, with its number (from 1)
 * in *ret_line and the values before it added; -ENODATA when there is none.
 */
int pcr_file_parse(struct imastage_bytes text, enum imastage_bank bank,
		   struct pcr_values *values, size_t *ret_line);

#endif
