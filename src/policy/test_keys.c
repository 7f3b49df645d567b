// SPDX-License-Identifier: MIT
/*
 * Keys that sign files: what is taken, what is refused, and what they are called.
 */
#include "lib/keymaker.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "policy/keys_private.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/pem.h>
#include <sys/stat.h>

static const uint8_t identifier[] = { 9, 9, 1, 2, 3, 4 };
static EVP_PKEY *curve, *other, *rsa;
static struct imastage_buffer text;
static struct policy_keys *keys;

static int make_keys(void **state)
{
	(void)state;
	curve = keymaker_curve("P-256");
	other = keymaker_curve("P-384");
	rsa = keymaker_rsa(2048);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(curve);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
	free(text.data);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	text.len = 0;
	return policy_keys_new(NULL, &keys);
}

static int end(void **state)
{
	(void)state;
	policy_keys_free(keys);
	return 0;
}

static int add(void)
{
	return policy_keys_add(keys, bytes_of(text.data, text.len));
}

static void put_certificate(EVP_PKEY *key, struct imastage_bytes id, bool pem)
{
	X509 *certificate = keymaker_certificate(key, id);

	keymaker_put_certificate(certificate, pem, &text);
	X509_free(certificate);
}

TEST(a_bare_key_has_the_id_of_its_bits)
{
	keymaker_put_key(curve, false, &text);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_count(keys), 1);
	assert_int_equal(policy_keys_id(keys, 0), keymaker_id(curve));
}

TEST(a_certificate_has_the_id_of_its_subject)
{
	put_certificate(rsa, bytes_of(identifier, sizeof(identifier)), false);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_id(keys, 0), 0x01020304);
}

TEST(without_one_it_has_that_of_its_bits)
{
	put_certificate(rsa, bytes_of(identifier, 3), true);
	put_certificate(curve, bytes_of(NULL, 0), true);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_id(keys, 0), keymaker_id(rsa));
	assert_int_equal(policy_keys_id(keys, 1), keymaker_id(curve));
}

TEST(pem_holds_many)
{
	assert_int_equal(buffer_put(&text, bytes_of_text("# ours\n")), 0);
	keymaker_put_key(curve, true, &text);
	keymaker_put_key(other, true, &text);
	put_certificate(rsa, bytes_of(NULL, 0), true);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_count(keys), 3);
}

TEST(a_key_is_kept_once)
{
	keymaker_put_key(curve, true, &text);
	keymaker_put_key(curve, true, &text);
	assert_int_equal(add(), 0);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_count(keys), 1);
}

TEST(all_or_nothing)
{
	keymaker_put_key(curve, true, &text);
	assert_int_equal(buffer_put(&text,
				    bytes_of_text("-----BEGIN PUBLIC KEY-----\n"
						  "AAAA\n")),
			 0);
	assert_int_equal(add(), -EBADMSG);
	assert_int_equal(policy_keys_count(keys), 0);
}

TEST(no_key_is_no_success)
{
	static const char *const none[] = {
		"",
		"x",
		"0",
		"-----BEGIN ",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(policy_keys_add(keys, bytes_of_text(none[i])),
				 -EBADMSG);
}

TEST(private_keys_are_refused)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	assert_int_equal(PEM_write_bio_PrivateKey(bio, curve, NULL, NULL, 0,
						  NULL, NULL),
			 1);
	len = BIO_get_mem_data(bio, &data);
	assert_int_equal(policy_keys_add(keys, bytes_of(data, (size_t)len)),
			 -EBADMSG);
	BIO_free(bio);
}

TEST(nothing_may_follow)
{
	keymaker_put_key(curve, false, &text);
	assert_int_equal(buffer_put(&text, bytes_of("", 1)), 0);
	assert_int_equal(add(), -EBADMSG);
	text.len = 0;
	put_certificate(curve, bytes_of(NULL, 0), false);
	assert_int_equal(buffer_put(&text, bytes_of("", 1)), 0);
	assert_int_equal(add(), -EBADMSG);
}

static void refuse(EVP_PKEY *key)
{
	text.len = 0;
	keymaker_put_key(key, false, &text);
	assert_int_equal(add(), -ENOTSUP);
	EVP_PKEY_free(key);
}

