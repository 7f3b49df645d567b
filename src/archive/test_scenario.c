// SPDX-License-Identifier: MIT
/*
 * The steps, and what must hold after each.
 */
#include "archive/test_scenario.h"
#include "lib/testing.h"

static const struct archive_boot first_boot = { .has_reset_count = true,
						.reset_count = 1,
						.boot_id = "first" };
static const struct archive_boot second_boot = { .has_reset_count = true,
						 .reset_count = 2,
						 .boot_id = "third" };

void scenario_close(struct scenario *scenario)
{
	archive_close(scenario->archive);
	scenario->archive = NULL;
}

/* ---- steps ----------------------------------------------------------------- */

static int open_writer(struct scenario *s)
{
	return s->archive ? 0 : archive_open_writer(&s->options, &s->archive);
}

static int reopen(struct scenario *s)
{
	scenario_close(s);
	return open_writer(s);
}

/* Negative, or the id of the last boot, 0 when there is none. */
static int last_boot(struct scenario *s)
{
	struct archive_boot boot;
	int r = archive_last_boot(s->archive, &boot);

	return r == 0 ? (int)boot.id : r == IMASTAGE_END ? 0 : r;
}

static int make_boot(struct scenario *s, int id, const struct archive_boot *key)
{
	struct archive_boot boot;
	int r = last_boot(s);

	return r < 0 || r >= id ? r : archive_new_boot(s->archive, key, &boot);
}

static int make_first_boot(struct scenario *s)
{
	return make_boot(s, 1, &first_boot);
}

static int make_second_boot(struct scenario *s)
{
	return make_boot(s, 2, &second_boot);
}

static int add(struct scenario *s, int boot, uint64_t to, bool is_pending)
{
	const struct archive_pending pending = {
		.first = archive_end(s->archive),
		.count = to - archive_end(s->archive),
		.method = ARCHIVE_STAGED,
	};
	int r = last_boot(s);

	if (r != boot || archive_end(s->archive) >= to)
		return r < 0 ? r : 0;
	r = kept_list_put(s->list, s->archive, pending.first, to);
	if (r == 0)
		r = archive_commit(s->archive, is_pending ? &pending : NULL);
	return r;
}

static int add_to_40(struct scenario *s)
{
	return add(s, 1, 40, true);
}

static int settle(struct scenario *s)
{
	struct archive_pending pending;
	int r = archive_pending(s->archive, &pending);

	if (r != 0)
		return r == IMASTAGE_END ? 0 : r;
	return archive_settle(s->archive);
}

static int add_to_120(struct scenario *s)
{
	return add(s, 1, 120, false);
}

static int add_to_130(struct scenario *s)
{
	return add(s, 1, 130, true);
}

static int note(struct scenario *s)
{
	int r = last_boot(s);

	if (r == 1)
		r = archive_note(s->archive, "key", "value");
	return r < 0 ? r : archive_hold(s->archive, "verifier", 1, 60, 0);
}

static int compress_some(struct scenario *s)
{
	return archive_compress(s->archive, 2, NULL);
}

static int next_kernel(struct scenario *s)
{
	int r = last_boot(s);

	return r == 1 ? archive_continue_boot(s->archive, 1, "second") :
	       r < 0  ? r :
			0;
}

static int prune(struct scenario *s)
{
	const struct archive_prune_options options = { .max_bytes = 1 };
	struct archive_prune_result result;

	return archive_prune(s->archive, &options, &result);
}

static int add_to_200(struct scenario *s)
{
	return add(s, 1, SCENARIO_RECORDS, false);
}

static int add_20(struct scenario *s)
{
	return add(s, 2, 20, false);
}

static int add_gap(struct scenario *s)
{
	return archive_end(s->archive) > 20 ?
		       0 :
		       archive_add_gap(s->archive, 3, "trimmed by somebody");
}

static int add_60(struct scenario *s)
{
	return add(s, 2, 60, false);
}

static int compress_all(struct scenario *s)
{
	return archive_compress(s->archive, 1000, NULL);
}

