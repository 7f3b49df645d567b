/* SPDX-License-Identifier: MIT */
/*
 * Custom: a mutex underneath, for threads outnumber processors; but its holder
 * is in atomic context, and must not sleep, allocate or take a mutex.
 */
#ifndef USHIM_LINUX_SPINLOCK_H
#define USHIM_LINUX_SPINLOCK_H

#include <pthread.h>

#include <linux/lockdep.h>
#include <linux/types.h>

typedef struct spinlock {
	pthread_mutex_t lock;
	const void *owner;
} spinlock_t;

/* clang-format off */
#define __SPIN_LOCK_UNLOCKED(name) { .lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP }
/* clang-format on */
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

#endif
