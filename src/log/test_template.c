// SPDX-License-Identifier: MIT
/* Template names and formats. */
#include "lib/testing.h"
#include "log/template.h"

#include <errno.h>

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

TEST_MAIN(cmocka_unit_test(knows_the_builtin_templates),
	  cmocka_unit_test(fields_are_those_of_the_format),
	  cmocka_unit_test(only_ima_itself_is_old),
	  cmocka_unit_test(a_custom_name_is_its_format),
	  cmocka_unit_test(finds_fields_by_their_whole_name))
