// SPDX-License-Identifier: MIT
/*
 * Signatures that were appended to files: PKCS#7, detached, as sign-file of the kernel makes
 * them. The content is not here; its digest is, so what OpenSSL does with content is done
 * with that.
 *
 *	message -> its only signer -> keys that it may mean -> without attributes: over the digest
 *	                                                   \-> with: over them, one is the digest
 */
#include "base/util.h"
#include "policy/file_signature.h"
#include "policy/hash_algo.h"
#include "policy/keys_private.h"
#include "policy/signed_digest.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>

/* The message, taken apart. All but @cms is its own. */
struct modsig {
	CMS_ContentInfo *cms; /* owned */
	CMS_SignerInfo *signer;
	const struct hash_algo *algo;
	struct imastage_bytes signature;
	bool attributes;
};

/* Of what fails, only memory says nothing about the message. */
static int refusal(void)
{
	unsigned long error;
	int r = -EBADMSG;

	while ((error = ERR_get_error()))
		if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
			r = -ENOMEM;
	return r;
}

static int read_signer(struct modsig *modsig)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(modsig->cms);
	const ASN1_OCTET_STRING *signature;
	X509_ALGOR *algorithm;
	const ASN1_OBJECT *oid;

	if (sk_CMS_SignerInfo_num(signers) != 1)
		return -EBADMSG;
	modsig->signer = sk_CMS_SignerInfo_value(signers, 0);
	CMS_SignerInfo_get0_algs(modsig->signer, NULL, NULL, &algorithm, NULL);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	modsig->algo = hash_algo_by_nid(OBJ_obj2nid(oid));
	signature = CMS_SignerInfo_get0_signature(modsig->signer);
	modsig->signature = bytes_of(ASN1_STRING_get0_data(signature),
				     (size_t)ASN1_STRING_length(signature));
	modsig->attributes = CMS_signed_get_attr_count(modsig->signer) >= 0;
	return 0;
}

/* Of data, which is elsewhere. */
static bool is_detached(CMS_ContentInfo *cms)
{
	return OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed &&
	       OBJ_obj2nid(CMS_get0_eContentType(cms)) == NID_pkcs7_data &&
	       CMS_is_detached(cms) == 1;
}

static int read_message(struct imastage_bytes message,
			struct modsig *ret_modsig)
{
	const unsigned char *at = message.data;

	ret_modsig->cms = d2i_CMS_ContentInfo(NULL, &at, (long)message.len);
	if (!ret_modsig->cms)
		return refusal();
	if (at != message.data + message.len || !is_detached(ret_modsig->cms))
		return -EBADMSG;
	return read_signer(ret_modsig);
}

/* ---- whom it may mean ----------------------------------------------------------- */

/* A bare key is only found by its own identifier. */
static bool is_identifier(CMS_SignerInfo *signer, const struct policy_key *key)
{
	ASN1_OCTET_STRING *identifier = NULL;

	return CMS_SignerInfo_get0_signer_id(signer, &identifier, NULL, NULL) ==
		       1 &&
	       identifier &&
	       bytes_equal(bytes_of(ASN1_STRING_get0_data(identifier),
				    (size_t)ASN1_STRING_length(identifier)),
			   bytes_of(key->identifier, sizeof(key->identifier)));
}

static bool is_meant(CMS_SignerInfo *signer, const struct policy_key *key)
{
	if (key->certificate &&
	    CMS_SignerInfo_cert_cmp(signer, key->certificate) == 0)
		return true;
	return is_identifier(signer, key);
}

/* ---- what it signs -------------------------------------------------------------- */

/* Is the attribute of this digest there, once? */
static bool has_digest(CMS_SignerInfo *signer, struct imastage_bytes digest)
{
	const ASN1_OCTET_STRING *value = CMS_signed_get0_data_by_OBJ(
		signer, OBJ_nid2obj(NID_pkcs9_messageDigest), -3,
		V_ASN1_OCTET_STRING);

	return value && bytes_equal(bytes_of(ASN1_STRING_get0_data(value),
					     (size_t)ASN1_STRING_length(value)),
				    digest);
}

/* OpenSSL takes a certificate, of which it uses the key. */
static int check_attributes(CMS_SignerInfo *signer, EVP_PKEY *key)
{
	X509 *carrier = X509_new();
	int r = -ENOMEM;

	if (carrier && X509_set_pubkey(carrier, key) == 1) {
		CMS_SignerInfo_set1_signer_cert(signer, carrier);
		ERR_clear_error();
		r = CMS_SignerInfo_verify(signer) == 1;
		if (r == 0 && refusal() == -ENOMEM)
			r = -ENOMEM;
	}
	X509_free(carrier);
	return r;
}

static int check_key(const struct modsig *modsig, EVP_PKEY *key,
		     struct imastage_bytes digest)
{
	if (!modsig->attributes)
		return signed_digest_check(key, modsig->algo, digest,
					   modsig->signature);
	return has_digest(modsig->signer, digest) ?
		       check_attributes(modsig->signer, key) :
		       0;
}

static int try_keys(const struct policy_keys *keys, const struct modsig *modsig,
		    struct imastage_bytes digest,
		    struct file_signature_result *result)
{
	struct policy_keys_walk walk = policy_keys_walk_of(keys);
	const struct policy_key *key;
	int r = 0;

	result->outcome = FILE_SIGNATURE_UNKNOWN_KEY;
	while (r == 0 && (key = policy_keys_next(&walk))) {
		if (!is_meant(modsig->signer, key))
			continue;
		result->outcome = FILE_SIGNATURE_WRONG;
		r = check_key(modsig, key->key, digest);
	}
	if (r <= 0)
		return r;
	result->outcome = modsig->algo->weak ? FILE_SIGNATURE_WEAK :
					       FILE_SIGNATURE_GOOD;
	result->learnt = walk.learnt;
	return 0;
}

static int check(const struct policy_keys *keys, const struct modsig *modsig,
		 struct imastage_bytes algorithm, struct imastage_bytes digest,
		 struct file_signature_result *result)
{
	const struct hash_algo *algo = hash_algo_by_name(algorithm);

	result->outcome = FILE_SIGNATURE_UNSUPPORTED;
	if (!modsig->algo)
		return 0;
	result->outcome = FILE_SIGNATURE_OTHER_DIGEST;
	if (algo != modsig->algo || digest.len != algo->len)
		return 0;
	return try_keys(keys, modsig, digest, result);
}

int file_signature_check_modsig(const struct policy_keys *keys,
				struct imastage_bytes message,
				struct imastage_bytes algorithm,
				struct imastage_bytes digest,
				struct file_signature_result *ret_result)
{
	struct file_signature_result result = { 0 };
	struct modsig modsig = { 0 };
	int r = 0;

	result.outcome = FILE_SIGNATURE_ABSENT;
	ERR_clear_error();
	if (message.len > FILE_SIGNATURE_MODSIG_MAX)
		r = -EBADMSG;
	else if (message.len > 0)
		r = read_message(message, &modsig);
	if (r == 0 && message.len > 0) {
		result.kind = FILE_SIGNATURE_MODSIG;
		r = check(keys, &modsig, algorithm, digest, &result);
	} else if (r == -EBADMSG) {
		result.outcome = FILE_SIGNATURE_MALFORMED;
		r = 0;
	}
	CMS_ContentInfo_free(modsig.cms);
	ERR_clear_error();
	if (r == 0)
		*ret_result = result;
	return r;
}
