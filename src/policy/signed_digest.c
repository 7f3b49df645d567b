// SPDX-License-Identifier: MIT
/*
 * Checks signatures by OpenSSL, over digests that somebody else calculated.
 */
#include "policy/signed_digest.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

static int set_up(EVP_PKEY_CTX *context, EVP_PKEY *key,
		  const struct hash_algo *algo)
{
	if (EVP_PKEY_verify_init(context) != 1)
		return 0;
	if (EVP_PKEY_is_a(key, "RSA") &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1)
		return 0;
	return EVP_PKEY_CTX_set_signature_md(context, algo->md()) == 1;
}

/* Of what fails, only memory says nothing about the signature. */
static bool is_memory(void)
{
	unsigned long error;
	bool memory = false;

	while ((error = ERR_get_error()))
		memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return memory;
}

int signed_digest_check(EVP_PKEY *key, const struct hash_algo *algo,
			struct imastage_bytes digest,
			struct imastage_bytes signature)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	int r = -ENOMEM;

	ERR_clear_error();
	if (context) {
		r = set_up(context, key, algo) &&
		    EVP_PKEY_verify(context, signature.data, signature.len,
				    digest.data, digest.len) == 1;
		if (r == 0 && is_memory())
			r = -ENOMEM;
	}
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return r;
}
