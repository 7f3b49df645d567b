// SPDX-License-Identifier: MIT
/*
 * Template digests. The expected ones come from coreutils, for example
 *	printf '\1\0\0\0a\0\0\0\0' | sha256sum
 */
#include "base/hex.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "log/hasher.h"

#include <errno.h>

static void assert_digest(const struct log_digests *digests, enum log_bank bank,
			  const char *expected)
{
	char text[HEX_TEXT_LEN(LOG_DIGEST_MAX)];

	hex_encode(bytes_of(digests->of[bank], log_bank_digest_len(bank)),
		   text);
	assert_string_equal(text, expected);
}

static void digest_of(const struct log_record *record,
		      struct log_digests *ret_digests)
{
	struct log_hasher hasher;

	assert_int_equal(log_hasher_init(&hasher, LOG_BANKS_ALL), 0);
	assert_int_equal(log_hasher_template(&hasher, record, ret_digests), 0);
	log_hasher_fini(&hasher);
}

TEST(hashes_the_data_in_all_banks)
{
	const struct bytes fields[] = { bytes_of("a", 1), bytes_of(NULL, 0) };
	struct log_digests digests;
	struct built_record built;

	build_record(&built, LOG_BANK_SHA1, 10, "ima-ng", fields, 2);
	digest_of(&built.record, &digests);
	assert_digest(&digests, LOG_BANK_SHA1,
		      "2d6ae5f471469f08d28880b4fb3bee4db269b4ef");
	assert_digest(
		&digests, LOG_BANK_SHA256,
		"9f7059dea53b801cd0608b789f11aa6515675c660286399e7334d4f7bec8ae0d");
	assert_digest(&digests, LOG_BANK_SHA384,
		      "4f35e5f4a5532bf026b27c7b8bd61b9343ebc86466f8881b"
		      "4c8ade264a279904efb66d7edaa095bb2f2e6820512b539f");
	assert_digest(
		&digests, LOG_BANK_SHA512,
		"e99c2603e8d10f24b69c2161b34a19e2d7494b379e5fef8796e39eeea7a57db0"
		"427531aa665c62dc642d44f1d5655a8a8157d352edf089d033699095147f9825");
}

/* (printf 12345678901234567890name; head -c 252 /dev/zero) | sha1sum */
TEST(the_old_template_pads_its_name)
{
	const struct bytes fields[] = { bytes_of_text("12345678901234567890"),
					bytes_of_text("name") };
	struct log_digests digests;
	struct built_record built;

	build_record(&built, LOG_BANK_SHA1, 10, "ima", fields, 2);
	digest_of(&built.record, &digests);
	assert_digest(&digests, LOG_BANK_SHA1,
		      "8a6f664e4e8feb488c620868615398006fb74613");
}

TEST(a_wrong_digest_is_told_from_a_right_one)
{
	const struct bytes fields[] = { bytes_of_text("d"),
					bytes_of_text("n") };
	struct log_digests digests;
	struct built_record built;

	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		size_t len = log_bank_digest_len(bank);

		build_record(&built, bank, 10, "ima-ng", fields, 2);
		digest_of(&built.record, &digests);
		memcpy(built.digest, digests.of[bank], len);
		assert_int_equal(log_record_check_digest(&built.record, bank,
							 &digests),
				 0);
		built.digest[len - 1] ^= 1;
		assert_int_equal(log_record_check_digest(&built.record, bank,
							 &digests),
				 LOG_DIGEST_DIFFERS);
		memset(built.digest, 0, len);
		assert_int_equal(log_record_check_digest(&built.record, bank,
							 &digests),
				 0);
	}
}

TEST(only_the_banks_asked_for_are_there)
{
	struct log_hasher hasher;

	assert_int_equal(log_hasher_init(&hasher, 1u << LOG_BANK_SHA384), 0);
	assert_int_equal(hasher.banks, 1u << LOG_BANK_SHA384);
	assert_null(hasher.md[LOG_BANK_SHA1]);
	log_hasher_fini(&hasher);
	assert_int_equal(hasher.banks, 0);
}

TEST_MAIN(cmocka_unit_test(hashes_the_data_in_all_banks),
	  cmocka_unit_test(the_old_template_pads_its_name),
	  cmocka_unit_test(a_wrong_digest_is_told_from_a_right_one),
	  cmocka_unit_test(only_the_banks_asked_for_are_there))
