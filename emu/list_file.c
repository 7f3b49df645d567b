// SPDX-License-Identifier: MIT
/*
 * An open file of one of the lists. See list_file.h.
 *
 * Where a byte is in the list is known for the record that was shown last, and
 * only until the lists are cut. Then it is found anew, from the first record on.
 */

#include "emu/list_file.h"

#include <stdlib.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include "emu/fault.h"
#include "emu/kernel_private.h"
#include "emu/position.h"
#include "emu/show.h"

/**
 * struct list_file - an open file
 * @kernel: whose list it is (reference held)
 * @view: what it shows
 * @writer: who has opened it for writing (held), NULL: nobody
 * @lock: one at a time reads (as seq_file's), and changes what follows
 * @list: it, for the core
 * @position: what FUSE knows better than we
 * @index: number of the record that is to be shown next
 * @start: offset of its first byte
 * @generation: of the lists, in which @index and @start are valid
 * @record: it, shown
 */
struct list_file {
	struct kernel *kernel;
	struct list_view view;
	struct task *writer;
	pthread_mutex_t lock;
	struct ima_staging_file list;
	struct position position;
	u64 index;
	u64 start;
	unsigned long generation;
	struct out record;
};

static void list_file_free(struct list_file *file)
{
	if (file->writer)
		caller_task_put(file->writer);
	pthread_mutex_destroy(&file->lock);
	emu_out_fini(&file->record);
	kernel_put(file->kernel);
	free(file);
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

	caller_become(file->writer);
	ret = ima_staging_open(&kernel->staging, &file->list, view->staged,
			       writer != 0);
	caller_become(NULL);
	if (ret) {
		list_file_free(file);
		return ret;
	}
	file->generation = file->list.generation;
	*ret_file = file;
	return 0;
}

void list_file_close(struct list_file *file)
{
	ima_staging_release(&file->list);
	list_file_free(file);
}

static void rewind_to_first(struct list_file *file)
{
	file->index = 0;
	file->start = 0;
	file->generation = file->list.generation;
}

/*
 * The record at @offset or one before it. Nothing is cut from the lists until
 * ima_staging_stop().
 */
static struct ima_queue_entry *start_near(struct list_file *file, u64 offset)
{
	struct ima_queue_entry *qe;

	if (offset < file->start)
		rewind_to_first(file);
	for (;;) {
		qe = ima_staging_start(&file->list, file->index);
		if (file->generation == file->list.generation)
			return qe;
		ima_staging_stop(&file->list);
		rewind_to_first(file);
	}
}

static int show(struct list_file *file, const struct ima_queue_entry *qe)
{
	file->record.len = 0;
	if (file->view.ascii)
		return show_ascii(qe, file->view.bank, &file->record);
	return show_binary(qe, file->view.bank, &file->record);
}

/* What of the record shown is wanted. Returns whether it is over with that. */
static bool take(struct list_file *file, u64 offset, size_t len,
		 struct out *out)
{
	u64 end = file->start + file->record.len;
	size_t skip, part;

	if (offset >= end)
		return true;

	skip = offset - file->start;
	part = min_t(size_t, file->record.len - skip, len);
	emu_out_bytes(out, file->record.data + skip, part);
	return offset + part == end;
}

static int read_locked(struct list_file *file, u64 offset, size_t len,
		       struct out *out)
{
	struct ima_queue_entry *qe = start_near(file, offset);
	size_t begin = out->len;
	int ret = 0;

	while (qe && out->len - begin < len) {
		size_t done = out->len - begin;

		ret = show(file, qe);
		if (ret || !take(file, offset + done, len - done, out))
			break;
		file->start += file->record.len;
		file->index++;
		qe = ima_staging_next(&file->list);
	}
	ima_staging_stop(&file->list);
	return ret;
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
	ret = read_locked(file, offset, len, out);
	position_end_read(&file->position, ret ? 0 : out->len - begin);
	pthread_mutex_unlock(&file->lock);
	return ret;
}

/* Linux 7.2: A and D, N on a file of the current list. */
static bool is_extension(const struct ima_staging_cmd *cmd, char first)
{
	return cmd->verb == IMA_STAGING_STAGE_SNAPSHOT ||
	       cmd->verb == IMA_STAGING_TRIM_GUARDED ||
	       (cmd->verb == IMA_STAGING_STAGE && first != 'A');
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

	return ret ? ret : ima_staging_execute(&file->list, cmd);
}

int list_file_write(struct list_file *file, const char *text, size_t len,
		    uint64_t offset)
{
	struct ima_staging_cmd cmd;
	int ret;

	if (kernel_is_gone(file->kernel))
		return -EIO;

	ret = ima_staging_parse(text, len, file->view.staged, &cmd);
	/* Where no number is known, none is too large. */
	if (ret == -ERANGE && file->view.staged &&
	    !kernel_config(file->kernel)->extended)
		return -EINVAL;
	if (ret)
		return ret;
	if (!kernel_config(file->kernel)->extended &&
	    is_extension(&cmd, text[0]))
		return -EINVAL;

	ret = execute(file, &cmd);
	if (ret)
		return ret;

	pthread_mutex_lock(&file->lock);
	position_command(&file->position, offset, len);
	pthread_mutex_unlock(&file->lock);
	return 0;
}
