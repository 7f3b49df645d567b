// SPDX-License-Identifier: MIT
/*
 * The shim itself: that it notices what it is there to notice. Each misuse runs
 * in a process of its own, which must be ended by it.
 */

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/crc32.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "tap.h"
#include "ushim.h"

static DEFINE_MUTEX(mutex);
static DEFINE_SPINLOCK(spinlock);
static DECLARE_RWSEM(sem);

static void mutex_not_held(void)
{
	lockdep_assert_held(&mutex);
}

static void *lock_mutex(void *arg __maybe_unused)
{
	mutex_lock(&mutex);
	return NULL;
}

static void mutex_held_by_other(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, lock_mutex, NULL))
		pthread_join(thread, NULL);
	lockdep_assert_held(&mutex);
}

static void mutex_given_back(void)
{
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	lockdep_assert_held(&mutex);
}

static void mutex_twice(void)
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
}

static void mutex_unlocked(void)
{
	mutex_unlock(&mutex);
}

static void sem_held_for_reading(void)
{
	down_read(&sem);
	lockdep_assert_held_write(&sem);
}

static void sem_released_the_other_way(void)
{
	down_read(&sem);
	up_write(&sem);
}

static void spinlock_twice(void)
{
	spin_lock(&spinlock);
	spin_lock(&spinlock);
}

static void sleep_in_spinlock(void)
{
	spin_lock(&spinlock);
	cond_resched();
}

static void mutex_in_spinlock(void)
{
	spin_lock(&spinlock);
	mutex_lock(&mutex);
}

static void allocate_in_spinlock(void)
{
	spin_lock(&spinlock);
	kfree(kmalloc(1, GFP_KERNEL));
}

/* A stale use would be the address sanitizer's; this is one without it. */
static void list_del_twice(void)
{
	LIST_HEAD(list);
	struct list_head node;

	list_add_tail(&node, &list);
	list_del(&node);
	list_del(&node);
}

static void list_corrupt(void)
{
	LIST_HEAD(list);
	struct list_head a, b;

	list_add_tail(&a, &list);
	list_add_tail(&b, &list);
	a.next = &list;
	list_del(&b);
}

struct misuse {
	const char *name;
	void (*fn)(void);
};

/* clang-format off */
#define MISUSE(fn) { #fn, fn }
/* clang-format on */

static const struct misuse misuses[] = {
	MISUSE(mutex_not_held),
	MISUSE(mutex_held_by_other),
	MISUSE(mutex_given_back),
	MISUSE(mutex_twice),
	MISUSE(mutex_unlocked),
	MISUSE(sem_held_for_reading),
	MISUSE(sem_released_the_other_way),
	MISUSE(spinlock_twice),
	MISUSE(sleep_in_spinlock),
	MISUSE(mutex_in_spinlock),
	MISUSE(allocate_in_spinlock),
	MISUSE(list_del_twice),
	MISUSE(list_corrupt),
};

static void check_misuse(const struct misuse *m)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		if (freopen("/dev/null", "w", stderr))
			m->fn();
		_exit(0);
	}

	must(waitpid(pid, &status, 0) == pid, "wait");
	must(!WIFEXITED(status) || WEXITSTATUS(status), "%s went unseen",
	     m->name);
	tap_ok("noticed: %s", m->name);
}

static void check_locks(void)
{
	mutex_lock(&mutex);
	lockdep_assert_held(&mutex);
	mutex_unlock(&mutex);
	down_write(&sem);
	lockdep_assert_held_write(&sem);
	up_write(&sem);
	down_read(&sem);
	up_read(&sem);
	spin_lock(&spinlock);
	lockdep_assert_held(&spinlock);
	spin_unlock(&spinlock);
	tap_ok("locks know who holds them");
}

static void check_allocations(void)
{
	void *a, *b;

	ushim_slab_fail_at(2);
	a = kmalloc(1, GFP_KERNEL);
	b = kzalloc(1, GFP_KERNEL);
	must(a && !b, "the second one fails");
	b = kcalloc(3, 5, GFP_KERNEL);
	must(b && ushim_slab_live() == 2, "the third one does not");
	must(ushim_slab_bytes() == 1 + 3 * 5, "%zu bytes", ushim_slab_bytes());
	kfree(a);
	kfree(b);
	kfree(NULL);
	must(!ushim_slab_live() && !ushim_slab_bytes(), "all are freed");
	tap_ok("allocations are counted and fail on request");
}

