// SPDX-License-Identifier: MIT
/*
 * Evidence files of a made machine: whole, cut off, altered, contradicting themselves; and
 * one after the other, through boots.
 */
#include "base/bytes.h"
#include "lib/roundmaker.h"
#include "lib/testing.h"
#include "verify/sequence.h"

#include <errno.h>

static const uint8_t nonce[24] = { 7, 7, 7 };

static struct made_machine machine;
static struct verify_sequence sequence;
static struct verify_verdict verdict;
static struct manifest manifest; /* of the next file */
static struct imastage_buffer file;

static int begin(void **state)
{
	(void)state;
	made_machine_init(&machine);
	memset(&sequence, 0, sizeof(sequence));
	sequence.request = (struct verify_request){
		.ak = bytes_of(machine.key.area, machine.key.len),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.asked = { .nr = 1, .of = { { 0x000b, 0x7ff } } },
		.list_pcrs = 1u << 10,
	};
	sequence.machine = "m";
	return 0;
}

static int end(void **state)
{
	(void)state;
	made_machine_fini(&machine);
	verify_sequence_fini(&sequence);
	free(file.data);
	memset(&file, 0, sizeof(file));
	return 0;
}

/* ---- files ------------------------------------------------------------------- */

/* Of the last quote, and the records from @first on. */
static void pack(size_t first)
{
	made_machine_pack(&machine, first, &manifest, &file);
}

static void describe(size_t first)
{
	manifest = made_machine_describe(&machine, first);
}

static void make_live(size_t first)
{
	made_machine_quote(&machine, bytes_of(nonce, sizeof(nonce)));
	describe(first);
	pack(first);
}

static void make_history(size_t first, uint64_t chained)
{
	manifest = made_machine_quote_history(&machine, first, chained);
	pack(first);
}

struct left {
	struct imastage_bytes rest;
};

static ssize_t read_left(void *context, void *data, size_t len)
{
	struct left *left = context;
	struct imastage_bytes piece = bytes_first(left->rest, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	left->rest = bytes_skip(left->rest, piece.len);
	return (ssize_t)piece.len;
}

static int verify_bytes(struct imastage_bytes bytes)
{
	struct left left = { bytes };
	const struct imastage_source source = { read_left, &left };

	return verify_sequence_next(&sequence, source, &verdict);
}

static enum verify_result verify(void)
{
	assert_int_equal(verify_bytes(bytes_of(file.data, file.len)), 0);
	return verdict.result;
}

static bool has(enum verify_id id)
{
	return verify_has(&verdict, id);
}

/* ---- one file ---------------------------------------------------------------- */

TEST(a_live_file)
{
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(verdict.proved);
	assert_int_equal(verdict.next_index, 4);
	assert_false(has(VERIFY_AK_OTHER) || has(VERIFY_QUOTE_HISTORY));
	assert_true(sequence.has_checkpoint);
	assert_int_equal(sequence.checkpoint.next, 4);
}

/* Nothing of a file is taken before its last byte has come. */
TEST(cut_off_at_every_byte)
{
	make_live(0);
	for (size_t len = 0; len < file.len; len++) {
		assert_int_equal(verify_bytes(bytes_of(file.data, len)), 0);
		assert_int_equal(verdict.result, VERIFY_REJECTED);
		assert_true(has(VERIFY_CONTAINER_FORM) ||
			    has(VERIFY_CONTAINER_MANIFEST));
		assert_false(verdict.proved || sequence.has_checkpoint);
	}
}

/* Rejected, or a hint was changed that says nothing. */
TEST(each_byte_altered)
{
	size_t nr_taken = 0;

	make_live(0);
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= 1;
		assert_int_equal(verify_bytes(bytes_of(file.data, file.len)),
				 0);
		file.data[i] ^= 1;
		if (verdict.result == VERIFY_REJECTED)
			continue;
		nr_taken++;
		assert_true(verdict.proved && verdict.next_index == 4);
		sequence.has_checkpoint = false;
	}
	/*
	 * Characters of hints, and places in quote.pcrs that hold nothing: 15 selections, 5
	 * values, and the second halves of 11.
	 */
	assert_in_range(nr_taken, 1, 15 * 8 + 5 * 66 + 11 * 32 + 40);
}

struct contradiction {
	void (*alter)(void);
	enum verify_id id;
};

