/* SPDX-License-Identifier: MIT */
/*
 * One record of the binary measurement list, as the kernel writes it.
 *
 *	u32	PCR
 *	digest	of the template data: 20 bytes in the sha1 file, the bank's
 *		size in the others; all zeros in a record of a violation
 *	u32	length of the template's name
 *	bytes	template name, no NUL
 *	u32	length of the template data	} absent for template "ima"
 *	data	template data
 *
 * Template data is a row of fields, each a u32 length and that many bytes.
 * For template "ima": 20 raw bytes of digest, a u32 length, the event name.
 * Numbers are in host order, or little-endian with ima_canonical_fmt.
 *
 * A parsed record is a view: it owns nothing and allocates nothing.
 *
 * Invariants of every struct log_record that log_record_parse() returned: all
 * views lie inside raw; the framing of the data is whole, so that each field
 * below nr_fields can be had; a built-in template has as many fields as its
 * format names. The record's digest has not been compared with its data.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include "base/cursor.h"
#include "base/writer.h"
#include "log/bank.h"
#include "log/template.h"

struct log_record {
	uint32_t pcr;
	struct bytes digest; /* as the list has it, of the list's bank */
	struct bytes name; /* of the template */
	struct bytes data; /* template data: what the digest is over */
	unsigned int nr_fields;
	struct bytes raw; /* the whole record */
	enum endian endian; /* of the lengths inside data */
};

/* Where and why a list could not be parsed. */
struct log_error {
	uint64_t index; /* of the record in the list */
	size_t offset; /* of the offending byte in the list */
	const char *reason; /* a sentence without full stop, static */
};

/*
 * Reads one record at @cursor, from the list of @bank.
 *
 * Returns -ENODATA when the bytes end inside the record, and -EBADMSG when it
 * could not be whole whatever followed. On failure @error (may be NULL) has
 * its offset and reason set, and the cursor has not moved.
 */
int log_record_parse(struct cursor *cursor, enum log_bank bank,
		     struct log_error *error, struct log_record *ret_record);

/*
 * Writes the record, in its own byte order. What was parsed comes out byte for
 * byte. -ENOBUFS when there is no room for it; then nothing is written.
 */
int log_record_write(const struct log_record *record, struct writer *writer);

/* Records of violations carry a digest of zeros. */
bool log_record_is_violation(const struct log_record *record);

/* -ENOENT when the record has no such field. */
int log_record_field(const struct log_record *record, unsigned int index,
		     struct bytes *ret_field);

/*
 * The name of what was measured, without the NUL that ends it in the record.
 * -ENOENT when the template has no such field.
 */
int log_record_event_name(const struct log_record *record,
			  struct bytes *ret_name);

#endif
