// SPDX-License-Identifier: MIT
/*
 * Policies read: there and back, what is ours, what is refused and where. What Keylime's
 * schema says, the cases of tests/verify/policy hold.
 */
#include "base/base64.h"
#include "base/util.h"
#include "lib/testing.h"
#include "policy/read.h"

#include <errno.h>

#define D1                                                                 \
	"\"01020304050607080102030405060708010203040506070801020304050607" \
	"08\""
#define D2                                                                 \
	"\"02020304050607080102030405060708010203040506070801020304050607" \
	"08\""
#define HEAD                                                                   \
	"{\"meta\":{\"version\":1,\"generator\":0},\"release\":0,\"digests\":" \
	"{\"/a\":[" D1 "]},\"excludes\":[],\"keyrings\":{},\"ima\":"           \
	"{\"ignored_keyrings\":[],\"log_hash_alg\":\"sha1\"},\"ima-buf\":{},"  \
	"\"verification-keys\":\"\""
#define OURS(text) HEAD ",\"imastage\":" text "}"

static struct policy *read_good(const char *text)
{
	struct policy *policy = NULL;
	struct policy_error error;

	if (policy_read(bytes_of_text(text), NULL, &policy, &error) != 0)
		fail_msg("%zu: %s", error.offset, error.reason);
	return policy;
}

static char *written(const struct policy *policy)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	assert_int_equal(policy_write(policy, NULL, file), 0);
	fclose(file);
	return text;
}

TEST(reads_what_it_writes)
{
	struct policy *policy = read_good(
		OURS("{\"packages\":[{\"files\":{\"/a\":[" D1 "],\"/b\":[" D2
		     ",\"sm3:0202030405060708010203040506070801020304050607080"
		     "102030405060708\"]},\"version\":\"1-2\",\"retires\":"
		     "\"2027-02-28\",\"name\":\"n\\u00e4me\"}],\"version\":1,"
		     "\"violations\":\"warn\",\"weak_digests\":\"allow\","
		     "\"require\":\"both\",\"files\":{\"/v\":[\"verity:sha256:"
		     "0202030405060708010203040506070801020304050607080102030"
		     "405060708\"]},\"deny\":{" D2 ":\"worm\"},"
		     "\"withheld\":\"warn\",\"withheld_digests\":[" D1 "]}"));
	cleanup_free char *first = written(policy), *second = NULL;
	struct policy *again = read_good(first);

	second = written(again);
	assert_string_equal(first, second);
	assert_int_equal(policy_nr_digests(again), 6);
	assert_int_equal(policy_nr_names(again, POLICY_WITHHELD), 1);
	assert_true(policy_switches(again)->withheld_warn);
	assert_true(policy_switches(again)->violations_warn);
	assert_true(policy_switches(again)->weak_allowed);
	assert_true(policy_switches(again)->require_both);
	policy_free(policy);
	policy_free(again);
}

TEST(a_package_says_when_a_digest_retires)
{
	struct policy *policy = read_good(
		OURS("{\"version\":1,\"packages\":[{\"name\":\"n\",\"retires\":"
		     "\"1970-01-02\",\"files\":{\"/a\":[" D1 "]}}]}"));
	struct policy_entry entry;
	struct policy_item item;

	assert_int_equal(policy_find(policy, POLICY_FILES, bytes_of_text("/a"),
				     &item),
			 1);
	assert_int_equal(policy_item_next(&item, &entry), 1);
	assert_int_equal(policy_package_of(policy, entry.package).retires,
			 86400);
	assert_int_equal(policy_item_next(&item, &entry), 0);
	policy_free(policy);
}

/* @mark: the text that the error points at. */
static void must_refuse(const char *text, const char *mark, const char *reason)
{
	struct policy_error error;
	struct policy *policy;

	if (policy_read(bytes_of_text(text), NULL, &policy, &error) != -EBADMSG)
		fail_msg("%s: taken", reason);
	assert_string_equal(error.reason, reason);
	if (strncmp(text + error.offset, mark, strlen(mark)) != 0)
		fail_msg("%s: at %s", reason, text + error.offset);
}