static void check_pids(void)
{
	struct task_struct *task = ushim_task_new();
	long nr_pids = ushim_pids_live();
	struct pid *pid;

	ushim_become(task);
	pid = get_task_pid(current, PIDTYPE_PID);
	ushim_become(NULL);
	ushim_task_exit(task);
	must(ushim_pids_live() == nr_pids, "the reference keeps it");
	put_pid(pid);
	put_pid(NULL);
	must(ushim_pids_live() == nr_pids - 1, "the last put frees it");
	tap_ok("a task's identity outlives the task");
}

static void check_slow(void)
{
	unsigned long slow = ushim_slow_under_mutex();

	cond_resched();
	kfree(kmalloc(1, GFP_KERNEL));
	must(ushim_slow_under_mutex() == slow, "nothing was held");
	mutex_lock(&mutex);
	cond_resched();
	kfree(kmalloc(1, GFP_KERNEL));
	mutex_unlock(&mutex);
	must(ushim_slow_under_mutex() == slow + 3, "a mutex was held");
	tap_ok("what is slow under a mutex is counted");
}

static void check_hashed(void)
{
	static const siphash_key_t key = { { 0x0706050403020100ULL,
					     0x0f0e0d0c0b0a0908ULL } };
	static const u8 in[] = { 0, 1, 2,  3,  4,  5,  6, 7,
				 8, 9, 10, 11, 12, 13, 14 };

	/* From the paper. */
	must(siphash(in, sizeof(in), &key) == 0xa129ca6149be45e5ULL, "siphash");
	must(!ushim_most_hashed_under_mutex(), "nothing was held");
	for (int i = 0; i < 3; i++) {
		mutex_lock(&mutex);
		siphash(in, 1, &key);
		if (i == 1)
			siphash(in, 1, &key);
		mutex_unlock(&mutex);
	}
	must(ushim_most_hashed_under_mutex() == 2, "two at a time");
	must(!ushim_most_hashed_under_mutex(), "counted anew");
	tap_ok("SipHash is the paper's, and counted under a mutex");
}

static void check_text(void)
{
	static const u8 bytes[] = { 0x0f, 0xa0, 0, 0, 7 };
	char buf[8];

	must(scnprintf(buf, 8, "%d", 12) == 2 && !strcmp(buf, "12"), "fits");
	must(scnprintf(buf, 4, "%d", 12345) == 3 && !strcmp(buf, "123"), "cut");
	must(scnprintf(buf, 0, "%d", 1) == 0 && !strcmp(buf, "123"), "no room");
	must(strscpy(buf, "ab", 3) == 2 && !strcmp(buf, "ab"), "fits");
	must(strscpy(buf, "abc", 3) == -E2BIG && !strcmp(buf, "ab"), "cut");
	must(strscpy(buf, "c", 0) == -E2BIG && !strcmp(buf, "ab"), "no room");
	must(bin2hex(buf, bytes, 2) == buf + 4 && !memcmp(buf, "0fa0", 4),
	     "bin2hex");
	must(memchr_inv(bytes + 2, 0, 3) == bytes + 4, "memchr_inv");
	must(!memchr_inv(bytes + 2, 0, 2), "memchr_inv");
	tap_ok("text is the kernel's");
}

/* The check value of CRC-32, and one piece after the other. */
static void check_crc32(void)
{
	u32 crc = crc32_le(~0U, "1234", 4);

	must(~crc32_le(~0U, "123456789", 9) == 0xcbf43926, "check value");
	must(~crc32_le(crc, "56789", 5) == 0xcbf43926, "in pieces");
	must(crc32_le(7, NULL, 0) == 7, "nothing");
	tap_ok("CRC-32 is the kernel's");
}

int main(void)
{
	tap_plan(ARRAY_SIZE(misuses) + 7);
	for (size_t i = 0; i < ARRAY_SIZE(misuses); i++)
		check_misuse(&misuses[i]);
	check_locks();
	check_allocations();
	check_pids();
	check_slow();
	check_hashed();
	check_text();
	check_crc32();
	return 0;
}
