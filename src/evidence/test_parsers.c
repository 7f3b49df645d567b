// SPDX-License-Identifier: MIT
/*
 * Quotes, signatures, keys and PCR values as bytes: good ones of the made quotes, cut off
 * at every byte, longer by one, and with each field out of its range.
 */
#include "base/base64.h"
#include "evidence/attest.h"
#include "evidence/keylime.h"
#include "evidence/pcrs.h"
#include "evidence/public.h"
#include "evidence/qualifying.h"
#include "lib/testing.h"
#include "log/hash.h"

#define QUOTES TEST_DATA "/verify/quote/"

struct input {
	uint8_t *data; /* owned; one byte longer than it says */
	size_t len;
};

static struct input input_of(const char *path)
{
	struct input input;

	assert_int_equal(hexfile_read(path, &input.data, &input.len), 0);
	input.data = realloc(input.data, input.len + 1);
	assert_non_null(input.data);
	input.data[input.len] = 0;
	return input;
}

static struct imastage_bytes all_of(const struct input *input)
{
	return bytes_of(input->data, input->len);
}

/* ---- one face for all parsers ---------------------------------------------- */

static int parse_attest(struct imastage_bytes bytes,
			struct evidence_error *ret_error)
{
	struct evidence_attest attest;

	return evidence_attest_parse(bytes, &attest, ret_error);
}

static int parse_signature(struct imastage_bytes bytes,
			   struct evidence_error *ret_error)
{
	struct evidence_signature signature;

	return evidence_signature_parse(bytes, &signature, ret_error);
}

static int parse_public(struct imastage_bytes bytes,
			struct evidence_error *ret_error)
{
	struct evidence_public key;

	return evidence_public_parse(bytes, &key, ret_error);
}

static int parse_pcrs(struct imastage_bytes bytes,
		      struct evidence_error *ret_error)
{
	struct evidence_pcrs pcrs;

	return evidence_pcrs_parse(bytes, &pcrs, ret_error);
}

typedef int parser(struct imastage_bytes bytes,
		   struct evidence_error *ret_error);

static const struct {
	parser *parse;
	const char *path;
} good[] = {
	{ parse_attest, QUOTES "msg/ok-raw.hex" },
	{ parse_attest, QUOTES "msg/a1-ok-sha1-over-0-7.hex" },
	{ parse_signature, QUOTES "sig/ok-raw.hex" },
	{ parse_signature, QUOTES "sig/ok-rsa2048-rsassa.hex" },
	{ parse_public, QUOTES "ak/ok-raw.hex" },
	{ parse_public, QUOTES "ak/ok-rsa2048-rsassa.hex" },
	{ parse_pcrs, QUOTES "pcrs/ok-raw.hex" },
	{ parse_pcrs, QUOTES "pcrs/a1-ok-sha1-over-0-7.hex" },
};

/* In memory of its own, so that a sanitizer sees each byte too many. */
static int parse_copy(parser *parse, struct imastage_bytes bytes,
		      struct evidence_error *ret_error)
{
	uint8_t *copy = malloc(bytes.len + !bytes.len);
	int r;

	assert_non_null(copy);
	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	r = parse(bytes_of(copy, bytes.len), ret_error);
	free(copy);
	return r;
}

TEST(all_of_it_and_nothing_else)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct input input = input_of(good[i].path);
		struct evidence_error error;

		assert_int_equal(
			parse_copy(good[i].parse, all_of(&input), &error), 0);
		for (size_t len = 0; len < input.len; len++) {
			assert_int_equal(parse_copy(good[i].parse,
						    bytes_of(input.data, len),
						    &error),
					 -EBADMSG);
			assert_in_range(error.offset, 0, len);
			assert_true(strlen(error.reason) > 0);
		}
		input.len++;
		assert_int_equal(parse_copy(good[i].parse, all_of(&input),
					    &error),
				 -EBADMSG);
		free(input.data);
	}
}

/* ---- fields out of their range ---------------------------------------------- */

struct change {
	const char *path;
	parser *parse;
	size_t at; /* where */
	uint16_t bytes; /* two of them, big-endian, are written over it */
	int result;
	size_t error_at;
};

