/* SPDX-License-Identifier: MIT */
/*
 * The metrics file, written by a thread of its own: on the disk that has stalled, it
 * keeps nobody from asking how things are. It then grows old, which its
 * imastage_written_timestamp_seconds shows.
 */
#ifndef AGENT_METRICS_FILE_H
#define AGENT_METRICS_FILE_H

#include "agent/loop.h"
#include "service/job.h"

struct metrics_file;

int metrics_file_new(struct loop *loop, struct metrics_file **ret_file);

/* Waits for what is being written. NULL is fine. */
void metrics_file_free(struct metrics_file *file);

/* Begins to; while it is written, only the last wish counts. Both are copied. */
void metrics_file_write(struct metrics_file *file, const char *path,
			const struct facts *facts);

/* What came of the last one: 0 or negative errno, which has been said. */
int metrics_file_error(const struct metrics_file *file);

#endif
