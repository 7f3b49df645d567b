// SPDX-License-Identifier: MIT
/*
 * The manifest: there and back, and what is none.
 */
#include "base/bytes.h"
#include "evidence/manifest.h"
#include "lib/testing.h"

#include <errno.h>

static const struct manifest example = {
	.kind = MANIFEST_LIVE,
	.first = 7,
	.records = 20,
	.excess = 3,
	.bytes = 2340,
	.banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256,
	.order = IMASTAGE_LITTLE,
	.kernel = "6.12.48",
	.time = 1760000000,
};

#define EXAMPLE                                                    \
	"{\"kind\":\"live\",\"first\":\"7\",\"records\":\"20\","   \
	"\"excess\":\"3\",\"bytes\":\"2340\",\"banks\":[\"sha1\"," \
	"\"sha256\"],\"order\":\"little\",\"kernel\":\"6.12.48\"," \
	"\"time\":\"1760000000\"}\n"

static void must_equal(const struct manifest *a, const struct manifest *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->records, b->records);
	assert_int_equal(a->excess, b->excess);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->banks, b->banks);
	assert_int_equal(a->order, b->order);
	assert_string_equal(a->kernel, b->kernel);
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->has_chain, b->has_chain);
	assert_int_equal(a->chained, b->chained);
	assert_memory_equal(a->chain, b->chain, sizeof(a->chain));
}

static void there_and_back(const struct manifest *manifest)
{
	char text[MANIFEST_LEN_MAX];
	struct manifest again;
	const char *reason;
	size_t len;

	assert_int_equal(manifest_write(manifest, text, &len), 0);
	assert_int_equal(manifest_parse(bytes_of(text, len), &again, &reason),
			 0);
	assert_null(reason);
	must_equal(manifest, &again);
}

TEST(writes)
{
	char text[MANIFEST_LEN_MAX];
	size_t len;

	assert_int_equal(manifest_write(&example, text, &len), 0);
	assert_true(bytes_equal_text(bytes_of(text, len), EXAMPLE));
}

TEST(reads_what_it_writes)
{
	struct manifest most = {
		.kind = MANIFEST_HISTORY,
		.first = UINT64_MAX - 1,
		.records = 1,
		.bytes = UINT64_MAX,
		.banks = (1u << IMASTAGE_NR_BANKS) - 1,
		.order = IMASTAGE_BIG,
		.time = UINT64_MAX,
		.has_chain = true,
		.chain = { 0xff, 0, 7 },
		.chained = UINT64_MAX,
	};

	there_and_back(&example);
	memset(most.kernel, '"', MANIFEST_KERNEL_MAX);
	there_and_back(&most);
	memset(most.kernel, '\\', MANIFEST_KERNEL_MAX);
	there_and_back(&most);
}

TEST(does_not_write_what_cannot_be_read)
{
	char text[MANIFEST_LEN_MAX];
	struct manifest bad = example;
	size_t len;

	bad.banks = 0;
	assert_int_equal(manifest_write(&bad, text, &len), -EINVAL);
	bad.banks = 1u << IMASTAGE_NR_BANKS;
	assert_int_equal(manifest_write(&bad, text, &len), -EINVAL);
	bad = example;
	bad.kernel[0] = '\0';
	assert_int_equal(manifest_write(&bad, text, &len), -EINVAL);
	bad.kernel[0] = '\x1b';
	assert_int_equal(manifest_write(&bad, text, &len), -EINVAL);
	bad = example;
	bad.first = UINT64_MAX - 22;
	assert_int_equal(manifest_write(&bad, text, &len), -EINVAL);
}

/* The example with @from replaced by @to. */
static int alter(const char *from, const char *to, const char **ret_reason)
{
	char text[2 * sizeof(EXAMPLE) + 200];
	const char *at = strstr(EXAMPLE, from);
	struct manifest manifest;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - EXAMPLE), EXAMPLE,
		 to, at + strlen(from));
	return manifest_parse(bytes_of_text(text), &manifest, ret_reason);
}

#define CHAIN "c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1c4a1"

