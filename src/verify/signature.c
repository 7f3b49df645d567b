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

static EC_GROUP *group_of(const struct evidence_public *key)
{
	return EC_GROUP_new_by_curve_name(key->curve == EVIDENCE_P256 ?
						  NID_X9_62_prime256v1 :
						  NID_secp384r1);
}

/* ---- points ------------------------------------------------------------------ */

/* Numbers that are needed to tell whether a point is on a curve; NULL without memory. */
struct point {
	BN_CTX *context;
	BIGNUM *p, *a, *b, *x, *y, *left, *right;
};

static int make_point(const struct evidence_public *ak, EC_GROUP *group,
		      struct point *point)
{
	point->p = BN_CTX_get(point->context);
	point->a = BN_CTX_get(point->context);
	point->b = BN_CTX_get(point->context);
	point->x = BN_CTX_get(point->context);
	point->y = BN_CTX_get(point->context);
	point->left = BN_CTX_get(point->context);
	point->right = BN_CTX_get(point->context);
	if (!point->right || /* the others are there then */
	    !BN_bin2bn(ak->x.data, (int)ak->x.len, point->x) ||
	    !BN_bin2bn(ak->y.data, (int)ak->y.len, point->y) ||
	    EC_GROUP_get_curve(group, point->p, point->a, point->b,
			       point->context) != 1)
		return -ENOMEM;
	return 0;
}

/* y^2 = x^3 + ax + b, modulo p. These fail without memory only. */
static int is_solution(struct point *point)
{
	BN_CTX *context = point->context;

	if (BN_mod_sqr(point->left, point->x, point->p, context) != 1 ||
	    BN_mod_add(point->left, point->left, point->a, point->p, context) !=
		    1 ||
	    BN_mod_mul(point->left, point->left, point->x, point->p, context) !=
		    1 ||
	    BN_mod_add(point->left, point->left, point->b, point->p, context) !=
		    1 ||
	    BN_mod_sqr(point->right, point->y, point->p, context) != 1)
		return -ENOMEM;
	return BN_cmp(point->left, point->right) == 0;
}

static int check_point(const struct evidence_public *ak, EC_GROUP *group,
		       struct point *point)
{
	int r = make_point(ak, group, point);

	if (r < 0)
		return r;
	return BN_cmp(point->x, point->p) < 0 &&
			       BN_cmp(point->y, point->p) < 0 ?
		       is_solution(point) :
		       0;
}

/*
 * Is the point of the key one of its curve? OpenSSL makes no key of one that is not, but
 * does not tell that from want of memory, for which nobody is to be rejected.
 */
static int is_on_curve(const struct evidence_public *ak)
{
	struct point point = { .context = BN_CTX_new() };
	EC_GROUP *group = group_of(ak);
	int r = -ENOMEM;

	if (point.context && group) {
		BN_CTX_start(point.context);
		r = check_point(ak, group, &point);
		BN_CTX_end(point.context);
	}
	EC_GROUP_free(group);
	BN_CTX_free(point.context);
	return r;
}

/* ---- numbers of ECDSA ------------------------------------------------------ */

/* How many points the curves have: n of FIPS 186-4, D.1.2. */
/* clang-format off */
static const uint8_t order_p256[] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
	0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static const uint8_t order_p384[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
	0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a,
	0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};
/* clang-format on */

/* From 1 to below @order, whatever zeros are before it. Nothing of it is secret. */
static bool in_range(struct imastage_bytes number, struct imastage_bytes order)
{
	while (number.len > 0 && number.data[0] == 0)
		number = bytes_skip(number, 1);
	if (number.len != order.len)
		return number.len > 0 && number.len < order.len;
	return memcmp(number.data, order.data, order.len) < 0;
}

/* Without OpenSSL, whose groups take longer to make than a signature to verify. */
bool verify_signature_in_range(const struct evidence_public *key,
			       const struct evidence_signature *signature)
{
	struct imastage_bytes order =
		key->curve == EVIDENCE_P256 ?
			bytes_of(order_p256, sizeof(order_p256)) :
			bytes_of(order_p384, sizeof(order_p384));

	return in_range(signature->r, order) && in_range(signature->s, order);
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

/* A complaint about the signature, and not about what else a verification needs. */
static bool is_of_signature(unsigned long error)
{
#ifdef EVP_R_PROVIDER_SIGNATURE_FAILURE /* OpenSSL 3.4 */
	if (ERR_GET_LIB(error) == ERR_LIB_EVP &&
	    ERR_GET_REASON(error) == EVP_R_PROVIDER_SIGNATURE_FAILURE)
		return true;
#endif
	return ERR_GET_LIB(error) == ERR_LIB_RSA && !ERR_COMMON_ERROR(error);
}

/*
 * What EVP_DigestVerify() says: 1, or 0 for a signature that is wrong. A wrong signature
 * leaves complaints that begin with one about it, or none at all. All else is want of
 * memory, which has many names: -ENOMEM.
 */
static int answer(int verified)
{
	unsigned long error = ERR_peek_error();

	if (verified < 0)
		return -ENOMEM;
	return verified > 0 || !error || is_of_signature(error) ? verified :
								  -ENOMEM;
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
	    set_padding(pkey_context, ak->scheme) == 1) {
		/* Without a copy, whose failure looks like a wrong signature. */
		EVP_MD_CTX_set_flags(context, EVP_MD_CTX_FLAG_FINALISE);
		ERR_clear_error();
		r = answer(EVP_DigestVerify(context, sig.data, sig.len,
					    msg.data, msg.len));
	}
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
	EVP_PKEY *key;
	int r;

	ERR_clear_error();
	key = evidence_pkey(ak);
	if (!key)
		r = is_ecc && is_on_curve(ak) == 0 ? -EINVAL : -ENOMEM;
	else
		r = is_ecc ? verify_ecdsa(key, ak, signature, msg) :
			     verify_bytes(key, ak, signature->rsa, msg);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}
