// SPDX-License-Identifier: MIT
/*
 * What an EAR says of a verdict, read by other functions than it is written with.
 */
#include "base/bytes.h"
#include "lib/ear_open.h"
#include "lib/testing.h"
#include "policy/dsse_key.h"
#include "report/ear.h"

#include <errno.h>
#include <stdlib.h>

static struct dsse_key *key;
static struct verify_verdict verdict;
static struct ear ear;

static int begin(void **state)
{
	(void)state;
	memset(&verdict, 0, sizeof(verdict));
	verdict.proved = verdict.genuine = true;
	verdict.next_index = 1234;
	ear = (struct ear){
		.verdict = &verdict,
		.machine = bytes_of_text("a machine"),
		.nonce = bytes_of_text("0123456789abcdef"),
		.made = 1796095395,
		.policies = { "sha256:abcd" },
		.nr_policies = 1,
		.judges_files = true,
		.judges_boot = true,
	};
	return dsse_key_new(&key);
}

static int end(void **state)
{
	(void)state;
	dsse_key_free(key);
	return 0;
}

/* To be freed. */
static char *token_of(void)
{
	char *token = NULL;
	size_t len;
	FILE *file = open_memstream(&token, &len);

	assert_non_null(file);
	verify_conclude(&verdict);
	assert_int_equal(ear_write(&ear, key, file), 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(token[len - 1], '\n');
	return token;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* What is said of the machine; *ret_claims to be given back. */
static struct json_object *machine_of(struct json_object **ret_claims)
{
	char *token = token_of();
	struct json_object *machine;

	*ret_claims = ear_part(token, 1);
	free(token);
	assert_non_null(*ret_claims);
	machine = member(member(*ret_claims, "submods"), "a machine");
	assert_non_null(machine);
	return machine;
}

static void assert_claims(const char *status, int instance, int executables,
			  int hardware)
{
	struct json_object *claims, *machine = machine_of(&claims);
	struct json_object *vector =
		member(machine, "ear_trustworthiness_vector");

	assert_string_equal(
		json_object_get_string(member(machine, "ear_status")), status);
	assert_string_equal(
		json_object_get_string(member(claims, "ear_status")), status);
	assert_int_equal(
		json_object_get_int(member(vector, "instance-identity")),
		instance);
	assert_int_equal(json_object_get_int(member(vector, "executables")),
			 executables);
	assert_int_equal(json_object_get_int(member(vector, "hardware")),
			 hardware);
	json_object_put(claims);
}

/* ---- the token ------------------------------------------------------------------- */

TEST(another_program_can_check_it)
{
	char *token = token_of();
	struct json_object *header = ear_part(token, 0);
	struct dsse_key *other;

	assert_true(ear_is_signed(token, key->key));
	assert_string_equal(json_object_get_string(member(header, "alg")),
			    "ES256");
	assert_string_equal(json_object_get_string(member(header, "kid")),
			    dsse_key_id(key));
	assert_int_equal(dsse_key_new(&other), 0);
	assert_false(ear_is_signed(token, other->key));
	dsse_key_free(other);
	for (size_t i = 0; token[i] != '\n'; i++) {
		char was = token[i];

		if (was == '.' || token[i + 1] == '\n')
			continue; /* the last one has bits that are not used */
		token[i] = was == 'A' ? 'B' : 'A';
		assert_false(ear_is_signed(token, key->key));
		token[i] = was;
	}
	json_object_put(header);
	free(token);
}

TEST(has_what_the_draft_wants)
{
	struct json_object *claims, *machine = machine_of(&claims);

	assert_string_equal(
		json_object_get_string(member(claims, "eat_profile")),
		"tag:ietf.org,2026:rats/ear#04");
	assert_int_equal(json_object_get_int64(member(claims, "iat")),
			 1796095395);
	assert_non_null(member(member(claims, "ear_verifier_id"), "developer"));
	assert_non_null(member(member(claims, "ear_verifier_id"), "build"));
	assert_string_equal(
		json_object_get_string(member(machine, "eat_nonce")),
		"MDEyMzQ1Njc4OWFiY2RlZg==");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(
			member(machine, "ear_appraisal_policy_ids"), 0)),
		"sha256:abcd");
	json_object_put(claims);
}

