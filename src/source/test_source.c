// SPDX-License-Identifier: MIT
/*
 * Sources against the emulator, whose answers are those of the kernel's own code:
 * kinds, abilities, counts, sessions, every error, in all profiles.
 */
#include "source/source.h"

#include "lib/emulator.h"
#include "lib/testing.h"

#include <imastage/imastage.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

static struct emulator ours, linux72, unpatched, flushing;

static int start_all(void **state)
{
	(void)state;
	if (emulator_missing())
		return 0;
	emulator_start(&ours, NULL);
	emulator_start(&linux72, "--profile", "7.2", NULL);
	emulator_start(&unpatched, "--profile", "unpatched", NULL);
	emulator_start(&flushing, "--flush-htable", NULL);
	return 0;
}

static int stop_all(void **state)
{
	(void)state;
	if (emulator_missing())
		return 0;
	emulator_stop(&ours);
	emulator_stop(&linux72);
	emulator_stop(&unpatched);
	emulator_stop(&flushing);
	return 0;
}

static int need_emulator(void **state)
{
	(void)state;
	if (emulator_missing()) {
		print_message("# missing %s\n", emulator_missing());
		skip();
	}
	return 0;
}

static struct source *open_source(const struct emulator *emulator)
{
	struct source_options options = { .dir = emulator->dir };
	struct source *source = NULL;

	assert_int_equal(source_open(&options, &source), 0);
	return source;
}

static void load(const struct emulator *emulator, unsigned int seed,
		 unsigned int nr)
{
	char seed_text[16], nr_text[16];

	snprintf(seed_text, sizeof(seed_text), "%u", seed);
	snprintf(nr_text, sizeof(nr_text), "%u", nr);
	assert_int_equal(
		emulator_ask(emulator, "load", seed_text, nr_text, NULL), 0);
}

static uint64_t count_records(struct source *source, bool staged)
{
	struct imastage_reader *reader;
	struct imastage_record record;
	uint64_t nr = 0;
	int r;

	r = imastage_reader_new(source_bytes(source, staged, 0), NULL, &reader);
	assert_int_equal(r, 0);
	while ((r = imastage_reader_next(reader, &record)) == 0)
		nr++;
	assert_int_equal(r, IMASTAGE_END);
	imastage_reader_free(reader);
	return nr;
}

TEST(tells_kinds_by_files)
{
	struct source *source = open_source(&ours);
	const struct source_abilities *can = source_abilities(source);

	assert_int_equal(can->kind, SOURCE_IMASTAGE);
	assert_true(can->stage && can->stage_n && can->trim);
	assert_true(can->guarded_trim && can->deleted_count && can->snapshot);
	assert_false(can->tried);
	assert_int_equal(can->banks, 1U << IMASTAGE_SHA1);
	source_close(source);

	source = open_source(&linux72);
	can = source_abilities(source);
	assert_int_equal(can->kind, SOURCE_LINUX_7_2);
	assert_true(can->stage && can->trim);
	assert_false(can->stage_n || can->guarded_trim || can->deleted_count ||
		     can->snapshot);
	source_close(source);

	source = open_source(&unpatched);
	can = source_abilities(source);
	assert_int_equal(can->kind, SOURCE_UNPATCHED);
	assert_false(can->stage || can->trim || can->deleted_count);
	source_close(source);
}

TEST(drains)
{
	struct source *source = open_source(&ours);
	struct source_counts before, after;

	load(&ours, 1, 100);
	assert_int_equal(source_counts(source, &before), 0);
	assert_int_equal(source_begin(source, SOURCE_WRITE), 0);
	assert_true(source_abilities(source)->tried);
	assert_int_equal(source_stage(source, SOURCE_ALL), 0);
	assert_int_equal(count_records(source, true), before.current);
	assert_int_equal(count_records(source, false), 0);
	assert_int_equal(source_delete(source), 0);
	source_end(source);
	assert_int_equal(source_counts(source, &after), 0);
	assert_int_equal(after.deleted, before.deleted + before.current);
	assert_int_equal(after.current + after.staged, 0);
	source_close(source);
}

#define WITH_EMULATOR(test) cmocka_unit_test_setup(test, need_emulator)

TEST_MAIN_WITH(start_all, stop_all, WITH_EMULATOR(tells_kinds_by_files),
	       WITH_EMULATOR(drains))
