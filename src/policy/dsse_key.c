// SPDX-License-Identifier: MIT
/*
 * Keys that sign and check envelopes, in memory of OpenSSL's.
 */
#include "policy/dsse_key.h"
#include "base/hex.h"
#include "base/util.h"
#include "log/buffer.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

void dsse_key_free(struct dsse_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

static int set_id(struct dsse_key *key)
{
	unsigned char *spki = NULL, digest[32];
	int len = i2d_PUBKEY(key->key, &spki);
	bool done = len > 0 && EVP_Digest(spki, (size_t)len, digest, NULL,
					  EVP_sha256(), NULL) == 1;

	OPENSSL_free(spki);
	if (done)
		hex_encode(bytes_of(digest, sizeof(digest)), key->id);
	return done ? 0 : -ENOMEM;
}

static bool is_p256(const EVP_PKEY *key)
{
	char name[32] = "";

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 &&
	       (!strcmp(name, "prime256v1") || !strcmp(name, "P-256"));
}

/* Takes @pkey, whatever comes of it. */
static int adopt(EVP_PKEY *pkey, bool signs, struct dsse_key **ret_key)
{
	struct dsse_key *key = calloc(1, sizeof(*key));
	int r = key ? 0 : -ENOMEM;

	if (!key) {
		EVP_PKEY_free(pkey);
		return -ENOMEM;
	}
	key->key = pkey;
	key->signs = signs;
	if (!is_p256(pkey))
		r = -EBADMSG;
	if (r == 0)
		r = set_id(key);
	if (r < 0)
		dsse_key_free(key);
	else
		*ret_key = key;
	ERR_clear_error();
	return r;
}

int dsse_key_new(struct dsse_key **ret_key)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	ERR_clear_error();
	return pkey ? adopt(pkey, true, ret_key) : -EIO;
}

/* Never asks anybody. */
static int no_password(char *text, int len, int writes, void *context)
{
	(void)text;
	(void)len;
	(void)writes;
	(void)context;
	return -1;
}

static EVP_PKEY *read_pem(struct imastage_bytes pem, bool private)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *key = NULL;

	if (bio && private)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	else if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	return key;
}

int dsse_key_read(struct imastage_bytes pem, struct dsse_key **ret_key)
{
	EVP_PKEY *pkey = NULL;
	bool private = true;

	if (pem.len == 0 || pem.len > DSSE_PEM_MAX)
		return -EBADMSG;
	pkey = read_pem(pem, true);
	if (!pkey) {
		private = false;
		pkey = read_pem(pem, false);
	}
	ERR_clear_error();
	return pkey ? adopt(pkey, private, ret_key) : -EBADMSG;
}

int dsse_key_write(const struct dsse_key *key, bool private,
		   struct imastage_buffer *pem)
{
	BIO *bio;
	char *data;
	long len;
	int r;

	if (private && !key->signs)
		return -EINVAL;
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return -ENOMEM;
	r = private ? PEM_write_bio_PrivateKey(bio, key->key, NULL, NULL, 0,
					       NULL, NULL) :
		      PEM_write_bio_PUBKEY(bio, key->key);
	len = BIO_get_mem_data(bio, &data);
	r = r == 1 && len > 0 ? buffer_put(pem, bytes_of(data, (size_t)len)) :
				-EIO;
	BIO_free(bio);
	ERR_clear_error();
	return r;
}

bool dsse_key_signs(const struct dsse_key *key)
{
	return key->signs;
}

const char *dsse_key_id(const struct dsse_key *key)
{
	return key->id;
}

/* ---- signatures -------------------------------------------------------------- */

int dsse_key_sign(const struct dsse_key *key, struct imastage_bytes data,
		  uint8_t ret_signature[DSSE_SIGNATURE_MAX], size_t *ret_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = DSSE_SIGNATURE_MAX;
	bool done = context &&
		    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL,
				       key->key) == 1 &&
		    EVP_DigestSign(context, ret_signature, &len, data.data,
				   data.len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	*ret_len = len;
	return done ? 0 : -EIO;
}

/* Of what fails, only memory says nothing about the signature. */
static int answer(int verified)
{
	unsigned long error;

	while (verified != 1 && (error = ERR_get_error()))
		if (ERR_FATAL_ERROR(error))
			return -ENOMEM;
	return verified == 1;
}

int dsse_key_check(const struct dsse_key *key, struct imastage_bytes data,
		   struct imastage_bytes signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -ENOMEM;

	ERR_clear_error();
	if (context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
					    key->key) == 1)
		r = answer(EVP_DigestVerify(context, signature.data,
					    signature.len, data.data,
					    data.len));
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}