TEST(refuses_what_it_does_not_know_in_its_own_member)
{
	must_refuse(OURS("{}"), "{}", "the member 'version' is missing");
	must_refuse(OURS("{\"version\":2}"), "2",
		    "a version that is not known");
	must_refuse(OURS("{\"version\":1,\"new\":1}"), "\"new\"",
		    "a member that is not known");
	must_refuse(OURS("{\"version\":1,\"violations\":\"no\"}"), "\"no\"",
		    "a word that is not known");
	must_refuse(OURS("{\"version\":1,\"packages\":[{\"name\":\"n\","
			 "\"files\":{\"/x\":[]}}]}"),
		    "[]", "a path without a digest");
	must_refuse(OURS("{\"version\":1,\"packages\":[{\"name\":\"n\","
			 "\"retires\":\"2027-02-29\",\"files\":{}}]}"),
		    "\"2027-02-29\"", "no day, as 2027-01-31 is one");
	must_refuse(OURS("{\"version\":1,\"deny\":{\"sha256:01\":\"x\"}}"),
		    "\"sha256:01\"", "no digest of its algorithm's length");
	must_refuse(OURS("{\"version\":1,\"withheld\":\"allow\"}"), "\"allow\"",
		    "a word that is not known");
	must_refuse(
		OURS("{\"version\":1,\"withheld_digests\":[\"sha256:01\"]}"),
		"\"sha256:01\"", "no digest of its algorithm's length");
	must_refuse(
		OURS("{\"version\":1,\"withheld_digests\":[\"verity:sha256:02020304050607080102030405060708010203040506070801020304050607"
		     "08\"]}"),
		"\"verity:", "no digest of a template");
	must_refuse(OURS("{\"version\":1,\"version\":1}"), "\"version\"",
		    "a name that is there twice");
	must_refuse(OURS("{\"version\":1,\"deny\":{" D1 ":\"\",\"\\u0030102030"
			 "4050607080102030405060708010203040506070801020304050"
			 "60708\":\"\"}}"),
		    "\"\\u0030", "a name that is there twice");
}

TEST(refuses_at_every_length)
{
	const char *text = OURS("{\"version\":1}");

	for (size_t len = 0; len < strlen(text); len++) {
		/* Memory of its own, so that no byte behind it is read unseen. */
		char *part = malloc(len + 1);
		struct policy_error error;
		struct policy *policy;

		memcpy(part, text, len);
		assert_int_equal(policy_read(bytes_of(part, len), NULL, &policy,
					     &error),
				 -EBADMSG);
		assert_true(error.offset <= len);
		free(part);
	}
}

TEST(opens_the_image_that_it_makes)
{
	struct policy *policy = read_good(OURS("{\"version\":1}")), *again;
	struct imastage_bytes image = policy_image(policy);
	struct policy_error error;
	struct policy_item item;

	assert_int_equal(policy_open_image(image, &again, &error), 0);
	assert_memory_equal(policy_hash(policy), policy_hash(again),
			    POLICY_HASH_LEN);
	assert_int_equal(policy_find(again, POLICY_FILES, bytes_of_text("/a"),
				     &item),
			 1);
	policy_free(again);
	for (size_t len = 0; len < image.len; len++)
		assert_int_equal(policy_open_image(bytes_of(image.data, len),
						   &again, &error),
				 -EBADMSG);
	policy_free(policy);
}

