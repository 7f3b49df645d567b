// SPDX-License-Identifier: MIT
/*
 * The framing of one binary record. All input goes through a bounded cursor; lengths
 * that the input claims are compared with what is there before they are used.
 */
#include "log/binary.h"

#include <errno.h>

static int fail(struct imastage_error *error, const struct cursor *at, int r,
		const char *reason)
{
	if (error) {
		error->offset = cursor_offset(at);
		error->reason = reason;
	}
	return r;
}

/* A name that is a template's needs no look at its bytes. */
static int parse_name(struct cursor *c, struct imastage_error *error,
		      struct imastage_record *record,
		      const struct log_template **ret_template)
{
	struct cursor start = *c;
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail(error, c, r, "ends inside the name's length");
	if (len == 0)
		return fail(error, &start, -EBADMSG, "template name is empty");
	if (len > IMASTAGE_TEMPLATE_NAME_MAX)
		return fail(error, &start, -EBADMSG,
			    "template name is too long");
	start = *c;
	r = cursor_read_bytes(c, len, &record->name);
	if (r < 0)
		return fail(error, c, r, "ends inside the template name");
	*ret_template = log_template_by_name(record->name);
	if (!*ret_template && bytes_contain(record->name, '\0'))
		return fail(error, &start, -EBADMSG,
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
		return fail(error, c, r, "ends inside the PCR number");
	r = cursor_read_bytes(c, imastage_bank_digest_len(bank),
			      &record->digest);
	if (r < 0)
		return fail(error, c, r, "ends inside the template digest");
	return parse_name(c, error, record, ret_template);
}

/* Template "ima": 20 bytes, then a length and the event name. */
static int parse_old_data(struct cursor *c, struct imastage_error *error,
			  struct imastage_record *record)
{
	struct cursor start = *c, at;
	struct imastage_bytes view;
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

/* Follows the fields of all that @c has, and as many as @template says. */
static int check_fields(struct cursor *c, const struct log_template *template,
			struct imastage_error *error,
			struct imastage_record *record)
{
	const struct cursor first = *c;

	while (cursor_remaining(c) > 0) {
		struct cursor start = *c;
		struct imastage_bytes view;
		uint32_t len;

		if (cursor_read_u32(c, &len) < 0)
			return fail(error, &start, -EBADMSG,
				    "data ends inside a field's length");
		if (cursor_read_bytes(c, len, &view) < 0)
			return fail(error, &start, -EBADMSG,
				    "a field is longer than the data");
		record->nr_fields++;
	}
	if (template && record->nr_fields != template->nr_fields)
		return fail(error, &first, -EBADMSG,
			    "not the number of fields its template has");
	return 0;
}

static int parse_data(struct cursor *c, const struct log_template *template,
		      struct imastage_error *error,
		      struct imastage_record *record)
{
	struct cursor inner;
	uint32_t len;
	int r;

	r = cursor_read_u32(c, &len);
	if (r < 0)
		return fail(error, c, r, "ends inside the data's length");
	inner = *c;
	r = cursor_read_bytes(c, len, &record->data);
	if (r < 0)
		return fail(error, c, r, "ends inside the template data");
	inner.bytes.len = cursor_offset(c);
	return check_fields(&inner, template, error, record);
}

static int parse_any_data(struct cursor *c, const struct log_template *template,
			  struct imastage_error *error,
			  struct imastage_record *record)
{
	if (template && template->is_old)
		return parse_old_data(c, error, record);
	return parse_data(c, template, error, record);
}

int binary_parse(struct cursor *cursor, enum imastage_bank bank,
		 struct imastage_error *error,
		 struct imastage_record *ret_record)
{
	const struct log_template *template;
	struct cursor c = *cursor;
	int r;

	*ret_record = (struct imastage_record){ .bank = bank,
						.endian = cursor->endian };
	r = parse_head(&c, bank, error, ret_record, &template);
	if (r == 0)
		r = parse_any_data(&c, template, error, ret_record);
	if (r < 0)
		return r;

	ret_record->raw = cursor_since(&c, cursor);
	*cursor = c;
	return 0;
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
	adopted.nr_fields = 0;
	if (name.len == 0 || name.len > IMASTAGE_TEMPLATE_NAME_MAX)
		return fail(error, &c, -EBADMSG,
			    "template name is empty or too long");
	if (bytes_contain(name, '\0'))
		return fail(error, &c, -EBADMSG,
			    "template name contains a NUL");
	r = template && template->is_old ?
		    parse_old_data(&c, error, &adopted) :
		    check_fields(&c, template, error, &adopted);
	if (r == 0 && cursor_remaining(&c) > 0)
		r = fail(error, &c, -EBADMSG, "more data than fields");
	if (r < 0)
		return -EBADMSG;
	*record = adopted;
	return 0;
}
