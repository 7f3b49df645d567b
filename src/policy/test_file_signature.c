// SPDX-License-Identifier: MIT
/*
 * Signatures of files: those of others that are right, and ours in all ways that are wrong.
 */
#include "base/hex.h"
#include "lib/keymaker.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "policy/file_signature.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/pem.h>

#define DIGEST_LEN 32

static EVP_PKEY *signer, *rsa, *other;
static struct policy_keys *keys;
static struct imastage_buffer field;
static struct file_signature_result result;
static uint8_t digest[DIGEST_LEN]; /* of "hello" and a newline */

static void trust(struct policy_keys *into, EVP_PKEY *key)
{
	struct imastage_buffer der = { 0 };

	keymaker_put_key(key, false, &der);
	assert_int_equal(policy_keys_add(into, bytes_of(der.data, der.len)), 0);
	free(der.data);
}

static int make_keys(void **state)
{
	(void)state;
	signer = keymaker_curve("P-256");
	rsa = keymaker_rsa(2048);
	other = keymaker_curve("P-256");
	if (policy_keys_new(NULL, &keys) < 0)
		return -1;
	trust(keys, signer);
	trust(keys, rsa);
	return EVP_Digest("hello\n", 6, digest, NULL, EVP_sha256(), NULL) == 1 ?
		       0 :
		       -1;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(signer);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other);
	policy_keys_free(keys);
	free(field.data);
	return 0;
}

static enum file_signature_outcome check(const char *algorithm,
					 struct imastage_bytes bytes)
{
	memset(&result, 0xff, sizeof(result));
	assert_int_equal(
		file_signature_check(keys, bytes_of(field.data, field.len),
				     bytes_of_text(algorithm), bytes, &result),
		0);
	return result.outcome;
}

static struct imastage_bytes sha256(void)
{
	return bytes_of(digest, sizeof(digest));
}

static void sign(EVP_PKEY *key, uint8_t type, uint8_t version)
{
	const uint8_t header[] = { type, version, 4 };

	field.len = 0;
	keymaker_sign_file(key, header, keymaker_id(key), EVP_sha256(),
			   sha256(), &field);
}

/* Over the hash of what version 3 is over. */
static void sign_3(EVP_PKEY *key, uint8_t type, uint8_t signed_type)
{
	const uint8_t header[] = { type, 3, 4 };
	uint8_t id[2 + DIGEST_LEN] = { signed_type, 4 }, hash[DIGEST_LEN];

	memcpy(id + 2, digest, sizeof(digest));
	assert_int_equal(
		EVP_Digest(id, sizeof(id), hash, NULL, EVP_sha256(), NULL), 1);
	field.len = 0;
	keymaker_sign_file(key, header, keymaker_id(key), EVP_sha256(),
			   bytes_of(hash, sizeof(hash)), &field);
}

/* ---- made by others --------------------------------------------------------------- */

