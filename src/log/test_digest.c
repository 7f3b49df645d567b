// SPDX-License-Identifier: MIT
/*
 * Template digests. The expected ones come from coreutils, for example
 *	printf '\1\0\0\0a\0\0\0\0' | sha256sum
 */
#include "base/hex.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <errno.h>
#include <imastage/digest.h>

static void assert_digest(const struct imastage_digests *digests,
			  enum imastage_bank bank, const char *expected)
{
	char text[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	hex_encode(bytes_of(digests->of[bank], imastage_bank_digest_len(bank)),
		   text);
	assert_string_equal(text, expected);
}

static void digest_of(const struct imastage_record *record,
		      struct imastage_digests *ret_digests)
{
	struct imastage_hasher *hasher;

	assert_int_equal(
		imastage_hasher_new(imastage_banks_available(), &hasher), 0);
	assert_int_equal(imastage_hasher_template(hasher, record, ret_digests),
			 0);
	imastage_hasher_free(hasher);
}

TEST(hashes_the_data_in_all_banks)
{
	const struct imastage_bytes fields[] = { bytes_of("a", 1),
						 bytes_of(NULL, 0) };
	struct imastage_digests digests;
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	digest_of(&built.record, &digests);
	assert_digest(&digests, IMASTAGE_SHA1,
		      "2d6ae5f471469f08d28880b4fb3bee4db269b4ef");
	assert_digest(
		&digests, IMASTAGE_SHA256,
		"9f7059dea53b801cd0608b789f11aa6515675c660286399e7334d4f7bec8ae0d");
	assert_digest(&digests, IMASTAGE_SHA384,
		      "4f35e5f4a5532bf026b27c7b8bd61b9343ebc86466f8881b"
		      "4c8ade264a279904efb66d7edaa095bb2f2e6820512b539f");
	assert_digest(
		&digests, IMASTAGE_SHA512,
		"e99c2603e8d10f24b69c2161b34a19e2d7494b379e5fef8796e39eeea7a57db0"
		"427531aa665c62dc642d44f1d5655a8a8157d352edf089d033699095147f9825");
}

/* (printf 12345678901234567890name; head -c 252 /dev/zero) | sha1sum */
TEST(the_old_template_pads_its_name)
{
	const struct imastage_bytes fields[] = {
		bytes_of_text("12345678901234567890"), bytes_of_text("name")
	};
	struct imastage_digests digests;
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima", fields, 2);
	digest_of(&built.record, &digests);
	assert_digest(&digests, IMASTAGE_SHA1,
		      "8a6f664e4e8feb488c620868615398006fb74613");
}

TEST(a_wrong_digest_is_told_from_a_right_one)
{
	const struct imastage_bytes fields[] = { bytes_of_text("d"),
						 bytes_of_text("n") };
	struct imastage_digests digests;
	struct built_record built;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		size_t len = imastage_bank_digest_len(bank);

		build_record(&built, bank, 10, "ima-ng", fields, 2);
		digest_of(&built.record, &digests);
		memcpy(built.digest, digests.of[bank], len);
		assert_int_equal(imastage_record_check_digest(&built.record,
							      &digests),
				 0);
		built.digest[len - 1] ^= 1;
		assert_int_equal(imastage_record_check_digest(&built.record,
							      &digests),
				 IMASTAGE_DIGEST_DIFFERS);
		memset(built.digest, 0, len);
		assert_int_equal(imastage_record_check_digest(&built.record,
							      &digests),
				 0);
	}
}

TEST(only_the_banks_asked_for_are_written)
{
	const struct imastage_bytes fields[] = { bytes_of_text("d"),
						 bytes_of_text("n") };
	struct imastage_digests digests, untouched;
	struct imastage_hasher *hasher;
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
	memset(&digests, 0x77, sizeof(digests));
	untouched = digests;
	assert_int_equal(imastage_hasher_new(1u << IMASTAGE_SHA384, &hasher),
			 0);
	assert_int_equal(
		imastage_hasher_template(hasher, &built.record, &digests), 0);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		size_t len = imastage_bank_digest_len(bank);
		bool same = !memcmp(digests.of[bank], untouched.of[bank], len);

		assert_int_equal(same, bank != IMASTAGE_SHA384);
	}
	imastage_hasher_free(hasher);
}

TEST(sets_that_are_none_are_refused)
{
	struct imastage_hasher *hasher = NULL;

	assert_int_equal(imastage_hasher_new(0, &hasher), -EINVAL);
	assert_int_equal(imastage_hasher_new(1u << IMASTAGE_NR_BANKS, &hasher),
			 -EINVAL);
	assert_int_equal(imastage_hasher_new(~0u, &hasher), -EINVAL);
	assert_null(hasher);
	imastage_hasher_free(NULL);
}

/* Where OpenSSL has sm3: printf '\1\0\0\0a\0\0\0\0' | openssl dgst -sm3 */
TEST(sm3_is_a_bank_like_any_other)
{
	const struct imastage_bytes fields[] = { bytes_of("a", 1),
						 bytes_of(NULL, 0) };
	struct imastage_digests digests;
	struct built_record built;

	if (!(imastage_banks_available() & 1u << IMASTAGE_SM3))
		skip();
	build_record(&built, IMASTAGE_SM3, 10, "ima-ng", fields, 2);
	digest_of(&built.record, &digests);
	assert_digest(
		&digests, IMASTAGE_SM3,
		"e383479f0f4b731b48e806c910b4248bae660b440487c5dc24cf466163656262");
}

TEST_MAIN(cmocka_unit_test(hashes_the_data_in_all_banks),
	  cmocka_unit_test(the_old_template_pads_its_name),
	  cmocka_unit_test(a_wrong_digest_is_told_from_a_right_one),
	  cmocka_unit_test(only_the_banks_asked_for_are_written),
	  cmocka_unit_test(sets_that_are_none_are_refused),
	  cmocka_unit_test(sm3_is_a_bank_like_any_other))
