// SPDX-License-Identifier: MIT
/*
 * Outcomes as runs: what is read is what was written, up to where there is an end.
 */
#include "base/bytes.h"
#include "lib/testing.h"
#include "store/outcomes.h"

static struct outcomes outcomes;

static int begin(void **state)
{
	(void)state;
	memset(&outcomes, 0, sizeof(outcomes));
	return 0;
}

static int end(void **state)
{
	(void)state;
	outcomes_fini(&outcomes);
	return 0;
}

static struct outcome is(enum policy_outcome outcome, enum verify_level level)
{
	return (struct outcome){ true, true, level, outcome };
}

static void add(const struct outcome *outcome, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		outcomes_add(&outcomes, outcome);
}

static struct outcomes_reader reader(void)
{
	assert_int_equal(outcomes_end(&outcomes), 0);
	return (struct outcomes_reader){ .left = bytes_of(outcomes.runs.data,
							  outcomes.runs.len) };
}

static void expect(struct outcomes_reader *read, const struct outcome *outcome,
		   uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		struct outcome next = outcomes_next(read);

		assert_true(next.known);
		assert_int_equal(next.judged, outcome->judged);
		assert_int_equal(next.level, outcome->level);
		assert_int_equal(next.outcome, outcome->outcome);
	}
}

TEST(each_outcome)
{
	const struct outcome none = { .known = true };
	struct outcomes_reader read;

	add(&none, 3);
	for (unsigned int i = 0; i < POLICY_NR_OUTCOMES; i++)
		for (unsigned int level = 0; level <= VERIFY_FAILURE; level++) {
			const struct outcome one = is((enum policy_outcome)i,
						      (enum verify_level)level);

			add(&one, 1 + i % 3);
		}
	read = reader();
	expect(&read, &none, 3);
	for (unsigned int i = 0; i < POLICY_NR_OUTCOMES; i++)
		for (unsigned int level = 0; level <= VERIFY_FAILURE; level++) {
			const struct outcome one = is((enum policy_outcome)i,
						      (enum verify_level)level);

			expect(&read, &one, 1 + i % 3);
		}
	assert_false(outcomes_next(&read).known);
	assert_false(outcomes_next(&read).known);
}

TEST(long_runs_are_short)
{
	const struct outcome good = is(POLICY_BY_DIGEST, VERIFY_NOTE);
	const struct outcome bad = is(POLICY_IS_DENIED, VERIFY_FAILURE);
	struct outcomes_reader read;

	add(&good, 200000);
	add(&bad, 1);
	add(&good, 127);
	add(&bad, 128);
	read = reader();
	assert_true(outcomes.runs.len <= 12);
	expect(&read, &good, 200000);
	expect(&read, &bad, 1);
	expect(&read, &good, 127);
	expect(&read, &bad, 128);
	assert_false(outcomes_next(&read).known);
}

/* A machine that has each record judged otherwise. */
TEST(there_is_an_end)
{
	const struct outcome good = is(POLICY_BY_DIGEST, VERIFY_NOTE);
	const struct outcome bad = is(POLICY_UNLISTED, VERIFY_FAILURE);
	struct outcomes_reader read;
	struct outcome next;
	uint64_t nr = 0;

	for (size_t i = 0; i < OUTCOMES_LEN_MAX; i++)
		add(i % 2 ? &bad : &good, 1);
	read = reader();
	assert_true(outcomes.runs.len <= OUTCOMES_LEN_MAX);
	for (; (next = outcomes_next(&read)).known; nr++)
		assert_int_equal(next.outcome,
				 nr % 2 ? POLICY_UNLISTED : POLICY_BY_DIGEST);
	assert_true(nr > OUTCOMES_LEN_MAX / 2 - 16);
	outcomes_clear(&outcomes);
	add(&bad, 2);
	read = reader();
	expect(&read, &bad, 2);
}

TEST(what_is_no_text)
{
	static const uint8_t texts[][12] = {
		{ 0x21 },
		{ 0x21, 0 },
		{ 0x21, 0x80 },
		{ 0x21, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		  0x80, 0x80 },
		{ 0x01, 1 }, /* judged at no level */
		{ 0x34, 1 }, /* an outcome that is none */
		{ 0x81, 1 }, /* a level that is none */
	};
	static const size_t lens[] = { 1, 2, 2, 12, 2, 2, 2 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct outcomes_reader read = { .left = bytes_of(texts[i],
								 lens[i]) };

		assert_false(outcomes_next(&read).known);
	}
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, begin, end)

TEST_MAIN(ONE(each_outcome), ONE(long_runs_are_short), ONE(there_is_an_end),
	  ONE(what_is_no_text))