TEST(reads_any_json_that_says_it)
{
	const char *reason;

	assert_int_equal(alter("{", " {\n\t\"new\" : [1, {}],", &reason), 0);
	assert_int_equal(alter("\"live\"", "\"l\\u0069ve\"", &reason), 0);
	assert_int_equal(alter("\"7\"", "\"007\"", &reason), 0);
	assert_int_equal(alter("}",
			       ",\"chained\":\"1\",\"chain\":\"" CHAIN "\"}",
			       &reason),
			 0);
	assert_int_equal(alter("\"sha1\",\"sha256\"", "\"sm3\"", &reason), 0);
}

#define BAD(member) member " is missing or not of its form"
#define NO_CHAIN BAD("chain or chained")
#define NO_OBJECT "it is not a JSON object, or has a member twice"

TEST(refuses)
{
	static const struct {
		const char *from, *to, *reason;
	} table[] = {
		{ "{", "[", NO_OBJECT },
		{ "}", "}}", NO_OBJECT },
		{ "}", "", NO_OBJECT },
		{ "{", "{\"kind\":\"live\",", NO_OBJECT },
		{ "{", "{\"new\":[[[[[[[[[0]]]]]]]]],", NO_OBJECT },
		{ "\"kind\"", "\"kinds\"", BAD("kind") },
		{ "\"live\"", "\"Live\"", BAD("kind") },
		{ "\"live\"", "0", BAD("kind") },
		{ "\"7\"", "7", BAD("first") },
		{ "\"7\"", "\"\"", BAD("first") },
		{ "\"7\"", "\"-7\"", BAD("first") },
		{ "\"7\"", "\"7.0\"", BAD("first") },
		{ "\"7\"", "\"18446744073709551616\"", BAD("first") },
		{ "\"7\"", "\"18446744073709551600\"",
		  "first, records and excess reach 2^64" },
		{ "\"20\"", "null", BAD("records") },
		{ "\"3\"", "[\"3\"]", BAD("excess") },
		{ "\"2340\"", "\"0x924\"", BAD("bytes") },
		{ "[\"sha1\",\"sha256\"]", "[]", BAD("banks") },
		{ "[\"sha1\",\"sha256\"]", "\"sha1\"", BAD("banks") },
		{ "\"sha1\"", "\"sha256\"", BAD("banks") },
		{ "\"sha1\"", "\"md5\"", BAD("banks") },
		{ "\"little\"", "\"middle\"", BAD("order") },
		{ "6.12.48", "", BAD("kernel") },
		{ "6.12.48", "\\u001b[2J", BAD("kernel") },
		{ "6.12.48", "\\u0000", BAD("kernel") },
		{ "6.12.48", "\xc3\xa9", BAD("kernel") },
		{ "6.12.48", "\\u20ac", BAD("kernel") },
		{ "6.12.48",
		  "11111111112222222222333333333344444444445555555555666666666"
		  "677777",
		  BAD("kernel") },
		{ "\"time\"", "\"date\"", BAD("time") },
		{ "}", ",\"chain\":\"" CHAIN "\"}", NO_CHAIN },
		{ "}", ",\"chained\":\"1\"}", NO_CHAIN },
		{ "}", ",\"chain\":\"" CHAIN "\",\"chained\":1}", NO_CHAIN },
		{ "}", ",\"chain\":\"" CHAIN "00\",\"chained\":\"1\"}",
		  NO_CHAIN },
		{ "}", ",\"chain\":\"\",\"chained\":\"1\"}", NO_CHAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *reason = NULL;

		assert_int_equal(alter(table[i].from, table[i].to, &reason),
				 -EBADMSG);
		assert_string_equal(reason, table[i].reason);
	}
}

TEST(truncated_at_every_byte)
{
	struct manifest manifest;
	const char *reason;

	for (size_t len = 0; len < strlen(EXAMPLE) - 1; len++)
		assert_int_equal(manifest_parse(bytes_of(EXAMPLE, len),
						&manifest, &reason),
				 -EBADMSG);
}

TEST_MAIN(cmocka_unit_test(writes), cmocka_unit_test(reads_what_it_writes),
	  cmocka_unit_test(does_not_write_what_cannot_be_read),
	  cmocka_unit_test(reads_any_json_that_says_it),
	  cmocka_unit_test(refuses), cmocka_unit_test(truncated_at_every_byte))
