// SPDX-License-Identifier: MIT
/*
 * Policies are made by the code that makes them everywhere.
 */
#include "lib/policymaker.h"
#include "base/util.h"
#include "lib/testing.h"
#include "policy/image.h"
#include "policy/read.h"
#include "policy/reading.h"

#include <imastage/reader.h>

static void add(struct policy_builder *builder,
		const struct imastage_record *record, bool other)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct policy_reading reading;
	struct policy_entry entry;

	if (imastage_record_is_violation(record))
		return;
	assert_int_equal(policy_read_record(record, &reading), 0);
	policy_check_form(record, &reading);
	if (reading.malformed)
		return;
	memcpy(digest, reading.digest.data, reading.digest.len);
	digest[0] ^= other;
	entry = (struct policy_entry){
		.space = reading.is_buffer ? POLICY_BUFFERS : POLICY_FILES,
		.name = reading.path,
		.alg = reading.alg,
		.digest = bytes_of(digest, reading.digest.len),
	};
	assert_int_equal(policy_add(builder, &entry), 0);
}

static void add_all(struct policy_builder *builder, struct imastage_bytes list,
		    bool other)
{
	const struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
	};
	struct imastage_reader *reader;
	struct imastage_record record;

	assert_int_equal(imastage_reader_new_memory(list, &options, &reader),
			 0);
	while (imastage_reader_next(reader, &record) == 0)
		add(builder, &record, other);
	imastage_reader_free(reader);
}

static struct policy *damage(struct policy *policy)
{
	struct imastage_bytes image = policy_image(policy);
	size_t at = (size_t)(policy->sections[IMAGE_ENTRIES].data - image.data);
	cleanup_free uint8_t *copy = malloc(image.len);
	struct policy *damaged = NULL;
	struct policy_error error;

	memcpy(copy, image.data, image.len);
	memset(copy + at, 0xff, policy->sections[IMAGE_ENTRIES].len);
	assert_int_equal(policy_open_image(bytes_of(copy, image.len), &damaged,
					   &error),
			 0);
	policy_free(policy);
	return damaged;
}

struct policy *make_policy(struct imastage_bytes list, enum made_policy how)
{
	struct policy_builder *builder = NULL;
	struct policy *policy = NULL;

	assert_int_equal(policy_builder_new(&builder), 0);
	if (how != MADE_EMPTY)
		add_all(builder, list, how == MADE_OTHER);
	assert_int_equal(policy_finish(builder, NULL, &policy), 0);
	policy_builder_free(builder);
	return how == MADE_DAMAGED ? damage(policy) : policy;
}

struct policy *make_policy_of(const char *digests, const char *ours)
{
	cleanup_free char *text = NULL;
	struct policy *policy = NULL;
	struct policy_error error;

	assert_true(asprintf(&text,
			     "{\"meta\":{\"version\":1,\"generator\":0},"
			     "\"release\":0,\"digests\":%s,\"excludes\":[],"
			     "\"keyrings\":{},\"ima\":{\"ignored_keyrings\":[],"
			     "\"log_hash_alg\":\"sha1\"},\"ima-buf\":{},"
			     "\"verification-keys\":\"\",\"imastage\":%s}",
			     digests, ours) > 0);
	if (policy_read(bytes_of_text(text), NULL, &policy, &error) != 0)
		fail_msg("%zu: %s", error.offset, error.reason);
	return policy;
}
