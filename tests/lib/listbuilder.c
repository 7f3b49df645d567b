// SPDX-License-Identifier: MIT
/*
 * Builder of records for tests. Aborts when a test asks for more than fits.
 */
#include "lib/listbuilder.h"
#include "base/util.h"
#include "base/writer.h"
#include "log/template.h"

#define FIELDS_MAX 15
#define FIELD_LEN_MAX 200

static void must(int r)
{
	if (r < 0)
		abort();
}

/* Numerical Recipes' generator; its upper bits are the good ones. */
uint32_t next_random(uint32_t *seed, uint32_t limit)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*seed * limit >> 32);
}

static void fill_data(struct built_record *built,
		      const struct imastage_bytes *fields,
		      unsigned int nr_fields)
{
	struct imastage_record *record = &built->record;
	struct writer writer;

	writer_init(&writer, built->data, sizeof(built->data), record->endian);
	for (unsigned int i = 0; i < nr_fields; i++) {
		if (i > 0 || !log_template_is_old(record->name))
			must(writer_put_u32(&writer, (uint32_t)fields[i].len));
		must(writer_put_bytes(&writer, fields[i]));
	}
	record->data = writer_bytes(&writer);
	record->nr_fields = nr_fields;
}

void build_record_in(struct built_record *built, enum imastage_endian endian,
		     enum imastage_bank bank, uint32_t pcr,
		     const char *template, const struct imastage_bytes *fields,
		     unsigned int nr_fields)
{
	memset(built->digest, 0x11, sizeof(built->digest));
	built->record = (struct imastage_record){
		.pcr = pcr,
		.bank = bank,
		.digest =
			bytes_of(built->digest, imastage_bank_digest_len(bank)),
		.name = bytes_of_text(template),
		.endian = endian,
	};
	fill_data(built, fields, nr_fields);
}

void build_record(struct built_record *built, enum imastage_bank bank,
		  uint32_t pcr, const char *template,
		  const struct imastage_bytes *fields, unsigned int nr_fields)
{
	build_record_in(built, IMASTAGE_LITTLE, bank, pcr, template, fields,
			nr_fields);
}

void build_random_record(struct built_record *built, enum imastage_bank bank,
			 uint32_t *seed)
{
	static const char *const names[] = { "ima",	   "ima-ng",
					     "ima-sig",	   "ima-ngv2",
					     "ima-sigv2",  "ima-buf",
					     "evm-sig",	   "ima-modsig",
					     "d-ng|n-ng|", "some-other-name" };
	const char *name = names[next_random(seed, ARRAY_SIZE(names))];
	struct imastage_bytes format = log_template_format(bytes_of_text(name));
	unsigned int nr_fields = log_format_nr_fields(format);
	uint8_t random[FIELDS_MAX * FIELD_LEN_MAX];
	struct imastage_bytes fields[FIELDS_MAX];

	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)next_random(seed, 256);
	for (unsigned int i = 0; i < nr_fields; i++)
		fields[i] = bytes_of(random + (size_t)i * FIELD_LEN_MAX,
				     next_random(seed, FIELD_LEN_MAX));
	if (log_template_is_old(bytes_of_text(name)))
		fields[0].len = LOG_OLD_DIGEST_LEN;

	build_record(built, bank, next_random(seed, 24), name, fields,
		     nr_fields);
	if (next_random(seed, 2)) {
		built->record.endian = IMASTAGE_BIG;
		fill_data(built, fields, nr_fields);
	}
	for (size_t i = 0; i < built->record.digest.len; i++)
		built->digest[i] = (uint8_t)next_random(seed, 256);
}

size_t put_record(const struct imastage_record *record, uint8_t *memory,
		  size_t capacity)
{
	struct writer w;

	writer_init(&w, memory, capacity, record->endian);
	must(writer_put_u32(&w, record->pcr));
	must(writer_put_bytes(&w, record->digest));
	must(writer_put_u32(&w, (uint32_t)record->name.len));
	must(writer_put_bytes(&w, record->name));
	if (!log_template_is_old(record->name))
		must(writer_put_u32(&w, (uint32_t)record->data.len));
	must(writer_put_bytes(&w, record->data));
	return w.len;
}
