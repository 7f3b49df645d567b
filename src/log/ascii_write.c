// SPDX-License-Identifier: MIT
/*
 * A record as the kernel shows it: ima_ascii_measurements_show() in ima_fs.c
 * and ima_show_template_data_ascii() in ima_template_lib.c of Linux 6.12.
 */
#include "base/cursor.h"
#include "base/hex.h"
#include "base/util.h"
#include "log/ascii.h"
#include "log/record.h"
#include "log/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX 24 /* characters of a number, and what ends it */

/* The fields of a record, found once, for they are looked at twice. */
struct shown {
	int nr;
	struct imastage_bytes label[LOG_FIELDS_MAX]; /* "sha256:" */
	struct imastage_bytes bytes[LOG_FIELDS_MAX]; /* behind that */
	const struct log_field *known[LOG_FIELDS_MAX];
};

/* ---- a line, in memory that has room for it --------------------------------- */

static uint8_t *put_bytes(uint8_t *at, struct imastage_bytes bytes)
{
	if (bytes.len > 0)
		memcpy(at, bytes.data, bytes.len);
	return at + bytes.len;
}

static uint8_t *put_hex(uint8_t *at, struct imastage_bytes bytes)
{
	hex_encode_bare(bytes, (char *)at);
	return at + 2 * bytes.len;
}

/* Of any other length nothing is printed. */
static uint8_t *put_number(uint8_t *at, struct imastage_bytes field,
			   enum imastage_endian endian)
{
	struct cursor c;
	uint64_t value;

	if (field.len != 1 && field.len != 2 && field.len != 4 &&
	    field.len != 8)
		return at;
	cursor_init(&c, field, endian);
	if (cursor_read_number(&c, field.len, &value) < 0)
		return at;
	return at + snprintf((char *)at, NUMBER_MAX, "%" PRIu64, value);
}

static uint8_t *put_field(uint8_t *at, const struct shown *shown, int i,
			  enum imastage_endian endian)
{
	struct imastage_bytes field = shown->bytes[i];
	enum field_kind kind = shown->known[i]->kind;

	*at++ = ' ';
	at = put_bytes(at, shown->label[i]);
	if (kind == FIELD_TEXT)
		return put_bytes(at,
				 bytes_first(field, bytes_find(field, '\0')));
	if (kind == FIELD_NUMBER)
		return put_number(at, field, endian);
	return put_hex(at, field);
}

/* As "%2d " would: nearly always two digits. */
static uint8_t *put_pcr(uint8_t *at, uint32_t pcr)
{
	if (pcr < 10 || pcr > 99)
		return at +
		       snprintf((char *)at, NUMBER_MAX, "%2d ", (int32_t)pcr);
	*at++ = (uint8_t)('0' + pcr / 10);
	*at++ = (uint8_t)('0' + pcr % 10);
	*at++ = ' ';
	return at;
}

/* @shown NULL: without fields */
static uint8_t *put_line(uint8_t *at, const struct imastage_record *record,
			 struct imastage_bytes digest,
			 const struct shown *shown)
{
	at = put_pcr(at, record->pcr);
	at = put_hex(at, digest);
	*at++ = ' ';
	at = put_bytes(at, record->name);
	for (int i = 0; shown && i < shown->nr; i++)
		at = put_field(at, shown, i, record->endian);
	*at++ = '\n';
	return at;
}

/* What put_line() needs at most, with the NUL of snprintf(). */
static size_t line_max(const struct imastage_record *record,
		       struct imastage_bytes digest)
{
	return NUMBER_MAX + 2 * digest.len + 1 + record->name.len +
	       2 * record->data.len +
	       LOG_FIELDS_MAX * (size_t)(1 + NUMBER_MAX) + 2;
}

/* A line for which there may be no room is made beside it, which is rare. */
static int write_line(struct out *out, const struct imastage_record *record,
		      struct imastage_bytes digest, const struct shown *shown)
{
	size_t max = line_max(record, digest);
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

/* As put_number(). */
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

/* As put_field(). */
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
