/* SPDX-License-Identifier: MIT */
/*
 * Custom: a real pthread rwlock that lets waiting writers go first, so that, as
 * in the kernel, taking it twice for reading may deadlock. It knows its writer.
 */
#ifndef USHIM_LINUX_RWSEM_H
#define USHIM_LINUX_RWSEM_H

#include <pthread.h>

#include <linux/lockdep.h>
#include <linux/types.h>

/**
 * struct rw_semaphore - many readers or one writer
 * @lock: the real one
 * @owner: the thread that holds it for writing, NULL: none (atomic)
 */
struct rw_semaphore {
	pthread_rwlock_t lock;
	const void *owner;
};

/* clang-format off */
#define __RWSEM_INITIALIZER(name) { .lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP }
/* clang-format on */
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)

void init_rwsem(struct rw_semaphore *sem);
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

#endif
