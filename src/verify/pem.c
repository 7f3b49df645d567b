// SPDX-License-Identifier: MIT
/*
 * An attestation key in PEM, as other verifiers keep them. It is the verifier's own file; of
 * what a TPM says about its key, nothing is in it.
 */
#include "verify/private.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* Appends a number of @key, big-endian. */
static int take_number(EVP_PKEY *key, const char *name, uint8_t **numbers,
		       struct imastage_bytes *ret_number)
{
	BIGNUM *number = NULL;
	int r = EVP_PKEY_get_bn_param(key, name, &number) == 1 ? 0 : -EINVAL;

	if (r == 0 && BN_num_bytes(number) > EVIDENCE_RSA_LEN_MAX)
		r = -EINVAL;
	if (r == 0) {
		*ret_number =
			bytes_of(*numbers, (size_t)BN_bn2bin(number, *numbers));
		*numbers += ret_number->len;
	}
	BN_free(number);
	return r;
}

static int take_ecc(EVP_PKEY *key, uint8_t *numbers,
		    struct evidence_public *ret_key)
{
	char group[64];
	int r;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
					   group, sizeof(group), NULL) != 1)
		return -EINVAL;
	ret_key->type = EVIDENCE_ALG_ECC;
	ret_key->curve = !strcmp(group, "prime256v1") ? EVIDENCE_P256 :
			 !strcmp(group, "secp384r1")  ? EVIDENCE_P384 :
							0;
	r = take_number(key, OSSL_PKEY_PARAM_EC_PUB_X, &numbers, &ret_key->x);
	return r < 0 ? r :
		       take_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, &numbers,
				   &ret_key->y);
}

static int take_rsa(EVP_PKEY *key, uint8_t *numbers,
		    struct evidence_public *ret_key)
{
	struct imastage_bytes exponent;
	int r;

	ret_key->type = EVIDENCE_ALG_RSA;
	ret_key->bits = (uint16_t)EVP_PKEY_get_bits(key);
	r = take_number(key, OSSL_PKEY_PARAM_RSA_N, &numbers,
			&ret_key->modulus);
	if (r == 0)
		r = take_number(key, OSSL_PKEY_PARAM_RSA_E, &numbers,
				&exponent);
	if (r == 0 && exponent.len > sizeof(ret_key->exponent))
		return -EINVAL;
	for (size_t i = 0; r == 0 && i < exponent.len; i++)
		ret_key->exponent = ret_key->exponent << 8 | exponent.data[i];
	return r;
}

static int read_pem(struct imastage_bytes pem, EVP_PKEY **ret_key)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);

	if (!bio)
		return -ENOMEM;
	*ret_key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return *ret_key ? 0 : -EINVAL;
}

int verify_read_pem(struct imastage_bytes pem,
		    const struct evidence_signature *signature,
		    uint8_t numbers[VERIFY_PEM_NUMBERS],
		    struct evidence_public *ret_key)
{
	EVP_PKEY *key;
	int r = read_pem(pem, &key);

	if (r < 0)
		return r;
	memset(ret_key, 0, sizeof(*ret_key));
	ret_key->scheme = signature->scheme;
	ret_key->hash = signature->hash;
	if (EVP_PKEY_is_a(key, "EC"))
		r = take_ecc(key, numbers, ret_key);
	else if (EVP_PKEY_is_a(key, "RSA"))
		r = take_rsa(key, numbers, ret_key);
	else
		r = -EINVAL;
	EVP_PKEY_free(key);
	return r;
}
