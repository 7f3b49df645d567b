// SPDX-License-Identifier: MIT
/*
 * Which numbers an ECDSA signature may have, held against the groups of OpenSSL.
 */
#include "base/bytes.h"
#include "lib/testing.h"
#include "verify/private.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

static bool both_in_range(uint16_t curve, const BIGNUM *r, const BIGNUM *s)
{
	const struct evidence_public key = { .type = EVIDENCE_ALG_ECC,
					     .curve = curve };
	uint8_t numbers[2][49]; /* longer than any by a zero */
	const struct evidence_signature signature = {
		.r = bytes_of(numbers[0], sizeof(numbers[0])),
		.s = bytes_of(numbers[1], sizeof(numbers[1])),
	};

	assert_true(BN_bn2binpad(r, numbers[0], sizeof(numbers[0])) > 0);
	assert_true(BN_bn2binpad(s, numbers[1], sizeof(numbers[1])) > 0);
	return verify_signature_in_range(&key, &signature);
}

/* The orders are OpenSSL's, too. */
TEST(numbers_of_a_signature)
{
	static const struct {
		uint16_t curve;
		int nid;
	} curves[] = { { EVIDENCE_P256, NID_X9_62_prime256v1 },
		       { EVIDENCE_P384, NID_secp384r1 } };

	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		uint16_t curve = curves[i].curve;
		EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[i].nid);
		BIGNUM *order = BN_dup(EC_GROUP_get0_order(group));
		BIGNUM *below = BN_dup(order), *none = BN_new();

		assert_int_equal(BN_sub_word(below, 1), 1);
		BN_zero(none);
		assert_true(both_in_range(curve, below, BN_value_one()));
		assert_true(both_in_range(curve, BN_value_one(), below));
		assert_false(both_in_range(curve, order, below));
		assert_false(both_in_range(curve, below, order));
		assert_false(both_in_range(curve, none, below));
		assert_false(both_in_range(curve, below, none));
		BN_free(order);
		BN_free(below);
		BN_free(none);
		EC_GROUP_free(group);
	}
}

TEST_MAIN(cmocka_unit_test(numbers_of_a_signature))
