// SPDX-License-Identifier: MIT
/* Template names and formats, and templates that are added. */
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "log/template.h"

#include <errno.h>
#include <imastage/reader.h>
#include <stdio.h>

TEST(knows_the_builtin_templates)
{
	static const struct {
		const char *name;
		unsigned int nr_fields;
	} cases[] = {
		{ "ima", 2 },	     { "ima-ng", 2 },	 { "ima-sig", 3 },
		{ "ima-ngv2", 2 },   { "ima-sigv2", 3 }, { "ima-buf", 3 },
		{ "ima-modsig", 5 }, { "evm-sig", 9 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_bytes name = bytes_of_text(cases[i].name);

		assert_non_null(log_template_by_name(name));
		assert_int_equal(
			log_format_nr_fields(log_template_format(name)),
			cases[i].nr_fields);
	}
	assert_null(log_template_by_name(bytes_of_text("ima-n")));
	assert_null(log_template_by_name(bytes_of_text("ima-ng ")));
	assert_null(log_template_by_name(bytes_of_text("")));
}

/* What templates say of their fields in two ways. */
TEST(fields_are_those_of_the_format)
{
	static const char *const names[] = {
		"ima",	      "ima-ng",	   "ima-sig",
		"ima-ngv2",   "ima-sigv2", "ima-buf",
		"ima-modsig", "evm-sig",   "d-ng|n-ng|sig|imode"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct imastage_bytes name = bytes_of_text(names[i]), id;
		struct imastage_bytes format = log_template_format(name);
		const struct log_field *fields[LOG_FIELDS_MAX];
		int nr = log_template_fields(name, fields);

		assert_int_equal(nr, log_format_nr_fields(format));
		for (int at = 0; at < nr; at++) {
			assert_true(log_format_next(&format, &id));
			assert_true(bytes_equal(fields[at]->id, id));
			assert_int_equal(fields[at]->kind,
					 log_field_by_id(id).kind);
		}
	}
}

TEST(only_ima_itself_is_old)
{
	assert_true(log_template_is_old(bytes_of_text("ima")));
	assert_false(log_template_is_old(bytes_of_text("ima-ng")));
	assert_false(log_template_is_old(bytes_of_text("d|n")));
}

TEST(a_custom_name_is_its_format)
{
	struct imastage_bytes name = bytes_of_text("d-ng|n-ng|uuid");

	assert_true(bytes_equal(log_template_format(name), name));
	assert_int_equal(log_format_nr_fields(name), 3);
}

TEST(finds_fields_by_their_whole_name)
{
	struct imastage_bytes format = bytes_of_text("d-ng|n-ng|n|");
	unsigned int index = 77;

	assert_int_equal(log_format_find(format, "n-n", &index), -ENOENT);
	assert_int_equal(log_format_find(format, "d", &index), -ENOENT);
	assert_int_equal(index, 77);
	assert_int_equal(log_format_find(format, "d-ng", &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(log_format_find(format, "n", &index), 0);
	assert_int_equal(index, 2);
	assert_int_equal(log_format_find(format, "", &index), 0);
	assert_int_equal(index, 3);
}

/* ---- added ones ------------------------------------------------------------ */

#define CGPATH "dep|cg-path|d-ng|n-ng"

static struct imastage_templates *one_template(const char *name,
					       const char *format)
{
	struct imastage_templates *templates;

	assert_int_equal(imastage_templates_new(&templates), 0);
	assert_int_equal(imastage_templates_add(templates, bytes_of_text(name),
						bytes_of_text(format)),
			 0);
	return templates;
}

static void assert_added(const char *name, const char *format, int code)
{
	struct imastage_templates *templates = one_template("added", CGPATH);

	assert_int_equal(imastage_templates_add(templates, bytes_of_text(name),
						bytes_of_text(format)),
			 code);
	imastage_templates_free(templates);
}

TEST(templates_are_added)
{
	assert_added("x", "a", 0);
	assert_added("x", "a:hex|b:text|c:digest|d:u8|e:u16|f:u32|g:u64", 0);
	assert_added("a|b", "a|b", 0);
	assert_added("x", "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o", 0);
	assert_added("x", "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p", -EINVAL);
	assert_added("", "a", -EINVAL);
	assert_added("x", "", -EINVAL);
	assert_added("x", "a||b", -EINVAL);
	assert_added("x", "a|", -EINVAL);
	assert_added("x", "a:", -EINVAL);
	assert_added("x", ":hex", -EINVAL);
	assert_added("x", "a:u128", -EINVAL);
	assert_added("x", "a|b|a", -EINVAL);
	assert_added("x y", "a", -EINVAL);
	assert_added("x", "a b", -EINVAL);
	assert_added("x\n", "a", -EINVAL);
	assert_added("ima-ng", "a", -EEXIST);
	assert_added("ima", "d|n", -EEXIST);
	assert_added("added", "a", -EEXIST);
}

TEST(no_more_templates_than_there_is_room_for)
{
	struct imastage_templates *templates;
	char name[8];

	assert_int_equal(imastage_templates_new(&templates), 0);
	for (int i = 0; i <= IMASTAGE_TEMPLATES_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_int_equal(imastage_templates_add(templates,
							bytes_of_text(name),
							bytes_of_text("a")),
				 i < IMASTAGE_TEMPLATES_MAX ? 0 : -E2BIG);
	}
	imastage_templates_free(templates);
}

/* In the kernel's form, at @memory. */
static struct imastage_bytes cgpath_record(uint8_t memory[512])
{
	const struct imastage_bytes fields[] = {
		bytes_of("swapper/0", 10),
		bytes_of("/", 2),
		bytes_of("sha256:\0\1\2\3", 11),
		bytes_of("/q", 3),
	};
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-cgpath", fields, 4);
	return bytes_of(memory, put_record(&built.record, memory, 512));
}

static int read_with(struct imastage_bytes list,
		     const struct imastage_templates *templates,
		     struct imastage_reader **ret_reader,
		     struct imastage_record *ret_record)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.templates = templates,
	};

	assert_int_equal(imastage_reader_new_memory(list, &options, ret_reader),
			 0);
	return imastage_reader_next(*ret_reader, ret_record);
}

/* What is not known of a record without the template, and is with it. */
TEST(records_of_an_added_template_have_names)
{
	struct imastage_templates *templates =
		one_template("ima-cgpath", CGPATH);
	uint8_t memory[512];
	struct imastage_bytes list = cgpath_record(memory);
	struct imastage_bytes name = { NULL, 0 }, algorithm, digest;
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_int_equal(read_with(list, NULL, &reader, &record), 0);
	assert_int_equal(imastage_record_event_name(&record, &name), -ENOENT);
	assert_false(imastage_record_is_known(&record));
	imastage_reader_free(reader);

	assert_int_equal(read_with(list, templates, &reader, &record), 0);
	assert_int_equal(imastage_record_event_name(&record, &name), 0);
	assert_true(bytes_equal_text(name, "/q"));
	assert_true(imastage_record_is_known(&record));
	assert_true(bytes_equal_text(imastage_record_format(&record), CGPATH));
	assert_int_equal(
		imastage_record_file_digest(&record, &algorithm, &digest), 0);
	assert_int_equal(digest.len, 3);
	assert_int_equal(imastage_record_find(&record, "dep", &name), 0);
	assert_int_equal(name.len, 10);
	imastage_reader_free(reader);
	imastage_templates_free(templates);
}

TEST(fields_that_are_not_those_given_are_refused)
{
	struct imastage_templates *templates =
		one_template("ima-cgpath", "dep|d-ng|n-ng");
	uint8_t memory[512];
	struct imastage_bytes list = cgpath_record(memory);
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_int_equal(read_with(list, templates, &reader, &record),
			 -EBADMSG);
	assert_string_equal(imastage_reader_error(reader)->reason,
			    "not the number of fields its template was given");
	assert_int_equal(imastage_reader_error(reader)->offset, 0);
	assert_int_equal(imastage_reader_next(reader, &record), -EBADMSG);
	imastage_reader_free(reader);
	imastage_templates_free(templates);
}

TEST_MAIN(cmocka_unit_test(knows_the_builtin_templates),
	  cmocka_unit_test(fields_are_those_of_the_format),
	  cmocka_unit_test(only_ima_itself_is_old),
	  cmocka_unit_test(a_custom_name_is_its_format),
	  cmocka_unit_test(finds_fields_by_their_whole_name),
	  cmocka_unit_test(templates_are_added),
	  cmocka_unit_test(no_more_templates_than_there_is_room_for),
	  cmocka_unit_test(records_of_an_added_template_have_names),
	  cmocka_unit_test(fields_that_are_not_those_given_are_refused))
