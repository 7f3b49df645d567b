// SPDX-License-Identifier: MIT
/*
 * Signatures by OpenSSL: ECDSA, RSASSA (PKCS #1 v1.5) and RSAPSS. What may be taken of
 * keys and schemes is in ak.c; here they are used.
 */
#include "base/util.h"
#include "verify/private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define P256_LEN 32
#define P384_LEN 48
#define POINT_LEN_MAX (1 + 2 * P384_LEN)

static size_t curve_len(uint16_t curve)
{
	return curve == EVIDENCE_P256 ? P256_LEN : P384_LEN;
}

/* ---- keys ------------------------------------------------------------------ */

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

/* ---- numbers of ECDSA ------------------------------------------------------ */

static int in_range(struct imastage_bytes number, const BIGNUM *order)
{
	BIGNUM *value = BN_bin2bn(number.data, (int)number.len, NULL);
	int r = value ? !BN_is_zero(value) && BN_cmp(value, order) < 0 :
			-ENOMEM;

	BN_free(value);
	return r;
}

int verify_signature_in_range(const struct evidence_public *key,
			      const struct evidence_signature *signature)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(
		key->curve == EVIDENCE_P256 ? NID_X9_62_prime256v1 :
					      NID_secp384r1);
	int r;

	if (!group)
		return -ENOMEM;
	r = in_range(signature->r, EC_GROUP_get0_order(group));
	if (r == 1)
		r = in_range(signature->s, EC_GROUP_get0_order(group));
	EC_GROUP_free(group);
	return r;
}

/* r and s as OpenSSL takes them; the caller frees *ret_der by OPENSSL_free(). */
static int encode_ecdsa(const struct evidence_signature *signature,
			uint8_t **ret_der, size_t *ret_len)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature->r.data, (int)signature->r.len, NULL);
	BIGNUM *s = BN_bin2bn(signature->s.data, (int)signature->s.len, NULL);
	int len = -1;

	*ret_der = NULL;
	if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* the pair's now */
		len = i2d_ECDSA_SIG(pair, ret_der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	*ret_len = len > 0 ? (size_t)len : 0;
	return len > 0 ? 0 : -ENOMEM;
}

/* ---- verification ---------------------------------------------------------- */

static const char *hash_name(uint16_t alg)
{
	enum imastage_bank bank;

	if (imastage_bank_by_tpm_alg(alg, &bank) < 0)
		return NULL;
	return bank == IMASTAGE_SHA256 ? "SHA256" :
	       bank == IMASTAGE_SHA384 ? "SHA384" :
	       bank == IMASTAGE_SHA512 ? "SHA512" :
					 NULL;
}

/* Any length of salt: TPMs differ, and all of them are checked. */
static int set_padding(EVP_PKEY_CTX *context, uint16_t scheme)
{
	if (scheme == EVIDENCE_ALG_RSASSA)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
	if (scheme == EVIDENCE_ALG_RSAPSS &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1)
		return EVP_PKEY_CTX_set_rsa_pss_saltlen(context,
							RSA_PSS_SALTLEN_AUTO);
	return scheme == EVIDENCE_ALG_ECDSA;
}

static int verify_bytes(EVP_PKEY *key, const struct evidence_public *ak,
			struct imastage_bytes sig, struct imastage_bytes msg)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_context; /* the context's */
	int r = -ENOMEM;

	if (context &&
	    EVP_DigestVerifyInit_ex(context, &pkey_context, hash_name(ak->hash),
				    NULL, NULL, key, NULL) == 1 &&
	    set_padding(pkey_context, ak->scheme) == 1)
		r = EVP_DigestVerify(context, sig.data, sig.len, msg.data,
				     msg.len) == 1;
	EVP_MD_CTX_free(context);
	return r;
}

static int verify_ecdsa(EVP_PKEY *key, const struct evidence_public *ak,
			const struct evidence_signature *signature,
			struct imastage_bytes msg)
{
	uint8_t *der;
	size_t len;
	int r = encode_ecdsa(signature, &der, &len);

	if (r == 0)
		r = verify_bytes(key, ak, bytes_of(der, len), msg);
	OPENSSL_free(der);
	return r;
}

int verify_signature(const struct evidence_public *ak,
		     const struct evidence_signature *signature,
		     struct imastage_bytes msg)
{
	bool is_ecc = ak->type == EVIDENCE_ALG_ECC;
	EVP_PKEY *key = is_ecc ? ecc_key(ak) : rsa_key(ak);
	int r;

	if (!key)
		r = -EINVAL;
	else if (is_ecc)
		r = verify_ecdsa(key, ak, signature, msg);
	else
		r = verify_bytes(key, ak, signature->rsa, msg);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}
