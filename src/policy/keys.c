// SPDX-License-Identifier: MIT
/*
 * Keys, read by OpenSSL and kept as it has them.
 *
 *	PEM: block, block, ...  --+
 *	DER: certificate or key --+-> key, bounded in kind and size -> its ids -> one more
 */
#include "base/util.h"
#include "policy/keys_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DASHES "-----BEGIN "

int policy_keys_new(const struct policy_keys *given,
		    struct policy_keys **ret_keys)
{
	struct policy_keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	keys->given = given;
	*ret_keys = keys;
	return 0;
}

static void key_fini(struct policy_key *key)
{
	EVP_PKEY_free(key->key);
	X509_free(key->certificate);
	memset(key, 0, sizeof(*key));
}

/* Forgets all from @nr on. */
static void shorten(struct policy_keys *keys, size_t nr)
{
	while (keys->nr > nr)
		key_fini(&keys->keys[--keys->nr]);
}

void policy_keys_free(struct policy_keys *keys)
{
	if (!keys)
		return;
	shorten(keys, 0);
	free(keys);
}

/* ---- a key ------------------------------------------------------------------- */

static bool is_curve(EVP_PKEY *key)
{
	static const char *const curves[] = { "prime256v1", "P-256",
					      "secp384r1",  "P-384",
					      "secp521r1",  "P-521" };
	char name[32] = "";

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (!strcmp(name, curves[i]))
			return true;
	return false;
}

static bool is_supported(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "EC"))
		return is_curve(key);
	return EVP_PKEY_is_a(key, "RSA") && bits >= POLICY_RSA_BITS_MIN &&
	       bits <= POLICY_RSA_BITS_MAX;
}

static uint32_t last_four(const uint8_t *data, size_t len)
{
	uint32_t id = 0;

	for (size_t i = len - 4; i < len; i++)
		id = id << 8 | data[i];
	return id;
}

/* SHA-1 is what defines the id: nothing rests on it. */
static int set_ids(struct policy_key *key)
{
	const ASN1_OCTET_STRING *subject =
		key->certificate ? X509_get0_subject_key_id(key->certificate) :
				   NULL;
	const unsigned char *bits;
	X509_PUBKEY *public = NULL;
	int len, r = -ENOMEM;

	if (X509_PUBKEY_set(&public, key->key) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, public) == 1 &&
	    EVP_Digest(bits, (size_t)len, key->identifier, NULL, EVP_sha1(),
		       NULL) == 1)
		r = 0;
	X509_PUBKEY_free(public);
	key->bits_id = last_four(key->identifier, sizeof(key->identifier));
	key->id = key->bits_id;
	if (subject && ASN1_STRING_length(subject) >= 4)
		key->id = last_four(ASN1_STRING_get0_data(subject),
				    (size_t)ASN1_STRING_length(subject));
	return r;
}

static bool same_key(const struct policy_key *a, const struct policy_key *b)
{
	return a->id == b->id && !a->certificate == !b->certificate &&
	       !memcmp(a->identifier, b->identifier, sizeof(a->identifier)) &&
	       EVP_PKEY_eq(a->key, b->key) == 1 &&
	       (!a->certificate || !X509_cmp(a->certificate, b->certificate));
}

static bool is_there(const struct policy_keys *keys,
		     const struct policy_key *key)
{
	for (size_t i = 0; i < keys->nr; i++)
		if (same_key(&keys->keys[i], key))
			return true;
	return false;
}

/* Takes @key over, whatever comes of it. */
static int adopt(struct policy_keys *keys, struct policy_key *key)
{
	int r = is_supported(key->key) ? set_ids(key) : -ENOTSUP;
	bool known = r == 0 && is_there(keys, key);

	if (r == 0 && !known && keys->nr == POLICY_KEYS_MAX)
		r = -E2BIG;
	if (r == 0 && !known)
		keys->keys[keys->nr++] = *key;
	else
		key_fini(key);
	return r;
}

