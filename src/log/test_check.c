// SPDX-License-Identifier: MIT
/*
 * The check of whole lists: any number of threads finds the same as replaying
 * record by record, on good lists and on bad ones.
 */
#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"
#include "log/sha_ni.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define NR_RECORDS 6000 /* more than the batches hold at once */

static const struct imastage_reader_options binary = {
	.format = IMASTAGE_FORMAT_BINARY,
	.bank = IMASTAGE_SHA256,
};

static struct imastage_reader *reader_of(const struct imastage_buffer *list)
{
	struct imastage_reader *reader;

	assert_int_equal(
		imastage_reader_new_memory(bytes_of(list->data, list->len),
					   &binary, &reader),
		0);
	return reader;
}

static enum imastage_form sha384_form;
/* The list's bank, sha256, is not among them: it is checked anyway. */
static unsigned int banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA384;

static struct imastage_replay *new_replay(void)
{
	struct imastage_replay *replay;

	assert_int_equal(imastage_replay_new(banks, 1u << 10, &replay), 0);
	assert_int_equal(imastage_replay_set_form(replay, IMASTAGE_SHA384,
						  sha384_form),
			 0);
	return replay;
}

/* Offset of record @index. */
static uint64_t offset_of(const struct imastage_buffer *list, uint64_t index)
{
	struct imastage_reader *reader = reader_of(list);
	struct imastage_record record;
	uint64_t offset;

	while (imastage_reader_index(reader) < index)
		assert_int_equal(imastage_reader_next(reader, &record), 0);
	offset = imastage_reader_offset(reader);
	imastage_reader_free(reader);
	return offset;
}

static void assert_same_pcrs(const struct imastage_replay *a,
			     const struct imastage_replay *b)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		assert_true(bytes_equal(imastage_replay_value(a, bank, 10),
					imastage_replay_value(b, bank, 10)));
	assert_int_equal(imastage_replay_nr_records(a),
			 imastage_replay_nr_records(b));
}

/* Record by record. */
static struct imastage_replay *slow_replay(const struct imastage_buffer *list,
					   uint64_t *ret_nr_bad)
{
	struct imastage_reader *reader = reader_of(list);
	struct imastage_replay *replay = new_replay();
	struct imastage_hasher *hasher;
	struct imastage_digests digests;
	struct imastage_record record;

	assert_int_equal(imastage_hasher_new(1u << IMASTAGE_SHA256, &hasher),
			 0);
	*ret_nr_bad = 0;
	while (imastage_reader_next(reader, &record) == 0) {
		assert_int_equal(imastage_replay_extend(replay, &record, NULL),
				 0);
		assert_int_equal(
			imastage_hasher_template(hasher, &record, &digests), 0);
		*ret_nr_bad += imastage_record_check_digest(&record, &digests);
	}
	imastage_hasher_free(hasher);
	imastage_reader_free(reader);
	return replay;
}

static void assert_checks(const struct imastage_buffer *list, int result,
			  uint64_t nr_bad, uint64_t first_bad)
{
	uint64_t slow_nr_bad;
	struct imastage_replay *slow = slow_replay(list, &slow_nr_bad);

	for (unsigned int i = 0; i <= 11; i++) {
		struct imastage_check_options options = {
			.nr_threads = i / 2,
			.any_thread_reads = i % 2,
		};
		struct imastage_reader *reader = reader_of(list);
		struct imastage_replay *replay = new_replay();
		struct imastage_summary summary = { 0 };

		assert_int_equal(imastage_check(reader, replay, NULL, &options,
						&summary),
				 result);
		assert_same_pcrs(replay, slow);
		if (result == 0) {
			assert_int_equal(summary.nr_bad, nr_bad);
			assert_int_equal(slow_nr_bad, nr_bad);
			assert_int_equal(summary.nr_records, NR_RECORDS);
			assert_int_equal(summary.nr_bytes, list->len);
		}
		if (nr_bad) {
			assert_int_equal(summary.first_bad_index, first_bad);
			assert_int_equal(summary.first_bad_offset,
					 offset_of(list, first_bad));
		}
		imastage_replay_free(replay);
		imastage_reader_free(reader);
	}
	imastage_replay_free(slow);
}

