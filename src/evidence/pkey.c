// SPDX-License-Identifier: MIT
/*
 * Keys for OpenSSL. See pkey.h.
 */
#include "evidence/pkey.h"
#include "base/bytes.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#define P256_LEN 32
#define P384_LEN 48
#define POINT_LEN_MAX (1 + 2 * P384_LEN)

static size_t curve_len(uint16_t curve)
{
	return curve == EVIDENCE_P256 ? P256_LEN : P384_LEN;
}

/* Puts a number at the end of @len bytes. -EINVAL when it is longer. */
static int put_number(uint8_t *data, size_t len, struct imastage_bytes number)
{
	while (number.len > 0 && number.data[0] == 0)
		number = bytes_skip(number, 1);
	if (number.len > len)
		return -EINVAL;
	memset(data, 0, len - number.len);
	if (number.len > 0)
		memcpy(data + len - number.len, number.data, number.len);
	return 0;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* A point that is not on the curve makes no key. */
static EVP_PKEY *ecc_key(const struct evidence_public *ak)
{
	char group[2][8] = { "P-256", "P-384" };
	uint8_t point[POINT_LEN_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	size_t len = curve_len(ak->curve);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_PKEY_PARAM_GROUP_NAME,
			group[ak->curve == EVIDENCE_P384], 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
						  point, 1 + 2 * len),
		OSSL_PARAM_construct_end(),
	};

	if (put_number(point + 1, len, ak->x) < 0 ||
	    put_number(point + 1 + len, len, ak->y) < 0)
		return NULL;
	return key_from("EC", params);
}

static EVP_PKEY *rsa_key_of(OSSL_PARAM_BLD *build, const BIGNUM *modulus,
			    uint32_t exponent)
{
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) ==
		    1 &&
	    OSSL_PARAM_BLD_push_uint32(build, OSSL_PKEY_PARAM_RSA_E,
				       exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params)
		key = key_from("RSA", params);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *rsa_key(const struct evidence_public *ak)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *modulus =
		BN_bin2bn(ak->modulus.data, (int)ak->modulus.len, NULL);
	EVP_PKEY *key = NULL;

	if (build && modulus)
		key = rsa_key_of(build, modulus, ak->exponent);
	BN_free(modulus);
	OSSL_PARAM_BLD_free(build);
	return key;
}

EVP_PKEY *evidence_pkey(const struct evidence_public *public)
{
	EVP_PKEY *key = NULL;

	if (public->type == EVIDENCE_ALG_RSA)
		key = rsa_key(public);
	else if (public->curve == EVIDENCE_P256 ||
		 public->curve == EVIDENCE_P384)
		key = ecc_key(public);
	ERR_clear_error();
	return key;
}
