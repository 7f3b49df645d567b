/* SPDX-License-Identifier: MIT */
/*
 * A group of fanotify and who reads its events. What is watched is watch.h's matter.
 *
 * In a group that waits, who opens a file goes on when it is measured. Nobody may wait
 * for us whom we wait for: events of our own processes are let pass by a thread that
 * does nothing else, another one measures.
 */
#ifndef EMU_WATCH_GROUP_H
#define EMU_WATCH_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "emu/machine.h"

/**
 * struct watch_counts - what came of events (all atomic)
 * @events: that came
 * @measured: records that came of them
 * @violations: files that were read while somebody had them open for writing
 * @busy: not measured, for somebody had them open for writing
 * @failed: could not be read
 * @overflows: times that the queue was full
 */
struct watch_counts {
	unsigned long events;
	unsigned long measured;
	unsigned long violations;
	unsigned long busy;
	unsigned long failed;
	unsigned long overflows;
};

/**
 * struct watch_group_config - for all groups of a watch
 * @machine: where it is measured (borrowed)
 * @own_dev: file system of our own files
 * @counts: where it is counted (borrowed)
 */
struct watch_group_config {
	struct machine *machine;
	dev_t own_dev;
	struct watch_counts *counts;
};

struct watch_group;

/* @wait: who opens a file waits. -EPERM: no CAP_SYS_ADMIN. */
int watch_group_new(const struct watch_group_config *config, bool wait,
		    struct watch_group **ret_group);

/* For fanotify_mark(). */
int watch_group_fd(const struct watch_group *group);

/* Nothing comes any more; what has come is measured before it returns. */
void watch_group_free(struct watch_group *group);

#endif
