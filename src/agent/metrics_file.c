// SPDX-License-Identifier: MIT
/*
 * A worker with one kind of job, and what is to be written next.
 */
#include "agent/metrics_file.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/worker.h"
#include "base/path.h"
#include "service/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct wish {
	char path[CONFIG_TEXT_MAX];
	struct facts facts;
};

struct metrics_file {
	struct loop *loop;
	struct worker *worker;
	struct watch watch;
	struct wish now; /* the worker's while it writes */
	struct wish next;
	bool writing, wanted;
	int error;
};

static int nothing_to_start(void *context)
{
	(void)context;
	return 0;
}

static void nothing_to_stop(void *context)
{
	(void)context;
}

static void work(void *context, struct job *job)
{
	struct metrics_file *file = context;

	job->result = metrics_write(file->now.path, &file->now.facts);
}

static void begin(struct metrics_file *file)
{
	struct job job = { .kind = JOB_NONE };

	file->now = file->next;
	file->wanted = false;
	file->writing = true;
	worker_begin(file->worker, &job);
}

static void written(void *context, uint32_t events)
{
	struct metrics_file *file = context;
	struct job job;

	(void)events;
	if (!worker_take(file->worker, &job))
		return;
	file->writing = false;
	if (job.result < 0 && job.result != file->error)
		log_line(SAY_WARNING, "metrics_file %s: %s", file->now.path,
			 path_strerror(job.result));
	file->error = job.result;
	if (file->wanted)
		begin(file);
}

void metrics_file_write(struct metrics_file *file, const char *path,
			const struct facts *facts)
{
	strncpy(file->next.path, path, sizeof(file->next.path) - 1);
	file->next.facts = *facts;
	file->wanted = true;
	if (!file->writing)
		begin(file);
}

int metrics_file_error(const struct metrics_file *file)
{
	return file->error;
}

int metrics_file_new(struct loop *loop, struct metrics_file **ret_file)
{
	struct metrics_file *file = calloc(1, sizeof(*file));
	struct worker_options options = {
		.start = nothing_to_start,
		.stop = nothing_to_stop,
		.work = work,
		.context = file,
	};
	int r = file ? worker_new(&options, &file->worker) : -ENOMEM;

	if (r < 0) {
		free(file);
		return r;
	}
	file->loop = loop;
	file->watch = (struct watch){ worker_fd(file->worker), written, file };
	r = loop_add(loop, &file->watch, EPOLLIN);
	if (r < 0)
		metrics_file_free(file);
	else
		*ret_file = file;
	return r;
}

void metrics_file_free(struct metrics_file *file)
{
	if (!file)
		return;
	loop_remove(file->loop, &file->watch);
	worker_free(file->worker);
	free(file);
}
