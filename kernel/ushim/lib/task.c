// SPDX-License-Identifier: MIT
/*
 * Tasks, their identities, and work done by other tasks.
 *
 * A thread becomes a task when it first asks for @current, and the task ends with
 * the thread. A struct pid lives until its task has ended and all references are
 * put; it is freed then, so that a stale pointer is for the address sanitizer to
 * find. None of this memory counts as the kernel's (slab.c).
 */

#include <sched.h>
#include <stdlib.h>

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "ushim.h"

/* Loops offer to reschedule at every step; a thread gives way at every such. */
#define YIELD_EVERY 32

struct pid {
	atomic_t nr_refs;
};

/**
 * struct task_struct - a task
 * @pid: its identity, a reference held
 */
struct task_struct {
	struct pid *pid;
};

static atomic_long_t nr_pids;
static _Thread_local struct task_struct *playing;
static _Thread_local struct task_struct *own;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t own_key;

static void *must_alloc(size_t size)
{
	void *block = calloc(1, size);

	if (!block)
		ushim_bug("out of memory");
	return block;
}

struct task_struct *ushim_task_new(void)
{
	struct task_struct *task = must_alloc(sizeof(*task));

	task->pid = must_alloc(sizeof(*task->pid));
	atomic_set(&task->pid->nr_refs, 1);
	atomic_long_inc(&nr_pids);
	return task;
}

void ushim_task_exit(struct task_struct *task)
{
	put_pid(task->pid);
	free(task);
}

void ushim_become(struct task_struct *task)
{
	playing = task;
}

long ushim_pids_live(void)
{
	return atomic_long_read(&nr_pids);
}

static void exit_own(void *task)
{
	ushim_task_exit(task);
}

static void make_key(void)
{
	if (pthread_key_create(&own_key, exit_own))
		ushim_bug("no thread key");
}

/* The main thread does not run destructors of keys. */
static void __attribute__((__destructor__)) exit_main(void)
{
	if (own)
		ushim_task_exit(own);
	own = NULL;
}

struct task_struct *ushim_current(void)
{
	if (playing)
		return playing;

	if (!own) {
		pthread_once(&once, make_key);
		own = ushim_task_new();
		pthread_setspecific(own_key, own);
	}
	return own;
}

struct pid *get_pid(struct pid *pid)
{
	if (pid && atomic_inc_return(&pid->nr_refs) <= 1)
		ushim_bug("get_pid: reference to nothing");
	return pid;
}

struct pid *get_task_pid(struct task_struct *task, enum pid_type type)
{
	BUG_ON(type != PIDTYPE_PID);
	return get_pid(task->pid);
}

void put_pid(struct pid *pid)
{
	int nr_refs;

	if (!pid)
		return;

	nr_refs = atomic_dec_return(&pid->nr_refs);
	if (nr_refs < 0)
		ushim_bug("put_pid: put once too often");
	if (!nr_refs) {
		atomic_long_dec(&nr_pids);
		free(pid);
	}
}

int cond_resched(void)
{
	might_sleep();
	ushim_slow();
	if (++ushim_thread()->nr_steps % YIELD_EVERY)
		return 0;

	sched_yield();
	return 1;
}

static void *run_work(void *arg)
{
	struct work_struct *work = arg;

	work->func(work);
	return NULL;
}

bool schedule_work(struct work_struct *work)
{
	if (work->pending)
		return false;

	work->pending = true;
	if (pthread_create(&work->thread, NULL, run_work, work))
		ushim_bug("no thread for work");
	return true;
}

bool flush_work(struct work_struct *work)
{
	if (!work->pending)
		return false;

	if (pthread_join(work->thread, NULL))
		ushim_bug("work cannot be waited for");
	work->pending = false;
	return true;
}

void destroy_work_on_stack(struct work_struct *work)
{
	BUG_ON(work->pending);
}
