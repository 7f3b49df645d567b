// SPDX-License-Identifier: MIT
/*
 * Policies made in memory: looked into, walked through, written.
 */
#include "base/util.h"
#include "lib/testing.h"
#include "policy/policy.h"

#include <errno.h>

static const uint8_t bytes[64] = { 1, 2, 3 };

static struct policy_entry entry(enum policy_space space, const char *name,
				 uint8_t alg, uint8_t first)
{
	static uint8_t digests[256][64];

	memcpy(digests[first], bytes, sizeof(bytes));
	digests[first][0] = first;
	return (struct policy_entry){
		.space = space,
		.name = bytes_of_text(name),
		.alg = alg,
		.digest = bytes_of(digests[first], policy_algorithm_len(alg)),
	};
}

static void add(struct policy_builder *builder, enum policy_space space,
		const char *name, uint8_t alg, uint8_t first, uint32_t package)
{
	struct policy_entry is = entry(space, name, alg, first);

	is.package = package;
	assert_int_equal(policy_add(builder, &is), 0);
}

static struct policy *finished(struct policy_builder *builder)
{
	struct policy *policy = NULL;

	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	return policy;
}

static struct policy_builder *new_builder(void)
{
	struct policy_builder *builder = NULL;

	assert_int_equal(policy_builder_new(&builder), 0);
	return builder;
}

TEST(finds_each_of_many_names)
{
	struct policy_builder *builder = new_builder();
	struct policy_item item;
	struct policy *policy;
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "/usr/bin/%d", i);
		add(builder, POLICY_FILES, name, POLICY_SHA256, (uint8_t)i, 0);
	}
	policy = finished(builder);
	assert_int_equal(policy_nr_names(policy, POLICY_FILES), 20000);
	for (int i = 0; i < 21000; i++) {
		struct policy_entry is;

		snprintf(name, sizeof(name), "/usr/bin/%d", i);
		assert_int_equal(policy_find(policy, POLICY_FILES,
					     bytes_of_text(name), &item),
				 i < 20000);
		if (i >= 20000)
			continue;
		assert_int_equal(policy_item_next(&item, &is), 1);
		assert_int_equal(is.digest.data[0], (uint8_t)i);
		assert_int_equal(policy_item_next(&item, &is), 0);
	}
	policy_free(policy);
	policy_builder_free(builder);
}

TEST(keeps_spaces_apart)
{
	struct policy_builder *builder = new_builder();
	struct policy_item item;
	struct policy *policy;

	add(builder, POLICY_BUFFERS, "a", POLICY_SHA256, 1, 0);
	add(builder, POLICY_KEYRINGS, "b", POLICY_SHA256, 2, 0);
	policy = finished(builder);
	assert_int_equal(policy_find(policy, POLICY_BUFFERS, bytes_of_text("a"),
				     &item),
			 1);
	assert_int_equal(policy_find(policy, POLICY_FILES, bytes_of_text("a"),
				     &item),
			 0);
	assert_int_equal(policy_find(policy, POLICY_BUFFERS, bytes_of_text("b"),
				     &item),
			 0);
	policy_free(policy);
	policy_builder_free(builder);
}

static const char written[] =
	"{\"meta\":{\"version\":1,\"generator\":0},\"release\":0,\n"
	"\"digests\":{\n"
	"\"/a\":[\"0102030000000000000000000000000000000000000000000000000000"
	"000000\"],\n"
	"\"/b \\\"\":[\"050203000000000000000000000000000000000000000000000000"
	"0000000000\"]},\n"
	"\"excludes\":[\"/tmp/\"],\n"
	"\"keyrings\":{},\n"
	"\"ima\":{\"ignored_keyrings\":[\"*\"],\"log_hash_alg\":\"sha1\","
	"\"dm_policy\":null},\n"
	"\"ima-buf\":{},\n"
	"\"verification-keys\":\"{\\\"meta\\\":{\\\"version\\\":1},"
	"\\\"keyids\\\":[],\\\"pubkeys\\\":[\\\"AQI=\\\"]}\",\n"
	"\"imastage\":{\"version\":1,\"violations\":\"warn\","
	"\"weak_digests\":\"refuse\",\"require\":\"either\",\"withheld\":\"warn\",\n"
	"\"files\":{\n"
	"\"/c\":[\"verity:sha256:070203000000000000000000000000000000000000000"
	"0000000000000000000\"]},\n"
	"\"packages\":[\n"
	"{\"name\":\"one\",\"version\":\"1.0\",\"retires\":\"2027-01-31\","
	"\"files\":{\n"
	"\"/b \\\"\":[\"050203000000000000000000000000000000000000000000000000"
	"0000000000\"]}}],\n"
	"\"deny\":{\n"
	"\"sha256:0902030000000000000000000000000000000000000000000000000000"
	"000000\":\"a worm\"},\n"
	"\"withheld_digests\":[\n"
	"\"sha256:0302030000000000000000000000000000000000000000000000000000"
	"000000\"]}}\n";

