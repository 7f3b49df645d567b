// SPDX-License-Identifier: MIT
/*
 * Whole lists for tests.
 */
#include "lib/lists.h"
#include "base/bytes.h"
#include "base/util.h"
#include "lib/listbuilder.h"

#define NAME_LEN_MAX 60

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int write_all(struct imastage_reader *reader,
		     struct imastage_writer *writer)
{
	struct imastage_record record;
	int r;

	while ((r = imastage_reader_next(reader, &record)) == 0) {
		r = imastage_writer_put(writer, &record);
		if (r < 0)
			return r;
	}
	must(imastage_writer_finish(writer) == 0);
	return r;
}

int convert_list(struct imastage_bytes list,
		 const struct imastage_reader_options *from,
		 const struct imastage_writer_options *to,
		 struct imastage_buffer *ret_list)
{
	struct imastage_reader *reader;
	struct imastage_writer *writer;
	int r;

	must(imastage_reader_new_memory(list, from, &reader) == 0);
	must(imastage_writer_new(imastage_sink_buffer(ret_list), to, &writer) ==
	     0);
	r = write_all(reader, writer);
	imastage_writer_free(writer);
	imastage_reader_free(reader);
	return r;
}

/* ---- random lists ---------------------------------------------------------- */

/* Memory for one record's fields. */
struct fields {
	uint8_t memory[16][128];
	struct imastage_bytes bytes[16];
	unsigned int nr;
};

static void fill(uint8_t *data, size_t len, uint32_t *seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)next_random(seed, 256);
}

/* Any byte but NUL, and spaces and newlines often. */
static size_t random_name(uint8_t *name, uint32_t *seed)
{
	static const char likely[] = "/usr/bin \n1a";
	size_t len = next_random(seed, NAME_LEN_MAX);

	for (size_t i = 0; i < len; i++)
		name[i] = next_random(seed, 4) ?
				  (uint8_t)likely[next_random(seed, 12)] :
				  (uint8_t)(1 + next_random(seed, 255));
	return len;
}

static size_t random_digest(uint8_t *field, const char *label, uint32_t *seed)
{
	size_t len = (size_t)sprintf((char *)field, "%s", label) + 1;

	fill(field + len, 32, seed);
	return len + 32;
}

/* A field of the kernel's, by its name. */
static size_t random_field(uint8_t *field, struct imastage_bytes id,
			   uint32_t *seed)
{
	static const char *const labels[] = { "ima:sha256:", "verity:sha256:" };

	if (bytes_equal_text(id, "n-ng"))
		return random_name(field, seed) + 1;
	if (bytes_equal_text(id, "d-ngv2"))
		return random_digest(field, labels[next_random(seed, 2)], seed);
	if (bytes_equal_text(id, "d-ng") || bytes_equal_text(id, "d-modsig"))
		return random_digest(field, "sha256:", seed);
	if (bytes_equal_text(id, "iuid") || bytes_equal_text(id, "imode")) {
		size_t len = id.data[1] == 'u' ? 4 : 2;

		fill(field, len, seed);
		return len;
	}
	if (next_random(seed, 3) == 0)
		return 0;
	fill(field, 100, seed);
	return next_random(seed, 100);
}

static void make_fields(struct fields *fields, const char *format,
			uint32_t *seed)
{
	memset(fields, 0, sizeof(*fields));
	while (*format) {
		size_t len = strcspn(format, "|");
		uint8_t *memory = fields->memory[fields->nr];

		fields->bytes[fields->nr++] = bytes_of(
			memory,
			random_field(memory, bytes_of(format, len), seed));
		format += len + (format[len] == '|');
	}
}

static void make_old_fields(struct fields *fields, uint32_t *seed)
{
	memset(fields, 0, sizeof(*fields));
	fill(fields->memory[0], 20, seed);
	fields->bytes[0] = bytes_of(fields->memory[0], 20);
	fields->bytes[1] = bytes_of(fields->memory[1],
				    random_name(fields->memory[1], seed));
	fields->nr = 2;
}

static void sign(struct built_record *built, enum imastage_bank bank)
{
	struct imastage_digests digests;
	struct imastage_hasher *hasher;

	must(imastage_hasher_new(1u << bank, &hasher) == 0);
	must(imastage_hasher_template(hasher, &built->record, &digests) == 0);
	memcpy(built->digest, digests.of[bank], imastage_bank_digest_len(bank));
	imastage_hasher_free(hasher);
}

static size_t random_record(uint8_t *memory, size_t capacity,
			    enum imastage_bank bank,
			    enum imastage_endian endian, uint32_t *seed)
{
	static const char *const templates[][2] = {
		{ "ima", "" },
		{ "ima-ng", "d-ng|n-ng" },
		{ "ima-sig", "d-ng|n-ng|sig" },
		{ "ima-sigv2", "d-ngv2|n-ng|sig" },
		{ "ima-buf", "d-ng|n-ng|buf" },
		{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
		{ "d-ngv2|n-ng|iuid|imode|sig", "d-ngv2|n-ng|iuid|imode|sig" },
	};
	unsigned int which = next_random(seed, ARRAY_SIZE(templates));
	struct built_record built;
	struct fields fields;

	if (which == 0)
		make_old_fields(&fields, seed);
	else
		make_fields(&fields, templates[which][1], seed);
	build_record_in(&built, endian, bank, 10, templates[which][0],
			fields.bytes, fields.nr);
	sign(&built, bank);
	return put_record(&built.record, memory, capacity);
}

struct imastage_buffer random_list(enum imastage_bank bank,
				   enum imastage_endian endian, unsigned int nr,
				   uint32_t *seed)
{
	struct imastage_buffer list = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&list);
	uint8_t memory[4096];

	while (nr-- > 0)
		must(sink.write(sink.context, memory,
				random_record(memory, sizeof(memory), bank,
					      endian, seed)) == 0);
	return list;
}

/* ---- a slow source --------------------------------------------------------- */

static ssize_t read_slowly(void *context, void *data, size_t len)
{
	struct slow_source *source = context;
	struct imastage_bytes piece = bytes_first(
		source->rest, len < source->step ? len : source->step);

	if (piece.len == 0)
		return source->error;
	memcpy(data, piece.data, piece.len);
	source->rest = bytes_skip(source->rest, piece.len);
	return (ssize_t)piece.len;
}

struct imastage_source slow_source(struct slow_source *source)
{
	struct imastage_source made = { read_slowly, source };

	return made;
}
