// SPDX-License-Identifier: MIT
/*
 * What is in a record: its fields, by number, by name and by meaning.
 */
#include "base/cursor.h"
#include "log/record.h"
#include "log/template.h"

#include <errno.h>
#include <imastage/record.h>

bool imastage_record_is_violation(const struct imastage_record *record)
{
	return bytes_are_all(record->digest, 0);
}

static int old_field(const struct imastage_record *record, unsigned int index,
		     struct imastage_bytes *ret_field)
{
	struct imastage_bytes digest, name;
	struct cursor c;
	uint32_t len;
	int r;

	cursor_init(&c, record->data, record->endian);
	r = cursor_read_bytes(&c, LOG_OLD_DIGEST_LEN, &digest);
	if (r == 0)
		r = cursor_read_u32(&c, &len);
	if (r == 0)
		r = cursor_read_bytes(&c, len, &name);
	if (r == 0)
		*ret_field = index == 0 ? digest : name;
	return r;
}

void imastage_fields_init(struct imastage_fields *fields,
			  const struct imastage_record *record)
{
	fields->record = record;
	fields->index = 0;
	fields->offset = 0;
}

static int next_field(struct imastage_fields *fields,
		      struct imastage_bytes *ret_field)
{
	struct cursor c;
	uint32_t len;
	int r;

	cursor_init(&c, bytes_skip(fields->record->data, fields->offset),
		    fields->record->endian);
	r = cursor_read_u32(&c, &len);
	if (r == 0)
		r = cursor_read_bytes(&c, len, ret_field);
	fields->offset += cursor_offset(&c);
	return r;
}

int imastage_fields_next(struct imastage_fields *fields,
			 struct imastage_bytes *ret_field)
{
	int r;

	if (fields->index >= fields->record->nr_fields)
		return -ENOENT;
	r = log_template_is_old(fields->record->name) ?
		    old_field(fields->record, fields->index, ret_field) :
		    next_field(fields, ret_field);
	if (r == 0)
		fields->index++;
	return r;
}

int imastage_record_field(const struct imastage_record *record,
			  unsigned int index, struct imastage_bytes *ret_field)
{
	struct imastage_bytes view = { 0 };
	struct imastage_fields fields;
	int r = 0;

	if (index >= record->nr_fields)
		return -ENOENT;
	imastage_fields_init(&fields, record);
	for (unsigned int i = 0; i <= index && r == 0; i++)
		r = imastage_fields_next(&fields, &view);
	if (r == 0)
		*ret_field = view;
	return r;
}

struct imastage_bytes
imastage_record_format(const struct imastage_record *record)
{
	return record->added ? record->added->format :
			       log_template_format(record->name);
}

bool imastage_record_is_known(const struct imastage_record *record)
{
	const struct log_field *fields[LOG_FIELDS_MAX];

	return log_template_by_name(record->name) || record->added ||
	       log_template_fields(record->name, fields) ==
		       (int)record->nr_fields;
}

int imastage_record_find(const struct imastage_record *record,
			 const char *field_id, struct imastage_bytes *ret_field)
{
	unsigned int index;
	int r;

	r = log_format_find(imastage_record_format(record), field_id, &index);
	return r < 0 ? r : imastage_record_field(record, index, ret_field);
}

int imastage_record_event_name(const struct imastage_record *record,
			       struct imastage_bytes *ret_name)
{
	struct imastage_bytes name;
	int r;

	r = imastage_record_find(record, "n-ng", &name);
	if (r < 0)
		r = imastage_record_find(record, "n", &name);
	if (r < 0)
		return r;
	if (name.len > 0 && name.data[name.len - 1] == '\0')
		name.len--;
	*ret_name = name;
	return 0;
}

/* "sha256:" NUL digest, as the kernel prints it: see writer.h */
int record_split_any_digest(struct imastage_bytes field,
			    struct imastage_bytes *ret_label,
			    struct imastage_bytes *ret_digest)
{
	struct imastage_bytes label =
		bytes_first(field, bytes_find(field, '\0'));
	size_t colon = bytes_find_last(label, ':');

	if (label.len == field.len || colon == label.len)
		return -EBADMSG;
	*ret_label = colon ? label : bytes_of(NULL, 0);
	*ret_digest = bytes_skip(field, colon + 2);
	return 0;
}

int imastage_record_file_digest(const struct imastage_record *record,
				struct imastage_bytes *ret_algorithm,
				struct imastage_bytes *ret_digest)
{
	struct imastage_bytes field, label, digest;
	int r;

	if (imastage_record_find(record, "d", &field) == 0) {
		*ret_algorithm = bytes_of(NULL, 0);
		*ret_digest = field;
		return 0;
	}
	r = imastage_record_find(record, "d-ng", &field);
	if (r < 0)
		r = imastage_record_find(record, "d-ngv2", &field);
	if (r == 0)
		r = record_split_digest(field, &label, &digest);
	if (r < 0)
		return r;
	*ret_algorithm = bytes_first(label, bytes_find_last(label, ':'));
	*ret_digest = digest;
	return 0;
}
