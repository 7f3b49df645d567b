// SPDX-License-Identifier: MIT
/*
 * Every file tests/should-fail/log-*.hex, with the place and the reason that
 * must be given for it. Each starts with one good record of 40 bytes. What a
 * fuzzer finds becomes a line here.
 */
#include "base/bytes.h"
#include "lib/testing.h"

#include <dirent.h>
#include <errno.h>
#include <imastage/reader.h>

#define GOOD_LEN 40 /* bytes of the good record that comes first */
#define NAME_AT (GOOD_LEN + 4 + 20) /* offset of the bad one's name length */

static const struct {
	const char *file;
	int code;
	size_t offset;
	const char *reason;
} cases[] = {
	{ "log-ends-in-pcr.hex", -ENODATA, GOOD_LEN,
	  "ends inside the PCR number" },
	{ "log-ends-in-digest.hex", -ENODATA, GOOD_LEN + 4,
	  "ends inside the template digest" },
	{ "log-empty-name.hex", -EBADMSG, NAME_AT, "template name is empty" },
	{ "log-name-too-long.hex", -EBADMSG, NAME_AT,
	  "template name is too long" },
	{ "log-name-length-overflows.hex", -EBADMSG, NAME_AT,
	  "template name is too long" },
	{ "log-name-with-nul.hex", -EBADMSG, NAME_AT + 4,
	  "template name contains a NUL" },
	{ "log-data-length-overflows.hex", -ENODATA, NAME_AT + 4 + 6 + 4,
	  "ends inside the template data" },
	{ "log-data-cut-off.hex", -ENODATA, NAME_AT + 4 + 4 + 4,
	  "ends inside the template data" },
	{ "log-field-length-cut.hex", -EBADMSG, NAME_AT + 4 + 4 + 4 + 4,
	  "data ends inside a field's length" },
	{ "log-field-longer-than-data.hex", -EBADMSG, NAME_AT + 4 + 4 + 4,
	  "a field is longer than the data" },
	{ "log-field-length-overflows.hex", -EBADMSG, NAME_AT + 4 + 4 + 4,
	  "a field is longer than the data" },
	{ "log-too-few-fields.hex", -EBADMSG, NAME_AT + 4 + 6 + 4,
	  "not the number of fields its template has" },
	{ "log-too-many-fields.hex", -EBADMSG, NAME_AT + 4 + 6 + 4,
	  "not the number of fields its template has" },
	{ "log-no-fields.hex", -EBADMSG, NAME_AT + 4 + 6 + 4,
	  "not the number of fields its template has" },
	{ "log-old-name-too-long.hex", -EBADMSG, NAME_AT + 4 + 3 + 20,
	  "event name is too long" },
	{ "log-old-name-length-overflows.hex", -EBADMSG, NAME_AT + 4 + 3 + 20,
	  "event name is too long" },
	{ "log-text.hex", -EBADMSG, NAME_AT, "template name is too long" },
};

static const struct imastage_reader_options options = {
	.format = IMASTAGE_FORMAT_BINARY,
	.bank = IMASTAGE_SHA1,
	.endian = IMASTAGE_LITTLE,
	.first_index = 7,
};

static void check_case(size_t i)
{
	cleanup_free uint8_t *data = NULL;
	struct imastage_record record, untouched;
	struct imastage_reader *reader;
	const struct imastage_error *error;
	char path[512];
	size_t len;

	snprintf(path, sizeof(path), TEST_DATA "/should-fail/%s",
		 cases[i].file);
	assert_int_equal(hexfile_read(path, &data, &len), 0);
	assert_int_equal(imastage_reader_new_memory(bytes_of(data, len),
						    &options, &reader),
			 0);
	assert_int_equal(imastage_reader_next(reader, &record), 0);
	assert_int_equal(record.raw.len, GOOD_LEN);
	untouched = record;
	error = imastage_reader_error(reader);

	for (int again = 0; again < 2; again++) {
		assert_int_equal(imastage_reader_next(reader, &record),
				 cases[i].code);
		assert_int_equal(error->index, 8);
		assert_int_equal(error->offset, cases[i].offset);
		assert_string_equal(error->reason, cases[i].reason);
		assert_int_equal(imastage_reader_offset(reader), GOOD_LEN);
		assert_memory_equal(&record, &untouched, sizeof(record));
	}
	imastage_reader_free(reader);
}

TEST(each_file_is_refused_where_and_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("# %s\n", cases[i].file);
		check_case(i);
	}
}

TEST(each_file_is_in_the_table)
{
	DIR *dir = opendir(TEST_DATA "/should-fail");
	struct dirent *entry;
	size_t nr_files = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr_files += !strncmp(entry->d_name, "log-", 4);
	closedir(dir);
	assert_int_equal(nr_files, ARRAY_SIZE(cases));
}

TEST_MAIN(cmocka_unit_test(each_file_is_refused_where_and_why),
	  cmocka_unit_test(each_file_is_in_the_table))
