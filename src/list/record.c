// SPDX-License-Identifier: MIT
/*
 * One record for people and for JSON.
 */
#include "list/record.h"
#include "base/cursor.h"
#include "list/detail.h"
#include "log/record.h"
#include "log/template.h"

struct imastage_bytes record_event_name(const struct imastage_record *record)
{
	struct imastage_bytes name = { NULL, 0 };

	(void)imastage_record_event_name(record, &name);
	return name;
}

const char *record_bank_name(const struct imastage_record *record)
{
	return imastage_bank_name(record->bank);
}

static void put_named_digest(struct json *json, struct imastage_bytes field)
{
	struct imastage_bytes label, digest;

	if (record_split_digest(field, &label, &digest) < 0) {
		json_hex(json, "hex", field);
		return;
	}
	if (label.len > 0)
		json_bytes(json, "algorithm",
			   bytes_first(label, label.len - 1));
	json_hex(json, "digest", digest);
}

/* The text up to the NUL that ends it; all bytes when it does not end so. */
static void put_text(struct json *json, struct imastage_bytes field, bool old)
{
	size_t nul = bytes_find(field, '\0');

	json_bytes(json, "text", bytes_first(field, nul));
	if (!old && field.len > 0 && nul + 1 != field.len)
		json_hex(json, "hex", field);
}

static void put_number(struct json *json, struct imastage_bytes field,
		       enum imastage_endian endian)
{
	struct cursor c;
	uint64_t number;

	cursor_init(&c, field, endian);
	if ((field.len == 1 || field.len == 2 || field.len == 4 ||
	     field.len == 8) &&
	    cursor_read_number(&c, field.len, &number) == 0)
		json_number(json, "number", number);
	else
		json_hex(json, "hex", field);
}

static void put_numbers(struct json *json, struct imastage_bytes field,
			size_t number_len, enum imastage_endian endian)
{
	struct cursor c;
	uint64_t number;

	if (field.len % number_len) {
		json_hex(json, "hex", field);
		return;
	}
	cursor_init(&c, field, endian);
	json_open(json, "numbers", '[');
	while (cursor_read_number(&c, number_len, &number) == 0)
		json_number(json, NULL, number);
	json_close(json, ']');
}

/* What is text in a measured buffer, or whose certificate it is. */
static void put_buffer(struct json *json, struct imastage_bytes buffer)
{
	struct imastage_bytes shown;

	if (detail_is_text(buffer, &shown))
		json_bytes(json, "text", shown);
	else if (detail_certificate_name(buffer, &shown))
		json_bytes(json, "certificate", shown);
}

static void put_field(struct json *json, const struct imastage_record *record,
		      unsigned int index, struct imastage_bytes id,
		      struct imastage_bytes field)
{
	struct log_field room, known;

	known = *record_known_field(record, index, id, &room);

	json_open(json, NULL, '{');
	json_bytes(json, "id", id);
	if (known.kind == FIELD_NAMED_DIGEST && field.len > 0)
		put_named_digest(json, field);
	else if (known.kind == FIELD_DIGEST)
		json_hex(json, "digest", field);
	else if (known.kind == FIELD_TEXT)
		put_text(json, field, log_template_is_old(record->name));
	else if (known.kind == FIELD_NUMBER)
		put_number(json, field, record->endian);
	else if (known.kind == FIELD_NUMBERS)
		put_numbers(json, field, known.number_len, record->endian);
	else
		json_hex(json, "hex", field);
	if (bytes_equal_text(id, "buf"))
		put_buffer(json, field);
	json_close(json, '}');
}

static void put_fields(struct json *json, const struct imastage_record *record)
{
	struct imastage_bytes format = imastage_record_format(record);
	struct imastage_bytes id, field;
	struct imastage_fields fields;

	json_open(json, "fields", '[');
	imastage_fields_init(&fields, record);
	for (unsigned int i = 0; imastage_fields_next(&fields, &field) == 0;
	     i++) {
		if (!log_format_next(&format, &id))
			id = bytes_of(NULL, 0);
		put_field(json, record, i, id, field);
	}
	json_close(json, ']');
}

/* As CEL_JSON writes it: each byte a character, U+0080 and above escaped. */
static void put_template_name(struct json *json, const char *name,
			      struct imastage_bytes template)
{
	uint8_t utf8[2 * IMASTAGE_TEMPLATE_NAME_MAX];
	size_t len = 0;

	for (size_t i = 0; i < template.len && len + 2 <= sizeof(utf8); i++) {
		uint8_t c = template.data[i];

		if (c >= 0x80)
			utf8[len++] = (uint8_t)(0xc0 | c >> 6);
		utf8[len++] = c >= 0x80 ? (uint8_t)(0x80 | (c & 0x3f)) : c;
	}
	json_bytes(json, name, bytes_of(utf8, len));
}

static void put_digest(struct json *json, const struct imastage_record *record)
{
	json_open(json, "digests", '[');
	json_open(json, NULL, '{');
	json_text(json, "hashAlg", record_bank_name(record));
	json_hex(json, "digest", record->digest);
	json_close(json, '}');
	json_close(json, ']');
}

static void put_content(struct json *json, const struct imastage_record *record)
{
	json_text(json, "content_type", "ima_template");
	json_open(json, "content", '{');
	put_template_name(json, "template_name", record->name);
	if (!record->opaque)
		json_hex(json, "template_data", record->data);
	json_close(json, '}');
}

void record_print_members(struct json *json,
			  const struct imastage_record *record)
{
	json_number(json, "pcr", record->pcr);
	put_template_name(json, "template", record->name);
	json_hex(json, "digest", record->digest);
	json_bytes(json, "event_name", record_event_name(record));
}

void record_print_json(FILE *file, const struct imastage_record *record,
		       uint64_t index, uint64_t offset)
{
	struct json json;
	struct imastage_bytes name;

	json_start(&json, file, '{');
	json_number(&json, "recnum", index);
	json_number(&json, "pcr", record->pcr);
	put_digest(&json, record);
	put_content(&json, record);
	json_boolean(&json, "violation", imastage_record_is_violation(record));
	if (record->opaque)
		json_bytes(&json, "opaque", detail_opaque_text(record));
	if (imastage_record_event_name(record, &name) == 0)
		json_bytes(&json, "event_name", name);
	put_fields(&json, record);
	if (offset != RECORD_NO_OFFSET) {
		json_number(&json, "offset", offset);
		json_number(&json, "length", record->raw.len);
	}
	json_end(&json, '}');
}