TEST(other_kinds_and_sizes_are_refused)
{
	refuse(keymaker_rsa(1024));
	refuse(keymaker_curve("P-224"));
	refuse(keymaker_curve("secp256k1"));
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	assert_int_equal(policy_keys_count(keys), 0);
}

TEST(the_number_is_bounded)
{
	uint8_t id[4];

	for (uint32_t i = 0; i <= POLICY_KEYS_MAX; i++) {
		for (size_t j = 0; j < 4; j++)
			id[j] = (uint8_t)(i >> (24 - 8 * j));
		text.len = 0;
		put_certificate(curve, bytes_of(id, 4), false);
		assert_int_equal(add(), i < POLICY_KEYS_MAX ? 0 : -E2BIG);
	}
	assert_int_equal(policy_keys_count(keys), POLICY_KEYS_MAX);
}

TEST(so_is_the_length)
{
	struct imastage_buffer much = { 0 };

	assert_int_equal(buffer_reserve(&much, POLICY_KEYS_LEN_MAX + 1), 0);
	memset(much.data, ' ', POLICY_KEYS_LEN_MAX + 1);
	assert_int_equal(
		policy_keys_add(keys,
				bytes_of(much.data, POLICY_KEYS_LEN_MAX + 1)),
		-E2BIG);
	free(much.data);
}

TEST(those_given_stand_behind)
{
	struct policy_keys *own;
	struct policy_keys_walk walk;

	keymaker_put_key(curve, false, &text);
	assert_int_equal(add(), 0);
	assert_int_equal(policy_keys_new(keys, &own), 0);
	text.len = 0;
	keymaker_put_key(other, false, &text);
	assert_int_equal(policy_keys_add(own, bytes_of(text.data, text.len)),
			 0);
	assert_int_equal(policy_keys_count(own), 1);
	walk = policy_keys_walk_of(own);
	assert_true(policy_keys_next(&walk)->id == keymaker_id(other));
	assert_true(walk.learnt);
	assert_true(policy_keys_next(&walk)->id == keymaker_id(curve));
	assert_false(walk.learnt);
	assert_null(policy_keys_next(&walk));
	policy_keys_free(own);
	walk = policy_keys_walk_of(keys);
	assert_non_null(policy_keys_next(&walk));
	assert_false(walk.learnt);
}

/* ---- folders ------------------------------------------------------------------- */

static char folder[] = "/tmp/policy-keys-XXXXXX";

static int remove_one(const char *path, const struct stat *is, int kind,
		      struct FTW *at)
{
	(void)is;
	(void)kind;
	(void)at;
	return remove(path);
}

static void write_file(const char *name, struct imastage_bytes bytes)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

TEST(a_folder_is_its_files)
{
	char *name = NULL, path[256];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(policy_keys_add_path(keys, folder, &name), -ENOKEY);
	assert_null(name);
	write_file(".hidden", bytes_of_text("no key"));
	keymaker_put_key(curve, false, &text);
	write_file("a.der", bytes_of(text.data, text.len));
	text.len = 0;
	keymaker_put_key(rsa, true, &text);
	write_file("b.pem", bytes_of(text.data, text.len));
	snprintf(path, sizeof(path), "%s/sub", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(policy_keys_add_path(keys, folder, &name), 0);
	assert_int_equal(policy_keys_count(keys), 2);

	write_file("c", bytes_of_text("no key"));
	assert_int_equal(policy_keys_add_path(keys, folder, &name), -EBADMSG);
	assert_non_null(strstr(name, "/c"));
	free(name);
	snprintf(path, sizeof(path), "%s/none", folder);
	assert_int_equal(policy_keys_add_path(keys, path, &name), -ENOENT);
	assert_string_equal(name, path);
	free(name);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN_WITH(make_keys, free_keys, CASE(a_bare_key_has_the_id_of_its_bits),
	       CASE(a_certificate_has_the_id_of_its_subject),
	       CASE(without_one_it_has_that_of_its_bits), CASE(pem_holds_many),
	       CASE(a_key_is_kept_once), CASE(all_or_nothing),
	       CASE(no_key_is_no_success), CASE(private_keys_are_refused),
	       CASE(nothing_may_follow),
	       CASE(other_kinds_and_sizes_are_refused),
	       CASE(the_number_is_bounded), CASE(so_is_the_length),
	       CASE(those_given_stand_behind), CASE(a_folder_is_its_files))
