// SPDX-License-Identifier: MIT
/*
 * Alignment. A quote's digest is made here by hashing the selected values with
 * OpenSSL; tests/vm compares with a TPM's.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <openssl/evp.h>

#define NR_RECORDS 50
#define SHA256_ONLY (1u << IMASTAGE_SHA256)

static const struct imastage_selection pcr10[] = { { IMASTAGE_SHA256,
						     1u << 10 } };

/* A list, and the sha256 value of PCR 10 after each number of its records. */
struct fixture {
	struct imastage_buffer list;
	uint8_t value[NR_RECORDS + 1][32];
};

static struct imastage_replay *new_replay(void)
{
	struct imastage_replay *replay;

	assert_int_equal(imastage_replay_new(SHA256_ONLY | 1u << IMASTAGE_SHA1,
					     3u << 10, &replay),
			 0);
	return replay;
}

static struct imastage_reader *new_reader(const struct fixture *f)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_reader *reader;

	assert_int_equal(
		imastage_reader_new_memory(bytes_of(f->list.data, f->list.len),
					   &options, &reader),
		0);
	return reader;
}

static void start(struct fixture *f)
{
	struct imastage_replay *replay = new_replay();
	struct imastage_reader *reader;
	struct imastage_record record;
	uint32_t seed = 31;

	f->list =
		random_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, NR_RECORDS, &seed);
	reader = new_reader(f);
	for (int i = 0; i <= NR_RECORDS; i++) {
		memcpy(f->value[i],
		       imastage_replay_value(replay, IMASTAGE_SHA256, 10).data,
		       32);
		if (imastage_reader_next(reader, &record) == 0)
			assert_int_equal(imastage_replay_extend(replay, &record,
								NULL),
					 0);
	}
	imastage_reader_free(reader);
	imastage_replay_free(replay);
}

/* Goes through the list; the answer, and the records of the prefix. */
static int look(const struct fixture *f, struct imastage_align *align,
		bool stop, unsigned int nr_threads, uint64_t *ret_nr)
{
	struct imastage_check_options options = { .nr_threads = nr_threads,
						  .stop_at_match = stop };
	struct imastage_reader *reader = new_reader(f);
	struct imastage_replay *replay = new_replay();
	struct imastage_summary summary;

	assert_int_equal(
		imastage_check(reader, replay, align, &options, &summary), 0);
	if (stop && summary.alignment == IMASTAGE_ALIGN_MATCH)
		assert_int_equal(imastage_replay_nr_records(replay),
				 summary.nr_aligned);
	else
		assert_int_equal(imastage_replay_nr_records(replay),
				 NR_RECORDS);
	*ret_nr = summary.nr_aligned;
	imastage_reader_free(reader);
	imastage_replay_free(replay);
	return summary.alignment;
}

TEST(values_are_found_after_every_number_of_records)
{
	struct fixture f;

	start(&f);
	for (uint64_t i = 0; i <= NR_RECORDS; i++) {
		for (unsigned int threads = 1; threads <= 3; threads++) {
			struct imastage_align *align;
			uint64_t nr;

			assert_int_equal(imastage_align_new(&align), 0);
			assert_int_equal(imastage_align_expect_value(
						 align, IMASTAGE_SHA256, 10,
						 bytes_of(f.value[i], 32)),
					 0);
			assert_int_equal(look(&f, align, i % 2, threads, &nr),
					 IMASTAGE_ALIGN_MATCH);
			assert_int_equal(nr, i);
			imastage_align_free(align);
		}
	}
	free(f.list.data);
}

/* PCRs 0, 10, 12 of sha256: constant, replayed, constant. */
static const struct imastage_selection three[] = {
	{ IMASTAGE_SHA256, 1u << 0 | 1u << 10 },
	{ IMASTAGE_SHA256, 1u << 12 },
};

static void quote_of(const uint8_t *pcr10_value, uint8_t *ret_digest)
{
	uint8_t values[96];
	size_t len;

	memset(values, 0xaa, 32);
	memcpy(values + 32, pcr10_value, 32);
	memset(values + 64, 0xbb, 32);
	assert_int_equal(EVP_Q_digest(NULL, "sha256", NULL, values,
				      sizeof(values), ret_digest, &len),
			 1);
}

