// SPDX-License-Identifier: MIT
/*
 * Which files are withheld, and records that are: there and back, in all banks.
 */
#include "base/bytes.h"
#include "evidence/withheld.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <errno.h>
#include <imastage/reader.h>
#include <stdlib.h>

#define ALL ((1u << IMASTAGE_NR_BANKS) - 1)

/* ---- paths --------------------------------------------------------------------- */

TEST(prefixes_are_absolute)
{
	static const char *const bad[] = { "",	       "home",	   "./home",
					   "/home/.",  "/home/..", "//home",
					   "/home//x", "/./x",	   "/../x" };
	static const char *const good[] = { "/", "/home", "/home/", "/a/...",
					    "/a/.x/..y" };
	struct withheld_prefixes prefixes = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(withheld_prefixes_add(&prefixes, bad[i]),
				 -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(withheld_prefixes_add(&prefixes, good[i]), 0);
	while (prefixes.nr < WITHHELD_PREFIXES_MAX)
		assert_int_equal(withheld_prefixes_add(&prefixes, "/x"), 0);
	assert_int_equal(withheld_prefixes_add(&prefixes, "/x"), -E2BIG);
}

static bool is_below(const char *prefix, const char *path)
{
	struct withheld_prefixes prefixes = { 0 };

	assert_int_equal(withheld_prefixes_add(&prefixes, prefix), 0);
	return withheld_path(&prefixes, bytes_of_text(path));
}

TEST(prefixes_end_at_a_name)
{
	assert_true(is_below("/home", "/home"));
	assert_true(is_below("/home/", "/home"));
	assert_true(is_below("/home", "/home/x/y"));
	assert_true(is_below("/home/", "/home/x"));
	assert_true(is_below("/", "/x"));
	assert_true(is_below("/my files", "/my_files/x"));
	assert_true(is_below("/my files", "/my files/x"));
	assert_false(is_below("/my_files", "/my files/x"));
	assert_false(is_below("/home", "/homestead"));
	assert_false(is_below("/home", "/hom"));
	assert_false(is_below("/", "boot_aggregate"));
	assert_false(is_below("/home", ""));
}

/* ---- records ------------------------------------------------------------------- */

static struct built_record built;
static uint8_t memory[16384];

static void build(const char *path)
{
	const struct imastage_bytes fields[] = {
		bytes_of("sha256:\0ABCDEFGHABCDEFGHABCDEFGHABCDEFGH", 40),
		bytes_of(path, strlen(path) + 1),
	};

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
}

/* What a list shows of it with the digests of @banks, read for those of @wanted. */
static int read_back(unsigned int banks, unsigned int wanted,
		     struct imastage_digests *ret_given)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	struct imastage_buffer list = { 0 };
	struct imastage_hasher *hasher;
	struct imastage_reader *reader;
	struct imastage_record record;
	const char *reason;
	int r;

	assert_int_equal(imastage_hasher_new(banks | 1u, &hasher), 0);
	assert_int_equal(withheld_write(hasher, banks, &built.record,
					imastage_sink_buffer(&list)),
			 0);
	assert_null(memmem(list.data, list.len, "secret", 6));
	assert_int_equal(
		imastage_reader_new_memory(bytes_of(list.data, list.len),
					   &options, &reader),
		0);
	assert_int_equal(imastage_reader_next(reader, &record), 0);
	assert_true(withheld_is(&record));
	assert_int_equal(record.pcr, 10);
	r = withheld_read(&record, wanted, ret_given, &reason);
	imastage_reader_free(reader);
	imastage_hasher_free(hasher);
	free(list.data);
	return r;
}

TEST(digests_of_each_bank_come_back)
{
	const unsigned int available = imastage_banks_available();
	struct imastage_digests computed, given;
	struct imastage_hasher *hasher;

	build("/home/secret");
	assert_int_equal(imastage_hasher_new(available, &hasher), 0);
	assert_int_equal(
		imastage_hasher_template(hasher, &built.record, &computed), 0);
	for (unsigned int banks = 1; banks <= ALL; banks++) {
		if (banks & ~available)
			continue;
		assert_int_equal(read_back(banks, banks, &given), 0);
		for (unsigned int bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
			if (banks & 1u << bank)
				assert_memory_equal(
					given.of[bank], computed.of[bank],
					imastage_bank_digest_len(bank));
		/* sha1's is there in any case. */
		assert_int_equal(read_back(banks, available, &given),
				 available & ~banks & ~1u ? -EBADMSG : 0);
	}
	imastage_hasher_free(hasher);
}

TEST(only_files_below_a_prefix_are_wanted)
{
	struct withheld_prefixes prefixes = { 0 };

	build("/home/secret");
	assert_false(withheld_wants(&prefixes, &built.record));
	assert_int_equal(withheld_prefixes_add(&prefixes, "/srv"), 0);
	assert_false(withheld_wants(&prefixes, &built.record));
	assert_int_equal(withheld_prefixes_add(&prefixes, "/home"), 0);
	assert_true(withheld_wants(&prefixes, &built.record));
	build("boot_aggregate");
	assert_false(withheld_wants(&prefixes, &built.record));
}

TEST(what_nobody_can_read_is_wanted)
{
	const struct imastage_bytes fields[] = { bytes_of_text(
		"/home/secret") };
	struct withheld_prefixes prefixes = { 0 };

	build_record(&built, IMASTAGE_SHA1, 10, "of-its-own", fields, 1);
	assert_false(withheld_wants(&prefixes, &built.record));
	assert_int_equal(withheld_prefixes_add(&prefixes, "/srv"), 0);
	assert_true(withheld_wants(&prefixes, &built.record));
}

/* Any bytes are read, or refused. */
TEST(random_records_are_no_harm)
{
	uint32_t seed = 1;

	for (int i = 0; i < 2000; i++) {
		struct imastage_digests given;
		const char *reason = NULL;

		build_random_record(&built, IMASTAGE_SHA1, &seed);
		if (withheld_read(&built.record, 3, &given, &reason) < 0)
			assert_non_null(reason);
		assert_true(put_record(&built.record, memory, sizeof(memory)));
	}
}

TEST_MAIN(cmocka_unit_test(prefixes_are_absolute),
	  cmocka_unit_test(prefixes_end_at_a_name),
	  cmocka_unit_test(digests_of_each_bank_come_back),
	  cmocka_unit_test(only_files_below_a_prefix_are_wanted),
	  cmocka_unit_test(what_nobody_can_read_is_wanted),
	  cmocka_unit_test(random_records_are_no_harm))
