// SPDX-License-Identifier: MIT
/*
 * Locks: real ones, which know who holds them. What must hold: @owner is set by
 * the owner alone, while it holds the lock; so a thread that finds itself there
 * is right, whatever others do meanwhile.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "ushim.h"

static _Thread_local struct ushim_thread self;

void ushim_bug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ushim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

struct ushim_thread *ushim_thread(void)
{
	return &self;
}

void ushim_slow(void)
{
	if (self.nr_mutexes)
		self.nr_slow++;
}

void ushim_hashed(void)
{
	if (!self.nr_mutexes)
		return;
	if (++self.nr_hashed > self.most_hashed)
		self.most_hashed = self.nr_hashed;
}

unsigned long ushim_most_hashed_under_mutex(void)
{
	unsigned long most = self.most_hashed;

	self.most_hashed = 0;
	return most;
}

unsigned long ushim_slow_under_mutex(void)
{
	return self.nr_slow;
}

unsigned long ushim_loop_steps(void)
{
	return self.nr_steps;
}

static void check(int err, const char *what)
{
	if (err)
		ushim_bug("%s: error %d", what, err);
}

static void set_owner(const void **owner, const void *thread)
{
	__atomic_store_n(owner, thread, __ATOMIC_RELAXED);
}

static const void *get_owner(const void *const *owner)
{
	return __atomic_load_n(owner, __ATOMIC_RELAXED);
}

void ushim_assert_held(const void *const *owner, const char *file, int line,
		       const char *name)
{
	if (get_owner(owner) != &self)
		ushim_bug("%s:%d: %s is not held", file, line, name);
}

void might_sleep(void)
{
	if (self.nr_spinlocks)
		ushim_bug("sleeping in atomic context");
}

static void init_checking(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	check(pthread_mutexattr_init(&attr), "mutex attributes");
	check(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK),
	      "mutex attributes");
	check(pthread_mutex_init(lock, &attr), "mutex init");
	pthread_mutexattr_destroy(&attr);
}

void mutex_init(struct mutex *m)
{
	init_checking(&m->lock);
	m->owner = NULL;
}

void mutex_destroy(struct mutex *m)
{
	check(pthread_mutex_destroy(&m->lock), "mutex_destroy");
}

void mutex_lock(struct mutex *m)
{
	might_sleep();
	check(pthread_mutex_lock(&m->lock), "mutex_lock");
	set_owner(&m->owner, &self);
	if (!self.nr_mutexes++)
		self.nr_hashed = 0;
}

void mutex_unlock(struct mutex *m)
{
	self.nr_mutexes--;
	set_owner(&m->owner, NULL);
	check(pthread_mutex_unlock(&m->lock), "mutex_unlock");
}

bool mutex_is_locked(struct mutex *m)
{
	return get_owner(&m->owner);
}

void spin_lock_init(spinlock_t *lock)
{
	init_checking(&lock->lock);
	lock->owner = NULL;
}

void spin_lock(spinlock_t *lock)
{
	check(pthread_mutex_lock(&lock->lock), "spin_lock");
	set_owner(&lock->owner, &self);
	self.nr_spinlocks++;
}

void spin_unlock(spinlock_t *lock)
{
	self.nr_spinlocks--;
	set_owner(&lock->owner, NULL);
	check(pthread_mutex_unlock(&lock->lock), "spin_unlock");
}

void init_rwsem(struct rw_semaphore *sem)
{
	pthread_rwlockattr_t attr;

	check(pthread_rwlockattr_init(&attr), "rwsem attributes");
	check(pthread_rwlockattr_setkind_np(
		      &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP),
	      "rwsem attributes");
	check(pthread_rwlock_init(&sem->lock, &attr), "init_rwsem");
	pthread_rwlockattr_destroy(&attr);
	sem->owner = NULL;
}

void down_read(struct rw_semaphore *sem)
{
	might_sleep();
	check(pthread_rwlock_rdlock(&sem->lock), "down_read");
}

void up_read(struct rw_semaphore *sem)
{
	if (get_owner(&sem->owner))
		ushim_bug("up_read: held for writing");
	check(pthread_rwlock_unlock(&sem->lock), "up_read");
}

void down_write(struct rw_semaphore *sem)
{
	might_sleep();
	check(pthread_rwlock_wrlock(&sem->lock), "down_write");
	set_owner(&sem->owner, &self);
}

void up_write(struct rw_semaphore *sem)
{
	if (get_owner(&sem->owner) != &self)
		ushim_bug("up_write: not held for writing by this thread");
	set_owner(&sem->owner, NULL);
	check(pthread_rwlock_unlock(&sem->lock), "up_write");
}
