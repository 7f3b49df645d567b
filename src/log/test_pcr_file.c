// SPDX-License-Identifier: MIT
/*
 * PCR values as text: what evmctl and tpm2_pcrread mean, and what is neither.
 */
#include "log/pcr_file.h"
#include "base/bytes.h"
#include "lib/testing.h"

#include <errno.h>

#define H20 "00112233445566778899aabbccddeeff00112233"
#define H32 H20 "445566778899AABBCCDDEEFF"

static int parse(const char *text, enum imastage_bank bank,
		 struct pcr_values *values, size_t *ret_line)
{
	memset(values, 0, sizeof(*values));
	return pcr_file_parse(bytes_of_text(text), bank, values, ret_line);
}

TEST(the_form_of_evmctl)
{
	struct pcr_values values;
	size_t line;

	assert_int_equal(parse("PCR-00: " H20 "\nPCR-10: " H32 "\n",
			       IMASTAGE_NR_BANKS, &values, &line),
			 0);
	assert_int_equal(values.set[IMASTAGE_SHA1], 1);
	assert_int_equal(values.set[IMASTAGE_SHA256], 1 << 10);
	assert_int_equal(values.of[IMASTAGE_SHA256][10][31], 0xff);
	assert_int_equal(parse("PCR-23: 00 11 22 33 44 55 66 77 88 99 AA BB CC "
			       "DD EE FF 00 11 22 33 ",
			       IMASTAGE_SHA1, &values, &line),
			 0);
	assert_int_equal(values.set[IMASTAGE_SHA1], 1 << 23);
	assert_int_equal(parse("PCR-00: " H32, IMASTAGE_SM3, &values, &line),
			 0);
	assert_int_equal(values.set[IMASTAGE_SM3], 1);
}

TEST(the_form_of_tpm2_pcrread)
{
	struct pcr_values values;
	size_t line;

	assert_int_equal(parse("  sha1:\n    0 : 0x" H20 "\n    10: 0x" H20
			       "\n  sha3_256:\n    10: 0x00\n  sha384:\n"
			       "  sm3_256:\n    9 : 0x" H32 "\n",
			       IMASTAGE_NR_BANKS, &values, &line),
			 0);
	assert_int_equal(values.set[IMASTAGE_SHA1], 1 << 10 | 1);
	assert_int_equal(values.set[IMASTAGE_SM3], 1 << 9);
	assert_int_equal(values.set[IMASTAGE_SHA256], 0);
}

TEST(what_is_neither)
{
	static const char *const texts[] = {
		"\nno colon",	      "\nPCR-24: " H20, "\nPCR-1a: " H20,
		"\nPCR-: " H20,	      "\nPCR-100:" H20, "\n: " H20,
		"\nPCR-10: " H20 "0", "\nPCR-10: 00",	"\nPCR-10: zz",
		"\nPCR-10:",	      "\n10: 0x",	"\nsha1: " H20,
	};
	struct pcr_values values;
	size_t line;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		line = 0;
		assert_int_equal(parse(texts[i], IMASTAGE_NR_BANKS, &values,
				       &line),
				 -EBADMSG);
		assert_int_equal(line, 2);
	}
	assert_int_equal(parse("", IMASTAGE_NR_BANKS, &values, &line),
			 -ENODATA);
	assert_int_equal(parse("# PCR-10: " H20 "\nsha1:\n", IMASTAGE_NR_BANKS,
			       &values, &line),
			 -ENODATA);
	assert_int_equal(parse("PCR-10: " H32, IMASTAGE_SHA1, &values, &line),
			 -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(the_form_of_evmctl),
	  cmocka_unit_test(the_form_of_tpm2_pcrread),
	  cmocka_unit_test(what_is_neither))
