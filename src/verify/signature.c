// SPDX-License-Identifier: MIT
/*
 * Signatures by OpenSSL: ECDSA, RSASSA (PKCS #1 v1.5) and RSAPSS. What may be taken of
 * keys and schemes is in ak.c; here they are used.
 */
#include "base/util.h"
#include "evidence/pkey.h"
#include "verify/private.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

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
	EVP_PKEY *key = evidence_pkey(ak);
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
