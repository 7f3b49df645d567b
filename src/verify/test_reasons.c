// SPDX-License-Identifier: MIT
/*
 * The reason that each outcome of a policy becomes, and reasons that no other test has: one
 * record that is wrong, and the one reason that is right.
 */
#include "lib/keymaker.h"
#include "lib/policymaker.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "policy/algorithm.h"

#include <openssl/sha.h>

static const uint8_t nonce[20] = { 7, 8, 9 };

static struct made_machine machine;
static struct verify_request request;
static struct verify_verdict verdict;
static struct policy_builder *builder;
static struct policy *policy;
static EVP_PKEY *key;
static struct imastage_buffer der; /* of @key */

#define PATH "/opt/a"

static int begin(void **state)
{
	(void)state;
	made_machine_init(&machine);
	memset(&request, 0, sizeof(request));
	request.nonce = bytes_of(nonce, sizeof(nonce));
	policy = NULL;
	return policy_builder_new(&builder);
}

static int end(void **state)
{
	(void)state;
	made_machine_fini(&machine);
	policy_builder_free(builder);
	policy_free(policy);
	return 0;
}

static int make_key(void **state)
{
	(void)state;
	key = keymaker_curve("P-256");
	keymaker_put_key(key, false, &der);
	return 0;
}

static int free_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	free(der.data);
	return 0;
}

/* ---- policies ---------------------------------------------------------------- */

/* @first: of a digest that is zeros but for this byte */
static void allow(enum policy_space space, const char *name, uint8_t first)
{
	const uint8_t digest[32] = { first };
	const struct policy_entry entry = {
		.space = space,
		.name = bytes_of_text(name),
		.alg = POLICY_SHA256,
		.digest = bytes_of(digest, sizeof(digest)),
	};

	assert_int_equal(policy_add(builder, &entry), 0);
}

static void allow_key(const char *keyring)
{
	uint8_t digest[32];
	const struct policy_entry entry = {
		.space = POLICY_KEYRINGS,
		.name = bytes_of_text(keyring),
		.alg = POLICY_SHA256,
		.digest = bytes_of(digest, sizeof(digest)),
	};

	SHA256(der.data, der.len, digest);
	assert_int_equal(policy_add(builder, &entry), 0);
}

/* The three files that the machine measures first. */
static void allow_first(void)
{
	for (int i = 1; i <= 3; i++) {
		uint8_t digest[32];
		char path[32];
		struct policy_entry entry = {
			.alg = POLICY_SHA256,
			.digest = bytes_of(digest, sizeof(digest)),
		};

		snprintf(path, sizeof(path), "/usr/bin/%d", i);
		SHA256((const uint8_t *)path, strlen(path), digest);
		entry.name = bytes_of_text(path);
		assert_int_equal(policy_add(builder, &entry), 0);
	}
}

static void judge(void)
{
	allow_first();
	policy_free(policy);
	policy = NULL;
	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	request.policy = policy;
	made_machine_quote(&machine, bytes_of(nonce, sizeof(nonce)));
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	assert_true(verdict.proved);
}

static bool is_of_records(enum verify_id id)
{
	return id >= VERIFY_FILE_POLICY && id < VERIFY_MACHINE_BARRED;
}

/* That one, once, and nothing else about what records say. */
static void must_say(enum verify_id id)
{
	enum verify_level level = verify_id_level(id);

	judge();
	for (enum verify_id other = 0; other < VERIFY_NR_IDS; other++)
		if (is_of_records(other) &&
		    verdict.nr_of[other] != (other == id))
			fail_msg("%s: %zu times, where %s was due",
				 verify_id_name(other),
				 (size_t)verdict.nr_of[other],
				 verify_id_name(id));
	assert_int_equal(verdict.result, level == VERIFY_FAILURE ?
						 VERIFY_REJECTED :
						 VERIFY_WARNED);
}

/* ---- records ----------------------------------------------------------------- */

static void measure(uint8_t first)
{
	const uint8_t digest[32] = { first };

	made_machine_file(&machine, PATH, digest);
}

static void measure_weak(void)
{
	uint8_t named[6 + 20] = "sha1:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(PATH, sizeof(PATH)),
	};

	named[6] = 1;
	made_machine_record(&machine, "ima-ng", fields, 2);
}

