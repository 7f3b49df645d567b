// SPDX-License-Identifier: MIT
/*
 * Every file in tests/should-fail that is no list (those of saved replays are in
 * test_state.c), with the place and the reason that must be given for it. Each
 * binary one starts with one good record of 40 bytes. What a fuzzer finds
 * becomes a line here.
 */
#include "base/bytes.h"
#include "base/file.h"
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
	struct imastage_record record;
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
	error = imastage_reader_error(reader);

	for (int again = 0; again < 2; again++) {
		assert_int_equal(imastage_reader_next(reader, &record),
				 cases[i].code);
		assert_int_equal(error->index, 8);
		assert_int_equal(error->offset, cases[i].offset);
		assert_string_equal(error->reason, cases[i].reason);
		assert_int_equal(imastage_reader_offset(reader), GOOD_LEN);
	}
	imastage_reader_free(reader);
}

/* Other formats: what the first record is does not matter. */
static const struct {
	const char *file;
	enum imastage_format format;
	int code;
	uint64_t index, offset;
	const char *reason;
} others[] = {
	{ "ascii-digest-not-hex.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 132,
	  "no template digest of the list's bank" },
	{ "ascii-digest-of-another-bank.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG,
	  1, 132, "no template digest of the list's bank" },
	{ "ascii-empty-line.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 129,
	  "an empty line" },
	{ "ascii-fields-missing.ascii", IMASTAGE_FORMAT_ASCII, -ENODATA, 1, 180,
	  "ends inside the fields" },
	{ "ascii-file-digest-not-hex.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  179, "not the fields of its template" },
	{ "ascii-file-digest-odd.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  179, "not the fields of its template" },
	{ "ascii-no-newline.ascii", IMASTAGE_FORMAT_ASCII, -ENODATA, 1, 179,
	  "ends inside the fields" },
	{ "ascii-no-pcr.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 129,
	  "no PCR number" },
	{ "ascii-no-template-name.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  173, "no template name" },
	{ "ascii-nul-in-label.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 179,
	  "not the fields of its template" },
	{ "ascii-nul-in-name.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 179,
	  "not the fields of its template" },
	{ "ascii-number-negative.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  183, "not the fields of its template" },
	{ "ascii-number-overflows.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  182, "not the fields of its template" },
	{ "ascii-old-digest-too-short.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG,
	  1, 176, "not the fields of its template" },
	{ "ascii-old-name-too-long.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  176, "not the fields of its template" },
	{ "ascii-pcr-overflows.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 129,
	  "no PCR number" },
	{ "ascii-sig-not-hex.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 180,
	  "not the fields of its template" },
	{ "ascii-template-name-too-long.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG,
	  1, 173, "no template name" },
	{ "ascii-too-many-fields.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1,
	  236, "its template is not known, and what follows is no record" },
	{ "ascii-swallows-a-proven-line.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG,
	  0, 51, "not the fields of its template" },
	{ "ascii-unknown-field.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 1, 182,
	  "its template is not known, and what follows is no record" },
	/* Found by fuzzing: an offset to no memory. */
	{ "ascii-one-digit-first.ascii", IMASTAGE_FORMAT_ASCII, -EBADMSG, 0, 47,
	  "not the fields of its template" },
	{ "cel-json-one-digit-first.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 0, 0, "no digest of the list's bank" },
	{ "cel-json-array-not-closed.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -ENODATA, 1, 198, "ends inside the array" },
	{ "cel-json-behind-the-array.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 200, "not an array of objects" },
	{ "cel-json-data-odd.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "no content of an IMA template" },
	{ "cel-json-digest-not-hex.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "no digest of the list's bank" },
	{ "cel-json-digest-of-another-bank.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "no digest of the list's bank" },
	{ "cel-json-digest-too-short.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "no digest of the list's bank" },
	{ "cel-json-field-longer-than-data.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "a field is longer than the data" },
	{ "cel-json-name-above-latin-1.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "no content of an IMA template" },
	{ "cel-json-name-empty.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "template name is empty or too long" },
	{ "cel-json-name-with-nul.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "template name contains a NUL" },
	{ "cel-json-no-comma.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  198, "not an array of objects" },
	{ "cel-json-no-data.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "no content of an IMA template" },
	{ "cel-json-no-digests.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "no digest of the list's bank" },
	{ "cel-json-no-pcr.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "no PCR number" },
	{ "cel-json-not-an-object.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "not an array of objects" },
	{ "cel-json-not-closed.cel-json", IMASTAGE_FORMAT_CEL_JSON, -ENODATA, 1,
	  199, "ends inside an object" },
	{ "cel-json-brackets-crossed.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "not JSON, or a member is there twice" },
	{ "cel-json-comma-at-the-end.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "not JSON, or a member is there twice" },
	{ "cel-json-ima-after-other-content.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 0, 199,
	  "content of IMA, in a PCR that other content has extended" },
	{ "cel-json-member-twice.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "not JSON, or a member is there twice" },
	{ "cel-json-newline-in-string.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "not JSON, or a member is there twice" },
	{ "cel-json-no-content-type.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 1, 199, "no record of CEL" },
	{ "cel-json-not-json.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "not JSON, or a member is there twice" },
	{ "cel-json-only-other-content.cel-json", IMASTAGE_FORMAT_CEL_JSON,
	  -EBADMSG, 0, 188, "no record is of IMA, all are of other content" },
	{ "cel-json-other-content.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "content of type pcclient_std, in a PCR that IMA extends" },
	{ "cel-json-pcr-overflows.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "no PCR number" },
	{ "cel-json-pcr-negative.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "no PCR number" },
	{ "cel-json-pcr-too-large.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG,
	  1, 199, "no PCR number" },
	{ "cel-json-too-deep.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  199, "object is too deep" },
	{ "cel-json-two-commas.cel-json", IMASTAGE_FORMAT_CEL_JSON, -EBADMSG, 1,
	  198, "not an array of objects" },
	{ "cel-tlv-content-with-more.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 122, "content is not a template's name and data" },
	{ "cel-tlv-content-without-name.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 122, "content is not a template's name and data" },
	{ "cel-tlv-digest-longer-than-digests.cel-tlv.hex",
	  IMASTAGE_FORMAT_CEL_TLV, -EBADMSG, 1, 92,
	  "a digest is longer than the digests" },
	{ "cel-tlv-digest-of-another-bank.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 92, "no digest of the list's bank" },
	{ "cel-tlv-digest-too-short.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 92, "digest has not its bank's length" },
	{ "cel-tlv-ends-in-head.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -ENODATA,
	  1, 79, "ends inside a record" },
	{ "cel-tlv-ends-in-value.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -ENODATA, 1, 118, "ends inside a record" },
	{ "cel-tlv-field-longer-than-data.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 133, "a field is longer than the data" },
	{ "cel-tlv-length-overflows.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -ENODATA, 1, 118, "ends inside a record" },
	{ "cel-tlv-name-too-long.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 387, "template name is empty or too long" },
	{ "cel-tlv-no-digests.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -EBADMSG,
	  1, 69, "record lacks a part" },
	{ "cel-tlv-no-record-number.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 69, "record lacks a part" },
	{ "cel-tlv-nv-index.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -EBADMSG, 1,
	  69, "is for an NV index, not for a PCR" },
	{ "cel-tlv-other-content.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 69,
	  "content of type pcclient_std, in a PCR that IMA extends" },
	{ "cel-tlv-part-twice.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -EBADMSG,
	  1, 87, "a part of a record is there twice" },
	{ "cel-tlv-pcr-empty.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -EBADMSG, 1,
	  83, "not a PCR number" },
	{ "cel-tlv-pcr-too-large.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV,
	  -EBADMSG, 1, 83, "not a PCR number" },
	{ "cel-tlv-unknown-type.cel-tlv.hex", IMASTAGE_FORMAT_CEL_TLV, -EBADMSG,
	  1, 69, "record lacks a part" },
};

static void read_case(const char *file, uint8_t **ret_data, size_t *ret_len)
{
	char path[512];
	int r;

	snprintf(path, sizeof(path), TEST_DATA "/should-fail/%s", file);
	r = strstr(file, ".hex") ? hexfile_read(path, ret_data, ret_len) :
				   file_read(path, 1 << 20, ret_data, ret_len);
	assert_int_equal(r, 0);
}

static void check_other(size_t i)
{
	const struct imastage_reader_options other = {
		.format = others[i].format,
		.bank = IMASTAGE_SHA1,
	};
	cleanup_free uint8_t *data = NULL;
	const struct imastage_error *error;
	struct imastage_reader *reader;
	struct imastage_record record;
	size_t len;
	int r;

	read_case(others[i].file, &data, &len);
	assert_int_equal(imastage_reader_new_memory(bytes_of(data, len), &other,
						    &reader),
			 0);
	while ((r = imastage_reader_next(reader, &record)) == 0)
		;
	for (int again = 0; again < 2; again++) {
		error = imastage_reader_error(reader);
		assert_int_equal(r, others[i].code);
		assert_int_equal(error->index, others[i].index);
		assert_int_equal(error->offset, others[i].offset);
		assert_string_equal(error->reason, others[i].reason);
		r = imastage_reader_next(reader, &record);
	}
	imastage_reader_free(reader);
}

TEST(each_file_of_another_format_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		print_message("# %s\n", others[i].file);
		check_other(i);
	}
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
		nr_files += !strncmp(entry->d_name, "log-", 4) ||
			    !strncmp(entry->d_name, "ascii-", 6) ||
			    !strncmp(entry->d_name, "cel-", 4);
	closedir(dir);
	assert_int_equal(nr_files, ARRAY_SIZE(cases) + ARRAY_SIZE(others));
}

TEST_MAIN(cmocka_unit_test(each_file_is_refused_where_and_why),
	  cmocka_unit_test(each_file_of_another_format_is_refused),
	  cmocka_unit_test(each_file_is_in_the_table))
