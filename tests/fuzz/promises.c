// SPDX-License-Identifier: MIT
/*
 * What must hold for any input.
 */
#include "fuzz/promises.h"
#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>

void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- one record ------------------------------------------------------------ */

static void check_fields(const struct imastage_record *record)
{
	struct imastage_bytes field, again, algorithm;
	struct imastage_fields fields;
	size_t len = 0;

	imastage_fields_init(&fields, record);
	for (uint32_t i = 0; i < record->nr_fields; i++) {
		must(imastage_fields_next(&fields, &field) == 0);
		must(i >= 32 ||
		     (imastage_record_field(record, i, &again) == 0 &&
		      bytes_equal(field, again)));
		must(field.len <= record->data.len - len);
		len += field.len;
	}
	must(imastage_record_field(record, record->nr_fields, &field) ==
	     -ENOENT);
	if (imastage_record_event_name(record, &field) == 0)
		must(field.len <= record->data.len);
	if (imastage_record_file_digest(record, &algorithm, &field) == 0)
		must(algorithm.len + field.len <= record->data.len);
}

static int write_as(const struct imastage_record *record,
		    const struct imastage_writer_options *options,
		    struct imastage_buffer *ret_text)
{
	struct imastage_writer *writer;
	int r;

	must(imastage_writer_new(imastage_sink_buffer(ret_text), options,
				 &writer) == 0);
	r = imastage_writer_put(writer, record);
	if (r == 0)
		must(imastage_writer_finish(writer) == 0);
	else
		must(r == -EBADMSG && ret_text->len == 0);
	imastage_writer_free(writer);
	return r;
}

static void must_be_same(const struct imastage_record *a,
			 const struct imastage_record *b)
{
	must(a->pcr == b->pcr && a->bank == b->bank &&
	     a->nr_fields == b->nr_fields && a->endian == b->endian &&
	     a->opaque == b->opaque);
	must(bytes_equal(a->digest, b->digest));
	must(bytes_equal(a->name, b->name));
	must(bytes_equal(a->data, b->data));
}

void must_read_as(struct imastage_bytes text, enum imastage_format format,
		  const struct imastage_record *expected)
{
	struct imastage_reader_options options = {
		.format = format,
		.bank = expected->bank,
		.endian = expected->endian,
	};
	struct imastage_reader *reader;
	struct imastage_record record;

	must(imastage_reader_new_memory(text, &options, &reader) == 0);
	must(imastage_reader_next(reader, &record) == 0);
	must_be_same(&record, expected);
	must(imastage_reader_next(reader, &record) == IMASTAGE_END);
	imastage_reader_free(reader);
}

/* CEL would take it for a violation. */
static bool is_ones(const struct imastage_record *record)
{
	return bytes_are_all(record->digest, 0xff);
}

/* @is_raw: the record was read from that format, byte for byte the same */
static void check_written(const struct imastage_record *record,
			  enum imastage_format format, bool is_raw)
{
	struct imastage_writer_options options = {
		.format = format,
		.banks = 1u << record->bank,
		.bank = record->bank,
		.endian = record->endian,
	};
	struct imastage_buffer text = { 0 };

	if (write_as(record, &options, &text) < 0) {
		must(format != IMASTAGE_FORMAT_BINARY && is_ones(record));
		return;
	}
	must_read_as(bytes_of(text.data, text.len), format, record);
	if (is_raw)
		must(bytes_equal(record->raw, bytes_of(text.data, text.len)));
	free(text.data);
}

/* There and back again is where one was. */
static void check_other_order(const struct imastage_record *record)
{
	struct imastage_reader_options read = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = record->bank,
		.endian = record->endian == IMASTAGE_BIG ? IMASTAGE_LITTLE :
							   IMASTAGE_BIG,
	};
	struct imastage_writer_options write = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = record->bank,
		.endian = read.endian,
	};
	struct imastage_buffer there = { 0 }, back = { 0 };
	struct imastage_record swapped;
	struct imastage_reader *reader;

	must(write_as(record, &write, &there) == 0);
	must(imastage_reader_new_memory(bytes_of(there.data, there.len), &read,
					&reader) == 0);
	must(imastage_reader_next(reader, &swapped) == 0);
	write.endian = record->endian;
	must(write_as(&swapped, &write, &back) == 0);
	must_read_as(bytes_of(back.data, back.len), IMASTAGE_FORMAT_BINARY,
		     record);
	imastage_reader_free(reader);
	free(there.data);
	free(back.data);
}

/* Whether it can be shown depends on the record; crashing does not. */
static void check_shown(const struct imastage_record *record)
{
	struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = record->bank,
	};
	struct imastage_buffer text = { 0 };

	if (write_as(record, &options, &text) == 0)
		must(text.len > 0 && text.data[text.len - 1] == '\n');
	free(text.data);
}

/* Of such a record there is its line. */
static void check_opaque(const struct imastage_record *record)
{
	struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = record->bank,
	};
	struct imastage_buffer text = { 0 };

	must(record->nr_fields == 0 && record->data.len == 0);
	must(!imastage_record_is_known(record));
	must(write_as(record, &options, &text) == -EBADMSG);
	free(text.data);
}

