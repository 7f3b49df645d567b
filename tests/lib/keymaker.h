/* SPDX-License-Identifier: MIT */
/*
 * Keys, certificates and signatures of files, made for tests.
 */
#ifndef LIB_KEYMAKER_H
#define LIB_KEYMAKER_H

#include <imastage/bytes.h>
#include <openssl/x509.h>

/* "P-256", or "RSA" and its bits. */
EVP_PKEY *keymaker_curve(const char *name);
EVP_PKEY *keymaker_rsa(unsigned int bits);

/*
 * Self-signed. @identifier: of the subject key; an empty one is left out. To be freed.
 */
X509 *keymaker_certificate(EVP_PKEY *key, struct imastage_bytes identifier);

/* Appended to @buffer, in DER or PEM. */
void keymaker_put_key(EVP_PKEY *key, bool pem, struct imastage_buffer *buffer);
void keymaker_put_certificate(X509 *certificate, bool pem,
			      struct imastage_buffer *buffer);

/* The key id of a bare key. */
uint32_t keymaker_id(EVP_PKEY *key);

/* Appends the signature of @digest, made by @md. */
void keymaker_sign(EVP_PKEY *key, const EVP_MD *md,
		   struct imastage_bytes digest,
		   struct imastage_buffer *buffer);

/* The same, as the attribute security.ima has it, with the header's first three bytes. */
void keymaker_sign_file(EVP_PKEY *key, const uint8_t header[3], uint32_t id,
			const EVP_MD *md, struct imastage_bytes digest,
			struct imastage_buffer *buffer);

#endif