static void measure_signed(void)
{
	static const uint8_t header[] = { 3, 2, 4 };
	uint8_t named[40] = "sha256:";
	struct imastage_buffer sig = { 0 };

	named[8] = 1;
	keymaker_sign_file(key, header, keymaker_id(key), EVP_sha256(),
			   bytes_of(named + 8, 32), &sig);
	{
		const struct imastage_bytes fields[] = {
			bytes_of(named, sizeof(named)),
			bytes_of(PATH, sizeof(PATH)),
			bytes_of(sig.data, sig.len),
		};

		made_machine_record(&machine, "ima-sig", fields, 3);
	}
	free(sig.data);
}

static void load_key(const char *keyring)
{
	uint8_t named[40] = "sha256:";
	const struct imastage_bytes fields[] = {
		bytes_of(named, sizeof(named)),
		bytes_of(keyring, strlen(keyring) + 1),
		bytes_of(der.data, der.len),
	};

	SHA256(der.data, der.len, named + 8);
	made_machine_record(&machine, "ima-buf", fields, 3);
}

/* ---- files -------------------------------------------------------------------- */

TEST(files)
{
	measure(1);
	must_say(VERIFY_FILE_UNLISTED);
	allow(POLICY_FILES, PATH, 2);
	must_say(VERIFY_FILE_DIGEST);
}

TEST(files_that_are_excluded)
{
	measure(1);
	assert_int_equal(policy_add_text(builder, POLICY_EXCLUDE,
					 bytes_of_text("/opt/")),
			 0);
	must_say(VERIFY_FILE_EXCLUDED);
}

TEST(weak_digests)
{
	measure_weak();
	must_say(VERIFY_FILE_WEAK);
}

TEST(digests_that_are_denied)
{
	const uint8_t digest[32] = { 1 };
	struct policy_entry entry = {
		.space = POLICY_DENIED,
		.alg = POLICY_SHA256,
		.digest = bytes_of(digest, sizeof(digest)),
	};
	const struct policy_package worm = { .name = bytes_of_text("worm") };

	measure(1);
	allow(POLICY_FILES, PATH, 1);
	assert_int_equal(policy_add_package(builder, &worm, &entry.package), 0);
	assert_int_equal(policy_add(builder, &entry), 0);
	must_say(VERIFY_FILE_DENIED);
}

TEST(digests_that_retire)
{
	const uint8_t digest[32] = { 1 };
	struct policy_entry entry = {
		.name = bytes_of_text(PATH),
		.alg = POLICY_SHA256,
		.digest = bytes_of(digest, sizeof(digest)),
	};
	const struct policy_package old = { .name = bytes_of_text("old"),
					    .version = bytes_of_text("1"),
					    .retires = 1000 };

	measure(1);
	assert_int_equal(policy_add_package(builder, &old, &entry.package), 0);
	assert_int_equal(policy_add(builder, &entry), 0);
	request.now = 999;
	judge();
	assert_false(verify_has(&verdict, VERIFY_FILE_RETIRED));
	request.now = 1000;
	must_say(VERIFY_FILE_RETIRED);
}

TEST(files_that_are_not_signed)
{
	const struct policy_switches both = { .require_both = true };

	measure(1);
	allow(POLICY_FILES, PATH, 1);
	policy_set_switches(builder, &both);
	judge();
	/* Nor are the first three. */
	assert_int_equal(verdict.nr_of[VERIFY_FILE_UNSIGNED], 4);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
}

TEST(signed_files_with_other_digests)
{
	measure_signed();
	assert_int_equal(policy_add_text(builder, POLICY_KEY,
					 bytes_of(der.data, der.len)),
			 0);
	allow(POLICY_FILES, PATH, 2);
	must_say(VERIFY_FILE_SIGNED_OTHER);
}

TEST(violations)
{
	const struct policy_switches warn = { .violations_warn = true };

	made_machine_violation(&machine, PATH);
	must_say(VERIFY_FILE_VIOLATION);
	assert_false(verify_has(&verdict, VERIFY_LOG_VIOLATION));
	policy_set_switches(builder, &warn);
	judge();
	assert_true(verify_has(&verdict, VERIFY_LOG_VIOLATION));
	assert_false(verify_has(&verdict, VERIFY_FILE_VIOLATION));
}