static struct policy *example(void)
{
	const struct policy_switches switches = { .violations_warn = true,
						  .withheld_warn = true };
	struct policy_builder *builder = new_builder();
	struct policy *policy;
	uint32_t one, why;

	assert_int_equal(policy_add_package(
				 builder,
				 &(struct policy_package){ bytes_of_text("one"),
							   bytes_of_text("1.0"),
							   1801353600 },
				 &one),
			 0);
	assert_int_equal(
		policy_add_package(builder,
				   &(struct policy_package){
					   .name = bytes_of_text("a worm") },
				   &why),
		0);
	add(builder, POLICY_FILES, "/c", POLICY_SHA256 | POLICY_VERITY, 7, 0);
	add(builder, POLICY_FILES, "/b \"", POLICY_SHA256, 5, one);
	add(builder, POLICY_FILES, "/a", POLICY_SHA256, 1, 0);
	add(builder, POLICY_FILES, "/a", POLICY_SHA256, 1, 0);
	add(builder, POLICY_DENIED, "", POLICY_SHA256, 9, why);
	add(builder, POLICY_WITHHELD, "", POLICY_SHA256, 3, 0);
	assert_int_equal(policy_add_text(builder, POLICY_EXCLUDE,
					 bytes_of_text("/tmp/")),
			 0);
	assert_int_equal(policy_add_text(builder, POLICY_IGNORED_KEYRING,
					 bytes_of_text("*")),
			 0);
	assert_int_equal(
		policy_add_text(builder, POLICY_KEY, bytes_of("\1\2", 2)), 0);
	policy_set_switches(builder, &switches);
	policy = finished(builder);
	policy_builder_free(builder);
	return policy;
}

TEST(writes_what_keylime_reads)
{
	struct policy *policy = example();
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	assert_int_equal(policy_write(policy, NULL, file), 0);
	fclose(file);
	assert_string_equal(text, written);
	policy_free(policy);
}

/* A full disk, after each number of bytes. */
TEST(says_that_writing_failed)
{
	struct policy *policy = example();
	char text[sizeof(written)];

	for (size_t len = 1; len < sizeof(written) - 1; len += 97) {
		FILE *file = fmemopen(text, len, "w");

		setbuf(file, NULL);
		assert_int_equal(policy_write(policy, NULL, file), -EIO);
		fclose(file);
	}
	policy_free(policy);
}

TEST(takes_the_package_that_retires_last)
{
	static const uint64_t retires[][2] = {
		{ 1, 2 }, { 2, 1 }, { 0, 2 }, { 2, 0 }
	};
	static const uint64_t last[] = { 2, 2, 0, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		struct policy_builder *builder = new_builder();
		struct policy_item item;
		struct policy_entry is;
		struct policy *policy;
		uint32_t package;

		for (size_t k = 0; k < 2; k++) {
			struct policy_package one = { .retires =
							      retires[i][k] };

			assert_int_equal(
				policy_add_package(builder, &one, &package), 0);
			add(builder, POLICY_FILES, "/a", POLICY_SHA256, 1,
			    package);
		}
		add(builder, POLICY_FILES, "/a", POLICY_SHA256, 1, 0);
		policy = finished(builder);
		assert_int_equal(policy_find(policy, POLICY_FILES,
					     bytes_of_text("/a"), &item),
				 1);
		assert_int_equal(policy_item_next(&item, &is), 1);
		assert_int_equal(policy_package_of(policy, is.package).retires,
				 last[i]);
		assert_int_equal(policy_item_next(&item, &is), 0);
		policy_free(policy);
		policy_builder_free(builder);
	}
}