static void other_kind(void)
{
	manifest.kind = MANIFEST_HISTORY;
}

static void more_records(void)
{
	manifest.records++;
}

static void fewer_records(void)
{
	manifest.records--;
	manifest.excess++;
}

static void other_first(void)
{
	manifest.first++;
}

static void more_banks(void)
{
	manifest.banks |= 1u << IMASTAGE_SHA1;
}

TEST(a_manifest_that_contradicts)
{
	static const struct contradiction table[] = {
		{ other_kind, VERIFY_QUOTE_NONCE },
		{ more_records, VERIFY_MANIFEST_RECORDS },
		{ fewer_records, VERIFY_MANIFEST_RECORDS },
		{ other_first, VERIFY_MANIFEST_FIRST },
		{ more_banks, VERIFY_MANIFEST_BANKS },
	};

	made_machine_quote(&machine, bytes_of(nonce, sizeof(nonce)));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		describe(0);
		table[i].alter();
		pack(0);
		assert_int_equal(verify(), VERIFY_REJECTED);
		assert_true(has(table[i].id));
		assert_false(verdict.proved || sequence.has_checkpoint);
	}
}

/* What asks for live evidence only does not judge history as that. */
TEST(a_kind_that_was_not_asked_for)
{
	const struct container_small *small;
	struct left left;
	const struct imastage_source source = { read_left, &left };
	struct verify_file *opened;

	make_history(0, 4);
	left.rest = bytes_of(file.data, file.len);
	assert_int_equal(verify_file_new(source, 0, &opened), 0);
	assert_int_equal(verify_file_open(opened, &small), 0);
	assert_int_equal(verify_file_run(opened, &sequence.request, &verdict),
			 0);
	assert_true(has(VERIFY_MANIFEST_KIND) && has(VERIFY_QUOTE_NONCE));
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	verify_file_free(opened);
}

/* The first bytes of the file, and then an error. */
static ssize_t fail_to_read(void *context, void *data, size_t len)
{
	struct left *left = context;

	return left->rest.len > 0 ? read_left(left, data, len) : -EIO;
}

/* A disk that does not answer rejects nobody. */
TEST(a_source_that_fails)
{
	make_live(0);
	for (size_t len = 0; len < file.len; len += 97) {
		struct left left = { bytes_of(file.data, len) };
		const struct imastage_source source = { fail_to_read, &left };

		assert_int_equal(verify_sequence_next(&sequence, source,
						      &verdict),
				 -EIO);
		assert_int_equal(verdict.result, VERIFY_NONE);
		assert_false(verdict.proved || sequence.has_checkpoint);
	}
}

/* ---- several ------------------------------------------------------------------ */

TEST(a_hundred_files)
{
	size_t first = 0;

	for (int i = 0; i < 100; i++) {
		made_machine_measure(&machine, (unsigned int)i % 2);
		make_live(first);
		assert_int_equal(verify(), VERIFY_WARNED);
		assert_true(verdict.proved);
		assert_int_equal(verdict.continues, i > 0);
		first = machine.nr;
		assert_int_equal(sequence.checkpoint.next, first);
	}
}

TEST(history_and_a_boot)
{
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	made_machine_measure(&machine, 3);
	make_history(4, 6);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(has(VERIFY_QUOTE_HISTORY) && verdict.continues);
	assert_int_equal(sequence.checkpoint.next, 7);
	verify_sequence_end(&sequence, &verdict);
	assert_true(has(VERIFY_QUOTE_UNDATED));
	made_machine_measure(&machine, 1); /* behind the last quote */
	made_machine_boot(&machine);
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_TAIL) && !has(VERIFY_BOOT_UNSEEN));
	assert_false(has(VERIFY_QUOTE_HISTORY) || verdict.continues);
	verify_sequence_end(&sequence, &verdict);
	assert_false(has(VERIFY_QUOTE_UNDATED));
	made_machine_boot(&machine);
	made_machine_boot(&machine);
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(has(VERIFY_BOOT_UNSEEN));
}

/* By the TPM's clock, which goes on by a second with each quote here. */
TEST(a_long_time)
{
	sequence.request.gap_max = 1000;
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	make_live(4);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_false(has(VERIFY_CLOCK_GAP));
	made_machine_boot(&machine);
	machine.quote.clock.clock++;
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(has(VERIFY_CLOCK_GAP) && verdict.proved);
}