/* Keys and signatures of OpenSSL, by another program than this. */
static const struct {
	const char *algorithm, *digest, *key, *field;
} golden[] = {
	{ "sha256",
	  "5e0d0a4318950a7fe74311dd82e522ebfe1bf147ed57782b299c57a966a7b99f",
	  "30820122300d06092a864886f70d01010105000382010f003082010a02820101"
	  "0099a0cf5c31e6a9bdaa1480b8be0d5a06bc9a295418e4dfaada0fdeb460dd8a"
	  "00904a740ef9257d6220f721918892292b2a062e2bd62ce23e1003174bf454e3"
	  "e4da451ff26b4cd561e83289960a51bef9f66f04be3a30be971433dff546522c"
	  "b4f8f4ec3981c7a1c961a1b4135a37797da2c720def480c9fa3324e115e1f3c3"
	  "fe2e199e710df63e1359a213d1d9406d351e5e92ea5cae91c2e673971b1b6678"
	  "3b50ec2137dd1c3bf11077a34e00cb25cbca383f3b18fd2638ce959ebdc495f4"
	  "ecd6684e2caba72507a5fc737acd2b47e9ad3d8e95f997c1983efd09cb9fca6e"
	  "94fdd92ad3f7e4a93448d9268c5ae166ed7dfde4d0f81ffd4a18499454e1ff2d"
	  "410203010001",
	  "03020493576697010003b8d64a5eac74176e31a1b4d7c6bab375bac48feb6ef7"
	  "8c86cae85495178203f48a1c90e6fc6d24edec6ffc230ff5bbae3dc9cbe1a2fc"
	  "5b20047bd2b8990a07c23354911ecb838d62a327c4047298e206b58ea9fc41e9"
	  "a8abff65b323c11977912deee364ce27ae2a7c82c13c0e805fa476b67a5c0f90"
	  "212d8bfeed68eb97bff3d1c3b6dfe7957d48ea045be7e8da2e2b7f0fc45c03a8"
	  "f8a5f6101f8e7fa2ddfbcd4a66c533cfffbf6763bedf9acd60018698b43ebf59"
	  "5592b9007802e5b3bd40f9e9fd3c77f9de1e25e7b22f94e02075fb0a93a2b3ff"
	  "93f8d260057d94cfd222b52203f823d06a755fb1a17ce61e5ca6e520f8c3ea72"
	  "ed9c610e3f66e64655" },
	{ "sha256",
	  "5e0d0a4318950a7fe74311dd82e522ebfe1bf147ed57782b299c57a966a7b99f",
	  "3059301306072a8648ce3d020106082a8648ce3d030107034200040b8f6900d7"
	  "78d0893eedd56747ce494267fd329a2be767e5a6d4a7f71bc16af6fa86ff43b1"
	  "a8878a433102729dcf0b73e8407fd48cf8b1197a52cb3ebf835750",
	  "030204885d6d6600483046022100a6996d8049e64fb54084583f7a3c814852d2"
	  "3ecee5271324981e49681ba3d6da022100e547c2c9b4e9047cd9ad96559bd314"
	  "f6e6b197791fd7b852079fc14d376bd50d" },
	{ "sha384",
	  "60bcb82849933551e43488f0f6d4677504659dafbc89d23af67fad3721accead"
	  "9e2cfd8f9ea46dc9c6563a5c7e9705c9",
	  "3076301006072a8648ce3d020106052b8104002203620004275f3fd1d6d1b079"
	  "c3d783790e3cb1593d922dc7e48258bc4d05a97b6b59d887fb113bec60ddb518"
	  "3b89016a18594aab1f187bf486b6f0755610e2cc08fbe0b9e80d750ddfa92030"
	  "d39fe4da84edb9bfac9f6eb811237f1a486b63921c081889",
	  "03020535a365240066306402304f1dac1777f57450518fd10915a4f779f97d38"
	  "d587b1987033da37c5bea619ce3b2858f3817a4aad057cda18042ac940023038"
	  "87ff5f7d6cb1d7bff0ae13c680ce1d48454b1508502a3b1a4def980e8ea84d79"
	  "870f0ee90d8cbb85ca0862c5ee94ed" },
};

static void put_hex(struct imastage_buffer *buffer, const char *hex)
{
	buffer->len = 0;
	assert_int_equal(buffer_put_hex(buffer, bytes_of_text(hex)), 0);
}

TEST(golden_ones_are_good)
{
	struct imastage_buffer key = { 0 }, bytes = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		struct policy_keys *theirs;

		assert_int_equal(policy_keys_new(NULL, &theirs), 0);
		put_hex(&key, golden[i].key);
		put_hex(&bytes, golden[i].digest);
		put_hex(&field, golden[i].field);
		assert_int_equal(policy_keys_add(theirs,
						 bytes_of(key.data, key.len)),
				 0);
		assert_int_equal(
			file_signature_check(
				theirs, bytes_of(field.data, field.len),
				bytes_of_text(golden[i].algorithm),
				bytes_of(bytes.data, bytes.len), &result),
			0);
		assert_int_equal(result.outcome, FILE_SIGNATURE_GOOD);
		assert_int_equal(result.kind, FILE_SIGNATURE_IMA);
		assert_int_equal(result.key_id, policy_keys_id(theirs, 0));
		assert_int_equal(check(golden[i].algorithm,
				       bytes_of(bytes.data, bytes.len)),
				 FILE_SIGNATURE_UNKNOWN_KEY);
		policy_keys_free(theirs);
	}
	free(key.data);
	free(bytes.data);
}

/* ---- made here --------------------------------------------------------------------- */

TEST(ours_are_good)
{
	sign(signer, 3, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_GOOD);
	assert_int_equal(check("ima:sha256", sha256()), FILE_SIGNATURE_GOOD);
	assert_false(result.learnt);
	sign(rsa, 3, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_GOOD);
}

/* Each byte of the header and of the signature counts; so does each of the digest. */
static void alter_each(void)
{
	for (size_t i = 0; i < field.len; i++) {
		field.data[i] ^= 1;
		assert_int_not_equal(check("sha256", sha256()),
				     FILE_SIGNATURE_GOOD);
		assert_int_not_equal(result.outcome, FILE_SIGNATURE_WEAK);
		field.data[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(digest); i++) {
		digest[i] ^= 0x80;
		assert_int_equal(check("sha256", sha256()),
				 FILE_SIGNATURE_WRONG);
		digest[i] ^= 0x80;
	}
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_GOOD);
}

