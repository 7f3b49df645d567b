/* SPDX-License-Identifier: MIT */
/*
 * TCG Canonical Event Log, content type IMA_TEMPLATE: what both encodings
 * share. They are drawn in imastage/writer.h.
 */
#ifndef LOG_CEL_H
#define LOG_CEL_H

#include "log/out.h"

#include <imastage/digest.h>

/* Types at the top level of CEL_TLV. */
enum cel_type {
	CEL_RECNUM = 0,
	CEL_PCR = 1,
	CEL_NV_INDEX = 2,
	CEL_DIGESTS = 3,
	CEL_MANAGEMENT = 4,
	CEL_PCCLIENT_STD = 5,
	CEL_IMA_TEMPLATE = 7,
};

/* Types inside of CEL_IMA_TEMPLATE. */
enum cel_ima_type {
	CEL_IMA_NAME = 0,
	CEL_IMA_DATA = 1,
};

/*
 * A violation is told by a digest of zeros, as in the kernel's list. tpm2-tss
 * (FAPI) writes what the PCR is extended with instead: ones.
 */
struct imastage_bytes cel_read_digest(struct imastage_bytes digest);

/* A record with a wrong digest of ones would be read as a violation. */
bool cel_can_hold(const struct imastage_record *record);

/* One record; @digests has those of @banks. */
void cel_tlv_write(struct out *out, const struct imastage_record *record,
		   uint64_t number, unsigned int banks,
		   const struct imastage_digests *digests);
void cel_json_write(struct out *out, const struct imastage_record *record,
		    uint64_t number, unsigned int banks,
		    const struct imastage_digests *digests);

#endif
