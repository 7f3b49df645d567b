// SPDX-License-Identifier: MIT
/*
 * Runs KUnit suites and prints TAP. A test also fails if it leaves memory or a
 * reference to a task behind, which in the kernel would go unseen.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <kunit/test.h>

#include "ushim.h"

struct kunit_block {
	struct kunit_block *next;
	void *block;
};

static struct kunit_suite *suites;

void ushim_kunit_register(struct kunit_suite *suite)
{
	suite->next = suites;
	suites = suite;
}

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t flags)
{
	struct kunit_block *b = malloc(sizeof(*b));

	if (!b)
		return NULL;

	b->block = kzalloc(size, flags);
	b->next = test->blocks;
	test->blocks = b;
	return b->block;
}

static void free_blocks(struct kunit *test)
{
	while (test->blocks) {
		struct kunit_block *b = test->blocks;

		test->blocks = b->next;
		kfree(b->block);
		free(b);
	}
}

void ushim_kunit_fail(struct kunit *test, bool fatal, const char *file,
		      int line, const char *what, const char *fmt, ...)
{
	va_list ap;

	test->failed = true;
	printf("# %s: %s:%d: expected %s; ", test->name, file, line, what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (fatal)
		longjmp(test->abort, 1);
}

static void run_body(struct kunit *test, struct kunit_suite *suite,
		     struct kunit_case *c)
{
	if (setjmp(test->abort))
		return;

	if (suite->init && suite->init(test)) {
		KUNIT_FAIL(test, "suite init");
		return;
	}
	c->run_case(test);
}

static bool run_case(struct kunit_suite *suite, struct kunit_case *c)
{
	struct kunit test = { .name = c->name };
	long nr_blocks, nr_pids;

	nr_blocks = ushim_slab_live();
	nr_pids = ushim_pids_live();

	run_body(&test, suite, c);
	if (!setjmp(test.abort) && suite->exit)
		suite->exit(&test);
	free_blocks(&test);

	if (!test.failed) {
		KUNIT_EXPECT_EQ(&test, ushim_slab_live(), nr_blocks);
		KUNIT_EXPECT_EQ(&test, ushim_pids_live(), nr_pids);
	}
	return !test.failed;
}

static int nr_cases(const struct kunit_suite *suite)
{
	int nr = 0;

	while (suite->test_cases[nr].run_case)
		nr++;
	return nr;
}

static int run_suite(struct kunit_suite *suite, const char *round)
{
	static int nr;
	int nr_failed = 0;

	for (int i = 0; i < nr_cases(suite); i++) {
		struct kunit_case *c = &suite->test_cases[i];
		bool good = run_case(suite, c);

		nr_failed += !good;
		printf("%s %d - %s: %s: %s\n", good ? "ok" : "not ok", ++nr,
		       round, suite->name, c->name);
	}
	return nr_failed;
}

/*
 * Runs all suites in each round, which @start prepares and names. Returns the
 * number of tests that failed.
 */
int ushim_kunit_run(int nr_rounds, const char *(*start)(int round))
{
	struct kunit_suite *suite;
	int nr = 0, nr_failed = 0;

	for (suite = suites; suite; suite = suite->next)
		nr += nr_cases(suite);
	printf("TAP version 13\n1..%d\n", nr_rounds * nr);

	for (int round = 0; round < nr_rounds; round++) {
		const char *name = start(round);

		for (suite = suites; suite; suite = suite->next)
			nr_failed += run_suite(suite, name);
	}
	return nr_failed;
}