/* ---- buffers and keys ------------------------------------------------------------ */

TEST(buffers)
{
	made_machine_buffer(&machine, "a-buffer", "a text");
	must_say(VERIFY_BUFFER_UNLISTED);
	allow(POLICY_BUFFERS, "a-buffer", 1);
	must_say(VERIFY_BUFFER_DIGEST);
}

TEST(keys)
{
	load_key(".ima");
	must_say(VERIFY_KEY_UNLISTED);
	allow(POLICY_KEYRINGS, ".ima", 1);
	must_say(VERIFY_KEY_DIGEST);
	allow_key(".ima");
	must_say(VERIFY_KEY_LEARNT);
}

TEST(keys_of_keyrings_that_are_ignored)
{
	load_key(".ima");
	assert_int_equal(policy_add_text(builder, POLICY_IGNORED_KEYRING,
					 bytes_of_text(".ima")),
			 0);
	must_say(VERIFY_KEY_IGNORED);
}

/* ---- rounds by another policy ------------------------------------------------------ */

TEST(another_policy_than_before)
{
	static struct verify_verdict first;
	uint8_t policies[1][VERIFY_RECORD_LEN];

	judge();
	first = verdict;
	memcpy(policies[0], policy_hash(policy), sizeof(policies[0]));
	request.has_last = true;
	request.last = first.clock;
	request.start = &first.pcrs;
	request.first_index = first.next_index;
	request.policies = (const uint8_t(*)[VERIFY_RECORD_LEN])policies;
	request.nr_policies = 1;
	measure(1);
	allow(POLICY_FILES, PATH, 1);
	must_say(VERIFY_POLICY_CHANGED);
	memcpy(policies[0], policy_hash(policy), sizeof(policies[0]));
	judge();
	assert_false(verify_has(&verdict, VERIFY_POLICY_CHANGED));
	request.nr_policies = 0;
	judge();
	assert_true(verify_has(&verdict, VERIFY_POLICY_CHANGED));
}

/* ---- others ------------------------------------------------------------------------ */

/* TPM_ALG_KEYEDHASH */
TEST(a_key_that_signs_nothing)
{
	judge();
	machine.key.area[3] = 0x08;
	assert_int_equal(made_machine_verify(&machine, &request, &verdict), 0);
	assert_true(verify_has(&verdict, VERIFY_AK_TYPE));
	assert_int_equal(verdict.result, VERIFY_REJECTED);
}

/* ASCII of a template that is not known: nothing shows what is in it. */
TEST(records_that_cannot_be_told)
{
	static const char line[] =
		"10 "
		"111111111111111111111111111111111111111111111111111111111111"
		"1111 a-new-one 1 2 3 /opt/a\n";
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_ASCII,
		.bank = IMASTAGE_SHA256,
	};
	const struct made_quote *made = &machine.made;
	struct imastage_reader *reader;

	judge();
	request.policy = NULL;
	assert_int_equal(imastage_reader_new_memory(bytes_of_text(line),
						    &options, &reader),
			 0);
	{
		const struct verify_evidence evidence = {
			.msg = bytes_of(made->msg, made->msg_len),
			.sig = bytes_of(made->sig, made->sig_len),
			.pcrs = bytes_of(made->pcrs, made->pcrs_len),
		};

		assert_int_equal(verify_quote(&request, &evidence,
					      verify_list_of(reader), &verdict),
				 0);
	}
	assert_int_equal(verdict.nr_of[VERIFY_LOG_OPAQUE], 1);
	imastage_reader_free(reader);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN_WITH(make_key, free_key, EACH(files), EACH(files_that_are_excluded),
	       EACH(weak_digests), EACH(digests_that_are_denied),
	       EACH(digests_that_retire), EACH(files_that_are_not_signed),
	       EACH(signed_files_with_other_digests), EACH(violations),
	       EACH(buffers), EACH(keys),
	       EACH(keys_of_keyrings_that_are_ignored),
	       EACH(another_policy_than_before), EACH(a_key_that_signs_nothing),
	       EACH(records_that_cannot_be_told))
