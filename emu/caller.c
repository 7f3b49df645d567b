// SPDX-License-Identifier: MIT
/* Who calls. See caller.h. */

#include "emu/caller.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "ushim.h"

#define CAP_SYS_ADMIN_BIT 21

/* Fields of /proc/PID/stat between the name's ")" and the time it began. */
#define FIELDS_BEFORE_START 20

/**
 * struct task - a thread that has a file open for writing
 * @next: another one
 * @tid: its number, 0: it cannot be seen
 * @start: when it began, in the units of /proc
 * @nr_refs: how many files
 * @task: who it is for the core (owned)
 */
struct task {
	struct task *next;
	pid_t tid;
	uint64_t start;
	unsigned int nr_refs;
	struct task_struct *task;
};

static struct task *tasks;

static FILE *open_proc(pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	return fopen(path, "re");
}

static bool effective_capability(pid_t tid)
{
	cleanup_fclose FILE *file = open_proc(tid, "status");
	uint64_t caps = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	}
	return caps >> CAP_SYS_ADMIN_BIT & 1;
}

/* Capabilities are worth something in the namespace they were given in. */
static bool same_user_namespace(pid_t tid)
{
	struct stat own, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)tid);
	return !stat("/proc/self/ns/user", &own) && !stat(path, &its) &&
	       own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

enum caller_rule caller_default_rule(void)
{
	return effective_capability(getpid()) ? CALLER_CAPABLE : CALLER_OWNER;
}

bool caller_may_command(enum caller_rule rule, pid_t tid, uid_t uid)
{
	if (rule == CALLER_OWNER)
		return uid == geteuid();
	return tid && effective_capability(tid) && same_user_namespace(tid);
}

/* 0: cannot be told. */
static uint64_t start_time(pid_t tid)
{
	cleanup_fclose FILE *file = open_proc(tid, "stat");
	char text[1024];
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	char *p;

	text[len] = '\0';
	p = strrchr(text, ')');
	for (int i = 0; p && i < FIELDS_BEFORE_START; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

static struct task *find(pid_t tid, uint64_t start)
{
	struct task *task = tasks;

	while (task && (task->tid != tid || task->start != start))
		task = task->next;
	return start ? task : NULL;
}

static struct task *add(pid_t tid, uint64_t start)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		abort();
	*task = (struct task){
		.next = tasks,
		.tid = tid,
		.start = start,
		.task = ushim_task_new(),
	};
	tasks = task;
	return task;
}

struct task *caller_task_get(pid_t tid)
{
	uint64_t start = tid ? start_time(tid) : 0;
	struct task *task = find(tid, start);

	if (!task)
		task = add(tid, start);
	task->nr_refs++;
	return task;
}

struct caller_id caller_task_id(const struct task *task)
{
	return (struct caller_id){ task->tid, task->start };
}

void caller_task_put(struct task *task)
{
	struct task **at = &tasks;

	if (--task->nr_refs)
		return;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	ushim_task_exit(task->task);
	free(task);
}

void caller_become(const struct task *task)
{
	ushim_become(task ? task->task : NULL);
}
