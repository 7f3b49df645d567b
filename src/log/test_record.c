// SPDX-License-Identifier: MIT
/*
 * Records: what the fields are, truncation at every byte, random records
 * there and back. What must be refused is in test_should_fail.c.
 */
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "log/binary.h"

#include <errno.h>
#include <imastage/reader.h>

#define FIELD(text) bytes_of(text, sizeof(text) - 1)

static struct imastage_bytes write_record(const struct imastage_record *record,
					  uint8_t *memory, size_t capacity)
{
	return bytes_of(memory, put_record(record, memory, capacity));
}

static void assert_same(const struct imastage_record *a,
			const struct imastage_record *b)
{
	assert_int_equal(a->pcr, b->pcr);
	assert_true(bytes_equal(a->digest, b->digest));
	assert_true(bytes_equal(a->name, b->name));
	assert_true(bytes_equal(a->data, b->data));
	assert_int_equal(a->nr_fields, b->nr_fields);
	assert_int_equal(a->endian, b->endian);
}

static void assert_field(const struct imastage_record *record,
			 unsigned int index, struct imastage_bytes expected)
{
	struct imastage_bytes field;

	assert_int_equal(imastage_record_field(record, index, &field), 0);
	assert_true(bytes_equal(field, expected));
}

TEST(fields_can_be_had_one_by_one)
{
	const struct imastage_bytes fields[] = { FIELD("sha256:\0digest"),
						 FIELD("/bin/sh\0"),
						 FIELD("") };
	struct built_record built;
	struct imastage_bytes field = { .len = 77 };

	build_record(&built, IMASTAGE_SHA1, 10, "ima-sig", fields, 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_field(&built.record, i, fields[i]);
	assert_int_equal(imastage_record_field(&built.record, 3, &field),
			 -ENOENT);
	assert_int_equal(imastage_record_field(&built.record, UINT32_MAX,
					       &field),
			 -ENOENT);
	assert_int_equal(field.len, 77);
}

TEST(the_old_template_has_two_fields)
{
	const struct imastage_bytes fields[] = { FIELD("12345678901234567890"),
						 FIELD("/bin/sh") };
	struct built_record built;
	struct imastage_bytes name;

	build_record(&built, IMASTAGE_SHA1, 10, "ima", fields, 2);
	assert_field(&built.record, 0, fields[0]);
	assert_field(&built.record, 1, fields[1]);
	assert_int_equal(imastage_record_event_name(&built.record, &name), 0);
	assert_true(bytes_equal_text(name, "/bin/sh"));
}

TEST(event_names_come_without_their_nul)
{
	static const char *const templates[] = { "ima-ng", "ima-ngv2",
						 "d-ng|n-ng", "d|n" };
	const struct imastage_bytes fields[] = { FIELD("d"),
						 FIELD("/bin/sh\0") };
	struct built_record built;
	struct imastage_bytes name;

	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		build_record(&built, IMASTAGE_SHA1, 10, templates[i], fields,
			     2);
		assert_int_equal(
			imastage_record_event_name(&built.record, &name), 0);
		assert_true(bytes_equal_text(name, "/bin/sh"));
	}
	build_record(&built, IMASTAGE_SHA1, 10, "d-ng|sig", fields, 2);
	assert_int_equal(imastage_record_event_name(&built.record, &name),
			 -ENOENT);
	/* fewer fields than the format says: a custom record may lie */
	build_record(&built, IMASTAGE_SHA1, 10, "d-ng|n-ng", fields, 1);
	assert_int_equal(imastage_record_event_name(&built.record, &name),
			 -ENOENT);
}

TEST(a_violation_is_a_digest_of_zeros)
{
	const struct imastage_bytes fields[] = { FIELD("d"), FIELD("n\0") };
	struct built_record built;

	build_record(&built, IMASTAGE_SHA256, 10, "ima-ng", fields, 2);
	assert_false(imastage_record_is_violation(&built.record));
	memset(built.digest, 0, 31);
	assert_false(imastage_record_is_violation(&built.record));
	built.digest[31] = 0;
	assert_true(imastage_record_is_violation(&built.record));
}

/* Cuts @bytes, one whole record, at every byte: always -ENODATA, no change. */
static void assert_refused_at_every_cut(struct imastage_bytes bytes,
					enum imastage_bank bank,
					enum imastage_endian endian)
{
	for (size_t len = 0; len < bytes.len; len++) {
		/* on the heap, so that the sanitizer sees any step beyond */
		cleanup_free uint8_t *copy = malloc(len ? len : 1);
		struct imastage_error error = { .index = 5 };
		struct imastage_record record;
		struct cursor cursor;

		assert_non_null(copy);
		memcpy(copy, bytes.data, len);
		cursor_init(&cursor, bytes_of(copy, len), endian);
		assert_int_equal(binary_parse(&cursor, bank, &error, &record),
				 -ENODATA);
		assert_int_equal(cursor_offset(&cursor), 0);
		assert_true(error.offset <= len);
		assert_non_null(error.reason);
		assert_int_equal(binary_parse(&cursor, bank, NULL, &record),
				 -ENODATA);
	}
}

static void check_random_record(enum imastage_bank bank, uint32_t *seed)
{
	struct built_record built;
	struct imastage_record parsed;
	struct cursor cursor;
	uint8_t memory[8192], again[8192];
	struct imastage_bytes bytes;

	build_random_record(&built, bank, seed);
	bytes = write_record(&built.record, memory, sizeof(memory));
	cursor_init(&cursor, bytes, built.record.endian);
	assert_int_equal(binary_parse(&cursor, bank, NULL, &parsed), 0);
	assert_int_equal(cursor_remaining(&cursor), 0);
	assert_same(&parsed, &built.record);
	assert_true(bytes_equal(parsed.raw, bytes));
	assert_true(bytes_equal(write_record(&parsed, again, sizeof(again)),
				bytes));
}

TEST(random_records_go_there_and_back)
{
	uint32_t seed = 1;

	for (int i = 0; i < 2000; i++)
		check_random_record(next_random(&seed, IMASTAGE_NR_BANKS),
				    &seed);
}

TEST(every_truncation_is_noticed)
{
	uint32_t seed = 2;

	for (int i = 0; i < 40; i++) {
		enum imastage_bank bank = next_random(&seed, IMASTAGE_NR_BANKS);
		struct built_record built;
		uint8_t memory[8192];

		build_random_record(&built, bank, &seed);
		assert_refused_at_every_cut(write_record(&built.record, memory,
							 sizeof(memory)),
					    bank, built.record.endian);
	}
}

TEST_MAIN(cmocka_unit_test(fields_can_be_had_one_by_one),
	  cmocka_unit_test(the_old_template_has_two_fields),
	  cmocka_unit_test(event_names_come_without_their_nul),
	  cmocka_unit_test(a_violation_is_a_digest_of_zeros),
	  cmocka_unit_test(random_records_go_there_and_back),
	  cmocka_unit_test(every_truncation_is_noticed))
