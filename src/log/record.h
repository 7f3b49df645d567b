/* SPDX-License-Identifier: MIT */
/*
 * What this folder shares about records beyond imastage/record.h.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include <imastage/record.h>

/*
 * Splits a field like "d-ng" the way the kernel prints it: *ret_label is the
 * text to print before the digest, its last colon included ("sha256:"), or
 * empty when the field begins with its last colon. -EBADMSG without a colon or
 * the NUL that ends the text.
 */
int record_split_digest(struct imastage_bytes field,
			struct imastage_bytes *ret_label,
			struct imastage_bytes *ret_digest);

#endif
