// SPDX-License-Identifier: MIT
/*
 * An open file of one of the lists. See list_file.h.
 */

#include "emu/list_file_private.h"

#include <stdlib.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "emu/fault.h"

static void list_file_free(struct list_file *file)
{
	if (file->writer)
		caller_task_put(file->writer);
	pthread_mutex_destroy(&file->lock);
	emu_out_fini(&file->record);
	emu_out_fini(&file->seq.rest);
	kernel_put(file->kernel);
	free(file);
}

static bool is_linux_7_2(const struct list_file *file)
{
	return profile_is_linux_7_2(kernel_config(file->kernel)->profile);
}

/*
 * Linux 7.2 tells by itself who may. For the core, everything is then opened by
 * one writer, who always may.
 */
static int get_access(struct list_file *file)
{
	struct ima_staging *staging = &file->kernel->staging;
	bool own = is_linux_7_2(file);
	int ret = 0;

	if (own)
		ret = exclusion_open(&file->kernel->exclusion, file->writer);
	if (ret)
		return ret;
	caller_become(own ? NULL : file->writer);
	ret = ima_staging_open(staging, &file->list, file->view.staged,
			       own || file->writer);
	caller_become(NULL);
	return ret;
}

int list_file_open(struct kernel *kernel, const struct list_view *view,
		   pid_t writer, struct list_file **ret_file)
{
	struct list_file *file;
	int ret = faults_take(kernel->config->faults, FAULT_OPEN);

	if (ret)
		return ret;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->kernel = kernel_get(kernel);
	file->view = *view;
	pthread_mutex_init(&file->lock, NULL);
	if (writer)
		file->writer = caller_task_get(writer);

	ret = get_access(file);
	if (ret) {
		list_file_free(file);
		return ret;
	}
	file->generation = file->list.generation;
	*ret_file = file;
	return 0;
}

void list_file_closes(struct list_file *file, pid_t tid)
{
	file->closer = tid;
}

void list_file_close(struct list_file *file)
{
	if (is_linux_7_2(file))
		exclusion_close(&file->kernel->exclusion, file->closer,
				file->writer != NULL);
	ima_staging_release(&file->list);
	list_file_free(file);
}

int list_file_read(struct list_file *file, uint64_t offset, size_t len,
		   struct out *out)
{
	size_t begin = out->len;
	int ret;

	if (kernel_is_gone(file->kernel))
		return -EIO;
	ret = faults_take(file->kernel->config->faults, FAULT_READ);
	if (ret)
		return ret;

	pthread_mutex_lock(&file->lock);
	offset = position_begin_read(&file->position, offset);
	ret = is_linux_7_2(file) ?
		      list_read_as_seq_file(file, offset, len, out) :
		      list_read(file, offset, len, out);
	position_end_read(&file->position, ret ? 0 : out->len - begin);
	pthread_mutex_unlock(&file->lock);
	return ret;
}

static enum fault_place place_of(const struct ima_staging_cmd *cmd)
{
	switch (cmd->verb) {
	case IMA_STAGING_DELETE:
		return FAULT_DELETE;
	case IMA_STAGING_TRIM:
	case IMA_STAGING_TRIM_GUARDED:
		return FAULT_TRIM;
	default:
		return FAULT_STAGE;
	}
}

static int execute(struct list_file *file, const struct ima_staging_cmd *cmd)
{
	int ret = faults_take(file->kernel->config->faults, place_of(cmd));

	if (ret)
		return ret;
	if (is_linux_7_2(file) && cmd->verb == IMA_STAGING_TRIM)
		return linux_7_2_trim(file->kernel, cmd->nr);
	return ima_staging_execute(&file->list, cmd);
}

static int parse(const struct list_file *file, const char *text, size_t len,
		 struct ima_staging_cmd *ret_cmd)
{
	return is_linux_7_2(file) ?
		       linux_7_2_parse(text, len, file->view.staged, ret_cmd) :
		       ima_staging_parse(text, len, file->view.staged, ret_cmd);
}

int list_file_write(struct list_file *file, const char *text, size_t len,
		    uint64_t offset)
{
	struct ima_staging_cmd cmd;
	int ret;

	if (kernel_is_gone(file->kernel))
		return -EIO;

	ret = parse(file, text, len, &cmd);
	if (!ret)
		ret = execute(file, &cmd);
	if (ret)
		return ret;

	pthread_mutex_lock(&file->lock);
	position_command(&file->position, offset, len);
	pthread_mutex_unlock(&file->lock);
	return 0;
}
