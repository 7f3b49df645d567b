/* SPDX-License-Identifier: MIT */
/*
 * Values of quoted PCRs, in the file that `tpm2_quote -o` writes. It is the layout of
 * that program's memory, little-endian:
 *	u32	number of selections
 *	16 of	u16 bank, u8 3, u8[4] mask of PCRs, u8 padding
 *	u32	number of lists; for each,
 *	 u32	number of values, 1 to 8
 *	 8 of	u16 length, u8[64] value
 * What is behind the last selection and the last value of a list is not looked at.
 * Values are in the order of the selections, and of PCRs in each.
 *
 * Nothing in it is signed: values are worth something once their digest is the quote's.
 */
#ifndef EVIDENCE_PCRS_H
#define EVIDENCE_PCRS_H

#include "evidence/wire.h"
#include "log/pcr_file.h"

struct evidence_pcrs {
	struct evidence_selections selections;
	struct pcr_values values; /* exactly of what is selected */
};

/* -EBADMSG, also for a bank that is not known or that is there twice. */
int evidence_pcrs_parse(struct imastage_bytes bytes,
			struct evidence_pcrs *ret_pcrs,
			struct evidence_error *ret_error);

/*
 * The file's bytes, those of tpm2_quote but for what nobody looks at, which is zeros; appended.
 * -EINVAL: there is no PCR, or a bank that is not known; -ENOMEM.
 */
int evidence_pcrs_write(const struct evidence_pcrs *pcrs,
			struct imastage_buffer *bytes);

/*
 * The digest that a TPM makes of such values, with the hash of its signature and not
 * that of a bank. -ENOTSUP, -EIO
 */
int evidence_pcrs_digest(const struct evidence_pcrs *pcrs,
			 enum imastage_bank hash,
			 uint8_t ret_digest[IMASTAGE_DIGEST_MAX]);

#endif
