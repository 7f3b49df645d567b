/* SPDX-License-Identifier: MIT */
/*
 * Custom: atomic types on the compiler's atomics. As in the kernel, what returns
 * nothing is relaxed and what returns a value is fully ordered.
 */
#ifndef USHIM_LINUX_ATOMIC_H
#define USHIM_LINUX_ATOMIC_H

#include <linux/types.h>

/* clang-format off */
#define ATOMIC_INIT(i) { (i) }
#define ATOMIC64_INIT(i) { (i) }
#define ATOMIC_LONG_INIT(i) { (i) }
/* clang-format on */

#define USHIM_ATOMIC(prefix, type)                                           \
	static inline type prefix##_read(const prefix##_t *v)                \
	{                                                                    \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);       \
	}                                                                    \
                                                                             \
	static inline void prefix##_set(prefix##_t *v, type i)               \
	{                                                                    \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);          \
	}                                                                    \
                                                                             \
	static inline void prefix##_add(type i, prefix##_t *v)               \
	{                                                                    \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);        \
	}                                                                    \
                                                                             \
	static inline void prefix##_sub(type i, prefix##_t *v)               \
	{                                                                    \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);        \
	}                                                                    \
                                                                             \
	static inline void prefix##_inc(prefix##_t *v)                       \
	{                                                                    \
		prefix##_add(1, v);                                          \
	}                                                                    \
                                                                             \
	static inline void prefix##_dec(prefix##_t *v)                       \
	{                                                                    \
		prefix##_sub(1, v);                                          \
	}                                                                    \
                                                                             \
	static inline type prefix##_add_return(type i, prefix##_t *v)        \
	{                                                                    \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST); \
	}                                                                    \
                                                                             \
	static inline type prefix##_inc_return(prefix##_t *v)                \
	{                                                                    \
		return prefix##_add_return(1, v);                            \
	}                                                                    \
                                                                             \
	static inline type prefix##_dec_return(prefix##_t *v)                \
	{                                                                    \
		return prefix##_add_return(-1, v);                           \
	}

USHIM_ATOMIC(atomic, int)
USHIM_ATOMIC(atomic64, s64)
USHIM_ATOMIC(atomic_long, long)

#undef USHIM_ATOMIC

#endif
