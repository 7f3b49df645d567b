/* SPDX-License-Identifier: MIT */
/*
 * Custom: work runs in a thread of its own, that is, in another task than the one
 * that queued it. As in the kernel it may use whatever outlives the flush.
 */
#ifndef USHIM_LINUX_WORKQUEUE_H
#define USHIM_LINUX_WORKQUEUE_H

#include <pthread.h>

#include <linux/types.h>

struct work_struct {
	void (*func)(struct work_struct *work);
	pthread_t thread;
	bool pending;
};

#define INIT_WORK_ONSTACK(work, fn) \
	(*(work) = (struct work_struct){ .func = (fn) })

bool schedule_work(struct work_struct *work);
bool flush_work(struct work_struct *work);
void destroy_work_on_stack(struct work_struct *work);

#endif
