/* SPDX-License-Identifier: MIT */
/* Custom: a task is a thread, unless ushim_become() says otherwise. */
#ifndef USHIM_LINUX_SCHED_H
#define USHIM_LINUX_SCHED_H

#include <linux/pid.h>
#include <linux/types.h>

struct task_struct *ushim_current(void);
#define current ushim_current()

void might_sleep(void);
int cond_resched(void);

#endif