/* Every bit altered: it is refused, or whatever is looked up lies in it. */
TEST(a_damaged_image_harms_nobody)
{
	struct policy *policy = read_good(OURS(
		"{\"version\":1,\"packages\":[{\"name\":\"n\",\"files\":{\"/b\""
		":[" D2 "]}}],\"deny\":{" D1 ":\"x\"}}"));
	struct imastage_bytes image = policy_image(policy);
	cleanup_free uint8_t *copy = malloc(image.len);

	memcpy(copy, image.data, image.len);
	for (size_t bit = 0; bit < 8 * image.len; bit++) {
		struct policy *again;
		struct policy_error error;
		struct policy_item item;
		struct policy_entry entry;
		uint64_t place = 0;

		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (policy_open_image(bytes_of(copy, image.len), &again,
				      &error) == 0) {
			(void)policy_find(again, POLICY_FILES,
					  bytes_of_text("/b"), &item);
			while (policy_next(again, &place, &item) == 1)
				while (policy_item_next(&item, &entry) == 1)
					(void)policy_package_of(again,
								entry.package);
			policy_free(again);
		}
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	policy_free(policy);
}

/* ---- with the evidence --------------------------------------------------------- */

static const struct dsse_keys no_keys;

/* 0 with whether it was signed and unchecked, or -EBADMSG. */
static int read_sent(const char *text, const struct dsse_keys *keys,
		     bool *ret_unchecked)
{
	struct policy *policy = NULL;
	struct policy_error error = { 0 };
	int r = policy_read_sent(bytes_of_text(text), keys, &policy,
				 ret_unchecked, &error);

	assert_true(r == 0 ? policy_nr_digests(policy) == 1 : error.reason[0]);
	policy_free(policy);
	return r;
}

static char *in_base64(const char *text)
{
	char *encoded = calloc(1, BASE64_LEN(strlen(text)) + 1);

	base64_encode(bytes_of_text(text), encoded);
	return encoded;
}

TEST(what_came_with_the_evidence)
{
	cleanup_free char *encoded = in_base64(HEAD "}");
	const char *const texts[] = { HEAD "}", encoded };
	bool unchecked = true;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_sent(texts[i], &no_keys, &unchecked), 0);
		assert_false(unchecked);
		assert_int_equal(read_sent(texts[i], NULL, &unchecked), 0);
		assert_false(unchecked);
		unchecked = true;
	}
	assert_int_equal(read_sent("", NULL, &unchecked), -EBADMSG);
	assert_int_equal(read_sent("AAAA", NULL, &unchecked), -EBADMSG);
	assert_int_equal(read_sent("{\"payload\":1}", NULL, &unchecked),
			 -EBADMSG);
}

TEST(what_came_signed)
{
	struct imastage_buffer envelope = { 0 };
	struct dsse_keys keys = { 1, { NULL } }, others = { 1, { NULL } };
	struct dsse_key *mine, *other;
	cleanup_free char *encoded = NULL;
	bool unchecked = false;

	assert_int_equal(dsse_key_new(&mine), 0);
	assert_int_equal(dsse_key_new(&other), 0);
	keys.of[0] = mine;
	others.of[0] = other;
	assert_int_equal(dsse_sign(mine, POLICY_PAYLOAD_TYPE,
				   bytes_of_text(HEAD "}"), &envelope),
			 0);
	envelope.data[envelope.len - 1] = 0;
	encoded = in_base64((char *)envelope.data);
	for (int i = 0; i < 2; i++) {
		const char *text = i ? encoded : (char *)envelope.data;

		unchecked = false;
		assert_int_equal(read_sent(text, &no_keys, &unchecked), 0);
		assert_true(unchecked);
		assert_int_equal(read_sent(text, &keys, &unchecked), 0);
		assert_false(unchecked);
		assert_int_equal(read_sent(text, &others, &unchecked),
				 -EBADMSG);
	}
	assert_int_equal(read_sent(HEAD "}", &keys, &unchecked), -EBADMSG);
	dsse_key_free(mine);
	dsse_key_free(other);
	free(envelope.data);
}

TEST_MAIN(cmocka_unit_test(reads_what_it_writes),
	  cmocka_unit_test(a_package_says_when_a_digest_retires),
	  cmocka_unit_test(refuses_what_it_does_not_know_in_its_own_member),
	  cmocka_unit_test(refuses_at_every_length),
	  cmocka_unit_test(opens_the_image_that_it_makes),
	  cmocka_unit_test(a_damaged_image_harms_nobody),
	  cmocka_unit_test(what_came_with_the_evidence),
	  cmocka_unit_test(what_came_signed))