TEST(altered_ones_are_not)
{
	sign(signer, 3, 2);
	alter_each();
	sign(rsa, 3, 2);
	alter_each();
}

TEST(cut_ones_are_none)
{
	size_t len;

	sign(signer, 3, 2);
	for (len = field.len, field.len = 2; field.len < len; field.len++) {
		assert_int_equal(check("sha256", sha256()),
				 FILE_SIGNATURE_MALFORMED);
		assert_int_equal(result.kind, FILE_SIGNATURE_NONE);
	}
	assert_int_equal(buffer_put(&field, bytes_of("", 1)), 0);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_MALFORMED);
	field.len = 1;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_MALFORMED);
	field.len = 0;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_ABSENT);
}

TEST(the_length_is_big_endian)
{
	uint8_t high;

	sign(signer, 3, 2);
	high = field.data[7];
	field.data[7] = field.data[8];
	field.data[8] = high;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_MALFORMED);
}

TEST(types_are_kept_apart)
{
	sign(signer, 2, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNSUPPORTED);
	sign(signer, 3, 1);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNSUPPORTED);
	sign(signer, 6, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNSUPPORTED);
	assert_int_equal(check("verity:sha256", sha256()),
			 FILE_SIGNATURE_UNSUPPORTED);
	sign(signer, 3, 2);
	assert_int_equal(check("verity:sha256", sha256()),
			 FILE_SIGNATURE_OTHER_DIGEST);
}

TEST(version_3_is_of_one_type)
{
	sign_3(signer, 6, 6);
	assert_int_equal(check("verity:sha256", sha256()), FILE_SIGNATURE_GOOD);
	assert_int_equal(result.kind, FILE_SIGNATURE_VERITY);
	assert_int_equal(check("sha256", sha256()),
			 FILE_SIGNATURE_OTHER_DIGEST);
	field.data[0] = 3;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_WRONG);
	field.data[1] = 2;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_WRONG);
	sign_3(signer, 3, 3);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_GOOD);
	sign_3(signer, 6, 3);
	assert_int_equal(check("verity:sha256", sha256()),
			 FILE_SIGNATURE_WRONG);
}

TEST(evm_is_named)
{
	sign(signer, 5, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_GOOD);
	assert_int_equal(result.kind, FILE_SIGNATURE_EVM);
	digest[0] ^= 1;
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_METADATA);
	digest[0] ^= 1;
	sign(other, 5, 2);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNKNOWN_KEY);
}

TEST(the_algorithm_is_the_records)
{
	sign(signer, 3, 2);
	assert_int_equal(check("sha3-256", sha256()),
			 FILE_SIGNATURE_OTHER_DIGEST);
	assert_int_equal(check("sha512", sha256()),
			 FILE_SIGNATURE_OTHER_DIGEST);
	assert_int_equal(check("sha256:", sha256()),
			 FILE_SIGNATURE_OTHER_DIGEST);
	assert_int_equal(check("", sha256()), FILE_SIGNATURE_OTHER_DIGEST);
	assert_int_equal(check("sha256", bytes_of(digest, 31)),
			 FILE_SIGNATURE_OTHER_DIGEST);
	field.data[2] = 17; /* sm3 */
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNSUPPORTED);
}

TEST(sha1_is_weak)
{
	const uint8_t header[] = { 3, 2, 2 };
	uint8_t weak[20] = { 1 };

	field.len = 0;
	keymaker_sign_file(signer, header, keymaker_id(signer), EVP_sha1(),
			   bytes_of(weak, sizeof(weak)), &field);
	assert_int_equal(check("sha1", bytes_of(weak, sizeof(weak))),
			 FILE_SIGNATURE_WEAK);
	weak[0] = 2;
	assert_int_equal(check("sha1", bytes_of(weak, sizeof(weak))),
			 FILE_SIGNATURE_WRONG);
}

TEST(the_id_is_a_hint)
{
	const uint8_t header[] = { 3, 2, 4 };

	field.len = 0;
	keymaker_sign_file(other, header, keymaker_id(signer), EVP_sha256(),
			   sha256(), &field);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_WRONG);
	assert_int_equal(result.key_id, keymaker_id(signer));
	field.len = 0;
	keymaker_sign_file(signer, header, 0, EVP_sha256(), sha256(), &field);
	assert_int_equal(check("sha256", sha256()), FILE_SIGNATURE_UNKNOWN_KEY);
}

