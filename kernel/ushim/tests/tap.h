/* SPDX-License-Identifier: MIT */
/*
 * What every test program here needs: TAP, a check that ends the program, and
 * numbers that look random but follow from a seed.
 */
#ifndef USHIM_TESTS_TAP_H
#define USHIM_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

static inline void tap_plan(int nr)
{
	printf("TAP version 13\n1..%d\n", nr);
	fflush(stdout);
}

__printf(1, 2) static inline void tap_ok(const char *fmt, ...)
{
	static int nr;
	va_list ap;

	printf("ok %d - ", ++nr);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* What does not hold ends the program, for nothing after it can be believed. */
#define must(cond, fmt, ...)                                               \
	do {                                                               \
		if (!(cond)) {                                             \
			printf("Bail out! %s:%d: %s; " fmt "\n", __FILE__, \
			       __LINE__, #cond, ##__VA_ARGS__);            \
			fflush(stdout);                                    \
			abort();                                           \
		}                                                          \
	} while (0)

/* xorshift64*; a state of 0 would stay 0. */
static inline u64 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static inline u64 rnd_seed(u64 seed)
{
	u64 state = (seed + 1) * 0x9e3779b97f4a7c15ULL;

	return state ? state : 1;
}

/* 0 .. @n - 1 */
static inline u64 rnd_below(u64 *state, u64 n)
{
	return (rnd(state) >> 16) % n;
}

/* The number behind @name on the command line, or @otherwise. */
static inline u64 option(int argc, char **argv, const char *name, u64 otherwise)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (!strcmp(argv[i], name))
			return strtoull(argv[i + 1], NULL, 0);
	}
	return otherwise;
}

#endif
