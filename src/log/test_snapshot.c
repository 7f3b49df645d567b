// SPDX-License-Identifier: MIT
/*
 * snapshot_aggregate: a list of a real kernel that has one, and all that is not
 * of its form.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>

#define ONES "1111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222"
#define HEAD "Snapshot_Attempt_Count=1;Records=7;"

static const uint8_t file_digest[] = "sha1:\0aaaaaaaaaaaaaaaaaaaa";

static struct imastage_record *build(struct built_record *built,
				     const char *name, const char *text)
{
	const struct imastage_bytes fields[] = {
		bytes_of(file_digest, 26),
		bytes_of(name, strlen(name) + 1),
		bytes_of_text(text),
	};

	build_record(built, IMASTAGE_SHA1, 10, "ima-buf", fields, 3);
	return &built->record;
}

static int parse(const char *text, struct imastage_snapshot *ret_snapshot)
{
	static struct built_record built;

	return imastage_snapshot_parse(
		build(&built, "snapshot_aggregate", text), ret_snapshot);
}

static struct imastage_replay *new_replay(uint32_t pcrs)
{
	struct imastage_replay *replay;

	assert_int_equal(
		imastage_replay_new(1u << IMASTAGE_SHA1, pcrs, &replay), 0);
	return replay;
}

TEST(says_what_it_holds)
{
	struct imastage_snapshot snapshot;
	struct imastage_bytes hex;

	assert_int_equal(parse("Snapshot_Attempt_Count=18446744073709551615;"
			       "Records=0;sha1:PCR0=" ONES ";whirl:PCR1=aa;",
			       &snapshot),
			 0);
	assert_true(snapshot.attempt == UINT64_MAX);
	assert_true(snapshot.nr_records == 0);
	assert_int_equal(
		imastage_snapshot_value(&snapshot, IMASTAGE_SHA1, 0, &hex), 0);
	assert_true(bytes_equal_text(hex, ONES));
	assert_int_equal(imastage_snapshot_value(&snapshot, IMASTAGE_SHA1, 1,
						 &hex),
			 -ENOENT);
}

TEST(refuses_what_is_not_of_its_form)
{
	static const char *const texts[] = {
		"",
		"Records=1;",
		"Snapshot_Attempt_Count=;Records=1;",
		"Snapshot_Attempt_Count=1;Records=-1;",
		"Snapshot_Attempt_Count=1;Records=18446744073709551616;",
		"Snapshot_Attempt_Count=1;Records=7",
		HEAD "sha1:PCR10=" ONES,
		HEAD "sha1:PCR24=" ONES ";",
		HEAD "sha1:PCR=" ONES ";",
		HEAD "sha1:10=" ONES ";",
		HEAD "sha1PCR10=" ONES ";",
		HEAD "sha1:PCR10=11;",
		HEAD "sha1:PCR10=zz;",
		HEAD ";",
	};
	struct imastage_snapshot snapshot;
	struct built_record built;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse(texts[i], &snapshot), -EBADMSG);
	assert_int_equal(
		imastage_snapshot_parse(build(&built, "another_name", HEAD),
					&snapshot),
		-EBADMSG);
}

TEST(starts_and_compares)
{
	struct imastage_replay *replay = new_replay(1u << 10);
	struct imastage_snapshot one, two;
	enum imastage_bank bank = IMASTAGE_NR_BANKS;
	struct built_record built_one, built_two;
	unsigned int pcr = 0;

	build(&built_one, "snapshot_aggregate", HEAD "sha1:PCR10=" ONES ";");
	build(&built_two, "snapshot_aggregate",
	      HEAD "md5:PCR10=00;sha1:PCR10=" TWOS ";");
	assert_int_equal(imastage_snapshot_parse(&built_one.record, &one), 0);
	assert_int_equal(imastage_snapshot_parse(&built_two.record, &two), 0);
	assert_int_equal(imastage_snapshot_start(&one, replay, &bank, &pcr), 0);
	assert_int_equal(imastage_replay_value(replay, 0, 10).data[19], 0x11);
	assert_int_equal(imastage_snapshot_compare(&one, replay, &bank), 0);
	assert_int_equal(imastage_snapshot_compare(&two, replay, &bank),
			 IMASTAGE_SNAPSHOT_DISAGREES);
	assert_int_equal(bank, IMASTAGE_SHA1);
	imastage_replay_free(replay);
}

/* The others were read before, and may have grown since. */
TEST(compares_its_own_pcr_alone)
{
	struct imastage_replay *replay = new_replay(1u << 9 | 1u << 10);
	struct imastage_snapshot one, two;
	enum imastage_bank bank;
	struct built_record built_one, built_two;
	unsigned int pcr;

	build(&built_one, "snapshot_aggregate",
	      HEAD "sha1:PCR9=" ONES ";sha1:PCR10=" ONES ";");
	build(&built_two, "snapshot_aggregate",
	      HEAD "sha1:PCR9=" TWOS ";sha1:PCR10=" ONES ";");
	assert_int_equal(imastage_snapshot_parse(&built_one.record, &one), 0);
	assert_int_equal(imastage_snapshot_parse(&built_two.record, &two), 0);
	assert_int_equal(imastage_snapshot_start(&one, replay, &bank, &pcr), 0);
	assert_int_equal(imastage_snapshot_compare(&two, replay, &bank), 0);
	two.pcr = 9;
	assert_int_equal(imastage_snapshot_compare(&two, replay, &bank),
			 IMASTAGE_SNAPSHOT_DISAGREES);
	imastage_replay_free(replay);
}

