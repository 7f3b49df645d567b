// SPDX-License-Identifier: MIT
/*
 * Hashing: every length around the block sizes, in every bank, as OpenSSL's
 * one-shot EVP call has it.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "log/hash.h"

#include <openssl/evp.h>

#define LEN_MAX 600

static uint8_t message[LEN_MAX];

static void expect(enum imastage_bank bank, size_t len, uint8_t *ret_digest)
{
	const char *name = bank == IMASTAGE_SM3 ? "SM3" :
						  imastage_bank_name(bank);
	size_t digest_len;

	assert_int_equal(EVP_Q_digest(NULL, name, NULL, message, len,
				      ret_digest, &digest_len),
			 1);
	assert_int_equal(digest_len, imastage_bank_digest_len(bank));
}

static void check_length(struct hash *hash, size_t len, size_t split)
{
	uint8_t expected[IMASTAGE_DIGEST_MAX], digest[IMASTAGE_DIGEST_MAX];
	/* On the heap, so that the sanitizer sees any step beyond. */
	uint8_t *copy = malloc(len ? len : 1);
	struct imastage_bytes bytes = bytes_of(copy, len);

	assert_non_null(copy);
	memcpy(copy, message, len);
	expect(hash->bank, len, expected);
	assert_int_equal(hash_two(hash, bytes_first(bytes, split),
				  bytes_skip(bytes, split), digest),
			 0);
	assert_memory_equal(digest, expected,
			    imastage_bank_digest_len(hash->bank));
	free(copy);
}

TEST(every_length_is_hashed_as_evp_does)
{
	uint32_t seed = 11;

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)next_random(&seed, 256);
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		struct hash hash;

		assert_int_equal(hash_init(&hash, bank), 0);
		for (size_t len = 0; len < LEN_MAX; len++) {
			check_length(&hash, len, 0);
			check_length(&hash, len, len);
			check_length(&hash, len,
				     next_random(&seed, (uint32_t)len + 1));
		}
		hash_fini(&hash);
	}
}

TEST(a_copied_state_goes_on)
{
	uint8_t expected[IMASTAGE_DIGEST_MAX], digest[IMASTAGE_DIGEST_MAX];

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		struct imastage_bytes all = bytes_of(message, 500);
		struct hash prefix, hash;

		expect(bank, all.len, expected);
		assert_int_equal(hash_init(&prefix, bank), 0);
		assert_int_equal(hash_init(&hash, bank), 0);
		assert_int_equal(hash_start(&prefix), 0);
		assert_int_equal(hash_update(&prefix, bytes_first(all, 333)),
				 0);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(hash_copy(&hash, &prefix), 0);
			assert_int_equal(
				hash_update(&hash, bytes_skip(all, 333)), 0);
			assert_int_equal(hash_end(&hash, digest), 0);
			assert_memory_equal(digest, expected,
					    imastage_bank_digest_len(bank));
		}
		hash_fini(&hash);
		hash_fini(&prefix);
	}
}

TEST_MAIN(cmocka_unit_test(every_length_is_hashed_as_evp_does),
	  cmocka_unit_test(a_copied_state_goes_on))
