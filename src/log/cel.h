/* SPDX-License-Identifier: MIT */
/*
 * TCG Canonical Event Log, content type IMA_TEMPLATE: what both encodings
 * share. They are drawn in imastage/writer.h; what is done with other content is
 * said in imastage/reader.h.
 */
#ifndef LOG_CEL_H
#define LOG_CEL_H

#include "log/out.h"

#include <imastage/digest.h>
#include <imastage/reader.h>

/* Types at the top level of CEL_TLV. */
enum cel_type {
	CEL_RECNUM = 0,
	CEL_PCR = 1,
	CEL_NV_INDEX = 2,
	CEL_DIGESTS = 3,
	CEL_MANAGEMENT = 4,
	CEL_PCCLIENT_STD = 5,
	CEL_IMA_TEMPLATE = 7,
	CEL_IMA_TLV = 8,
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

/* The content of that type, for people. Static. */
const char *cel_content_name(uint64_t type);

#define CEL_NO_PCR UINT64_MAX /* of a record for an NV index */

/* The record at @at is IMA's, for @pcr. -EBADMSG when other content is for it, too. */
int cel_take_ima(struct imastage_reader *reader, uint32_t pcr, size_t at,
		 struct imastage_error *error);

/*
 * It is of other @content: READER_LEFT_OUT; or -EBADMSG when it is for a PCR of IMA's,
 * where records could be hidden by calling them something else.
 */
int cel_leave_out(struct imastage_reader *reader, uint64_t pcr,
		  struct imastage_bytes content, size_t at,
		  struct imastage_error *error);

/* One record; @digests has those of @banks. */
void cel_tlv_write(struct out *out, const struct imastage_record *record,
		   uint64_t number, unsigned int banks,
		   const struct imastage_digests *digests);
void cel_json_write(struct out *out, const struct imastage_record *record,
		    uint64_t number, unsigned int banks,
		    const struct imastage_digests *digests);

#endif
