/* SPDX-License-Identifier: MIT */
/*
 * Custom: publishing a pointer is a release store, following it an acquire load
 * (the kernel needs no more than a dependency). There are no grace periods and
 * no rcu_read_lock(): what is freed here was unlinked under a lock that all who
 * look for it hold. Code that needs more than that does not compile.
 */
#ifndef USHIM_LINUX_RCUPDATE_H
#define USHIM_LINUX_RCUPDATE_H

#include <linux/compiler.h>

#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define rcu_dereference_raw(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)

#endif