void check_record(const struct imastage_record *record)
{
	check_fields(record);
	check_shown(record);
	if (record->opaque) {
		check_opaque(record);
		return;
	}
	check_other_order(record);
	check_written(record, IMASTAGE_FORMAT_BINARY, false);
	check_written(record, IMASTAGE_FORMAT_CEL_TLV, false);
	check_written(record, IMASTAGE_FORMAT_CEL_JSON, false);
}

/* ---- a list ---------------------------------------------------------------- */

/* Gives bytes in pieces of 1, 2, 3 ... bytes. */
struct pieces {
	struct imastage_bytes rest;
	size_t len;
};

static ssize_t read_piece(void *context, void *data, size_t len)
{
	struct pieces *pieces = context;
	struct imastage_bytes piece;

	piece = bytes_first(pieces->rest,
			    len < ++pieces->len ? len : pieces->len);
	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	pieces->rest = bytes_skip(pieces->rest, piece.len);
	return (ssize_t)piece.len;
}

/* Is the digest that of the data, so that ASCII tells all of it? */
static bool replay(const struct imastage_record *record,
		   struct imastage_replay *replay)
{
	struct imastage_digests digests;

	must(imastage_replay_extend(replay, record, &digests) >= 0);
	return !imastage_record_is_violation(record) &&
	       imastage_record_check_digest(record, &digests) == 0;
}

static void check_error(const struct imastage_reader *reader, size_t len)
{
	const struct imastage_error *error = imastage_reader_error(reader);

	must(error->reason && error->index == imastage_reader_index(reader));
	must(error->offset >= imastage_reader_offset(reader) &&
	     error->offset <= len);
}

static void show(struct imastage_reader *reader, struct imastage_buffer *lines)
{
	struct imastage_sink sink = imastage_sink_buffer(lines);
	char data[1000];
	size_t n;

	while ((n = imastage_reader_show(reader, UINT64_MAX, data,
					 sizeof(data))) > 0)
		must(sink.write(sink.context, data, n) == 0);
}

/* The list in ASCII, many lines @at_once where that can be. Returns what ended it. */
static int make_lines(struct imastage_bytes bytes,
		      const struct imastage_reader_options *options,
		      bool at_once, struct imastage_buffer *ret_lines)
{
	const struct imastage_writer_options to = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = options->bank,
		.bare = true,
	};
	struct imastage_reader *reader;
	struct imastage_writer *writer;
	struct imastage_record record;
	int r;

	must(imastage_reader_new_memory(bytes, options, &reader) == 0);
	must(imastage_writer_new(imastage_sink_buffer(ret_lines), &to,
				 &writer) == 0);
	do {
		if (at_once)
			show(reader, ret_lines);
		r = imastage_reader_next(reader, &record);
		if (r == 0)
			must(imastage_writer_put(writer, &record) == 0);
	} while (r == 0);
	imastage_writer_free(writer);
	imastage_reader_free(reader);
	return r;
}

static void check_shown_at_once(struct imastage_bytes bytes,
				const struct imastage_reader_options *options)
{
	struct imastage_buffer one = { 0 }, other = { 0 };

	must(make_lines(bytes, options, false, &one) ==
	     make_lines(bytes, options, true, &other));
	must(bytes_equal(bytes_of(one.data, one.len),
			 bytes_of(other.data, other.len)));
	free(one.data);
	free(other.data);
}

void check_list(struct imastage_bytes bytes,
		const struct imastage_reader_options *options)
{
	struct pieces pieces = { .rest = bytes };
	struct imastage_source source = { read_piece, &pieces };
	struct imastage_reader *whole, *split;
	struct imastage_record a, b;
	struct imastage_replay *pcrs;
	int r, s;

	must(imastage_reader_new_memory(bytes, options, &whole) == 0);
	must(imastage_reader_new(source, options, &split) == 0);
	must(imastage_replay_new(1u << IMASTAGE_SHA1 | 1u << options->bank,
				 1u << IMASTAGE_PCR_IMA, &pcrs) == 0);
	for (;;) {
		r = imastage_reader_next(whole, &a);
		s = imastage_reader_next(split, &b);
		must(r == s && imastage_reader_offset(whole) ==
				       imastage_reader_offset(split));
		if (r)
			break;
		must_be_same(&a, &b);
		must(bytes_equal(a.raw, b.raw));
		check_record(&a);
		if (options->format == IMASTAGE_FORMAT_BINARY)
			check_written(&a, IMASTAGE_FORMAT_BINARY, true);
		if (replay(&a, pcrs) &&
		    options->format == IMASTAGE_FORMAT_ASCII &&
		    (imastage_record_is_known(&a) || a.opaque))
			check_written(&a, IMASTAGE_FORMAT_ASCII, false);
	}
	if (r < 0) {
		check_error(whole, bytes.len);
		check_error(split, bytes.len);
	}
	if (options->format == IMASTAGE_FORMAT_BINARY)
		check_shown_at_once(bytes, options);
	imastage_replay_free(pcrs);
	imastage_reader_free(split);
	imastage_reader_free(whole);
}
