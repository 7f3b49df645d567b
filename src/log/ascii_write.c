// SPDX-License-Identifier: MIT
/*
 * A record as the kernel shows it: ima_ascii_measurements_show() in ima_fs.c
 * and ima_show_template_data_ascii() in ima_template_lib.c of Linux 6.12.
 */
#include "base/cursor.h"
#include "log/ascii.h"
#include "log/record.h"
#include "log/template.h"

static int show_named_digest(struct out *out, struct imastage_bytes field)
{
	struct imastage_bytes label, digest;
	int r = record_split_digest(field, &label, &digest);

	if (r < 0)
		return r;
	if (out) {
		out_bytes(out, label);
		out_hex(out, digest);
	}
	return 0;
}

/* Of any other length nothing is printed. */
static void show_number(struct out *out, struct imastage_bytes field,
			enum imastage_endian endian)
{
	struct cursor c;
	uint64_t value;

	if (field.len != 1 && field.len != 2 && field.len != 4 &&
	    field.len != 8)
		return;
	cursor_init(&c, field, endian);
	if (cursor_read_number(&c, field.len, &value) == 0)
		out_decimal(out, value);
}

/* @out: NULL for only seeing whether it can be shown */
static int show_field(struct out *out, struct imastage_bytes field,
		      enum field_kind kind, enum imastage_endian endian)
{
	if (field.len == 0)
		return 0;
	if (kind == FIELD_NAMED_DIGEST)
		return show_named_digest(out, field);
	if (!out)
		return 0;
	if (kind == FIELD_TEXT)
		out_bytes(out, bytes_first(field, bytes_find(field, '\0')));
	else if (kind == FIELD_NUMBER)
		show_number(out, field, endian);
	else
		out_hex(out, field);
	return 0;
}

static int show_fields(struct out *out, const struct imastage_record *record)
{
	struct log_field fields[LOG_FIELDS_MAX];
	int nr = log_format_fields(log_template_format(record->name), fields);
	int r = nr == (int)record->nr_fields ? 0 : -EBADMSG;
	struct imastage_fields all;

	imastage_fields_init(&all, record);
	for (int i = 0; i < nr && r == 0; i++) {
		struct imastage_bytes field;

		r = imastage_fields_next(&all, &field);
		if (r < 0)
			break;
		if (out)
			out_byte(out, ' ');
		r = show_field(out, field, fields[i].kind, record->endian);
	}
	return r;
}

static void show_head(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest)
{
	char pcr[16];

	snprintf(pcr, sizeof(pcr), "%2d ", (int32_t)record->pcr);
	out_text(out, pcr);
	out_hex(out, digest);
	out_byte(out, ' ');
	out_bytes(out, record->name);
}

int ascii_write(struct out *out, const struct imastage_record *record,
		struct imastage_bytes digest)
{
	int r = show_fields(NULL, record);

	if (r < 0)
		return r;
	show_head(out, record, digest);
	r = show_fields(out, record);
	out_byte(out, '\n');
	return r;
}

void ascii_write_bare(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest)
{
	show_head(out, record, digest);
	out_byte(out, '\n');
}
