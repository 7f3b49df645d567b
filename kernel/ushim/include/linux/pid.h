/* SPDX-License-Identifier: MIT */
/*
 * Custom: a task's identity with a real reference count. It lives, as in the
 * kernel, until the task is gone and the last reference is put; how many are
 * alive can be asked (ushim.h).
 */
#ifndef USHIM_LINUX_PID_H
#define USHIM_LINUX_PID_H

#include <linux/types.h>

struct pid;
struct task_struct;

enum pid_type {
	PIDTYPE_PID,
};

struct pid *get_pid(struct pid *pid);
struct pid *get_task_pid(struct task_struct *task, enum pid_type type);
void put_pid(struct pid *pid);

#endif
