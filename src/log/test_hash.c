// SPDX-License-Identifier: MIT
/*
 * Hashing: every length around the block sizes, in every bank, as OpenSSL's
 * one-shot EVP call has it; by OpenSSL's other calls and by the processor's instructions.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/testing.h"
#include "log/digest.h"
#include "log/sha_ni.h"

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

static void fill_random(uint8_t *data, size_t len, uint32_t *seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)next_random(seed, 256);
}

static void check_lengths(void)
{
	uint32_t seed = 11;

	fill_random(message, sizeof(message), &seed);
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

TEST(every_length_is_hashed_as_evp_does)
{
	check_lengths();
	sha_ni_hide(true);
	check_lengths();
	sha_ni_hide(false);
}

/* Both at once, and each alone, of a message that begins @shift bytes into memory. */
static void check_instructions(size_t len, size_t shift, size_t split)
{
	uint8_t sha1[IMASTAGE_DIGEST_MAX], sha256[IMASTAGE_DIGEST_MAX];
	uint8_t digest[2][IMASTAGE_DIGEST_MAX];
	uint8_t *copy = malloc(shift + len + 1);
	struct imastage_bytes bytes = bytes_of(copy + shift, len);
	struct imastage_bytes first = bytes_first(bytes, split);
	struct imastage_bytes second = bytes_skip(bytes, split);

	assert_non_null(copy);
	memcpy(copy + shift, message, len);
	expect(IMASTAGE_SHA1, len, sha1);
	expect(IMASTAGE_SHA256, len, sha256);
	sha_ni_hash(first, second, digest[0], digest[1]);
	assert_memory_equal(digest[0], sha1, 20);
	assert_memory_equal(digest[1], sha256, 32);
	memset(digest, 0, sizeof(digest));
	sha_ni_hash(first, second, digest[0], NULL);
	sha_ni_hash(first, second, NULL, digest[1]);
	assert_memory_equal(digest[0], sha1, 20);
	assert_memory_equal(digest[1], sha256, 32);
	free(copy);
}

TEST(the_instructions_agree_at_every_length_and_place)
{
	uint32_t seed = 12;

	if (!sha_ni_is_there())
		skip();
	fill_random(message, sizeof(message), &seed);
	for (size_t len = 0; len < LEN_MAX; len++)
		for (int i = 0; i < 4; i++)
			check_instructions(len, next_random(&seed, 64),
					   next_random(&seed,
						       (uint32_t)len + 1));
}

/* The same by OpenSSL, with its one-shot call. */
static void extend_by_evp(const char *name, uint8_t *value,
			  const uint8_t *digest, size_t len)
{
	uint8_t both[2 * IMASTAGE_DIGEST_MAX];

	memcpy(both, value, len);
	memcpy(both + len, digest, len);
	assert_int_equal(
		EVP_Q_digest(NULL, name, NULL, both, 2 * len, value, NULL), 1);
}

TEST(the_instructions_extend_as_evp_does)
{
	uint8_t value[2][32] = { 0 }, expected[2][32] = { 0 }, digest[2][32];
	uint32_t seed = 13;

	if (!sha_ni_is_there())
		skip();
	for (int i = 0; i < 5000; i++) {
		fill_random(digest[0], sizeof(digest), &seed);
		extend_by_evp("SHA1", expected[0], digest[0], 20);
		extend_by_evp("SHA256", expected[1], digest[1], 32);
		if (i % 2)
			sha_ni_extend(value[0], digest[0], value[1], digest[1]);
		else {
			sha_ni_extend(NULL, NULL, value[1], digest[1]);
			sha_ni_extend(value[0], digest[0], NULL, NULL);
		}
		assert_memory_equal(value[0], expected[0], 20);
		assert_memory_equal(value[1], expected[1], 32);
	}
}

static void template_digests(const struct imastage_record *record,
			     struct imastage_digests *ret_digests)
{
	struct imastage_hasher *hasher;

	assert_int_equal(imastage_hasher_new(1u << IMASTAGE_SHA1 |
						     1u << IMASTAGE_SHA256 |
						     1u << IMASTAGE_SHA384,
					     &hasher),
			 0);
	assert_int_equal(imastage_hasher_template(hasher, record, ret_digests),
			 0);
	imastage_hasher_free(hasher);
}

static void check_name(const char *template, size_t len)
{
	const struct imastage_bytes fields[] = { bytes_of(message, 20),
						 bytes_of(message, len) };
	struct imastage_digests by_openssl = { 0 }, as_usual = { 0 };
	struct built_record built;

	build_record(&built, IMASTAGE_SHA1, 10, template, fields, 2);
	template_digests(&built.record, &as_usual);
	sha_ni_hide(true);
	template_digests(&built.record, &by_openssl);
	sha_ni_hide(false);
	assert_memory_equal(&as_usual, &by_openssl, sizeof(as_usual));
}

TEST(names_of_every_length_have_the_same_digest_either_way)
{
	for (size_t len = 0; len < 255; len++) {
		check_name("ima", len);
		check_name("ima-ng", len);
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

TEST_MAIN(
	cmocka_unit_test(every_length_is_hashed_as_evp_does),
	cmocka_unit_test(the_instructions_agree_at_every_length_and_place),
	cmocka_unit_test(the_instructions_extend_as_evp_does),
	cmocka_unit_test(names_of_every_length_have_the_same_digest_either_way),
	cmocka_unit_test(a_copied_state_goes_on))