static void assert_replays(const struct imastage_buffer *list,
			   unsigned int nr_threads,
			   const struct imastage_replay *expected)
{
	struct imastage_check_options options = { .nr_threads = nr_threads };
	struct imastage_reader *reader = reader_of(list);
	struct imastage_replay *replay = new_replay();
	struct imastage_summary summary;

	assert_int_equal(
		imastage_check(reader, replay, NULL, &options, &summary), 0);
	assert_int_equal(summary.nr_bad, 0);
	assert_same_pcrs(replay, expected);
	imastage_replay_free(replay);
	imastage_reader_free(reader);
}

/* ---- who reads ------------------------------------------------------------- */

struct watched {
	struct imastage_bytes rest;
	pthread_t caller;
	atomic_flag busy; /* somebody reads */
	bool elsewhere; /* another thread than the caller's has read */
};

static ssize_t watched_read(void *context, void *data, size_t len)
{
	struct watched *watched = context;
	struct imastage_bytes piece =
		bytes_first(watched->rest, len < 4096 ? len : 4096);

	assert_false(atomic_flag_test_and_set(&watched->busy));
	if (!pthread_equal(pthread_self(), watched->caller))
		watched->elsewhere = true;
	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	watched->rest = bytes_skip(watched->rest, piece.len);
	atomic_flag_clear(&watched->busy);
	return (ssize_t)piece.len;
}

/* Has another thread than this one read the list? */
static bool is_read_elsewhere(const struct imastage_buffer *list, bool anywhere)
{
	struct watched watched = {
		.rest = bytes_of(list->data, list->len),
		.caller = pthread_self(),
		.busy = ATOMIC_FLAG_INIT,
	};
	struct imastage_source source = { watched_read, &watched };
	struct imastage_reader_options options = {
		.bank = IMASTAGE_SHA256, .format = IMASTAGE_FORMAT_BINARY
	};
	struct imastage_check_options check = { .nr_threads = 3,
						.any_thread_reads = anywhere };
	struct imastage_replay *replay = new_replay();
	struct imastage_reader *reader;
	struct imastage_summary summary;

	assert_int_equal(imastage_reader_new(source, &options, &reader), 0);
	assert_int_equal(imastage_check(reader, replay, NULL, &check, &summary),
			 0);
	assert_int_equal(summary.nr_records, NR_RECORDS);
	imastage_reader_free(reader);
	imastage_replay_free(replay);
	return watched.elsewhere;
}

static struct imastage_buffer new_list(void)
{
	uint32_t seed = 77;

	return random_list(IMASTAGE_SHA256, IMASTAGE_LITTLE, NR_RECORDS, &seed);
}

TEST(any_number_of_threads_finds_the_same)
{
	struct imastage_buffer list = new_list();

	for (int form = 0; form < IMASTAGE_NR_FORMS; form++) {
		sha384_form = form;
		assert_checks(&list, 0, 0, 0);
	}
	sha384_form = IMASTAGE_FORM_OWN;
	free(list.data);
}

/* Replayed with the processor's instructions for sha1 and sha256, and without. */
TEST(both_ways_to_hash_find_the_same)
{
	struct imastage_buffer list = new_list();
	unsigned int usual = banks;

	for (banks = 1; banks < 1u << IMASTAGE_SM3; banks++) {
		struct imastage_replay *slow;
		uint64_t nr_bad;

		if (!(banks & 1u << IMASTAGE_SHA384))
			continue;
		sha_ni_hide(true);
		slow = slow_replay(&list, &nr_bad);
		sha_ni_hide(false);
		for (unsigned int threads = 1; threads <= 2; threads++)
			assert_replays(&list, threads, slow);
		imastage_replay_free(slow);
	}
	banks = usual;
	free(list.data);
}