/* Of what OpenSSL refuses, only memory says nothing about the bytes. */
static int refusal(void)
{
	unsigned long error;
	int r = -EBADMSG;

	while ((error = ERR_get_error()))
		if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
			r = -ENOMEM;
		else if (ERR_GET_REASON(error) == EVP_R_UNSUPPORTED_ALGORITHM)
			r = -ENOTSUP;
	return r;
}

/* ---- one in DER --------------------------------------------------------------- */

static int add_certificate(struct policy_keys *keys, struct imastage_bytes der)
{
	const unsigned char *at = der.data;
	struct policy_key key = { 0 };

	key.certificate = d2i_X509(NULL, &at, (long)der.len);
	if (key.certificate && at == der.data + der.len)
		key.key = X509_get_pubkey(key.certificate);
	if (!key.key) {
		bool whole = key.certificate && at == der.data + der.len;

		key_fini(&key);
		/* Its key is of an algorithm that OpenSSL has not. */
		return refusal() == -ENOMEM ? -ENOMEM :
		       whole		    ? -ENOTSUP :
					      -EBADMSG;
	}
	return adopt(keys, &key);
}

static int add_public(struct policy_keys *keys, struct imastage_bytes der)
{
	const unsigned char *at = der.data;
	struct policy_key key = { 0 };

	key.key = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (!key.key)
		return refusal();
	if (at != der.data + der.len) {
		key_fini(&key);
		return -EBADMSG;
	}
	return adopt(keys, &key);
}

static int add_der(struct policy_keys *keys, struct imastage_bytes der)
{
	int r = add_certificate(keys, der);

	return r == -EBADMSG ? add_public(keys, der) : r;
}

/* ---- many in PEM --------------------------------------------------------------- */

static int add_block(struct policy_keys *keys, const char *name,
		     struct imastage_bytes der)
{
	if (!strcmp(name, PEM_STRING_X509))
		return add_certificate(keys, der);
	if (!strcmp(name, PEM_STRING_PUBLIC))
		return add_public(keys, der);
	return -EBADMSG;
}

/* 1, or 0 where no block follows. */
static int next_block(struct policy_keys *keys, BIO *bio)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	unsigned long error;
	long len;
	int r;

	if (PEM_read_bio(bio, &name, &header, &data, &len) != 1) {
		error = ERR_peek_last_error();
		return ERR_GET_REASON(error) == PEM_R_NO_START_LINE ? 0 :
								      refusal();
	}
	r = add_block(keys, name, bytes_of(data, (size_t)len));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return r < 0 ? r : 1;
}

static int add_pem(struct policy_keys *keys, struct imastage_bytes pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	size_t nr = 0;
	int r;

	if (!bio)
		return -ENOMEM;
	while ((r = next_block(keys, bio)) == 1)
		nr++;
	BIO_free(bio);
	return r == 0 && nr == 0 ? -EBADMSG : r;
}

static bool is_pem(struct imastage_bytes bytes)
{
	return bytes.len > 0 &&
	       memmem(bytes.data, bytes.len, DASHES, strlen(DASHES));
}

int policy_keys_add(struct policy_keys *keys, struct imastage_bytes bytes)
{
	size_t before = keys->nr;
	int r;

	if (bytes.len > POLICY_KEYS_LEN_MAX)
		return -E2BIG;
	ERR_clear_error();
	r = is_pem(bytes) ? add_pem(keys, bytes) : add_der(keys, bytes);
	ERR_clear_error();
	if (r < 0)
		shorten(keys, before);
	return r;
}

/* ---- asked for ------------------------------------------------------------------ */

size_t policy_keys_count(const struct policy_keys *keys)
{
	return keys->nr;
}

uint32_t policy_keys_id(const struct policy_keys *keys, size_t index)
{
	return keys->keys[index].id;
}