static struct imastage_align *align_to_quote(const uint8_t *pcr10_value,
					     size_t window)
{
	struct imastage_align *align;
	uint8_t digest[32], other[32];

	quote_of(pcr10_value, digest);
	assert_int_equal(imastage_align_new(&align), 0);
	assert_int_equal(
		imastage_align_expect_quote(align, IMASTAGE_SHA256, three, 2,
					    bytes_of(digest, 32), window),
		0);
	memset(other, 0xaa, 32);
	assert_int_equal(imastage_align_set_other(align, IMASTAGE_SHA256, 0,
						  bytes_of(other, 32)),
			 0);
	memset(other, 0xbb, 32);
	assert_int_equal(imastage_align_set_other(align, IMASTAGE_SHA256, 12,
						  bytes_of(other, 32)),
			 0);
	return align;
}

TEST(quotes_are_found_in_windows_of_every_size)
{
	static const size_t windows[] = { 0, 1, 7, 50, 51, 1000 };
	struct fixture f;

	start(&f);
	for (uint64_t i = 0; i <= NR_RECORDS; i++) {
		for (size_t w = 0; w < ARRAY_SIZE(windows); w++) {
			size_t window = windows[w];
			struct imastage_align *align =
				align_to_quote(f.value[i], window);
			bool seen = window == 0 || NR_RECORDS - i < window;
			uint64_t nr = 0;
			int r = look(&f, align, window == 0, 1 + w % 2, &nr);

			assert_int_equal(r, seen ? IMASTAGE_ALIGN_MATCH :
						   IMASTAGE_ALIGN_EARLIER);
			assert_int_equal(nr, seen ? i : 0);
			imastage_align_free(align);
		}
	}
	free(f.list.data);
}

/* Constant PCRs of three banks, and PCR 10 of sha256 in the middle. */
static const struct imastage_selection banks[] = {
	{ IMASTAGE_SHA1, 1u << 3 | 1u << 5 },
	{ IMASTAGE_SHA256, 1u << 10 },
	{ IMASTAGE_SHA384, 1u << 7 },
	{ IMASTAGE_SM3, 1u << 9 },
};

static void set_others(struct imastage_align *align,
		       const struct imastage_selection *selection,
		       struct imastage_bytes value)
{
	value.len = imastage_bank_digest_len(selection->bank);
	for (unsigned int pcr = 0; pcr < IMASTAGE_NR_PCRS; pcr++)
		if (selection->pcrs & 1u << pcr & ~(1u << 10))
			assert_int_equal(
				imastage_align_set_other(align, selection->bank,
							 pcr, value),
				0);
}

/* The digest of a quote of the first @nr of banks[], in the order @order. */
static void quote_in_order(const size_t *order, size_t nr, const uint8_t *value,
			   uint8_t *ret_digest)
{
	uint8_t values[4 * IMASTAGE_DIGEST_MAX];
	size_t at = 0, len;

	for (size_t i = 0; i < nr; i++) {
		const struct imastage_selection *s = &banks[order[i]];
		size_t all = (size_t)__builtin_popcount(s->pcrs) *
			     imastage_bank_digest_len(s->bank);

		memset(values + at, 0xcc, all);
		if (s->bank == IMASTAGE_SHA256)
			memcpy(values + at, value, all);
		at += all;
	}
	assert_int_equal(EVP_Q_digest(NULL, "sha256", NULL, values, at,
				      ret_digest, &len),
			 1);
}

static void find_in_order(const struct fixture *f, const size_t *order,
			  size_t nr, size_t window)
{
	struct imastage_align *align;
	uint8_t digest[32], other[IMASTAGE_DIGEST_MAX];
	uint64_t found = 0;

	memset(other, 0xcc, sizeof(other));
	quote_in_order(order, nr, f->value[33], digest);
	assert_int_equal(imastage_align_new(&align), 0);
	assert_int_equal(
		imastage_align_expect_quote(align, IMASTAGE_SHA256, banks, nr,
					    bytes_of(digest, 32), window),
		0);
	for (size_t i = 0; i < nr; i++)
		set_others(align, &banks[i], bytes_of(other, sizeof(other)));
	assert_int_equal(look(f, align, false, 1, &found),
			 IMASTAGE_ALIGN_MATCH);
	assert_int_equal(found, 33);
	imastage_align_free(align);
}

TEST(quotes_are_found_in_whatever_order_banks_were_quoted)
{
	struct fixture f;

	start(&f);
	for (size_t code = 0; code < 256; code++) {
		const size_t order[] = { code & 3, code >> 2 & 3, code >> 4 & 3,
					 code >> 6 };
		size_t seen = 0;

		for (size_t i = 0; i < 4; i++)
			seen |= (size_t)1 << order[i];
		if (seen != 15)
			continue;
		find_in_order(&f, order, 4, 0);
		find_in_order(&f, order, 4, 20);
	}
	find_in_order(&f, (const size_t[]){ 1, 0 }, 2, 20);
	free(f.list.data);
}