TEST(the_first_bad_record_is_named)
{
	struct imastage_buffer list = new_list();

	/* A bit of the digests of records 1000 and 2500. */
	list.data[offset_of(&list, 2500) + 4] ^= 1;
	assert_checks(&list, 0, 1, 2500);
	list.data[offset_of(&list, 1000) + 4] ^= 1;
	assert_checks(&list, 0, 2, 1000);
	free(list.data);
}

TEST(a_list_that_is_cut_off_is_replayed_up_to_there)
{
	struct imastage_buffer list = new_list();

	list.len = offset_of(&list, 2000) + 3;
	assert_checks(&list, -ENODATA, 0, 0);
	list.len = 2;
	assert_checks(&list, -ENODATA, 0, 0);
	free(list.data);
}

TEST(records_are_counted_by_kind)
{
	const struct imastage_bytes fields[] = { bytes_of("d", 1),
						 bytes_of("n", 1) };
	static const char *const names[] = { "ima-ng", "uuid|n", "ima-ng",
					     "ima-ng", "d|n" };
	static const uint32_t pcrs[] = { 10, 10, 11, 99, 10 };
	struct imastage_buffer list = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&list);
	struct imastage_reader *reader;
	struct imastage_replay *replay = new_replay();
	struct imastage_summary summary;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct built_record built;
		uint8_t memory[256];

		build_record(&built, IMASTAGE_SHA256, pcrs[i], names[i], fields,
			     2);
		if (i == 4)
			memset(built.digest, 0, sizeof(built.digest));
		assert_int_equal(sink.write(sink.context, memory,
					    put_record(&built.record, memory,
						       sizeof(memory))),
				 0);
	}
	reader = reader_of(&list);
	assert_int_equal(imastage_check(reader, replay, NULL, NULL, &summary),
			 0);
	assert_int_equal(summary.nr_records, 5);
	assert_int_equal(summary.nr_violations, 1);
	assert_int_equal(summary.nr_other_pcr, 2);
	assert_int_equal(summary.nr_unknown, 1);
	assert_int_equal(summary.nr_bad, 4);
	assert_int_equal(summary.first_bad_index, 0);
	imastage_reader_free(reader);
	imastage_replay_free(replay);
	free(list.data);
}

static int stop_early(void *context, uint64_t nr_records)
{
	uint64_t *last = context;

	assert_true(nr_records >= *last);
	*last = nr_records;
	return nr_records > 1000 ? -ECANCELED : 0;
}

TEST(progress_is_told_and_can_end_it)
{
	struct imastage_buffer list = new_list();

	for (unsigned int threads = 1; threads <= 3; threads++) {
		uint64_t last = 0;
		struct imastage_check_options options = {
			.nr_threads = threads,
			.progress = stop_early,
			.context = &last,
		};
		struct imastage_reader *reader = reader_of(&list);
		struct imastage_replay *replay = new_replay();
		struct imastage_summary summary;
		int r = imastage_check(reader, replay, NULL, &options,
				       &summary);

		/* With threads, all may be read before 1000 are done. */
		assert_true(r == -ECANCELED || (r == 0 && threads > 1));
		imastage_reader_free(reader);
		imastage_replay_free(replay);
	}
	free(list.data);
}

TEST(another_thread_reads_only_where_it_may)
{
	struct imastage_buffer list = new_list();
	bool elsewhere = false;

	for (int i = 0; i < 20; i++)
		assert_false(is_read_elsewhere(&list, false));
	for (int i = 0; i < 1000 && !elsewhere; i++)
		elsewhere = is_read_elsewhere(&list, true);
	assert_true(elsewhere);
	free(list.data);
}

TEST_MAIN(cmocka_unit_test(any_number_of_threads_finds_the_same),
	  cmocka_unit_test(both_ways_to_hash_find_the_same),
	  cmocka_unit_test(the_first_bad_record_is_named),
	  cmocka_unit_test(a_list_that_is_cut_off_is_replayed_up_to_there),
	  cmocka_unit_test(records_are_counted_by_kind),
	  cmocka_unit_test(progress_is_told_and_can_end_it),
	  cmocka_unit_test(another_thread_reads_only_where_it_may))
