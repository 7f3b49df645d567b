// SPDX-License-Identifier: MIT
/*
 * The framing of one record. All input goes through a bounded cursor; lengths
 * that the input claims are compared with what is there before they are used.
 */
#include "log/record.h"

#include <errno.h>

static int fail(struct log_error *error, const struct cursor *at, int r,
		const char *reason)
{
	if (error) {
		error->offset = cursor_offset(at);
		error->reason = reason;
	}
	return r;
}

static int parse_name(struct cursor *c, struct log_error *error,
		      struct log_record *record)
{
	struct cursor start = *c;
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail(error, c, r, "ends inside the name's length");
	if (len == 0)
		return fail(error, &start, -EBADMSG, "template name is empty");
	if (len > LOG_TEMPLATE_NAME_MAX)
		return fail(error, &start, -EBADMSG,
			    "template name is too long");
	start = *c;
	r = cursor_read_bytes(c, len, &record->name);
	if (r < 0)
		return fail(error, c, r, "ends inside the template name");
	if (bytes_contain(record->name, '\0'))
		return fail(error, &start, -EBADMSG,
			    "template name contains a NUL");
	return 0;
}

static int parse_head(struct cursor *c, enum log_bank bank,
		      struct log_error *error, struct log_record *record)
{
	int r;

	r = cursor_read_u32(c, &record->pcr);
	if (r < 0)
		return fail(error, c, r, "ends inside the PCR number");
	r = cursor_read_bytes(c, log_bank_digest_len(bank), &record->digest);
	if (r < 0)
		return fail(error, c, r, "ends inside the template digest");
	return parse_name(c, error, record);
}

/* Template "ima": 20 bytes, then a length and the event name. */
static int parse_old_data(struct cursor *c, struct log_error *error,
			  struct log_record *record)
{
	struct cursor start = *c, at;
	struct bytes view;
	uint32_t len;
	int r;

	r = cursor_read_bytes(c, LOG_OLD_DIGEST_LEN, &view);
	if (r < 0)
		return fail(error, c, r, "ends inside the file digest");
	at = *c;
	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail(error, c, r, "ends inside the event name's length");
	if (len > LOG_OLD_NAME_MAX)
		return fail(error, &at, -EBADMSG, "event name is too long");
	r = cursor_read_bytes(c, len, &view);
	if (r < 0)
		return fail(error, c, r, "ends inside the event name");
	record->data = cursor_since(c, &start);
	record->nr_fields = 2;
	return 0;
}

/* Follows the fields from @c to the end of the data, at offset @end. */
static int count_fields(struct cursor c, size_t end, struct log_error *error,
			struct log_record *record)
{
	c.bytes.len = end;
	while (cursor_remaining(&c) > 0) {
		struct cursor start = c;
		struct bytes view;
		uint32_t len;

		if (cursor_read_u32(&c, &len) < 0)
			return fail(error, &start, -EBADMSG,
				    "data ends inside a field's length");
		if (cursor_read_bytes(&c, len, &view) < 0)
			return fail(error, &start, -EBADMSG,
				    "a field is longer than the data");
		record->nr_fields++;
	}
	return 0;
}

static bool has_all_fields(const struct log_record *record)
{
	const struct log_template *template =
		log_template_by_name(record->name);

	return !template ||
	       record->nr_fields ==
		       log_format_nr_fields(bytes_of_text(template->format));
}

static int parse_data(struct cursor *c, struct log_error *error,
		      struct log_record *record)
{
	struct cursor start;
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail(error, c, r, "ends inside the data's length");
	start = *c;
	r = cursor_read_bytes(c, len, &record->data);
	if (r < 0)
		return fail(error, c, r, "ends inside the template data");
	r = count_fields(start, cursor_offset(c), error, record);
	if (r < 0)
		return r;
	if (!has_all_fields(record))
		return fail(error, &start, -EBADMSG,
			    "not the number of fields its template has");
	return 0;
}

int log_record_parse(struct cursor *cursor, enum log_bank bank,
		     struct log_error *error, struct log_record *ret_record)
{
	struct log_record record = { .endian = cursor->endian };
	struct cursor c = *cursor;
	int r;

	r = parse_head(&c, bank, error, &record);
	if (r < 0)
		return r;
	if (log_template_is_old(record.name))
		r = parse_old_data(&c, error, &record);
	else
		r = parse_data(&c, error, &record);
	if (r < 0)
		return r;

	record.raw = cursor_since(&c, cursor);
	*cursor = c;
	*ret_record = record;
	return 0;
}

static int write_parts(const struct log_record *record, struct writer *w)
{
	int r;

	r = writer_put_u32(w, record->pcr);
	if (r == 0)
		r = writer_put_bytes(w, record->digest);
	if (r == 0)
		r = writer_put_u32(w, (uint32_t)record->name.len);
	if (r == 0)
		r = writer_put_bytes(w, record->name);
	if (r == 0 && !log_template_is_old(record->name))
		r = writer_put_u32(w, (uint32_t)record->data.len);
	if (r == 0)
		r = writer_put_bytes(w, record->data);
	return r;
}

int log_record_write(const struct log_record *record, struct writer *writer)
{
	struct writer w = *writer;
	int r;

	w.endian = record->endian;
	r = write_parts(record, &w);
	if (r < 0)
		return r;
	writer->len = w.len;
	return 0;
}

bool log_record_is_violation(const struct log_record *record)
{
	return bytes_are_all(record->digest, 0);
}

static int old_field(const struct log_record *record, unsigned int index,
		     struct bytes *ret_field)
{
	struct bytes digest, name;
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

int log_record_field(const struct log_record *record, unsigned int index,
		     struct bytes *ret_field)
{
	struct bytes view = { 0 };
	struct cursor c;
	uint32_t len;
	int r = 0;

	if (index >= record->nr_fields)
		return -ENOENT;
	if (log_template_is_old(record->name))
		return old_field(record, index, ret_field);

	cursor_init(&c, record->data, record->endian);
	for (unsigned int i = 0; i <= index && r == 0; i++) {
		r = cursor_read_u32(&c, &len);
		if (r == 0)
			r = cursor_read_bytes(&c, len, &view);
	}
	if (r == 0)
		*ret_field = view;
	return r;
}

int log_record_event_name(const struct log_record *record,
			  struct bytes *ret_name)
{
	struct bytes format = log_template_format(record->name);
	struct bytes name;
	unsigned int index;
	int r;

	r = log_format_find(format, "n-ng", &index);
	if (r < 0)
		r = log_format_find(format, "n", &index);
	if (r == 0)
		r = log_record_field(record, index, &name);
	if (r < 0)
		return r;
	if (name.len > 0 && name.data[name.len - 1] == '\0')
		name.len--;
	*ret_name = name;
	return 0;
}
