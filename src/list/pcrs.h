/* SPDX-License-Identifier: MIT */
/*
 * PCR values as users give them:
 *
 *	BANK[:PCR]=HEX		one value; PCR 10 unless given
 *	[BANK,]FILE		a file of evmctl's --pcrs or tpm2_pcrread's output
 *
 * and, where a file is said to be one,
 *
 *	BANK[:PCRS][+...]=FILE	hex digits as in /sys/class/tpm/tpm0/pcr-BANK/PCR,
 *				or the values as bytes, as of `tpm2_pcrread -o`
 */
#ifndef LIST_PCRS_H
#define LIST_PCRS_H

#include "log/pcr_file.h"

#include <imastage/imastage.h>

/*
 * Each adds to *values. 0, -EINVAL when the text is none of these, or positive
 * after a complaint, as struct opt's set().
 */
int pcrs_parse(const char *text, unsigned int default_pcr,
	       struct pcr_values *values);
int pcrs_parse_file(const char *text, unsigned int default_pcr,
		    struct pcr_values *values);

#define WANTED_VALUE "BANK[:PCR]=HEX or [BANK,]FILE"
#define WANTED_VALUE_FILE "BANK[:PCRS]=FILE"

/* "sha1:10+sha256:0-7,10": as tpm2-tools name PCRs. */
int pcrs_parse_selection(const char *text, unsigned int default_pcr,
			 struct imastage_selection *ret_selections,
			 size_t *ret_nr);

/*
 * Adds what such a file says about the PCRs selected: hex digits when it is one,
 * or the values as bytes, in the order of banks given and of PCRs. -EINVAL when
 * it is neither.
 */
int pcrs_take_bytes(struct imastage_bytes bytes,
		    const struct imastage_selection *selections, size_t nr,
		    struct pcr_values *values);

/*
 * The PCRs in @pcrs, of the banks that it has, as the kernel shows them below
 * @folder (/sys/class/tpm/tpm0): files pcr-BANK/PCR, or the file pcrs of a TPM
 * 1.2. Reads until two readings agree, because a PCR may change between two
 * banks. 0, or negative after a complaint.
 */
int pcrs_read_live(const char *folder, unsigned int banks, uint32_t pcrs,
		   struct pcr_values *values);

/* Banks that have a value of some PCR, PCRs that have one in some bank. */
unsigned int pcrs_banks(const struct pcr_values *values);
uint32_t pcrs_pcrs(const struct pcr_values *values);

/* Only what is in the masks; 0 stands for all. */
void pcrs_restrict(struct pcr_values *values, unsigned int banks,
		   uint32_t pcrs);

#endif