static const struct change changes[] = {
	/* magic, kind, signer, qualifying data */
	{ QUOTES "msg/ok-raw.hex", parse_attest, 2, 0x4346,
	  EVIDENCE_OTHER_MAGIC, 0 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 4, 0x8017, EVIDENCE_OTHER_TYPE,
	  4 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 6, 0x0043, -EBADMSG, 6 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 42, 0x0043, -EBADMSG, 42 },
	/* safe, number of selections, mask, digest */
	{ QUOTES "msg/ok-raw.hex", parse_attest, 84, 0x0201, -EBADMSG, 84 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 93, 0x0100, -EBADMSG, 93 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 95, 0x0011, -EBADMSG, 93 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 99, 0x02ff, -EBADMSG, 99 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 99, 0x04ff, -EBADMSG, 99 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 99, 0x00ff, -EBADMSG, 99 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 103, 0x0041, -EBADMSG, 103 },
	{ QUOTES "msg/ok-raw.hex", parse_attest, 103, 0x001f, -EBADMSG, 136 },
	/* scheme, r, s, RSA */
	{ QUOTES "sig/ok-raw.hex", parse_signature, 0, 0x001a,
	  EVIDENCE_OTHER_TYPE, 0 },
	{ QUOTES "sig/ok-raw.hex", parse_signature, 0, 0x0010,
	  EVIDENCE_OTHER_TYPE, 0 },
	{ QUOTES "sig/ok-raw.hex", parse_signature, 4, 0x0043, -EBADMSG, 4 },
	{ QUOTES "sig/ok-raw.hex", parse_signature, 38, 0x0043, -EBADMSG, 38 },
	{ QUOTES "sig/ok-raw.hex", parse_signature, 38, 0x001f, -EBADMSG, 71 },
	{ QUOTES "sig/ok-rsa2048-rsassa.hex", parse_signature, 4, 0x0201,
	  -EBADMSG, 4 },
	/* length, type, name, policy, point */
	{ QUOTES "ak/ok-raw.hex", parse_public, 0, 0x0057, -EBADMSG, 0 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 0, 0x0059, -EBADMSG, 0 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 2, 0x0008, EVIDENCE_OTHER_TYPE,
	  2 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 4, 0x0010, -EBADMSG, 4 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 10, 0x0041, -EBADMSG, 10 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 22, 0x0043, -EBADMSG, 22 },
	{ QUOTES "ak/ok-raw.hex", parse_public, 56, 0x0043, -EBADMSG, 56 },
	{ QUOTES "ak/ok-rsa2048-rsassa.hex", parse_public, 24, 0x0201, -EBADMSG,
	  24 },
	/* selections, bank, mask, PCRs above 23 */
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 0, 0x1100, -EBADMSG, 0 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 4, 0x0f00, -EBADMSG, 4 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 6, 0x04ff, -EBADMSG, 6 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 10, 0x0100, -EBADMSG, 10 },
	/* lists, values in one, length of one, PCRs without a value */
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 132, 0x0300, -EBADMSG, 132 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 134, 0xffff, -EBADMSG, 132 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 136, 0x0000, -EBADMSG, 136 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 136, 0x0900, -EBADMSG, 136 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 140, 0x4100, -EBADMSG, 140 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 140, 0x1400, -EBADMSG, 140 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 7, 0xff03, -EBADMSG, 804 },
	{ QUOTES "pcrs/ok-raw.hex", parse_pcrs, 7, 0xff0f, -EBADMSG, 1200 },
};

TEST(fields_out_of_their_range)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *change = &changes[i];
		struct input input = input_of(change->path);
		struct evidence_error error;

		input.data[change->at] = (uint8_t)(change->bytes >> 8);
		input.data[change->at + 1] = (uint8_t)change->bytes;
		if (parse_copy(change->parse, all_of(&input), &error) !=
			    change->result ||
		    error.offset != change->error_at)
			fail_msg("change %zu of %s: at %zu, %s", i,
				 change->path, error.offset, error.reason);
		free(input.data);
	}
}

/* ---- what is in them --------------------------------------------------------- */

TEST(a_quote)
{
	struct input input = input_of(QUOTES "msg/ok-raw.hex");
	struct evidence_attest attest;
	struct evidence_error error;

	assert_int_equal(evidence_attest_parse(all_of(&input), &attest, &error),
			 0);
	assert_int_equal(attest.signer.len, 34);
	assert_int_equal(attest.qualifying.len, 24);
	assert_int_equal(attest.clock.clock, 722334562);
	assert_int_equal(attest.clock.resets, 10);
	assert_int_equal(attest.clock.restarts, 2);
	assert_true(attest.clock.safe);
	assert_int_equal(attest.firmware, 0x0001000200030004);
	assert_int_equal(attest.selections.nr, 1);
	assert_int_equal(attest.selections.of[0].alg, 0x000b);
	assert_int_equal(attest.selections.of[0].pcrs, 0x7ff);
	assert_int_equal(attest.pcr_digest.len, 32);
	free(input.data);
}

