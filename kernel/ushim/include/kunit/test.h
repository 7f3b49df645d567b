/* SPDX-License-Identifier: MIT */
/*
 * Custom: the part of KUnit that our suites use. A failed expectation is
 * reported and the test goes on; a failed assertion ends it. Each test gets its
 * own struct kunit, and its allocations are freed when it ends. Tests run in
 * kunit_main.c, one after the other.
 */
#ifndef USHIM_KUNIT_TEST_H
#define USHIM_KUNIT_TEST_H

/* As in the kernel, comparing is not the place to complain about signs. */
#pragma GCC system_header

#include <setjmp.h>
#include <string.h>

#include <linux/kernel.h>
#include <linux/slab.h>

/**
 * struct kunit - one run of one test
 * @priv: for the suite's use
 * @name: of the test
 * @failed: something was not as expected
 * @abort: where a failed assertion goes on
 * @blocks: what kunit_kzalloc() gave out
 */
struct kunit {
	void *priv;
	const char *name;
	bool failed;
	jmp_buf abort;
	struct kunit_block *blocks;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[256];
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

/* clang-format off */
#define KUNIT_CASE(fn) { .run_case = (fn), .name = #fn }
/* clang-format on */

#define kunit_test_suite(suite)                                             \
	static void __attribute__((__constructor__)) register_##suite(void) \
	{                                                                   \
		ushim_kunit_register(&suite);                               \
	}                                                                   \
	struct kunit_suite

void ushim_kunit_register(struct kunit_suite *suite);
int ushim_kunit_run(int nr_rounds, const char *(*start)(int round));

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t flags);

__printf(6, 7) void ushim_kunit_fail(struct kunit *test, bool fatal,
				     const char *file, int line,
				     const char *what, const char *fmt, ...);

#define USHIM_KUNIT(test, fatal, good, what, ...)                         \
	do {                                                              \
		if (!(good))                                              \
			ushim_kunit_fail(test, fatal, __FILE__, __LINE__, \
					 what, "" __VA_ARGS__);           \
	} while (0)

#define USHIM_KUNIT_CMP(test, fatal, left, op, right, fmt, ...)          \
	do {                                                             \
		typeof(left) ushim_l = (left);                           \
		typeof(right) ushim_r = (right);                         \
                                                                         \
		USHIM_KUNIT(test, fatal, ushim_l op ushim_r,             \
			    #left " " #op " " #right, "%lld, %lld " fmt, \
			    (long long)ushim_l, (long long)ushim_r,      \
			    ##__VA_ARGS__);                              \
	} while (0)

#define KUNIT_FAIL(test, fmt, ...) \
	USHIM_KUNIT(test, false, false, "failure", fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_TRUE(test, cond) USHIM_KUNIT(test, false, cond, #cond)
#define KUNIT_EXPECT_TRUE_MSG(test, cond, fmt, ...) \
	USHIM_KUNIT(test, false, cond, #cond, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, cond) \
	USHIM_KUNIT(test, false, !(cond), "!(" #cond ")")
#define KUNIT_EXPECT_FALSE_MSG(test, cond, fmt, ...) \
	USHIM_KUNIT(test, false, !(cond), "!(" #cond ")", fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_TRUE(test, cond) USHIM_KUNIT(test, true, cond, #cond)
#define KUNIT_ASSERT_TRUE_MSG(test, cond, fmt, ...) \
	USHIM_KUNIT(test, true, cond, #cond, fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_EQ(test, left, right) \
	USHIM_KUNIT_CMP(test, false, left, ==, right, "")
#define KUNIT_EXPECT_EQ_MSG(test, left, right, fmt, ...) \
	USHIM_KUNIT_CMP(test, false, left, ==, right, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE(test, left, right) \
	USHIM_KUNIT_CMP(test, false, left, !=, right, "")
#define KUNIT_EXPECT_NE_MSG(test, left, right, fmt, ...) \
	USHIM_KUNIT_CMP(test, false, left, !=, right, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ(test, left, right) \
	USHIM_KUNIT_CMP(test, true, left, ==, right, "")
#define KUNIT_ASSERT_EQ_MSG(test, left, right, fmt, ...) \
	USHIM_KUNIT_CMP(test, true, left, ==, right, fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_PTR_EQ(test, left, right) \
	USHIM_KUNIT(test, false, (left) == (right), #left " == " #right)
#define KUNIT_EXPECT_PTR_NE(test, left, right) \
	USHIM_KUNIT(test, false, (left) != (right), #left " != " #right)
#define KUNIT_EXPECT_NULL(test, ptr) \
	USHIM_KUNIT(test, false, !(ptr), #ptr " == NULL")
#define KUNIT_EXPECT_NOT_NULL(test, ptr) \
	USHIM_KUNIT(test, false, (ptr), #ptr " != NULL")
#define KUNIT_ASSERT_NOT_NULL(test, ptr) \
	USHIM_KUNIT(test, true, (ptr), #ptr " != NULL")

#endif
