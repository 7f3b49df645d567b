// SPDX-License-Identifier: MIT
/*
 * What hostile envelopes and checkpoints cost: memory, counted as it is allocated. An
 * envelope costs what it is long, some times; the text in it costs nothing.
 */
#include "base/bytes.h"
#include "evidence/message.h"
#include "lib/alloc_count.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "verify/checkpoint.h"
#include "verify/checkpoint_text.h"

#include <errno.h>

#define LEN ((size_t)1 << 20)
/* OpenSSL's, to check signatures with. */
#define OPENSSL_MAX ((size_t)64 << 10)

static struct dsse_key *key;

static int make_key(void **state)
{
	(void)state;
	return dsse_key_new(&key);
}

static int free_key(void **state)
{
	(void)state;
	dsse_key_free(key);
	return 0;
}

static void put(struct imastage_buffer *text, const char *piece)
{
	assert_int_equal(buffer_put(text, bytes_of_text(piece)), 0);
}

/* @head, then @each until it is so long, then @tail. */
static struct imastage_buffer repeat(const char *head, const char *each,
				     const char *tail, size_t len)
{
	struct imastage_buffer text = { 0 };

	put(&text, head);
	while (text.len < len)
		put(&text, each);
	while (text.len %
	       4) /* of a payload; elsewhere it is as wrong as it was */
		put(&text, "A");
	put(&text, tail);
	return text;
}

#define TYPE "\",\"payloadType\":\"" CHECKPOINT_TYPE "\","
#define SIGNATURE "{\"sig\":\"MEUCIQDTGVxh\"},"

TEST(envelopes)
{
	static const char *const cases[][3] = {
		{ "{\"payload\":\"", "AAAA", TYPE "\"signatures\":[]}" },
		{ "{\"payload\":\"", "AAAA",
		  TYPE "\"signatures\":[" SIGNATURE SIGNATURE
		       "{\"sig\":\"AAAA\"}]}" },
		{ "{\"payload\":\"", "\\u0041", TYPE "\"signatures\":[]}" },
		{ "{\"payload\":\"AAAA" TYPE "\"signatures\":[", SIGNATURE,
		  "{}]}" },
		{ "{\"payload\":\"AAAA" TYPE "\"signatures\":[{\"sig\":\"",
		  "AAAA", "\"}]}" },
		{ "{", "\"a\":0,", "\"payload\":\"\"}" },
		{ "{\"a\":[", "[[[[[]]]]],", "0]}" },
	};
	const struct dsse_keys keys = { 1, { key } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_buffer text =
			repeat(cases[i][0], cases[i][1], cases[i][2], LEN);
		struct imastage_buffer payload = { 0 };
		struct evidence_error error;
		int r;

		alloc_count_start();
		r = dsse_open(bytes_of(text.data, text.len), CHECKPOINT_TYPE,
			      &keys, &payload, NULL, &error);
		print_message("# %zu bytes: %d, %zu KiB of memory\n", text.len,
			      r, alloc_count_peak() >> 10);
		assert_true(r == -EBADMSG || r == DSSE_UNSIGNED);
		assert_null(payload.data);
		assert_true(alloc_count_peak() <= OPENSSL_MAX + 4 * text.len);
		free(text.data);
	}
}

TEST(what_is_too_long)
{
	struct imastage_buffer text = repeat("{\"payload\":\"", "AAAA",
					     TYPE "\"signatures\":[]}",
					     DSSE_LEN_MAX);
	const struct dsse_keys keys = { 1, { key } };
	static struct checkpoint checkpoint;
	struct imastage_buffer payload;
	struct evidence_error error;

	alloc_count_start();
	assert_int_equal(dsse_open(bytes_of(text.data, text.len),
				   CHECKPOINT_TYPE, &keys, &payload, NULL,
				   &error),
			 -EBADMSG);
	assert_int_equal(
		checkpoint_open(bytes_of(text.data, CHECKPOINT_LEN_MAX + 1),
				&keys, &checkpoint, &error),
		-EBADMSG);
	assert_int_equal(alloc_count_peak(), 0);
	free(text.data);
}

TEST(texts_need_no_memory)
{
	static const char *const cases[][3] = {
		{ "{\"imastage\":\"checkpoint-1\",\"machine\":\"", "m", "\"}" },
		{ "{\"imastage\":\"checkpoint-1\",\"reasons\":[", "{},",
		  "{}]}" },
		{ "{\"imastage\":\"checkpoint-1\",\"pcrs\":{\"sha256\":{",
		  "\"0\":\"00\",", "\"1\":\"\"}}}" },
		{ "{\"imastage\":\"checkpoint-1\",\"policies\":[", "[[]],",
		  "[]]}" },
	};
	static struct checkpoint checkpoint;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imastage_buffer text = repeat(cases[i][0], cases[i][1],
						     cases[i][2],
						     MESSAGE_LEN_MAX - 100);
		struct evidence_error error;

		alloc_count_start();
		assert_int_equal(checkpoint_parse(bytes_of(text.data, text.len),
						  &checkpoint, &error),
				 -EBADMSG);
		assert_int_equal(alloc_count_peak(), 0);
		free(text.data);
	}
}

TEST_MAIN_WITH(make_key, free_key, cmocka_unit_test(envelopes),
	       cmocka_unit_test(what_is_too_long),
	       cmocka_unit_test(texts_need_no_memory))
