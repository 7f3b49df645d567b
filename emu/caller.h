/* SPDX-License-Identifier: MIT */
/*
 * Who calls: the task, and whether it may give commands.
 *
 * Of a caller FUSE tells the thread's number. A number can come again; together
 * with the time the thread began it cannot. The core sees a task (ushim.h) for each
 * such thread, which is kept for as long as it has a file open for writing.
 *
 * None of this is for several threads at once: files are opened and closed by one.
 */
#ifndef EMU_CALLER_H
#define EMU_CALLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct task;

/* Who may give commands. */
enum caller_rule {
	/* As in the kernel: who has CAP_SYS_ADMIN, in our user namespace. */
	CALLER_CAPABLE,
	/* For an emulator without privileges: whoever has our own user. */
	CALLER_OWNER,
};

/* CALLER_CAPABLE where that can be asked for, which takes being so oneself. */
enum caller_rule caller_default_rule(void);

bool caller_may_command(enum caller_rule rule, pid_t tid, uid_t uid);

/* Each one got is to be put. A thread that cannot be seen is always another one. */
struct task *caller_task_get(pid_t tid);
void caller_task_put(struct task *task);

/**
 * struct caller_id - which thread it is
 * @tid: its number
 * @start: when it began; 0: nobody knows, and it is like no other
 */
struct caller_id {
	pid_t tid;
	uint64_t start;
};

struct caller_id caller_task_id(const struct task *task);

/* On this thread, be that task for the core; NULL: oneself. */
void caller_become(const struct task *task);

#endif