/* What both names are hashes of. */
TEST(names_of_keys)
{
	struct input input = input_of(QUOTES "ak/ok-raw.hex");
	struct evidence_name name, qualified, again;
	struct evidence_public key;
	struct evidence_error error;
	uint8_t digest[32];
	struct hash hash;

	assert_int_equal(evidence_public_parse(all_of(&input), &key, &error),
			 0);
	assert_int_equal(key.attributes, 0x00050072);
	assert_int_equal(key.curve, EVIDENCE_P256);
	assert_int_equal(key.scheme, EVIDENCE_ALG_ECDSA);
	assert_int_equal(evidence_public_name(&key, &name), 0);
	assert_int_equal(hash_init(&hash, IMASTAGE_SHA256), 0);
	assert_int_equal(hash_two(&hash, bytes_of(input.data + 2, 88),
				  bytes_of(NULL, 0), digest),
			 0);
	hash_fini(&hash);
	assert_memory_equal(name.bytes, "\x00\x0b", 2);
	assert_memory_equal(name.bytes + 2, digest, 32);
	assert_int_equal(evidence_public_primary(&key, EVIDENCE_ENDORSEMENT,
						 &qualified),
			 0);
	assert_int_equal(evidence_public_qualified(
				 &key, bytes_of("\x40\x00\x00\x0b", 4), &again),
			 0);
	assert_memory_equal(qualified.bytes, again.bytes, 34);
	assert_memory_not_equal(qualified.bytes, name.bytes, 34);
	free(input.data);
}

TEST(the_digest_of_pcr_values)
{
	struct input quote = input_of(QUOTES "msg/a1-ok-sha1-over-0-7.hex");
	struct input file = input_of(QUOTES "pcrs/a1-ok-sha1-over-0-7.hex");
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct evidence_attest attest;
	struct evidence_error error;
	struct evidence_pcrs pcrs;

	assert_int_equal(evidence_attest_parse(all_of(&quote), &attest, &error),
			 0);
	assert_int_equal(evidence_pcrs_parse(all_of(&file), &pcrs, &error), 0);
	assert_true(evidence_selections_equal(&pcrs.selections,
					      &attest.selections));
	assert_int_equal(pcrs.selections.nr, 2);
	assert_int_equal(evidence_pcrs_digest(&pcrs, IMASTAGE_SHA256, digest),
			 0);
	assert_memory_equal(digest, attest.pcr_digest.data, 32);
	pcrs.selections.nr = 1;
	assert_false(evidence_selections_equal(&pcrs.selections,
					       &attest.selections));
	free(quote.data);
	free(file.data);
}

/* What is read comes out as tpm2_quote wrote it, but for bytes that nobody looks at. */
TEST(pcr_values_there_and_back)
{
	static const char *const paths[] = {
		QUOTES "pcrs/ok-raw.hex",
		QUOTES "pcrs/a1-ok-sha1-over-0-7.hex",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct input file = input_of(paths[i]);
		struct imastage_buffer again = { 0 };
		struct evidence_error error;
		struct evidence_pcrs pcrs, read;

		assert_int_equal(
			evidence_pcrs_parse(all_of(&file), &pcrs, &error), 0);
		assert_int_equal(evidence_pcrs_write(&pcrs, &again), 0);
		assert_int_equal(again.len, file.len);
		assert_int_equal(
			evidence_pcrs_parse(bytes_of(again.data, again.len),
					    &read, &error),
			0);
		assert_true(evidence_selections_equal(&read.selections,
						      &pcrs.selections));
		assert_memory_equal(&read.values, &pcrs.values,
				    sizeof(read.values));
		pcrs.selections.of[0].alg = 0x1234;
		assert_int_equal(evidence_pcrs_write(&pcrs, &again), -EINVAL);
		pcrs.selections.nr = 0;
		assert_int_equal(evidence_pcrs_write(&pcrs, &again), -EINVAL);
		free(again.data);
		free(file.data);
	}
}

/* ---- Keylime ------------------------------------------------------------------ */

static int parse_keylime(const char *text, size_t *ret_at, size_t lens[3])
{
	struct evidence_keylime quote = { 0 };
	struct evidence_error error;
	int r = evidence_keylime_parse(bytes_of_text(text), &quote, &error);

	*ret_at = error.offset;
	lens[0] = quote.msg.len;
	lens[1] = quote.sig.len;
	lens[2] = quote.pcrs.len;
	if (r == 0)
		assert_memory_equal(quote.msg.data, "foo", 3);
	evidence_keylime_fini(&quote);
	return r;
}

