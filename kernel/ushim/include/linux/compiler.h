/* SPDX-License-Identifier: MIT */
/*
 * Custom: READ_ONCE() and WRITE_ONCE() are relaxed atomic accesses, so that the
 * thread sanitizer tells a marked access from a forgotten one.
 */
#ifndef USHIM_LINUX_COMPILER_H
#define USHIM_LINUX_COMPILER_H

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val) __atomic_store_n(&(x), (val), __ATOMIC_RELAXED)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __rcu
#define __user
#define __init
#define __must_check __attribute__((__warn_unused_result__))
#define __maybe_unused __attribute__((__unused__))
#define __printf(a, b) __attribute__((__format__(printf, a, b)))

#endif
