// SPDX-License-Identifier: MIT
/*
 * Writing lists: picks or computes the digests, and hands each record to the
 * code of its format.
 */
#include "base/cursor.h"
#include "log/ascii.h"
#include "log/binary.h"
#include "log/cel.h"
#include "log/digest.h"

#include <errno.h>
#include <imastage/writer.h>
#include <stdlib.h>

struct imastage_writer {
	struct imastage_writer_options options;
	unsigned int banks; /* of the digests that are written */
	struct imastage_hasher hasher; /* of the same */
	struct imastage_digests digests; /* of the record at hand */
	uint64_t nr_records;
	struct out out;
};

static bool is_cel(enum imastage_format format)
{
	return format == IMASTAGE_FORMAT_CEL_JSON ||
	       format == IMASTAGE_FORMAT_CEL_TLV;
}

static bool make_sense(const struct imastage_writer_options *options)
{
	return options->format > IMASTAGE_FORMAT_DETECT &&
	       options->format <= IMASTAGE_FORMAT_CEL_TLV &&
	       (unsigned int)options->bank < IMASTAGE_NR_BANKS &&
	       (options->endian == IMASTAGE_LITTLE ||
		options->endian == IMASTAGE_BIG);
}

int imastage_writer_new(struct imastage_sink sink,
			const struct imastage_writer_options *options,
			struct imastage_writer **ret_writer)
{
	struct imastage_writer *writer;
	int r;

	if (!make_sense(options))
		return -EINVAL;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->options = *options;
	writer->banks = is_cel(options->format) ? options->banks :
						  1u << options->bank;
	out_init(&writer->out, sink);
	r = hasher_init(&writer->hasher, writer->banks);
	if (r < 0)
		free(writer);
	else
		*ret_writer = writer;
	return r;
}

void imastage_writer_free(struct imastage_writer *writer)
{
	if (!writer)
		return;
	hasher_fini(&writer->hasher);
	free(writer);
}

/* Violations have zeros in every bank; the record's own digest is believed. */
static int make_digests(struct imastage_writer *writer,
			const struct imastage_record *record)
{
	int r = 0;

	if (imastage_record_is_violation(record))
		memset(&writer->digests, 0, sizeof(writer->digests));
	else if (writer->banks != 1u << record->bank)
		r = imastage_hasher_template(&writer->hasher, record,
					     &writer->digests);
	if (r == 0)
		memcpy(writer->digests.of[record->bank], record->digest.data,
		       record->digest.len);
	return r;
}

/* The kernel's numbers in @field, each of @len bytes, in the other order. */
static void put_numbers(struct out *out, struct imastage_bytes field,
			size_t len, enum imastage_endian from,
			enum imastage_endian to)
{
	struct cursor c;
	uint64_t value;

	cursor_init(&c, field, from);
	while (cursor_read_number(&c, len, &value) == 0)
		out_number(out, value, len, to);
	out_bytes(out, bytes_skip(field, cursor_offset(&c)));
}

static void put_field(struct out *out, struct imastage_bytes field,
		      const struct log_field *known, enum imastage_endian from,
		      enum imastage_endian to)
{
	size_t len = field.len;

	if (known->kind == FIELD_NUMBERS)
		put_numbers(out, field, known->number_len, from, to);
	else if (known->kind == FIELD_NUMBER &&
		 (len == 2 || len == 4 || len == 8))
		put_numbers(out, field, len, from, to);
	else
		out_bytes(out, field);
}

/* Template data in the byte order @to. */
static int put_data(struct out *out, const struct imastage_record *record,
		    enum imastage_endian to)
{
	struct imastage_bytes format = imastage_record_format(record);
	bool old = log_template_is_old(record->name);
	struct imastage_bytes field, id = { NULL, 0 };
	struct imastage_fields fields;
	int r = 0;

	imastage_fields_init(&fields, record);
	for (uint32_t i = 0; i < record->nr_fields && r == 0; i++) {
		const struct log_field *known;
		struct log_field room;

		/* A custom record may have more fields than its format. */
		if (!log_format_next(&format, &id))
			id = bytes_of(NULL, 0);
		known = record_known_field(record, i, id, &room);
		r = imastage_fields_next(&fields, &field);
		if (r < 0)
			break;
		if (!old || i > 0)
			out_number(out, field.len, 4, to);
		put_field(out, field, known, record->endian, to);
	}
	return r;
}

