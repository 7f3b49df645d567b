// SPDX-License-Identifier: MIT
/*
 * The framing of one binary record. All input goes through a bounded cursor; lengths
 * that the input claims are compared with what is there before they are used.
 */
#include "log/binary.h"

#include <errno.h>

/*
 * A cursor is moved, and moved back on failure, rather than copied: it was just written
 * in pieces, and a processor that loads it whole waits for them.
 */
static int fail(struct imastage_error *error, size_t offset, int r,
		const char *reason)
{
	if (error) {
		error->offset = offset;
		error->reason = reason;
	}
	return r;
}

/* The list ends at @at. */
static int fail_at_end(struct imastage_error *error, const struct cursor *at,
		       int r, const char *reason)
{
	return fail(error, cursor_offset(at), r, reason);
}

/* A name that is a template's needs no look at its bytes. */
static int parse_name(struct cursor *c, struct imastage_error *error,
		      struct imastage_record *record,
		      const struct log_template **ret_template)
{
	size_t start = cursor_offset(c);
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the name's length");
	if (len == 0)
		return fail(error, start, -EBADMSG, "template name is empty");
	if (len > IMASTAGE_TEMPLATE_NAME_MAX)
		return fail(error, start, -EBADMSG,
			    "template name is too long");
	start = cursor_offset(c);
	r = cursor_read_bytes(c, len, &record->name);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the template name");
	*ret_template = log_template_by_name(record->name);
	if (!*ret_template && bytes_contain(record->name, '\0'))
		return fail(error, start, -EBADMSG,
			    "template name contains a NUL");
	return 0;
}

static int parse_head(struct cursor *c, enum imastage_bank bank,
		      struct imastage_error *error,
		      struct imastage_record *record,
		      const struct log_template **ret_template)
{
	int r;

	r = cursor_read_u32(c, &record->pcr);
	if (r < 0)
		return fail_at_end(error, c, r, "ends inside the PCR number");
	r = cursor_read_bytes(c, imastage_bank_digest_len(bank),
			      &record->digest);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the template digest");
	return parse_name(c, error, record, ret_template);
}

/* Template "ima": 20 bytes, then a length and the event name. */
static int parse_old_data(struct cursor *c, struct imastage_error *error,
			  struct imastage_record *record)
{
	size_t start = cursor_offset(c), at;
	struct imastage_bytes view;
	uint32_t len;
	int r;

	r = cursor_read_bytes(c, LOG_OLD_DIGEST_LEN, &view);
	if (r < 0)
		return fail_at_end(error, c, r, "ends inside the file digest");
	at = cursor_offset(c);
	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the event name's length");
	if (len > LOG_OLD_NAME_MAX)
		return fail(error, at, -EBADMSG, "event name is too long");
	r = cursor_read_bytes(c, len, &view);
	if (r < 0)
		return fail_at_end(error, c, r, "ends inside the event name");
	record->data = cursor_since(c, start);
	record->nr_fields = 2;
	return 0;
}

/*
 * Follows the fields of all of @data, which is at @offset, and as many as
 * @template says.
 */
static int check_fields(struct imastage_bytes data, size_t offset,
			const struct log_template *template,
			struct imastage_error *error,
			struct imastage_record *record)
{
	struct cursor c;
	uint32_t nr = 0;

	cursor_init(&c, data, record->endian);
	while (cursor_remaining(&c) > 0) {
		size_t start = offset + cursor_offset(&c);
		struct imastage_bytes view;
		uint32_t len;

		if (cursor_read_u32(&c, &len) < 0)
			return fail(error, start, -EBADMSG,
				    "data ends inside a field's length");
		if (cursor_read_bytes(&c, len, &view) < 0)
			return fail(error, start, -EBADMSG,
				    "a field is longer than the data");
		nr++;
	}
	if (template && nr != template->nr_fields)
		return fail(error, offset, -EBADMSG,
			    "not the number of fields its template has");
	record->nr_fields = nr;
	return 0;
}

static int parse_data(struct cursor *c, const struct log_template *template,
		      struct imastage_error *error,
		      struct imastage_record *record)
{
	struct imastage_bytes data;
	size_t start;
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the data's length");
	start = cursor_offset(c);
	r = cursor_read_bytes(c, len, &data);
	if (r < 0)
		return fail_at_end(error, c, r,
				   "ends inside the template data");
	record->data = data;
	return check_fields(data, start, template, error, record);
}

int binary_parse(struct cursor *cursor, enum imastage_bank bank,
		 struct imastage_error *error,
		 struct imastage_record *ret_record)
{
	const struct log_template *template;
	size_t start = cursor_offset(cursor);
	int r;

	ret_record->bank = bank;
	ret_record->endian = cursor->endian;
	ret_record->added = NULL;
	ret_record->opaque = false;
	r = parse_head(cursor, bank, error, ret_record, &template);
	if (r == 0)
		r = template && template->is_old ?
			    parse_old_data(cursor, error, ret_record) :
			    parse_data(cursor, template, error, ret_record);
	if (r < 0)
		cursor->offset = start;
	else
		ret_record->raw = cursor_since(cursor, start);
	return r;
}

int binary_adopt(struct imastage_bytes name, struct imastage_bytes data,
		 enum imastage_endian endian, struct imastage_error *error,
		 struct imastage_record *record)
{
	const struct log_template *template = log_template_by_name(name);
	struct imastage_record adopted = *record;
	struct cursor c;
	int r;

	cursor_init(&c, data, endian);
	adopted.name = name;
	adopted.data = data;
	adopted.endian = endian;
	if (name.len == 0 || name.len > IMASTAGE_TEMPLATE_NAME_MAX)
		return fail(error, 0, -EBADMSG,
			    "template name is empty or too long");
	if (bytes_contain(name, '\0'))
		return fail(error, 0, -EBADMSG, "template name contains a NUL");
	if (!template || !template->is_old) {
		r = check_fields(data, 0, template, error, &adopted);
	} else {
		r = parse_old_data(&c, error, &adopted);
		if (r == 0 && cursor_remaining(&c) > 0)
			r = fail(error, cursor_offset(&c), -EBADMSG,
				 "more data than fields");
	}
	if (r < 0)
		return -EBADMSG;
	*record = adopted;
	return 0;
}
