// SPDX-License-Identifier: MIT
/*
 * A record as the kernel shows it: ima_ascii_measurements_show() in ima_fs.c
 * and ima_show_template_data_ascii() in ima_template_lib.c of Linux 6.12.
 */
#include "base/util.h"
#include "log/ascii.h"
#include "log/ascii_line.h"

#include <stdlib.h>

/* The fields of a record. */
struct shown {
	int nr;
	struct line_field field[LOG_FIELDS_MAX];
};

/* @shown NULL: without fields */
static uint8_t *put_line(uint8_t *at, const struct imastage_record *record,
			 struct imastage_bytes digest,
			 const struct shown *shown)
{
	at = line_put_head(at, record->pcr, digest, record->name);
	for (int i = 0; shown && i < shown->nr; i++)
		at = line_put_field(at, &shown->field[i], record->endian);
	*at++ = '\n';
	return at;
}

/* A line for which there may be no room is made beside it, which is rare. */
static int write_line(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest, const struct shown *shown)
{
	size_t max = line_max(digest.len, record->name.len, record->data.len,
			      shown ? (unsigned int)shown->nr : 0);
	uint8_t *room = out_room(out, max), *end;
	cleanup_free uint8_t *line = NULL;

	if (room) {
		end = put_line(room, record, digest, shown);
		out_took(out, (size_t)(end - room));
		return 0;
	}
	line = malloc(max);
	if (!line)
		return -ENOMEM;
	end = put_line(line, record, digest, shown);
	out_bytes(out, bytes_of(line, (size_t)(end - line)));
	return 0;
}

/* ---- what is shown ----------------------------------------------------------- */

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
	const struct log_field *known[LOG_FIELDS_MAX];
	bool old = log_template_is_old(record->name);
	struct cursor c;
	int r = 0;

	shown->nr = record_known_fields(record, known);
	if (shown->nr != (int)record->nr_fields)
		return -EBADMSG;
	cursor_init(&c, record->data, record->endian);
	for (int i = 0; i < shown->nr && r == 0; i++) {
		struct imastage_bytes field;

		shown->field[i].known = known[i];
		r = take_field(&c, old && i == 0, &field);
		if (r == 0)
			r = line_find_field(&shown->field[i], field);
	}
	return r;
}

int ascii_write(struct out *out, const struct imastage_record *record,
		struct imastage_bytes digest)
{
	struct shown shown;
	int r = find_fields(&shown, record);

	return r < 0 ? r : write_line(out, record, digest, &shown);
}

int ascii_write_bare(struct out *out, const struct imastage_record *record,
		     struct imastage_bytes digest)
{
	return write_line(out, record, digest, NULL);
}

/* ---- lengths --------------------------------------------------------------- */

static size_t pcr_len(uint32_t pcr)
{
	if (pcr < 100)
		return 3;
	return (size_t)snprintf(NULL, 0, "%2d ", (int32_t)pcr);
}

/* As line_put_number(). */
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

/* As line_put_field(). */
static size_t field_len(const struct line_field *field,
			enum imastage_endian endian)
{
	enum field_kind kind = field->known->kind;
	size_t before = 1 + field->label.len;

	if (kind == FIELD_TEXT)
		return before + bytes_find(field->bytes, '\0');
	if (kind == FIELD_NUMBER)
		return before + number_len(field->bytes, endian);
	return before + 2 * field->bytes.len;
}

uint64_t ascii_len(const struct imastage_record *record, size_t digest_len)
{
	uint64_t len = pcr_len(record->pcr) + 2 * digest_len + 1 +
		       record->name.len + 1;
	struct shown shown;

	if (find_fields(&shown, record) < 0)
		return len;
	for (int i = 0; i < shown.nr; i++)
		len += field_len(&shown.field[i], record->endian);
	return len;
}