/* A step, and what is there behind it. */
static const struct step {
	int (*take)(struct scenario *scenario);
	uint64_t end[2]; /* of the boots */
	bool is_pending, has_note;
} steps[] = {
	{ open_writer, { 0, 0 }, false, false },
	{ make_first_boot, { 0, 0 }, false, false },
	{ add_to_40, { 40, 0 }, true, false },
	{ settle, { 40, 0 }, false, false },
	{ add_to_120, { 120, 0 }, false, false },
	{ add_to_130, { 130, 0 }, true, false },
	{ reopen, { 130, 0 }, true, false },
	{ settle, { 130, 0 }, false, false },
	{ note, { 130, 0 }, false, true },
	{ compress_some, { 130, 0 }, false, true },
	{ next_kernel, { 130, 0 }, false, true },
	{ prune, { 130, 0 }, false, true },
	{ add_to_200, { 200, 0 }, false, true },
	{ make_second_boot, { 200, 0 }, false, true },
	{ add_20, { 200, 20 }, false, true },
	{ add_gap, { 200, 23 }, false, true },
	{ add_60, { 200, 60 }, false, true },
	{ compress_all, { 200, 60 }, false, true },
	{ reopen, { 200, 60 }, false, true },
};

int scenario_run(struct scenario *scenario)
{
	int r = open_writer(scenario);

	for (unsigned int i = 0; i < ARRAY_SIZE(steps) && r >= 0; i++) {
		/* Its effect may be that of a later step by now. */
		if (i < scenario->done && steps[i].take == settle)
			continue;
		r = steps[i].take(scenario);
		if (r >= 0 && i >= scenario->done)
			scenario->done = i + 1;
	}
	return r < 0 ? r : 0;
}

/* ---- what must hold -------------------------------------------------------- */

static uint64_t end_of(struct scenario *s, int64_t id)
{
	return last_boot(s) < id ? 0 : kept_list_check(s->list, s->archive, id);
}

static void check_ends(struct scenario *s, const struct step *before,
		       const struct step *after)
{
	for (int i = 0; i < 2; i++) {
		uint64_t end = end_of(s, i + 1);

		if (end != before->end[i])
			assert_int_equal(end, after->end[i]);
	}
}

static void check_pending(struct scenario *s, const struct step *before,
			  const struct step *after)
{
	struct archive_pending pending;
	int r = archive_pending(s->archive, &pending);

	assert_true(r == 0 || r == IMASTAGE_END);
	assert_true((r == 0) == before->is_pending ||
		    (r == 0) == after->is_pending);
	if (r == 0)
		assert_true(pending.first + pending.count ==
			    archive_end(s->archive));
}

static void check_note(struct scenario *s, const struct step *before)
{
	char value[8] = "";

	if (!before->has_note)
		return;
	assert_int_equal(archive_get_note(s->archive, "key", value, 8), 0);
	assert_string_equal(value, "value");
}

/* The state at the end is that of all records, or unknown behind the gap. */
static void check_replay(struct scenario *s)
{
	const struct imastage_replay *replay = archive_replay(s->archive);

	if (last_boot(s) == 0 || archive_end(s->archive) > SCENARIO_RECORDS)
		return;
	if (last_boot(s) == 2 && archive_end(s->archive) > 20) {
		assert_null(replay);
		return;
	}
	assert_non_null(replay);
	assert_int_equal(imastage_replay_nr_records(replay),
			 archive_end(s->archive));
}

void scenario_check(struct scenario *s)
{
	static const struct step nothing;
	const struct step *before = s->done ? &steps[s->done - 1] : &nothing;
	const struct step *after =
		s->done < ARRAY_SIZE(steps) ? &steps[s->done] : before;

	assert_non_null(s->archive);
	assert_true(last_boot(s) >= (s->done > 1));
	check_ends(s, before, after);
	check_pending(s, before, after);
	check_note(s, before);
	check_replay(s);
	assert_int_equal(archive_check_identity(s->archive), 0);
	keeping_verify(s->archive);
}
