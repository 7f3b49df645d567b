/* SPDX-License-Identifier: MIT */
/*
 * What tests can ask of the shim, and what the shim's headers share.
 *
 * Broken rules (locks, sleeping in atomic context, lists, references) are bugs
 * of the program and end it with a message and abort().
 */
#ifndef USHIM_H
#define USHIM_H

#include <stdbool.h>
#include <stddef.h>

struct task_struct;

/*
 * Allocations. Counting and failing are for the whole program; frees of blocks
 * that are not alive are the address sanitizer's to find. Bytes are those asked
 * for under a sanitizer, and a few more without one.
 */
long ushim_slab_live(void);
size_t ushim_slab_bytes(void);
unsigned long ushim_slab_calls(void);
void ushim_slab_fail_at(unsigned long nth);

/*
 * IMA's hash and the place of its digest in a template entry, 0 or 1; sha1, if
 * it is another, has the other place. Not while there are records.
 */
void ushim_ima_hash(int algo, int idx);

/*
 * Tasks. A thread is a task of its own, and may also play others: as many tasks
 * as it takes, one after the other, on one thread. Locks belong to the thread.
 */
struct task_struct *ushim_task_new(void);
void ushim_task_exit(struct task_struct *task);
void ushim_become(struct task_struct *task);
long ushim_pids_live(void);

/*
 * How often this thread did what takes long or belongs into a loop (allocate,
 * free, measure a record, offer to reschedule) while it held a mutex; and how
 * often it offered to reschedule at all, which is how long its loops were.
 */
unsigned long ushim_slow_under_mutex(void);
unsigned long ushim_loop_steps(void);

/*
 * The most digests that this thread hashed while it held a mutex once; counted
 * anew after each call.
 */
unsigned long ushim_most_hashed_under_mutex(void);

/* Internal. */
void ushim_assert_held(const void *const *owner, const char *file, int line,
		       const char *name);
__attribute__((__noreturn__, __format__(printf, 1, 2))) void
ushim_bug(const char *fmt, ...);
struct ushim_thread *ushim_thread(void);
void ushim_slow(void);
void ushim_hashed(void);

/**
 * struct ushim_thread - what is held by a thread
 * @nr_spinlocks: how many, more than 0 is atomic context
 * @nr_mutexes: how many
 * @nr_slow: see ushim_slow_under_mutex()
 * @nr_steps: see ushim_loop_steps()
 * @nr_hashed: digests hashed since the outermost mutex was taken
 * @most_hashed: see ushim_most_hashed_under_mutex()
 */
struct ushim_thread {
	unsigned int nr_spinlocks;
	unsigned int nr_mutexes;
	unsigned long nr_slow;
	unsigned long nr_steps;
	unsigned long nr_hashed;
	unsigned long most_hashed;
};

#endif
