/* SPDX-License-Identifier: MIT */
/*
 * What this folder shares about records beyond imastage/record.h.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include "base/bytes.h"

#include <imastage/record.h>

/*
 * Splits a field like "d-ng" the way the kernel prints it: *ret_label is the
 * text to print before the digest, its last colon included ("sha256:"), or
 * empty when the field begins with its last colon. -EBADMSG without a colon or
 * the NUL that ends the text.
 */
int record_split_any_digest(struct imastage_bytes field,
			    struct imastage_bytes *ret_label,
			    struct imastage_bytes *ret_digest);

/* The same: nearly all of a list begin alike, and need not be searched. */
static inline int record_split_digest(struct imastage_bytes field,
				      struct imastage_bytes *ret_label,
				      struct imastage_bytes *ret_digest)
{
	static const char usual[8] = "sha256:";

	if (field.len <= sizeof(usual) ||
	    memcmp(field.data, usual, sizeof(usual)) != 0)
		return record_split_any_digest(field, ret_label, ret_digest);
	*ret_label = bytes_of(field.data, sizeof(usual) - 1);
	*ret_digest =
		bytes_of(field.data + sizeof(usual), field.len - sizeof(usual));
	return 0;
}

#endif
