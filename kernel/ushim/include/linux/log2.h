/* SPDX-License-Identifier: MIT */
/* Exact, for numbers above 0. */
#ifndef USHIM_LINUX_LOG2_H
#define USHIM_LINUX_LOG2_H

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (8 * sizeof(n) - 1 - __builtin_clzl(n));
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	unsigned long down = rounddown_pow_of_two(n);

	return down == n ? n : down << 1;
}

#endif
