// SPDX-License-Identifier: MIT
/*
 * Fuzz target: keys and signatures of files. Nothing that is made up is signed by a key that
 * signs nothing; what is taken as a signature is so to the byte; keys that are read are bounded.
 */
#include "base/bytes.h"
#include "base/file.h"
#include "fuzz/promises.h"
#include "policy/file_signature.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

static struct policy_keys *keys;
static const uint8_t digest[64] = { 1, 2, 3 };

/* One whose private part is forgotten. */
static void make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	must(len > 0 && policy_keys_new(NULL, &keys) == 0);
	must(policy_keys_add(keys, bytes_of(der, (size_t)len)) == 0);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void check_keys(struct imastage_bytes bytes)
{
	struct policy_keys *read;
	int r;

	must(policy_keys_new(keys, &read) == 0);
	r = policy_keys_add(read, bytes);
	must(r == 0 || r == -EBADMSG || r == -ENOTSUP || r == -E2BIG);
	must((r == 0) == (policy_keys_count(read) > 0));
	must(policy_keys_count(read) <= POLICY_KEYS_MAX);
	policy_keys_free(read);
}

static void check_outcome(const struct file_signature_result *result)
{
	must(file_signature_outcome_name(result->outcome)[0]);
	must(file_signature_kind_name(result->kind)[0]);
	must(result->outcome != FILE_SIGNATURE_GOOD &&
	     result->outcome != FILE_SIGNATURE_WEAK && !result->learnt);
}

static void check_field(struct imastage_bytes field)
{
	static const char *const algorithms[] = { "sha256", "verity:sha256",
						  "sha1", "ima:sha512" };
	static const size_t lens[] = { 32, 32, 20, 64 };
	struct file_signature_result result;
	struct file_signature signature;
	int r = file_signature_parse(field, &signature);

	must(r == 0 || r == -EBADMSG || r == -ENOTSUP);
	must(r < 0 ||
	     signature.signature.len + FILE_SIGNATURE_HEADER_LEN == field.len);
	for (size_t i = 0; i < 4; i++) {
		must(file_signature_check(
			     keys, field, bytes_of_text(algorithms[i]),
			     bytes_of(digest, lens[i]), &result) == 0);
		check_outcome(&result);
		must((r == 0) == (result.kind != FILE_SIGNATURE_NONE));
	}
}

static void check_message(struct imastage_bytes message)
{
	struct file_signature_result result;

	must(file_signature_check_modsig(keys, message, bytes_of_text("sha256"),
					 bytes_of(digest, 32), &result) == 0);
	check_outcome(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes bytes = bytes_of(data, size);

	if (!keys)
		make_key();
	check_keys(bytes);
	check_field(bytes);
	check_message(bytes);
	return 0;
}
