// SPDX-License-Identifier: MIT
/*
 * Replay of PCRs. Values of whole lists are checked in test_golden.c; here is
 * what concerns single extends. Expected values come from coreutils: a PCR
 * of zeros extended with 32 bytes of 0xff in the sha256 bank is
 *	(head -c 32 /dev/zero; head -c 32 /dev/zero | tr '\0' '\377') | sha256sum
 */
#include "base/hex.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"

#include <errno.h>
#include <imastage/replay.h>
#include <openssl/evp.h>

struct fixture {
	struct imastage_replay *replay;
	struct built_record built;
};

static void start(struct fixture *f, uint32_t pcrs)
{
	const struct imastage_bytes fields[] = { bytes_of_text("d"),
						 bytes_of_text("n") };

	assert_int_equal(imastage_replay_new(imastage_banks_available(), pcrs,
					     &f->replay),
			 0);
	build_record(&f->built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
}

static int extend(struct fixture *f)
{
	return imastage_replay_extend(f->replay, &f->built.record, NULL);
}

static void assert_value(struct fixture *f, enum imastage_bank bank,
			 unsigned int pcr, const char *expected)
{
	char text[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	hex_encode(imastage_replay_value(f->replay, bank, pcr), text);
	assert_string_equal(text, expected);
}

static void assert_same_values(const struct imastage_replay *a,
			       const struct imastage_replay *b)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
			assert_true(bytes_equal(
				imastage_replay_value(a, bank, pcr),
				imastage_replay_value(b, bank, pcr)));
}

TEST(starts_as_a_tpm_does)
{
	struct fixture f;

	start(&f, (1u << IMASTAGE_NR_PCRS) - 1);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++) {
			struct imastage_bytes value =
				imastage_replay_value(f.replay, bank, pcr);

			assert_int_equal(value.len,
					 imastage_bank_digest_len(bank));
			assert_true(bytes_are_all(
				value, pcr >= 17 && pcr <= 22 ? 0xff : 0));
		}
	}
	imastage_replay_free(f.replay);
}

TEST(a_violation_extends_all_ones)
{
	struct fixture f;

	start(&f, 1u << 10);
	memset(f.built.digest, 0, sizeof(f.built.digest));
	assert_int_equal(extend(&f), 0);
	assert_value(&f, IMASTAGE_SHA1, 10,
		     "bac37b84f007d0238af95af707cac8d61254870e");
	assert_value(
		&f, IMASTAGE_SHA256, 10,
		"bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a");
	imastage_replay_free(f.replay);
}

/* sha256 alone, in the form @form. */
static void start_padded(struct fixture *f, enum imastage_form form)
{
	start(f, 1u << 10);
	imastage_replay_free(f->replay);
	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA256, 1u << 10,
					     &f->replay),
			 0);
	assert_int_equal(
		imastage_replay_set_form(f->replay, IMASTAGE_SHA256, form), 0);
}

/* The same as that of head -c 32 /dev/zero, 20 bytes of ones and 12 of zeros. */
TEST(a_violation_is_padded_or_not)
{
	static const char *const values[IMASTAGE_NR_FORMS] = {
		"bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a",
		"c7f7a2d90bcd6bd873119c8deff0b1c8eec6623bcd3a8182aa4cb1db65002115",
		"bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a",
	};
	struct fixture f;

	for (int form = 0; form < IMASTAGE_NR_FORMS; form++) {
		start_padded(&f, form);
		memset(f.built.digest, 0, sizeof(f.built.digest));
		assert_int_equal(extend(&f), 0);
		assert_value(&f, IMASTAGE_SHA256, 10, values[form]);
		imastage_replay_free(f.replay);
	}
}

/* A bank is extended with padded sha1 whether sha1 is replayed or not. */
TEST(padded_digests_are_those_of_sha1)
{
	uint8_t message[64] = { 0 }, value[32], sha1[20];
	struct fixture f;
	size_t len;

	start_padded(&f, IMASTAGE_FORM_PADDED);
	assert_int_equal(EVP_Q_digest(NULL, "sha1", NULL,
				      f.built.record.data.data,
				      f.built.record.data.len, sha1, &len),
			 1);
	memcpy(message + 32, sha1, 20);
	assert_int_equal(EVP_Q_digest(NULL, "sha256", NULL, message, 64, value,
				      &len),
			 1);
	assert_int_equal(extend(&f), 0);
	assert_memory_equal(
		imastage_replay_value(f.replay, IMASTAGE_SHA256, 10).data,
		value, 32);
	imastage_replay_free(f.replay);
}

