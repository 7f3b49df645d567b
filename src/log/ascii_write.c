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
	const struct log_field *known[LOG_FIELDS_MAX];
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
	enum field_kind kind = shown->known[i]->kind;

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
	if (field.len == 0 || shown->known[i]->kind != FIELD_NAMED_DIGEST)
		return 0;
	return record_split_digest(field, &shown->label[i], &shown->bytes[i]);
}

/* In the old template the first field has no length of its own. */
static int take_field(struct cursor *c, bool first_of_old,
		      struct imastage_bytes *ret_field)
{
	uint32_t len = LOG_OLD_DIGEST_LEN;
	int r = first_of_old ? 0 : cursor_read_u32(c, &len);

	return r == 0 ? cursor_read_bytes(c, len, ret_field) : r;
}

/* -EBADMSG when the kernel could not show them. */
static int find_fields(struct shown *shown,
		       const struct imastage_record *record)
{
	bool old = log_template_is_old(record->name);
	struct cursor c;
	int r = 0;

	shown->nr = log_template_fields(record->name, shown->known);
	if (shown->nr != (int)record->nr_fields)
		return -EBADMSG;
	cursor_init(&c, record->data, record->endian);
	for (int i = 0; i < shown->nr && r == 0; i++) {
		struct imastage_bytes field;

		r = take_field(&c, old && i == 0, &field);
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

/* ---- lengths --------------------------------------------------------------- */

static size_t pcr_len(uint32_t pcr)
{
	if (pcr < 100)
		return 3;
	return (size_t)snprintf(NULL, 0, "%2d ", (int32_t)pcr);
}

/* As show_number() and out_decimal(). */
static size_t number_len(struct imastage_bytes field,
			 enum imastage_endian endian)
{
	struct cursor c;
	uint64_t value;
	size_t len = 1;

	if (field.len != 1 && field.len != 2 && field.len != 4 &&
	    field.len != 8)
		return 0;
	cursor_init(&c, field, endian);
	if (cursor_read_number(&c, field.len, &value) < 0)
		return 0;
	for (; value > 9; value /= 10)
		len++;
	return len;
}

/* As show_field(). */
static size_t field_len(const struct shown *shown, int i,
			enum imastage_endian endian)
{
	struct imastage_bytes field = shown->bytes[i];
	enum field_kind kind = shown->known[i]->kind;
	size_t before = 1 + shown->label[i].len;

	if (kind == FIELD_TEXT)
		return before + bytes_find(field, '\0');
	if (kind == FIELD_NUMBER)
		return before + number_len(field, endian);
	return before + 2 * field.len;
}

uint64_t ascii_len(const struct imastage_record *record, size_t digest_len)
{
	uint64_t len = pcr_len(record->pcr) + 2 * digest_len + 1 +
		       record->name.len + 1;
	struct shown shown;

	if (find_fields(&shown, record) < 0)
		return len;
	for (int i = 0; i < shown.nr; i++)
		len += field_len(&shown, i, record->endian);
	return len;
}