/* No order of more than four is tried but the one given. */
TEST(the_order_of_many_selections_is_the_one_given)
{
	static const struct imastage_selection five[] = {
		{ IMASTAGE_SHA256, 1u << 10 }, { IMASTAGE_SHA256, 1 },
		{ IMASTAGE_SHA256, 2 },	       { IMASTAGE_SHA256, 4 },
		{ IMASTAGE_SHA256, 8 },
	};
	uint8_t values[5 * 32] = { 0 }, digest[32];
	struct imastage_align *align;
	struct fixture f;
	uint64_t nr;
	size_t len;

	start(&f);
	for (int at = 0; at < 2; at++) {
		memset(values, 0, sizeof(values));
		memcpy(values + at * 32, f.value[33], 32);
		assert_int_equal(EVP_Q_digest(NULL, "sha256", NULL, values,
					      sizeof(values), digest, &len),
				 1);
		assert_int_equal(imastage_align_new(&align), 0);
		assert_int_equal(imastage_align_expect_quote(
					 align, IMASTAGE_SHA256, five, 5,
					 bytes_of(digest, 32), 50),
				 0);
		memset(values, 0, sizeof(values));
		for (size_t i = 1; i < 5; i++)
			set_others(align, &five[i], bytes_of(values, 32));
		assert_int_equal(look(&f, align, false, 1, &nr),
				 at == 0 ? IMASTAGE_ALIGN_MATCH :
					   IMASTAGE_ALIGN_EARLIER);
		imastage_align_free(align);
	}
	free(f.list.data);
}

TEST(what_is_not_there_is_not_found)
{
	static const uint8_t nowhere[32] = { 1 };
	static const size_t windows[] = { 0, 10, 1000 };
	static const int answers[] = { IMASTAGE_ALIGN_NONE,
				       IMASTAGE_ALIGN_EARLIER,
				       IMASTAGE_ALIGN_NONE };
	struct fixture f;

	start(&f);
	for (size_t w = 0; w < ARRAY_SIZE(windows); w++) {
		struct imastage_align *align =
			align_to_quote(nowhere, windows[w]);
		uint64_t nr;

		assert_int_equal(look(&f, align, windows[w] == 0, 1, &nr),
				 answers[w]);
		imastage_align_free(align);
	}
	free(f.list.data);
}

/* What does not hold hides nothing of what does. */
TEST(each_value_is_found_by_itself)
{
	static const uint8_t nowhere[20] = { 1 };
	struct imastage_align *align;
	uint64_t nr, first = 0, last = 0;
	struct fixture f;

	start(&f);
	assert_int_equal(imastage_align_new(&align), 0);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA1, 10,
						     bytes_of(nowhere, 20)),
			 0);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA256, 10,
						     bytes_of(f.value[20], 32)),
			 0);
	assert_int_equal(look(&f, align, false, 2, &nr), IMASTAGE_ALIGN_NONE);
	assert_int_equal(imastage_align_value(align, IMASTAGE_SHA256, 10,
					      &first, &last),
			 0);
	assert_int_equal(first, 20);
	assert_int_equal(last, 20);
	assert_int_equal(imastage_align_value(align, IMASTAGE_SHA1, 10, &first,
					      &last),
			 -ENOENT);
	assert_int_equal(imastage_align_value(align, IMASTAGE_SHA256, 11,
					      &first, &last),
			 -ENOENT);
	imastage_align_free(align);
	free(f.list.data);
}

/* Values narrow a quote down, and several values must hold at once. */
TEST(all_that_is_expected_must_hold)
{
	static const uint8_t zeros[32];
	struct imastage_align *align;
	struct fixture f;
	uint64_t nr;

	start(&f);
	align = align_to_quote(f.value[20], 1);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA256, 10,
						     bytes_of(f.value[20], 32)),
			 0);
	assert_int_equal(look(&f, align, false, 1, &nr), IMASTAGE_ALIGN_MATCH);
	assert_int_equal(nr, 20);
	imastage_align_free(align);

	assert_int_equal(imastage_align_new(&align), 0);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA256, 10,
						     bytes_of(f.value[20], 32)),
			 0);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA1, 10,
						     bytes_of(zeros, 20)),
			 0);
	assert_int_equal(look(&f, align, false, 1, &nr), IMASTAGE_ALIGN_NONE);
	imastage_align_free(align);
	free(f.list.data);
}

