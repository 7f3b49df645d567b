/* SPDX-License-Identifier: MIT */
/*
 * The pieces of a line of the kernel's ASCII format, put into memory that has room for
 * them: each returns what is behind it. Inline, for a list has millions of them.
 */
#ifndef LOG_ASCII_LINE_H
#define LOG_ASCII_LINE_H

#include "base/cursor.h"
#include "base/hex.h"
#include "log/record.h"
#include "log/template.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_NUMBER_MAX 24 /* characters of a number, and what ends it */

/* A field of a record, found once, for it is looked at twice. */
struct line_field {
	const struct log_field *known;
	struct imastage_bytes label; /* "sha256:" */
	struct imastage_bytes bytes; /* behind that */
};

/* What @field->known says is in @bytes. -EBADMSG when the kernel could not show that. */
static inline int line_find_field(struct line_field *field,
				  struct imastage_bytes bytes)
{
	field->label = bytes_of(NULL, 0);
	field->bytes = bytes;
	if (bytes.len == 0 || field->known->kind != FIELD_NAMED_DIGEST)
		return 0;
	return record_split_digest(bytes, &field->label, &field->bytes);
}

#define LINE_SHORT_MAX 64

/* A call costs more than such a copy: eights, of which the last two may overlap. */
static inline void line_copy_short(uint8_t *at, struct imastage_bytes bytes)
{
	const uint8_t *data = bytes.data;
	size_t len = bytes.len;

	if (len >= 8) {
		for (size_t i = 0; i < len - 8; i += 8)
			memcpy(at + i, data + i, 8);
		memcpy(at + len - 8, data + len - 8, 8);
	} else if (len >= 4) {
		memcpy(at, data, 4);
		memcpy(at + len - 4, data + len - 4, 4);
	} else if (len > 0) {
		at[0] = data[0];
		at[len / 2] = data[len / 2];
		at[len - 1] = data[len - 1];
	}
}

static inline uint8_t *line_put_bytes(uint8_t *at, struct imastage_bytes bytes)
{
	if (bytes.len <= LINE_SHORT_MAX)
		line_copy_short(at, bytes);
	else
		memcpy(at, bytes.data, bytes.len);
	return at + bytes.len;
}

static inline uint8_t *line_put_hex(uint8_t *at, struct imastage_bytes bytes)
{
	hex_encode_bare(bytes, (char *)at);
	return at + 2 * bytes.len;
}

/* Of any other length nothing is printed. */
static inline uint8_t *line_put_number(uint8_t *at, struct imastage_bytes field,
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
	return at + snprintf((char *)at, LINE_NUMBER_MAX, "%" PRIu64, value);
}

/* With the space before it. */
static inline uint8_t *line_put_field(uint8_t *at,
				      const struct line_field *field,
				      enum imastage_endian endian)
{
	enum field_kind kind = field->known->kind;
	struct imastage_bytes bytes = field->bytes;

	*at++ = ' ';
	at = line_put_bytes(at, field->label);
	if (kind == FIELD_TEXT)
		return line_put_bytes(at, bytes_first(bytes,
						      bytes_find(bytes, '\0')));
	if (kind == FIELD_NUMBER)
		return line_put_number(at, bytes, endian);
	return line_put_hex(at, bytes);
}

/* As "%2d " would: nearly always two digits. */
static inline uint8_t *line_put_pcr(uint8_t *at, uint32_t pcr)
{
	if (pcr < 10 || pcr > 99)
		return at + snprintf((char *)at, LINE_NUMBER_MAX, "%2d ",
				     (int32_t)pcr);
	*at++ = (uint8_t)('0' + pcr / 10);
	*at++ = (uint8_t)('0' + pcr % 10);
	*at++ = ' ';
	return at;
}

/* All that is before the fields. */
static inline uint8_t *line_put_head(uint8_t *at, uint32_t pcr,
				     struct imastage_bytes digest,
				     struct imastage_bytes name)
{
	at = line_put_pcr(at, pcr);
	at = line_put_hex(at, digest);
	*at++ = ' ';
	return line_put_bytes(at, name);
}

/*
 * What a line needs at most, with the NUL of snprintf(). A byte of a field may be shown
 * three times: the kernel prints a named digest's text up to its NUL, and in hex all
 * from the second byte behind its last colon on. Nothing says that these are apart.
 */
static inline size_t line_max(size_t digest_len, size_t name_len,
			      size_t data_len, unsigned int nr_fields)
{
	return LINE_NUMBER_MAX + 2 * digest_len + 1 + name_len + 3 * data_len +
	       nr_fields * (size_t)(1 + LINE_NUMBER_MAX) + 2;
}

#endif