TEST(a_value_that_it_lacks)
{
	struct imastage_replay *replay = new_replay(3u << 10);
	struct imastage_snapshot snapshot;
	enum imastage_bank bank;
	unsigned int pcr;

	assert_int_equal(parse(HEAD "sha1:PCR10=" ONES ";", &snapshot), 0);
	assert_int_equal(imastage_snapshot_start(&snapshot, replay, &bank,
						 &pcr),
			 -ENOENT);
	assert_int_equal(pcr, 11);
	imastage_replay_free(replay);
}

/* What is replayed from zero arrives at what a real kernel wrote down. */
TEST(agrees_with_a_real_kernel)
{
	cleanup_free uint8_t *data = NULL;
	struct imastage_replay *replay = new_replay(1u << 10);
	struct imastage_reader *reader;
	struct imastage_snapshot snapshot;
	struct imastage_record record;
	unsigned int nr = 0;
	enum imastage_bank bank;
	size_t len;

	assert_int_equal(hexfile_read(TEST_DATA "/golden/kernel-snapshot.hex",
				      &data, &len),
			 0);
	assert_int_equal(imastage_reader_new_memory(bytes_of(data, len), NULL,
						    &reader),
			 0);
	while (imastage_reader_next(reader, &record) == 0) {
		if (imastage_record_is_snapshot(&record)) {
			nr++;
			assert_int_equal(
				imastage_snapshot_parse(&record, &snapshot), 0);
			assert_int_equal(imastage_snapshot_compare(
						 &snapshot, replay, &bank),
					 0);
			assert_int_equal(snapshot.nr_records,
					 imastage_reader_index(reader) - 1);
		}
		assert_int_equal(imastage_replay_extend(replay, &record, NULL),
				 0);
	}
	assert_int_equal(nr, 1);
	imastage_reader_free(reader);
	imastage_replay_free(replay);
}

TEST_MAIN(cmocka_unit_test(says_what_it_holds),
	  cmocka_unit_test(refuses_what_is_not_of_its_form),
	  cmocka_unit_test(starts_and_compares),
	  cmocka_unit_test(compares_its_own_pcr_alone),
	  cmocka_unit_test(a_value_that_it_lacks),
	  cmocka_unit_test(agrees_with_a_real_kernel))