TEST(forms_without_sense_are_refused)
{
	struct fixture f;

	start_padded(&f, IMASTAGE_FORM_PADDED);
	assert_int_equal(imastage_replay_set_form(f.replay, IMASTAGE_SHA1,
						  IMASTAGE_FORM_OWN),
			 -EINVAL);
	assert_int_equal(imastage_replay_set_form(f.replay, IMASTAGE_SHA256,
						  IMASTAGE_NR_FORMS),
			 -EINVAL);
	assert_int_equal(imastage_replay_set_form(f.replay, IMASTAGE_NR_BANKS,
						  IMASTAGE_FORM_OWN),
			 -EINVAL);
	assert_int_equal(imastage_replay_form(f.replay, IMASTAGE_SHA256),
			 IMASTAGE_FORM_PADDED);
	imastage_replay_free(f.replay);
	start(&f, 1u << 10);
	assert_int_equal(imastage_replay_set_form(f.replay, IMASTAGE_SHA1,
						  IMASTAGE_FORM_PADDED),
			 -EINVAL);
	imastage_replay_free(f.replay);
}

TEST(other_pcrs_are_left_alone)
{
	static const uint32_t others[] = {
		0, 9, 12, 23, 24, 32, 42, UINT32_MAX
	};
	struct fixture f;
	struct imastage_replay *before;

	start(&f, 1u << 10 | 1u << 11);
	assert_int_equal(imastage_replay_clone(f.replay, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		f.built.record.pcr = others[i];
		assert_int_equal(extend(&f), IMASTAGE_OTHER_PCR);
	}
	assert_same_values(before, f.replay);
	assert_int_equal(imastage_replay_nr_records(f.replay),
			 ARRAY_SIZE(others));
	imastage_replay_free(before);
	imastage_replay_free(f.replay);
}

TEST(pcrs_are_replayed_side_by_side)
{
	struct fixture f;

	start(&f, 1u << 10 | 1u << 11);
	assert_int_equal(extend(&f), 0);
	f.built.record.pcr = 11;
	assert_false(bytes_equal(imastage_replay_value(f.replay, 0, 10),
				 imastage_replay_value(f.replay, 0, 11)));
	assert_int_equal(extend(&f), 0);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		assert_true(
			bytes_equal(imastage_replay_value(f.replay, bank, 10),
				    imastage_replay_value(f.replay, bank, 11)));
	imastage_replay_free(f.replay);
}

/* The TPM gets the digest of the data, not the one that the list claims. */
TEST(the_lists_own_digest_is_not_believed)
{
	struct fixture f, g;

	start(&f, 1u << 10);
	start(&g, 1u << 10);
	g.built.digest[0] ^= 1;
	assert_int_equal(extend(&f), 0);
	assert_int_equal(extend(&g), 0);
	assert_same_values(f.replay, g.replay);
	imastage_replay_free(f.replay);
	imastage_replay_free(g.replay);
}

TEST(other_start_values_and_views)
{
	static const uint8_t value[64] = { 1, 2, 3 };
	struct imastage_replay *replay;

	assert_int_equal(imastage_replay_new(1u << IMASTAGE_SHA256, 1u << 10,
					     &replay),
			 0);
	assert_int_equal(imastage_replay_set_value(replay, IMASTAGE_SHA256, 10,
						   bytes_of(value, 32)),
			 0);
	assert_true(
		bytes_equal(imastage_replay_value(replay, IMASTAGE_SHA256, 10),
			    bytes_of(value, 32)));
	assert_int_equal(imastage_replay_set_value(replay, IMASTAGE_SHA256, 10,
						   bytes_of(value, 20)),
			 -EINVAL);
	assert_int_equal(imastage_replay_set_value(replay, IMASTAGE_SHA256, 11,
						   bytes_of(value, 32)),
			 -EINVAL);
	assert_int_equal(imastage_replay_set_value(replay, IMASTAGE_SHA1, 10,
						   bytes_of(value, 20)),
			 -EINVAL);
	assert_int_equal(imastage_replay_value(replay, IMASTAGE_SHA256, 9).len,
			 0);
	assert_int_equal(imastage_replay_value(replay, IMASTAGE_SHA1, 10).len,
			 0);
	assert_int_equal(imastage_replay_value(replay, IMASTAGE_SHA256, 77).len,
			 0);
	imastage_replay_free(replay);
	assert_int_equal(imastage_replay_new(1, 0, &replay), -EINVAL);
	assert_int_equal(imastage_replay_new(1, 1u << 24, &replay), -EINVAL);
	assert_int_equal(imastage_replay_new(0, 1, &replay), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(other_start_values_and_views),
	  cmocka_unit_test(starts_as_a_tpm_does),
	  cmocka_unit_test(a_violation_extends_all_ones),
	  cmocka_unit_test(a_violation_is_padded_or_not),
	  cmocka_unit_test(padded_digests_are_those_of_sha1),
	  cmocka_unit_test(forms_without_sense_are_refused),
	  cmocka_unit_test(other_pcrs_are_left_alone),
	  cmocka_unit_test(pcrs_are_replayed_side_by_side),
	  cmocka_unit_test(the_lists_own_digest_is_not_believed))
