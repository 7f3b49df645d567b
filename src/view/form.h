/* SPDX-License-Identifier: MIT */
/*
 * A form of the list: what one of the kernel's files shows. Where a record
 * begins in any form follows from where it begins in two of them, the sha1
 * files: a digest of another bank is longer by the same number of bytes in
 * every record, and by twice that as hex.
 *
 *	offset in form = offset in sha1's file of that format
 *			 + index of the record * form_per_record()
 */
#ifndef VIEW_FORM_H
#define VIEW_FORM_H

#include <imastage/writer.h>

/* Where a record begins, in the whole list since hard boot. */
struct form_place {
	uint64_t index; /* of the record */
	uint64_t binary; /* bytes before it in binary_runtime_measurements */
	uint64_t ascii; /* and in ascii_runtime_measurements */
};

struct form {
	enum imastage_format format; /* BINARY or ASCII */
	enum imastage_bank bank;
};

/* Bytes by which each record is longer than in sha1's file. */
uint64_t form_per_record(const struct form *form);

/* Bytes before the record at @place, in this form. */
uint64_t form_offset(const struct form *form, const struct form_place *place);

#endif
