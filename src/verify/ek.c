// SPDX-License-Identifier: MIT
/*
 * Certificates of endorsement keys, by OpenSSL.
 */
#include "verify/ek.h"
#include "base/bytes.h"
#include "base/util.h"
#include "evidence/pkey.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define DEPTH_MAX 5
#define FILE_MAX ((size_t)4 << 20)

struct ek_roots {
	X509_STORE *store; /* owned */
};

int ek_roots_new(struct ek_roots **ret_roots)
{
	struct ek_roots *roots = calloc(1, sizeof(*roots));

	if (roots)
		roots->store = X509_STORE_new();
	if (!roots || !roots->store) {
		free(roots);
		return -ENOMEM;
	}
	*ret_roots = roots;
	return 0;
}

void ek_roots_free(struct ek_roots *roots)
{
	if (!roots)
		return;
	X509_STORE_free(roots->store);
	free(roots);
}

static unsigned int add_pem(struct ek_roots *roots, BIO *bio)
{
	unsigned int nr = 0;
	X509 *root;

	while ((root = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		nr += X509_STORE_add_cert(roots->store, root) == 1;
		X509_free(root);
	}
	return nr;
}

static unsigned int add_der(struct ek_roots *roots, struct imastage_bytes file)
{
	const unsigned char *at = file.data;
	X509 *root = d2i_X509(NULL, &at, (long)file.len);
	unsigned int nr = root && X509_STORE_add_cert(roots->store, root) == 1;

	X509_free(root);
	return nr;
}

int ek_roots_add(struct ek_roots *roots, struct imastage_bytes file)
{
	unsigned int nr;
	BIO *bio;

	if (file.len == 0 || file.len > FILE_MAX)
		return -EBADMSG;
	bio = BIO_new_mem_buf(file.data, (int)file.len);
	if (!bio)
		return -ENOMEM;
	nr = add_pem(roots, bio);
	BIO_free(bio);
	if (nr == 0)
		nr = add_der(roots, file);
	ERR_clear_error();
	return nr > 0 ? 0 : -EBADMSG;
}

/* ---- one certificate --------------------------------------------------------------- */

static bool is_filling(struct imastage_bytes rest)
{
	return bytes_are_all(rest, 0x00) || bytes_are_all(rest, 0xff);
}

static X509 *read_certificate(struct imastage_bytes bytes)
{
	const unsigned char *at = bytes.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes.len);

	if (certificate &&
	    !is_filling(bytes_skip(bytes, (size_t)(at - bytes.data)))) {
		X509_free(certificate);
		certificate = NULL;
	}
	return certificate;
}

/* Whoever is trusted is so as far as it goes: it need not be the end of a chain. */
static int check_chain(const struct ek_roots *roots, X509 *certificate,
		       char ret_text[EK_TEXT_MAX])
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int r = -ENOMEM;

	if (context && X509_STORE_CTX_init(context, roots->store, certificate,
					   NULL) == 1) {
		X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
		X509_STORE_CTX_set_depth(context, DEPTH_MAX);
		r = X509_verify_cert(context) == 1 ? 0 : EK_BAD;
		if (r == EK_BAD)
			snprintf(ret_text, EK_TEXT_MAX,
				 "the certificate is not good: %s",
				 X509_verify_cert_error_string(
					 X509_STORE_CTX_get_error(context)));
	}
	X509_STORE_CTX_free(context);
	return r;
}

static int check_key(X509 *certificate, const struct evidence_public *ek,
		     char ret_text[EK_TEXT_MAX])
{
	EVP_PKEY *theirs = X509_get0_pubkey(certificate);
	EVP_PKEY *ours = evidence_pkey(ek);
	bool same = theirs && ours && EVP_PKEY_eq(theirs, ours) == 1;

	EVP_PKEY_free(ours);
	if (!same)
		snprintf(ret_text, EK_TEXT_MAX,
			 "the certificate is of another key than the EK");
	return same ? 0 : EK_BAD;
}

/* Printable ASCII only, cut off where there is no more room. */
static void name_issuer(X509 *certificate, char ret_text[EK_TEXT_MAX])
{
	char name[EK_TEXT_MAX - 40] = "";

	X509_NAME_oneline(X509_get_issuer_name(certificate), name,
			  sizeof(name));
	for (char *at = name; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	snprintf(ret_text, EK_TEXT_MAX, "certified by %s", name);
}

int ek_check(const struct ek_roots *roots, struct imastage_bytes bytes,
	     const struct evidence_public *ek, char ret_text[EK_TEXT_MAX])
{
	X509 *certificate = read_certificate(bytes);
	int r = EK_BAD;

	if (certificate)
		r = check_chain(roots, certificate, ret_text);
	else
		snprintf(ret_text, EK_TEXT_MAX, "it is no certificate in DER");
	if (r == 0)
		r = check_key(certificate, ek, ret_text);
	if (r == 0)
		name_issuer(certificate, ret_text);
	X509_free(certificate);
	ERR_clear_error();
	return r;
}

/* ---- one key ----------------------------------------------------------------------- */

static int is_pem(const struct evidence_public *ek, EVP_PKEY *theirs)
{
	EVP_PKEY *ours = evidence_pkey(ek);
	int r = ours && EVP_PKEY_eq(theirs, ours) == 1;

	EVP_PKEY_free(ours);
	return r;
}

int ek_is(const struct evidence_public *ek, struct imastage_bytes file)
{
	struct evidence_public other;
	struct evidence_error error;
	EVP_PKEY *theirs;
	BIO *bio;
	int r;

	if (evidence_public_parse(file, &other, &error) == 0)
		return bytes_equal(ek->area, other.area);
	if (file.len == 0 || file.len > FILE_MAX)
		return -EBADMSG;
	bio = BIO_new_mem_buf(file.data, (int)file.len);
	if (!bio)
		return -ENOMEM;
	theirs = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	r = theirs ? is_pem(ek, theirs) : -EBADMSG;
	EVP_PKEY_free(theirs);
	BIO_free(bio);
	ERR_clear_error();
	return r;
}