static int put_binary(struct imastage_writer *writer,
		      const struct imastage_record *record)
{
	enum imastage_bank bank = writer->options.bank;
	enum imastage_endian endian = writer->options.endian;
	struct out *out = &writer->out;

	out_number(out, record->pcr, 4, endian);
	out_bytes(out, bytes_of(writer->digests.of[bank],
				imastage_bank_digest_len(bank)));
	out_number(out, record->name.len, 4, endian);
	out_bytes(out, record->name);
	if (!log_template_is_old(record->name))
		out_number(out, record->data.len, 4, endian);
	if (endian != record->endian)
		return put_data(out, record, endian);
	out_bytes(out, record->data);
	return 0;
}

/* A line of which nothing is known but its digest stays the line that it was. */
static int put_opaque(struct imastage_writer *writer,
		      const struct imastage_record *record)
{
	if (writer->options.bank != record->bank)
		return -EBADMSG;
	out_bytes(&writer->out, record->raw);
	if (record->raw.len > 0 &&
	    record->raw.data[record->raw.len - 1] != '\n')
		out_byte(&writer->out, '\n');
	return 0;
}

static int put_ascii(struct imastage_writer *writer,
		     const struct imastage_record *record)
{
	enum imastage_bank bank = writer->options.bank;
	struct imastage_bytes digest = bytes_of(writer->digests.of[bank],
						imastage_bank_digest_len(bank));
	int r = ascii_write(&writer->out, record, digest);

	if (r == -EBADMSG && writer->options.bare)
		r = ascii_write_bare(&writer->out, record, digest);
	return r;
}

static int put_json(struct imastage_writer *writer,
		    const struct imastage_record *record)
{
	if (!cel_can_hold(record))
		return -EBADMSG;
	out_text(&writer->out, writer->nr_records ? ",\n" : "[\n");
	cel_json_write(&writer->out, record,
		       writer->options.first_index + writer->nr_records,
		       writer->banks, &writer->digests);
	return 0;
}

static int put_tlv(struct imastage_writer *writer,
		   const struct imastage_record *record)
{
	if (!cel_can_hold(record))
		return -EBADMSG;
	cel_tlv_write(&writer->out, record,
		      writer->options.first_index + writer->nr_records,
		      writer->banks, &writer->digests);
	return 0;
}

static int put(struct imastage_writer *writer,
	       const struct imastage_record *record)
{
	int r;

	if (record->opaque)
		return writer->options.format == IMASTAGE_FORMAT_ASCII ?
			       put_opaque(writer, record) :
			       -EBADMSG;
	r = make_digests(writer, record);
	if (r < 0)
		return r;
	switch (writer->options.format) {
	case IMASTAGE_FORMAT_ASCII:
		return put_ascii(writer, record);
	case IMASTAGE_FORMAT_CEL_JSON:
		return put_json(writer, record);
	case IMASTAGE_FORMAT_CEL_TLV:
		return put_tlv(writer, record);
	default:
		return put_binary(writer, record);
	}
}

ssize_t imastage_writer_put_to(struct imastage_writer *writer,
			       const struct imastage_record *record, void *data,
			       size_t capacity)
{
	ssize_t n;
	int r;

	if (writer->out.error)
		return writer->out.error;
	out_begin_memory(&writer->out, data, capacity);
	r = put(writer, record);
	n = out_end_memory(&writer->out);
	if (r < 0)
		return r;
	if (n >= 0)
		writer->nr_records++;
	return n;
}

int imastage_writer_put(struct imastage_writer *writer,
			const struct imastage_record *record)
{
	int r = put(writer, record), flushed;

	flushed = out_flush(&writer->out);
	if (r == 0)
		r = flushed;
	if (r == 0)
		writer->nr_records++;
	return r;
}

int imastage_writer_finish(struct imastage_writer *writer)
{
	if (writer->options.format == IMASTAGE_FORMAT_CEL_JSON)
		out_text(&writer->out, writer->nr_records ? "\n]\n" : "[]\n");
	return out_flush(&writer->out);
}