TEST(a_quote_of_keylime)
{
	static const struct {
		const char *text;
		size_t at;
	} wrong[] = {
		{ "", 0 },
		{ "dZm9v:Zg==:Zm8=", 0 },
		{ "rZm9v", 5 },
		{ "rZm9v:Zg==", 10 },
		{ "rZm9:Zg==:Zm8=", 4 },
		{ "rZm9v:Z*==:Zm8=", 7 },
		{ "rZm9v:Zg==:Zm8=:", 16 },
		{ "rZm9v:Zg==:Zm8=\n", 16 },
	};
	size_t at, lens[3];

	assert_int_equal(parse_keylime("rZm9v:Zg==:Zm8=", &at, lens), 0);
	assert_int_equal(lens[0], 3);
	assert_int_equal(lens[1], 1);
	assert_int_equal(lens[2], 2);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(parse_keylime(wrong[i].text, &at, lens),
				 -EBADMSG);
		assert_int_equal(at, wrong[i].at);
	}
}

/* ---- qualifying data ---------------------------------------------------------- */

TEST(bound_qualifying_data)
{
	/* The vector of qualifying.h. */
	static const uint8_t expected[EVIDENCE_BOUND_LEN] = {
		0x6b, 0x3a, 0x74, 0x37, 0x17, 0xd1, 0x81, 0x51,
		0x59, 0x35, 0xdf, 0xd4, 0x75, 0xaf, 0xb5, 0x4d,
		0x39, 0x61, 0xec, 0xc1, 0x62, 0x17, 0x91, 0x00,
		0xab, 0xd9, 0x32, 0x17, 0x52, 0xe4, 0x02, 0x9d,
	};
	uint8_t nonce[EVIDENCE_NONCE_MAX + 1], data[EVIDENCE_BOUND_LEN];
	struct imastage_bytes v = bytes_of_text("v"), m = bytes_of_text("m");

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)i;
	assert_int_equal(evidence_bind(bytes_of(nonce, 16), v, m, data), 0);
	assert_memory_equal(data, expected, sizeof(expected));
	assert_int_equal(evidence_bind(bytes_of(nonce, 16), m, v, data), 0);
	assert_memory_not_equal(data, expected, sizeof(expected));
	assert_int_equal(evidence_bind(bytes_of(nonce, 15), v, m, data),
			 -EINVAL);
	assert_int_equal(evidence_bind(bytes_of(nonce, 65), v, m, data),
			 -EINVAL);
	assert_int_equal(evidence_bind(bytes_of(nonce, 16), bytes_of(NULL, 0),
				       m, data),
			 -EINVAL);
	assert_int_equal(evidence_bind(bytes_of(nonce, 16), v,
				       bytes_of(NULL, 0), data),
			 -EINVAL);
}

TEST(qualifying_data_of_the_keeper)
{
	/* The vector of qualifying.h. */
	static const uint8_t expected[EVIDENCE_BOUND_LEN] = {
		0x1d, 0xaf, 0xe3, 0xe8, 0x53, 0x60, 0x7b, 0x10,
		0xef, 0xc8, 0x25, 0xd6, 0x47, 0x60, 0x1e, 0x8c,
		0x82, 0xfc, 0x4d, 0xec, 0x66, 0x1d, 0x76, 0x5c,
		0x86, 0xb7, 0x5a, 0xe2, 0xff, 0xd6, 0x79, 0xb0,
	};
	uint8_t chain[EVIDENCE_CHAIN_LEN], data[EVIDENCE_BOUND_LEN];

	for (size_t i = 0; i < sizeof(chain); i++)
		chain[i] = (uint8_t)i;
	assert_int_equal(evidence_bind_chain(chain, 114106, data), 0);
	assert_memory_equal(data, expected, sizeof(expected));
	assert_int_equal(evidence_bind_chain(chain, 114107, data), 0);
	assert_memory_not_equal(data, expected, sizeof(expected));
}

TEST_MAIN(cmocka_unit_test(all_of_it_and_nothing_else),
	  cmocka_unit_test(fields_out_of_their_range),
	  cmocka_unit_test(a_quote), cmocka_unit_test(names_of_keys),
	  cmocka_unit_test(the_digest_of_pcr_values),
	  cmocka_unit_test(pcr_values_there_and_back),
	  cmocka_unit_test(a_quote_of_keylime),
	  cmocka_unit_test(bound_qualifying_data),
	  cmocka_unit_test(qualifying_data_of_the_keeper))