TEST(history_that_is_none)
{
	make_history(0, 4);
	manifest.chained = 3; /* the quote says 4 */
	pack(0);
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_NONCE));
	manifest.has_chain = false;
	pack(0);
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_NONCE));
	make_history(0, 5); /* ahead of the quote */
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_MANIFEST_RECORDS));
	/* It answers no challenge, and a live one is no history. */
	manifest.kind = MANIFEST_LIVE;
	pack(0);
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_QUOTE_NONCE));
	assert_false(sequence.has_checkpoint);
}

TEST(history_older_than_the_checkpoint)
{
	struct imastage_buffer old;

	make_history(0, 4);
	old = file;
	memset(&file, 0, sizeof(file));
	made_machine_measure(&machine, 1);
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_int_equal(verify_bytes(bytes_of(old.data, old.len)), 0);
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	assert_true(has(VERIFY_CLOCK_BACK) && has(VERIFY_LOG_FORK));
	assert_int_equal(sequence.checkpoint.next, 5);
	free(old.data);
}

/* A live file that spans two boots, or goes on with the list of the one before. */
TEST(the_list_of_another_boot)
{
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	made_machine_boot(&machine);
	make_live(4);
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_BOOT_OTHER));
	assert_int_equal(sequence.checkpoint.clock.resets, 5);
}

TEST(a_checkpoint_of_other_banks)
{
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	memset(&sequence.checkpoint.pcrs, 0, sizeof(sequence.checkpoint.pcrs));
	make_live(4);
	assert_int_equal(verify(), VERIFY_REJECTED);
	assert_true(has(VERIFY_CHECKPOINT_BANKS));
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
}

/* ---- checkpoints --------------------------------------------------------------- */

/* A second verifier goes on from what the first one signed. */
TEST(goes_on_from_a_signed_checkpoint)
{
	struct dsse_key *key, *other;
	struct imastage_buffer envelope;
	struct dsse_keys keys = { .nr = 1 };

	assert_int_equal(dsse_key_new(&key), 0);
	assert_int_equal(dsse_key_new(&other), 0);
	sequence.key = key;
	make_live(0);
	assert_int_equal(verify(), VERIFY_WARNED);
	envelope = sequence.envelope;
	memset(&sequence.envelope, 0, sizeof(sequence.envelope));
	sequence.has_checkpoint = false;

	keys.of[0] = other;
	assert_int_equal(
		verify_sequence_resume(&sequence,
				       bytes_of(envelope.data, envelope.len),
				       &keys, &verdict),
		0);
	assert_true(has(VERIFY_CHECKPOINT_SIGNATURE));
	assert_int_equal(verdict.result, VERIFY_REJECTED);
	keys.of[0] = key;
	assert_int_equal(verify_sequence_resume(&sequence,
						bytes_of(envelope.data,
							 envelope.len - 5),
						&keys, &verdict),
			 0);
	assert_true(has(VERIFY_CHECKPOINT_FORM));
	sequence.machine = "another";
	assert_int_equal(
		verify_sequence_resume(&sequence,
				       bytes_of(envelope.data, envelope.len),
				       &keys, &verdict),
		0);
	assert_true(has(VERIFY_CHECKPOINT_MACHINE));
	assert_false(sequence.has_checkpoint);
	sequence.machine = "m";
	assert_int_equal(
		verify_sequence_resume(&sequence,
				       bytes_of(envelope.data, envelope.len),
				       &keys, &verdict),
		1);
	made_machine_measure(&machine, 2);
	make_live(4);
	assert_int_equal(verify(), VERIFY_WARNED);
	assert_true(verdict.continues);
	assert_int_equal(sequence.checkpoint.sequence, 2);
	free(envelope.data);
	dsse_key_free(key);
	dsse_key_free(other);
}

#define ROUND(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(ROUND(a_live_file), ROUND(cut_off_at_every_byte),
	  ROUND(each_byte_altered), ROUND(a_manifest_that_contradicts),
	  ROUND(a_kind_that_was_not_asked_for), ROUND(a_source_that_fails),
	  ROUND(a_hundred_files), ROUND(history_and_a_boot), ROUND(a_long_time),
	  ROUND(history_that_is_none), ROUND(history_older_than_the_checkpoint),
	  ROUND(the_list_of_another_boot), ROUND(a_checkpoint_of_other_banks),
	  ROUND(goes_on_from_a_signed_checkpoint))
