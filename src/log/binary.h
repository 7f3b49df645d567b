/* SPDX-License-Identifier: MIT */
/*
 * The kernel's binary format: one record read. It is drawn in imastage/writer.h.
 *
 * Invariants of every record that binary_parse() returned: all views lie inside
 * raw; the framing of the data is whole, so that each field below nr_fields
 * can be had; a built-in template has as many fields as its format names. The
 * record's digest has not been compared with its data.
 */
#ifndef LOG_BINARY_H
#define LOG_BINARY_H

#include "base/cursor.h"
#include "log/template.h"

/*
 * Reads one record at @cursor, from the list of @bank.
 *
 * Returns -ENODATA when the bytes end inside the record, and -EBADMSG when it
 * could not be whole whatever followed. On failure @error (may be NULL) has
 * its offset, in the cursor's bytes, and reason set, and the cursor has not
 * moved.
 */
int binary_parse(struct cursor *cursor, enum imastage_bank bank,
		 struct imastage_error *error,
		 struct imastage_record *ret_record);

/*
 * Checks template name and data that came from elsewhere, and completes the
 * record: data, nr_fields. As above; offsets are those in @data.
 */
int binary_adopt(struct imastage_bytes name, struct imastage_bytes data,
		 enum imastage_endian endian, struct imastage_error *error,
		 struct imastage_record *record);

#endif