/* Signatures whose numbers begin with zeros have the same length. */
TEST(is_always_as_long)
{
	for (int i = 0; i < 600; i++) {
		char *token = token_of();

		assert_int_equal(strlen(strrchr(token, '.')), 1 + 86 + 1);
		assert_true(ear_is_signed(token, key->key));
		free(token);
	}
}

TEST(a_public_key_signs_nothing)
{
	struct imastage_buffer pem = { 0 };
	struct dsse_key *public;

	assert_int_equal(dsse_key_write(key, false, &pem), 0);
	assert_int_equal(dsse_key_read(bytes_of(pem.data, pem.len), &public),
			 0);
	assert_int_equal(ear_write(&ear, public, stdout), -EINVAL);
	dsse_key_free(public);
	free(pem.data);
}

/* ---- claims ---------------------------------------------------------------------- */

TEST(all_is_well)
{
	assert_claims("affirming", 2, 2, 2);
}

TEST(without_policies)
{
	ear.judges_files = ear.judges_boot = false;
	verify_say(&verdict, VERIFY_FILE_POLICY, NULL);
	verify_say(&verdict, VERIFY_BOOT_POLICY, NULL);
	assert_claims("warning", 2, 0, 0);
}

TEST(a_file_that_is_not_approved)
{
	verify_say(&verdict, VERIFY_FILE_UNLISTED, NULL);
	assert_claims("contraindicated", 2, 33, 2);
}

TEST(a_list_that_is_not_the_tpms)
{
	verdict.proved = false;
	verify_say(&verdict, VERIFY_LOG_REPLAY, NULL);
	assert_claims("contraindicated", 2, 99, 2);
}

TEST(another_key)
{
	verdict.proved = verdict.genuine = false;
	verify_say(&verdict, VERIFY_AK_OTHER, NULL);
	assert_claims("contraindicated", 97, 99, 99);
}

TEST(a_wrong_signature)
{
	verdict.proved = verdict.genuine = false;
	verify_say(&verdict, VERIFY_SIGNATURE_WRONG, NULL);
	assert_claims("contraindicated", 99, 99, 99);
}

TEST(another_boot)
{
	verify_say(&verdict, VERIFY_BOOT_UNAPPROVED, NULL);
	assert_claims(verify_id_level(VERIFY_BOOT_UNAPPROVED) ==
				      VERIFY_FAILURE ?
			      "contraindicated" :
			      "warning",
		      2, 2, 32);
}

/* A verdict of none is not changed by its reasons. */
TEST(what_could_not_be_judged)
{
	struct json_object *claims, *machine, *vector;
	char *token = NULL;
	size_t len;
	FILE *file = open_memstream(&token, &len);

	verdict.result = VERIFY_NONE;
	assert_int_equal(ear_write(&ear, key, file), 0);
	fclose(file);
	claims = ear_part(token, 1);
	machine = member(member(claims, "submods"), "a machine");
	vector = member(machine, "ear_trustworthiness_vector");
	assert_string_equal(
		json_object_get_string(member(machine, "ear_status")), "none");
	json_object_object_foreach(vector, name, value)
	{
		(void)name;
		assert_int_equal(json_object_get_int(value), -1);
	}
	assert_int_equal(json_object_object_length(vector), 3);
	json_object_put(claims);
	free(token);
}

#define EAR(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(EAR(another_program_can_check_it), EAR(has_what_the_draft_wants),
	  EAR(is_always_as_long), EAR(a_public_key_signs_nothing),
	  EAR(all_is_well), EAR(without_policies),
	  EAR(a_file_that_is_not_approved), EAR(a_list_that_is_not_the_tpms),
	  EAR(another_key), EAR(a_wrong_signature), EAR(another_boot),
	  EAR(what_could_not_be_judged))