/* Two keys that call themselves the same: both are tried, each is right for its own. */
TEST(ids_may_be_shared)
{
	static const uint8_t id[] = { 1, 2, 3, 4 }, header[] = { 3, 2, 4 };
	EVP_PKEY *both[] = { other, rsa };
	struct policy_keys *own;

	assert_int_equal(policy_keys_new(keys, &own), 0);
	for (size_t i = 0; i < 2; i++) {
		X509 *certificate =
			keymaker_certificate(both[i], bytes_of(id, sizeof(id)));
		struct imastage_buffer der = { 0 };

		keymaker_put_certificate(certificate, false, &der);
		assert_int_equal(
			policy_keys_add(own, bytes_of(der.data, der.len)), 0);
		free(der.data);
		X509_free(certificate);
	}
	for (size_t i = 0; i < 2; i++) {
		field.len = 0;
		keymaker_sign_file(both[i], header, 0x01020304, EVP_sha256(),
				   sha256(), &field);
		assert_int_equal(file_signature_check(
					 own, bytes_of(field.data, field.len),
					 bytes_of_text("sha256"), sha256(),
					 &result),
				 0);
		assert_int_equal(result.outcome, FILE_SIGNATURE_GOOD);
		assert_true(result.learnt);
	}
	policy_keys_free(own);
}

/* ---- evmctl ------------------------------------------------------------------------ */

static void write_private(const char *path, EVP_PKEY *key)
{
	BIO *bio = BIO_new_file(path, "w");

	assert_non_null(bio);
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL,
						  NULL),
			 1);
	BIO_free(bio);
}

/* Its output in the field. */
static void run_evmctl(const char *folder, const char *algorithm, EVP_PKEY *key)
{
	char path[256], command[512];
	FILE *file;
	int byte;

	snprintf(path, sizeof(path), "%s/key", folder);
	write_private(path, key);
	snprintf(command, sizeof(command),
		 "cd %s && printf 'hello\\n' >file && "
		 "evmctl ima_sign --sigfile -a %s --key key file >out 2>&1",
		 folder, algorithm);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/file.sig", folder);
	file = fopen(path, "re");
	assert_non_null(file);
	for (field.len = 0; (byte = fgetc(file)) != EOF;) {
		uint8_t one = (uint8_t)byte;

		assert_int_equal(buffer_put(&field, bytes_of(&one, 1)), 0);
	}
	fclose(file);
}