TEST(refuses_what_no_policy_can_hold)
{
	struct policy_builder *builder = new_builder();
	struct policy_entry is = entry(POLICY_FILES, "/a", POLICY_SHA256, 1);
	struct policy *policy;

	is.digest.len--;
	assert_int_equal(policy_add(builder, &is), -EINVAL);
	is = entry(POLICY_FILES, "", POLICY_SHA256, 1);
	assert_int_equal(policy_add(builder, &is), -EINVAL);
	is = entry(POLICY_FILES, "/\xff", POLICY_SHA256, 1);
	assert_int_equal(policy_add(builder, &is), -EILSEQ);
	is = entry(POLICY_FILES, "/a", POLICY_SHA256, 1);
	is.name = bytes_of("/a\0b", 4);
	assert_int_equal(policy_add(builder, &is), -EINVAL);
	is = entry(POLICY_FILES, "/a", POLICY_SHA256, 1);
	is.package = 1;
	assert_int_equal(policy_add(builder, &is), -EINVAL);
	assert_int_equal(policy_add_text(builder, POLICY_EXCLUDE,
					 bytes_of_text("/a(")),
			 -EINVAL);
	for (int i = 0; i <= POLICY_DIGESTS_MAX; i++) {
		uint8_t digest[20] = { (uint8_t)i, (uint8_t)(i >> 8) };

		is = entry(POLICY_FILES, "/a", POLICY_SHA1, 1);
		is.digest = bytes_of(digest, sizeof(digest));
		assert_int_equal(policy_add(builder, &is), 0);
	}
	assert_int_equal(policy_finish(builder, NULL, &policy), -E2BIG);
	policy_builder_free(builder);
}

static enum policy_excluded noted(const struct policy *policy,
				  enum policy_space space, const char *name)
{
	struct policy_item item;

	assert_int_equal(policy_find(policy, space, bytes_of_text(name), &item),
			 1);
	return item.excluded;
}

/* Of files and buffers, which excludes are about; not of what took too many steps. */
TEST(notes_what_excludes_take)
{
	static const char slow[] = "/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct policy_builder *builder = new_builder();
	struct policy *policy;

	add(builder, POLICY_FILES, "/tmp/a", POLICY_SHA256, 1, 0);
	add(builder, POLICY_FILES, "/usr/a", POLICY_SHA256, 2, 0);
	add(builder, POLICY_FILES, slow, POLICY_SHA256, 3, 0);
	add(builder, POLICY_BUFFERS, "/tmp/a", POLICY_SHA256, 4, 0);
	add(builder, POLICY_KEYRINGS, "/tmp/a", POLICY_SHA256, 5, 0);
	assert_int_equal(policy_add_text(builder, POLICY_EXCLUDE,
					 bytes_of_text("/s/(a+)+$")),
			 0);
	assert_int_equal(policy_add_text(builder, POLICY_EXCLUDE,
					 bytes_of_text("/tmp/")),
			 0);
	policy = finished(builder);
	assert_int_equal(noted(policy, POLICY_FILES, "/tmp/a"),
			 POLICY_EXCLUDE_UNKNOWN);
	assert_int_equal(policy_note_excluded(policy), 0);
	assert_int_equal(noted(policy, POLICY_FILES, "/tmp/a"),
			 POLICY_EXCLUDE_TAKES);
	assert_int_equal(noted(policy, POLICY_BUFFERS, "/tmp/a"),
			 POLICY_EXCLUDE_TAKES);
	assert_int_equal(noted(policy, POLICY_FILES, "/usr/a"),
			 POLICY_EXCLUDE_PASSES);
	assert_int_equal(noted(policy, POLICY_FILES, slow),
			 POLICY_EXCLUDE_UNKNOWN);
	assert_int_equal(noted(policy, POLICY_KEYRINGS, "/tmp/a"),
			 POLICY_EXCLUDE_UNKNOWN);
	policy_free(policy);
	policy_builder_free(builder);
}

TEST(makes_the_same_image_of_the_same_policy)
{
	struct policy *a = example(), *b = example();

	assert_true(bytes_equal(policy_image(a), policy_image(b)));
	policy_free(a);
	policy_free(b);
}

TEST_MAIN(cmocka_unit_test(finds_each_of_many_names),
	  cmocka_unit_test(keeps_spaces_apart),
	  cmocka_unit_test(writes_what_keylime_reads),
	  cmocka_unit_test(says_that_writing_failed),
	  cmocka_unit_test(takes_the_package_that_retires_last),
	  cmocka_unit_test(refuses_what_no_policy_can_hold),
	  cmocka_unit_test(notes_what_excludes_take),
	  cmocka_unit_test(makes_the_same_image_of_the_same_policy))
