/* SPDX-License-Identifier: MIT */
/*
 * What every unit test starts with: cmocka, and a main() that prints TAP.
 *
 *	static void adds(void **state) { ... }
 *	TEST_MAIN(cmocka_unit_test(adds), ...)
 */
#ifndef LIB_TESTING_H
#define LIB_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "lib/hexfile.h"

/*
 * How long is waited for what must come, in ms: longer than a test program may run, so
 * that its time limit ends what hangs, and a busy machine fails nothing.
 */
#define PATIENCE_MS 3600000

#define TEST_MAIN(...) TEST_MAIN_WITH(NULL, NULL, __VA_ARGS__)

/* @setup and @teardown run once, around all tests. */
#define TEST_MAIN_WITH(setup, teardown, ...)                           \
	int main(void)                                                 \
	{                                                              \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };     \
                                                                       \
		cmocka_set_message_output(CM_OUTPUT_TAP);              \
		return cmocka_run_group_tests(tests, setup, teardown); \
	}

/* Each test gets its state by this name, used or not. */
#define TEST(name) static void name(__attribute__((unused)) void **state)

#endif
