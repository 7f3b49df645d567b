/* SPDX-License-Identifier: MIT */
/*
 * Templates: which fields a record has, in which order, and what is in them. A
 * record gives the template's name; for a custom template the name is the
 * format itself.
 *
 * The old template "ima" is framed differently from all others: no data
 * length, a first field without length of its own, and a template digest over
 * the event name padded to LOG_OLD_NAME_PADDED bytes.
 */
#ifndef LOG_TEMPLATE_H
#define LOG_TEMPLATE_H

#include "base/bytes.h"

#include <imastage/record.h>
#include <imastage/template.h>

/* IMA_TEMPLATE_NUM_FIELDS_MAX in Linux. */
#define LOG_FIELDS_MAX 15

#define LOG_OLD_DIGEST_LEN 20 /* of the file, always raw */
#define LOG_OLD_NAME_MAX 255 /* event name, without NUL */
#define LOG_OLD_NAME_PADDED 256

/* What the bytes of a field are: ima_template_lib.c's enum data_formats. */
enum field_kind {
	FIELD_UNKNOWN,
	FIELD_DIGEST, /* bytes of a digest: "d" */
	FIELD_NAMED_DIGEST, /* "sha256:" NUL and such bytes: "d-ng" */
	FIELD_TEXT, /* ends in NUL: "n-ng" */
	FIELD_HEX, /* any bytes: "sig" */
	FIELD_NUMBER, /* 1, 2, 4 or 8 bytes in the record's order: "imode" */
	FIELD_NUMBERS, /* shown as FIELD_HEX, u32 each: "xattrlengths" */
};

struct log_field {
	struct imastage_bytes id;
	enum field_kind kind;
	unsigned int number_len; /* bytes that the kernel gives a number */
};

struct log_template {
	struct imastage_bytes name;
	struct imastage_bytes format; /* names of fields, joined by '|' */
	unsigned int nr_fields;
	bool is_old;
	uint8_t fields[9]; /* the same, as places in template.c's table */
};

#define LOG_FORMAT_MAX 512 /* longer than any that makes sense */

/* One that was added. Its texts are in @text. */
struct imastage_template {
	struct imastage_bytes name;
	struct imastage_bytes format; /* names of fields, without kinds */
	unsigned int nr_fields;
	struct log_field fields[LOG_FIELDS_MAX];
	size_t text_len;
	uint8_t text[];
};

/* Of that name in @templates, which may be NULL, or NULL. */
const struct imastage_template *
templates_find(const struct imastage_templates *templates,
	       struct imastage_bytes name);

/* Its fields. Returns how many. */
int added_fields(const struct imastage_template *template,
		 const struct log_field *ret_fields[LOG_FIELDS_MAX]);

/* As log_template_fields() below, of a record, whose template may be an added one. */
int record_known_fields(const struct imastage_record *record,
			const struct log_field *ret_fields[LOG_FIELDS_MAX]);

/*
 * What is known of its field @index, which is called @id in its format; @room: to put
 * it where there is nothing to point at.
 */
const struct log_field *record_known_field(const struct imastage_record *record,
					   unsigned int index,
					   struct imastage_bytes id,
					   struct log_field *room);

/* The built-in template of that name, or NULL: then it is a custom one. */
const struct log_template *log_template_by_name(struct imastage_bytes name);

/* Its field @index, below nr_fields. Static. */
const struct log_field *log_template_field(const struct log_template *template,
					   unsigned int index);

/* Is this the template "ima", with its own framing? */
bool log_template_is_old(struct imastage_bytes name);

/* "d-ng|n-ng" for "ima-ng"; a custom template's name is its own format. */
struct imastage_bytes log_template_format(struct imastage_bytes name);

/* How many fields a format names: one more than it has bars. */
unsigned int log_format_nr_fields(struct imastage_bytes format);

/* Position of the field @id in @format, or -ENOENT. */
int log_format_find(struct imastage_bytes format, const char *id,
		    unsigned int *ret_index);

/*
 * Takes the first name off *format. False when there is none left. An empty
 * format has one field, of an empty name, as far as it is new: start with
 * *format of a record's template and data not NULL.
 */
bool log_format_next(struct imastage_bytes *format,
		     struct imastage_bytes *ret_id);

/* What Linux knows about a field of that name; kind FIELD_UNKNOWN if nothing. */
struct log_field log_field_by_id(struct imastage_bytes id);

/*
 * The fields of records of the template @name, at most LOG_FIELDS_MAX. Returns
 * how many, or -ENOENT when one of them is unknown or there are more. Only a
 * custom template's format is looked at for it. What is pointed at is static.
 */
int log_template_fields(struct imastage_bytes name,
			const struct log_field *ret_fields[LOG_FIELDS_MAX]);

#endif
