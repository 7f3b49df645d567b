/* SPDX-License-Identifier: MIT */
/*
 * One record of the measurement list, from whatever format it was read.
 *
 * A record is a view: it owns nothing and allocates nothing. It is valid as
 * long as what it looks at, for a record from a reader until the reader's next
 * call.
 *
 * Template data is a row of fields, each a u32 length and that many bytes.
 * Template "ima" is older and different: 20 raw bytes of digest, a u32 length,
 * the event name, without the NUL that ends it elsewhere.
 *
 * What holds for every record from a reader: the framing of the data is whole,
 * so that each field below nr_fields can be had; a built-in template has as
 * many fields as its format names; the digest has the length of its bank. The
 * digest has not been compared with the data: see imastage/digest.h.
 */
#ifndef IMASTAGE_RECORD_H
#define IMASTAGE_RECORD_H

#include <imastage/bank.h>
#include <imastage/template.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Longest template name. The kernel takes at most 15 fields with names of at
 * most 16 characters and 14 bars between them.
 */
#define IMASTAGE_TEMPLATE_NAME_MAX 254

struct imastage_template;

struct imastage_record {
	uint32_t pcr;
	enum imastage_bank bank; /* of digest */
	struct imastage_bytes digest; /* as the list has it */
	struct imastage_bytes name; /* of the template */
	struct imastage_bytes data; /* template data: what the digest is over */
	uint32_t nr_fields;
	enum imastage_endian endian; /* of the lengths inside data */
	struct imastage_bytes raw; /* the record in the format it came in */
	/* Its template, if that is one that was added: see imastage/template.h. */
	const struct imastage_template *added;
	/*
	 * From ASCII, of a template that is not known, and that its digest did not
	 * help to guess: there is no data and no field, and the digest cannot be
	 * compared. Such a record is replayed with the digest that it claims.
	 */
	bool opaque;
};

/* Where and why a list could not be read. */
struct imastage_error {
	uint64_t index; /* of the record in the list */
	uint64_t offset; /* of the offending byte in the list */
	const char *reason; /* a sentence without full stop, static */
};

/*
 * A record of a violation carries a digest of zeros, and the kernel extends
 * the PCR with all ones instead.
 */
IMASTAGE_API bool
imastage_record_is_violation(const struct imastage_record *record);

/*
 * The fields of the record's template, "d-ng|n-ng" for "ima-ng". A custom
 * template's name is its own format; an added one has the format it was given,
 * without kinds.
 */
IMASTAGE_API struct imastage_bytes
imastage_record_format(const struct imastage_record *record);

/*
 * Is every field of the template one that Linux has, or was it added? Records of others replay
 * as any, but cannot be rendered as ASCII.
 */
IMASTAGE_API bool
imastage_record_is_known(const struct imastage_record *record);

/*
 * The fields one after the other, each in constant time; a record of a custom
 * template can have millions. The record must stay. -ENOENT behind the last.
 */
struct imastage_fields {
	const struct imastage_record *record;
	uint32_t index; /* of the next field */
	size_t offset; /* of it in the template data */
};

IMASTAGE_API void imastage_fields_init(struct imastage_fields *fields,
				       const struct imastage_record *record);
IMASTAGE_API int imastage_fields_next(struct imastage_fields *fields,
				      struct imastage_bytes *ret_field);

/*
 * The bytes of one field, for which those before it are walked over. -ENOENT
 * when the record has no such field.
 */
IMASTAGE_API int imastage_record_field(const struct imastage_record *record,
				       uint32_t index,
				       struct imastage_bytes *ret_field);

/*
 * The same by its name in the format, such as "sig". -ENOENT when the template
 * has no field of that name.
 */
IMASTAGE_API int imastage_record_find(const struct imastage_record *record,
				      const char *field_id,
				      struct imastage_bytes *ret_field);

/*
 * The name of what was measured, without the NUL that ends it. Any byte can be
 * in it. -ENOENT when the template has no such field.
 */
IMASTAGE_API int
imastage_record_event_name(const struct imastage_record *record,
			   struct imastage_bytes *ret_name);

/*
 * The digest of what was measured. *ret_algorithm is the text before it
 * without its last colon, "sha256" or "ima:sha256"; empty for the old field
 * "d". -ENOENT when there is no such field, -EBADMSG when it is not of its
 * form.
 */
IMASTAGE_API int
imastage_record_file_digest(const struct imastage_record *record,
			    struct imastage_bytes *ret_algorithm,
			    struct imastage_bytes *ret_digest);

#ifdef __cplusplus
}
#endif

#endif