/* A record for another PCR changes nothing: the longer prefix is the answer. */
TEST(the_longest_prefix_is_the_answer)
{
	const struct imastage_bytes fields[] = { bytes_of("d", 1),
						 bytes_of("n", 1) };
	struct imastage_replay *replay = new_replay();
	struct imastage_align *align;
	struct built_record built;
	uint8_t digest[32];
	size_t len;

	for (size_t window = 0; window < 3; window++) {
		uint64_t nr = 0;

		imastage_replay_free(replay);
		replay = new_replay();
		build_record(&built, IMASTAGE_SHA1, 10, "ima-ng", fields, 2);
		assert_int_equal(
			imastage_replay_extend(replay, &built.record, NULL), 0);
		assert_int_equal(
			EVP_Q_digest(NULL, "sha256", NULL,
				     imastage_replay_value(replay,
							   IMASTAGE_SHA256, 10)
					     .data,
				     32, digest, &len),
			1);
		assert_int_equal(imastage_align_new(&align), 0);
		assert_int_equal(imastage_align_expect_quote(
					 align, IMASTAGE_SHA256, pcr10, 1,
					 bytes_of(digest, 32), window),
				 0);
		assert_true(imastage_align_check(align, replay) >= 0);
		built.record.pcr = 12;
		assert_int_equal(imastage_replay_extend(replay, &built.record,
							NULL),
				 IMASTAGE_OTHER_PCR);
		assert_true(imastage_align_check(align, replay) >= 0);
		assert_int_equal(imastage_align_finish(align, &nr),
				 IMASTAGE_ALIGN_MATCH);
		assert_int_equal(nr, 2);
		imastage_align_free(align);
	}
	imastage_replay_free(replay);
}

TEST(expectations_without_sense_are_refused)
{
	static const uint8_t value[64];
	struct imastage_replay *replay = new_replay();
	const struct imastage_selection many[17] = { 0 };
	const struct imastage_selection beyond = { IMASTAGE_SHA1, 1u << 24 };
	const struct imastage_selection missing = { IMASTAGE_SHA1, 1u << 3 };
	struct imastage_align *align;

	assert_int_equal(imastage_align_new(&align), 0);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA1, 10,
						     bytes_of(value, 32)),
			 -EINVAL);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA1, 24,
						     bytes_of(value, 20)),
			 -EINVAL);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_NR_BANKS,
						     10, bytes_of(value, 20)),
			 -EINVAL);
	assert_int_equal(imastage_align_expect_quote(align, IMASTAGE_SHA256,
						     many, 17,
						     bytes_of(value, 32), 0),
			 -E2BIG);
	assert_int_equal(imastage_align_expect_quote(align, IMASTAGE_SHA256,
						     &beyond, 1,
						     bytes_of(value, 32), 0),
			 -EINVAL);
	assert_int_equal(imastage_align_expect_quote(align, IMASTAGE_SHA256,
						     &missing, 1,
						     bytes_of(value, 32), 0),
			 0);
	assert_int_equal(imastage_align_expect_quote(align, IMASTAGE_SHA256,
						     &missing, 1,
						     bytes_of(value, 32), 0),
			 -EBUSY);
	/* PCR 3 is neither replayed nor given, until it is. */
	assert_int_equal(imastage_align_check(align, replay), -EINVAL);
	assert_int_equal(imastage_align_set_other(align, IMASTAGE_SHA1, 3,
						  bytes_of(value, 20)),
			 0);
	assert_int_equal(imastage_align_check(align, replay),
			 IMASTAGE_ALIGN_NONE);
	assert_int_equal(imastage_align_expect_value(align, IMASTAGE_SHA1, 10,
						     bytes_of(value, 20)),
			 -EBUSY);
	imastage_align_free(align);
	imastage_replay_free(replay);
}

TEST_MAIN(cmocka_unit_test(values_are_found_after_every_number_of_records),
	  cmocka_unit_test(quotes_are_found_in_windows_of_every_size),
	  cmocka_unit_test(quotes_are_found_in_whatever_order_banks_were_quoted),
	  cmocka_unit_test(the_order_of_many_selections_is_the_one_given),
	  cmocka_unit_test(what_is_not_there_is_not_found),
	  cmocka_unit_test(each_value_is_found_by_itself),
	  cmocka_unit_test(all_that_is_expected_must_hold),
	  cmocka_unit_test(the_longest_prefix_is_the_answer),
	  cmocka_unit_test(expectations_without_sense_are_refused))
