/* SPDX-License-Identifier: MIT */
/*
 * Custom: a real, error-checking pthread mutex that knows its owner. Taking it
 * twice, giving back what one does not hold, or taking it in atomic context ends
 * the program.
 */
#ifndef USHIM_LINUX_MUTEX_H
#define USHIM_LINUX_MUTEX_H

#include <pthread.h>

#include <linux/lockdep.h>
#include <linux/types.h>

/**
 * struct mutex - a mutex
 * @lock: the real one
 * @owner: the thread that holds it, NULL: none (written by the owner, atomic)
 */
struct mutex {
	pthread_mutex_t lock;
	const void *owner;
};

/* clang-format off */
#define __MUTEX_INITIALIZER(name) { .lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP }
/* clang-format on */
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)

void mutex_init(struct mutex *m);
void mutex_destroy(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_is_locked(struct mutex *m);

#endif
