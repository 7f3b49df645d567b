// SPDX-License-Identifier: MIT
/*
 * Keys for tests, made by OpenSSL. What cannot fail in a test ends it.
 */
#include "lib/keymaker.h"
#include "base/bytes.h"
#include "log/buffer.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static void must(int done)
{
	if (done)
		return;
	fprintf(stderr, "a key could not be made\n");
	abort();
}

EVP_PKEY *keymaker_curve(const char *name)
{
	EVP_PKEY *key = EVP_EC_gen(name);

	must(key != NULL);
	return key;
}

EVP_PKEY *keymaker_rsa(unsigned int bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	must(key != NULL);
	return key;
}

static void set_identifier(X509 *certificate, struct imastage_bytes identifier)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	must(value && ASN1_OCTET_STRING_set(value, identifier.data,
					    (int)identifier.len));
	must(X509_add1_ext_i2d(certificate, NID_subject_key_identifier, value,
			       0, 0));
	ASN1_OCTET_STRING_free(value);
}

X509 *keymaker_certificate(EVP_PKEY *key, struct imastage_bytes identifier)
{
	X509 *certificate = X509_new();
	X509_NAME *name;

	must(certificate && X509_set_version(certificate, 2));
	name = X509_get_subject_name(certificate);
	must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7));
	must(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
	     X509_gmtime_adj(X509_getm_notAfter(certificate), 86400));
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					(const unsigned char *)"signer", -1, -1,
					0));
	must(X509_set_issuer_name(certificate, name) &&
	     X509_set_pubkey(certificate, key));
	if (identifier.len > 0)
		set_identifier(certificate, identifier);
	must(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* Takes @bio. */
static void put_bio(BIO *bio, struct imastage_buffer *buffer)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	must(buffer_put(buffer, bytes_of(data, (size_t)len)) == 0);
	BIO_free(bio);
}

void keymaker_put_key(EVP_PKEY *key, bool pem, struct imastage_buffer *buffer)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio &&
	     (pem ? PEM_write_bio_PUBKEY(bio, key) : i2d_PUBKEY_bio(bio, key)));
	put_bio(bio, buffer);
}

void keymaker_put_certificate(X509 *certificate, bool pem,
			      struct imastage_buffer *buffer)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio && (pem ? PEM_write_bio_X509(bio, certificate) :
			   i2d_X509_bio(bio, certificate)));
	put_bio(bio, buffer);
}

uint32_t keymaker_id(EVP_PKEY *key)
{
	X509 *certificate = keymaker_certificate(key, bytes_of(NULL, 0));
	uint8_t digest[20];

	must(X509_pubkey_digest(certificate, EVP_sha1(), digest, NULL));
	X509_free(certificate);
	return (uint32_t)digest[16] << 24 | (uint32_t)digest[17] << 16 |
	       (uint32_t)digest[18] << 8 | digest[19];
}

void keymaker_sign(EVP_PKEY *key, const EVP_MD *md,
		   struct imastage_bytes digest, struct imastage_buffer *buffer)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	uint8_t signature[1024];
	size_t len = sizeof(signature);

	must(context && EVP_PKEY_sign_init(context) == 1 &&
	     EVP_PKEY_CTX_set_signature_md(context, md) == 1);
	must(EVP_PKEY_sign(context, signature, &len, digest.data, digest.len) ==
	     1);
	EVP_PKEY_CTX_free(context);
	must(buffer_put(buffer, bytes_of(signature, len)) == 0);
}

void keymaker_sign_file(EVP_PKEY *key, const uint8_t header[3], uint32_t id,
			const EVP_MD *md, struct imastage_bytes digest,
			struct imastage_buffer *buffer)
{
	struct imastage_buffer signature = { 0 };
	uint8_t len[2];

	keymaker_sign(key, md, digest, &signature);
	len[0] = (uint8_t)(signature.len >> 8);
	len[1] = (uint8_t)signature.len;
	must(buffer_put(buffer, bytes_of(header, 3)) == 0);
	must(buffer_put_u32(buffer, id, IMASTAGE_BIG) == 0);
	must(buffer_put(buffer, bytes_of(len, 2)) == 0);
	must(buffer_put(buffer, bytes_of(signature.data, signature.len)) == 0);
	free(signature.data);
}
