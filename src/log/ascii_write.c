// SPDX-License-Identifier: MIT
/*
 * A record as the kernel shows it: ima_ascii_measurements_show() in ima_fs.c
 * and ima_show_template_data_ascii() in ima_template_lib.c of Linux 6.12.
 */
#include "base/cursor.h"
#include "log/ascii.h"
#include "log/record.h"
#include "log/template.h"

/* The fields of a record, found once, for they are looked at twice. */
struct shown {
	int nr;
	struct imastage_bytes label[LOG_FIELDS_MAX]; /* "sha256:" */
	struct imastage_bytes bytes[LOG_FIELDS_MAX]; /* behind that */
	struct log_field known[LOG_FIELDS_MAX];
};

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

static void show_field(struct out *out, const struct shown *shown, int i,
		       enum imastage_endian endian)
{
	struct imastage_bytes field = shown->bytes[i];
	enum field_kind kind = shown->known[i].kind;

	out_byte(out, ' ');
	out_bytes(out, shown->label[i]);
	if (kind == FIELD_TEXT)
		out_bytes(out, bytes_first(field, bytes_find(field, '\0')));
	else if (kind == FIELD_NUMBER)
		show_number(out, field, endian);
	else
		out_hex(out, field);
}

static int find_field(struct shown *shown, int i, struct imastage_bytes field)
{
	shown->label[i] = bytes_of(NULL, 0);
	shown->bytes[i] = field;
	if (field.len == 0 || shown->known[i].kind != FIELD_NAMED_DIGEST)
		return 0;
	return record_split_digest(field, &shown->label[i], &shown->bytes[i]);
}

/* -EBADMSG when the kernel could not show them. */
static int find_fields(struct shown *shown,
		       const struct imastage_record *record)
{
	struct imastage_bytes format = log_template_format(record->name);
	struct imastage_fields all;
	int r = 0;

	shown->nr = log_format_fields(format, shown->known);
	if (shown->nr != (int)record->nr_fields)
		return -EBADMSG;
	imastage_fields_init(&all, record);
	for (int i = 0; i < shown->nr && r == 0; i++) {
		struct imastage_bytes field;

		r = imastage_fields_next(&all, &field);
		if (r == 0)
			r = find_field(shown, i, field);
	}
	return r;
}

/* As "%2d " would: nearly always two digits. */
static void show_pcr(struct out *out, uint32_t pcr)
{
	char text[16] = { (char)('0' + pcr / 10 % 10), (char)('0' + pcr % 10),
			  ' ' };
	int len = 3;

	if (pcr < 10 || pcr > 99)
		len = snprintf(text, sizeof(text), "%2d ", (int32_t)pcr);
	out_bytes(out, bytes_of(text, (size_t)len));
}

static void show_head(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest)
{
	show_pcr(out, record->pcr);
	out_hex(out, digest);
	out_byte(out, ' ');
	out_bytes(out, record->name);
}

int ascii_write(struct out *out, const struct imastage_record *record,
		struct imastage_bytes digest)
{
	struct shown shown;
	int r = find_fields(&shown, record);

	if (r < 0)
		return r;
	show_head(out, record, digest);
	for (int i = 0; i < shown.nr; i++)
		show_field(out, &shown, i, record->endian);
	out_byte(out, '\n');
	return 0;
}

void ascii_write_bare(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest)
{
	show_head(out, record, digest);
	out_byte(out, '\n');
}