TEST(evmctl_signs)
{
	static const char *const algorithms[] = { "sha256", "sha384",
						  "sha512" };
	char folder[] = "/tmp/policy-evmctl-XXXXXX", command[64];
	EVP_PKEY *p384 = keymaker_curve("P-384");
	EVP_PKEY *with[] = { signer, rsa, p384 };

	if (system("evmctl --version >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(folder));
	trust(keys, p384);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			uint8_t of[64];
			unsigned int len;

			run_evmctl(folder, algorithms[j], with[i]);
			assert_int_equal(
				EVP_Digest("hello\n", 6, of, &len,
					   EVP_get_digestbyname(algorithms[j]),
					   NULL),
				1);
			assert_int_equal(check(algorithms[j],
					       bytes_of(of, len)),
					 FILE_SIGNATURE_GOOD);
			field.data[field.len - 1] ^= 1;
			assert_int_equal(check(algorithms[j],
					       bytes_of(of, len)),
					 FILE_SIGNATURE_WRONG);
		}
	EVP_PKEY_free(p384);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* ---- appended ------------------------------------------------------------------------ */

static void append(EVP_PKEY *key, X509 *certificate, unsigned int flags)
{
	BIO *content = BIO_new_mem_buf("hello\n", 6);
	CMS_ContentInfo *cms;
	unsigned char *der = NULL;
	int len;

	flags |= CMS_PARTIAL | CMS_DETACHED | CMS_BINARY;
	cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	assert_non_null(cms);
	assert_non_null(CMS_add1_signer(cms, certificate, key, EVP_sha256(),
					flags | CMS_NOSMIMECAP));
	assert_int_equal(CMS_final(cms, content, NULL, flags), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	field.len = 0;
	assert_int_equal(buffer_put(&field, bytes_of(der, (size_t)len)), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
}

static enum file_signature_outcome check_modsig(const char *algorithm)
{
	memset(&result, 0xff, sizeof(result));
	assert_int_equal(file_signature_check_modsig(
				 keys, bytes_of(field.data, field.len),
				 bytes_of_text(algorithm), sha256(), &result),
			 0);
	return result.outcome;
}

static X509 *trusted_certificate(EVP_PKEY *key)
{
	static const uint8_t id[] = { 7, 7, 7, 7, 7, 7, 7 };
	X509 *certificate = keymaker_certificate(key, bytes_of(id, sizeof(id)));
	struct imastage_buffer der = { 0 };

	keymaker_put_certificate(certificate, false, &der);
	assert_int_equal(policy_keys_add(keys, bytes_of(der.data, der.len)), 0);
	free(der.data);
	return certificate;
}

/*
 * Nothing rests on some versions, parameters and names, nor on a certificate that comes along;
 * all of the signature counts, which is what such a message ends with.
 */
static void alter_modsig(size_t spare)
{
	size_t good = 0;

	for (size_t i = 0; i < field.len; i++) {
		field.data[i] ^= 1;
		if (check_modsig("sha256") == FILE_SIGNATURE_GOOD) {
			assert_true(i + 64 < field.len);
			good++;
		}
		field.data[i] ^= 1;
	}
	assert_true(good <= spare);
	digest[0] ^= 1;
	assert_int_equal(check_modsig("sha256"), FILE_SIGNATURE_WRONG);
	digest[0] ^= 1;
	assert_int_equal(check_modsig("sha256"), FILE_SIGNATURE_GOOD);
	assert_int_equal(result.kind, FILE_SIGNATURE_MODSIG);
	assert_int_equal(check_modsig("sha512"), FILE_SIGNATURE_OTHER_DIGEST);
}

TEST(appended_ones)
{
	static const unsigned int forms[] = { CMS_NOATTR | CMS_NOCERTS,
					      CMS_NOCERTS,
					      CMS_NOATTR | CMS_NOCERTS |
						      CMS_USE_KEYID,
					      CMS_NOCERTS | CMS_USE_KEYID, 0 };
	X509 *certificates[] = { trusted_certificate(signer),
				 trusted_certificate(rsa) };
	EVP_PKEY *with[] = { signer, rsa };

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(forms); j++) {
			append(with[i], certificates[i], forms[j]);
			assert_int_equal(check_modsig("sha256"),
					 FILE_SIGNATURE_GOOD);
			alter_modsig(forms[j] & CMS_NOCERTS ? 24 : 800);
		}
		X509_free(certificates[i]);
	}
}

TEST(their_own_certificate_counts_for_nothing)
{
	X509 *certificate = keymaker_certificate(other, bytes_of("1234567", 7));

	append(other, certificate, CMS_USE_KEYID);
	assert_int_equal(check_modsig("sha256"), FILE_SIGNATURE_UNKNOWN_KEY);
	X509_free(certificate);
}

TEST(cut_messages_are_none)
{
	X509 *certificate = keymaker_certificate(signer, bytes_of(NULL, 0));
	size_t len;

	append(signer, certificate, CMS_NOATTR);
	for (len = field.len, field.len = 1; field.len < len; field.len++)
		assert_int_equal(check_modsig("sha256"),
				 FILE_SIGNATURE_MALFORMED);
	assert_int_equal(buffer_put(&field, bytes_of("", 1)), 0);
	assert_int_equal(check_modsig("sha256"), FILE_SIGNATURE_MALFORMED);
	field.len = 0;
	assert_int_equal(check_modsig("sha256"), FILE_SIGNATURE_ABSENT);
	X509_free(certificate);
}

TEST(names_are_there)
{
	assert_string_equal(
		file_signature_outcome_name(FILE_SIGNATURE_METADATA),
		"metadata");
	assert_string_equal(file_signature_kind_name(FILE_SIGNATURE_MODSIG),
			    "appended");
}

TEST_MAIN_WITH(make_keys, free_keys, cmocka_unit_test(golden_ones_are_good),
	       cmocka_unit_test(ours_are_good),
	       cmocka_unit_test(altered_ones_are_not),
	       cmocka_unit_test(cut_ones_are_none),
	       cmocka_unit_test(the_length_is_big_endian),
	       cmocka_unit_test(types_are_kept_apart),
	       cmocka_unit_test(version_3_is_of_one_type),
	       cmocka_unit_test(evm_is_named),
	       cmocka_unit_test(the_algorithm_is_the_records),
	       cmocka_unit_test(sha1_is_weak),
	       cmocka_unit_test(the_id_is_a_hint),
	       cmocka_unit_test(ids_may_be_shared),
	       cmocka_unit_test(evmctl_signs), cmocka_unit_test(appended_ones),
	       cmocka_unit_test(their_own_certificate_counts_for_nothing),
	       cmocka_unit_test(cut_messages_are_none),
	       cmocka_unit_test(names_are_there))
