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
#include "log/replay.h"

struct fixture {
	struct log_hasher hasher;
	struct log_replay replay;
	struct built_record built;
};

static void start(struct fixture *f, uint32_t pcrs)
{
	const struct bytes fields[] = { bytes_of_text("d"),
					bytes_of_text("n") };

	assert_int_equal(log_hasher_init(&f->hasher, LOG_BANKS_ALL), 0);
	log_replay_init(&f->replay, &f->hasher, pcrs);
	build_record(&f->built, LOG_BANK_SHA1, 10, "ima-ng", fields, 2);
}

static int extend(struct fixture *f)
{
	struct log_digests digests;

	assert_int_equal(
		log_hasher_template(&f->hasher, &f->built.record, &digests), 0);
	return log_replay_extend(&f->replay, &f->built.record, &digests);
}

static void assert_value(struct fixture *f, enum log_bank bank,
			 unsigned int pcr, const char *expected)
{
	char text[HEX_TEXT_LEN(LOG_DIGEST_MAX)];

	hex_encode(log_replay_value(&f->replay, bank, pcr), text);
	assert_string_equal(text, expected);
}

TEST(starts_as_a_tpm_does)
{
	struct fixture f;

	start(&f, 1u << 10);
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		for (unsigned int pcr = 0; pcr < LOG_NR_PCRS; pcr++) {
			struct bytes value =
				log_replay_value(&f.replay, bank, pcr);

			assert_int_equal(value.len, log_bank_digest_len(bank));
			assert_true(bytes_are_all(
				value, pcr >= 17 && pcr <= 22 ? 0xff : 0));
		}
	}
	log_hasher_fini(&f.hasher);
}

TEST(a_violation_extends_all_ones)
{
	struct fixture f;

	start(&f, 1u << 10);
	memset(f.built.digest, 0, sizeof(f.built.digest));
	assert_int_equal(extend(&f), 0);
	assert_value(&f, LOG_BANK_SHA1, 10,
		     "bac37b84f007d0238af95af707cac8d61254870e");
	assert_value(
		&f, LOG_BANK_SHA256, 10,
		"bba91ca85dc914b2ec3efb9e16e7267bf9193b14350d20fba8a8b406730ae30a");
	log_hasher_fini(&f.hasher);
}

TEST(other_pcrs_are_left_alone)
{
	static const uint32_t others[] = {
		0, 9, 12, 23, 24, 32, 42, UINT32_MAX
	};
	struct fixture f;
	struct log_replay before;

	start(&f, 1u << 10 | 1u << 11);
	before = f.replay;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		f.built.record.pcr = others[i];
		assert_int_equal(extend(&f), LOG_REPLAY_OTHER_PCR);
	}
	assert_memory_equal(before.value, f.replay.value, sizeof(before.value));
	log_hasher_fini(&f.hasher);
}

TEST(pcrs_are_replayed_side_by_side)
{
	struct fixture f;

	start(&f, 1u << 10 | 1u << 11);
	assert_int_equal(extend(&f), 0);
	f.built.record.pcr = 11;
	assert_false(bytes_equal(log_replay_value(&f.replay, 0, 10),
				 log_replay_value(&f.replay, 0, 11)));
	assert_int_equal(extend(&f), 0);
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++)
		assert_true(bytes_equal(log_replay_value(&f.replay, bank, 10),
					log_replay_value(&f.replay, bank, 11)));
	log_hasher_fini(&f.hasher);
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
	assert_memory_equal(f.replay.value, g.replay.value,
			    sizeof(f.replay.value));
	log_hasher_fini(&f.hasher);
	log_hasher_fini(&g.hasher);
}

TEST_MAIN(cmocka_unit_test(starts_as_a_tpm_does),
	  cmocka_unit_test(a_violation_extends_all_ones),
	  cmocka_unit_test(other_pcrs_are_left_alone),
	  cmocka_unit_test(pcrs_are_replayed_side_by_side),
	  cmocka_unit_test(the_lists_own_digest_is_not_believed))
