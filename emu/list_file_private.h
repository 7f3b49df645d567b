/* SPDX-License-Identifier: MIT */
/* What the parts of an open file share. See list_file.h. */
#ifndef EMU_LIST_FILE_PRIVATE_H
#define EMU_LIST_FILE_PRIVATE_H

#include <linux/kernel.h>

#include "emu/kernel_private.h"
#include "emu/list_file.h"
#include "emu/position.h"

/**
 * struct seq - what seq_file remembers between reads
 * @rest: shown, and not read yet
 * @from: where that begins in it
 * @index: number of the record that is to be shown next
 * @next: offset at which the last read ended
 */
struct seq {
	struct out rest;
	size_t from;
	u64 index;
	u64 next;
};

/**
 * struct list_file - an open file
 * @kernel: whose list it is (reference held)
 * @view: what it shows
 * @writer: who has opened it for writing (held), NULL: nobody
 * @closer: the thread that has closed a descriptor of it last, 0: none
 * @lock: one at a time reads (as seq_file's), and changes what follows
 * @list: it, for the core
 * @position: what FUSE knows better than we
 * @index: number of the record that is to be shown next
 * @start: offset of its first byte
 * @generation: of the lists, in which @index and @start are valid
 * @record: it, shown
 * @seq: instead of the three above, Linux 7.2's
 */
struct list_file {
	struct kernel *kernel;
	struct list_view view;
	struct task *writer;
	pid_t closer;
	pthread_mutex_t lock;
	struct ima_staging_file list;
	struct position position;
	u64 index;
	u64 start;
	unsigned long generation;
	struct out record;
	struct seq seq;
};

/* list_read.c, both with @lock held. Return 0, or why no more could be shown. */
int list_read(struct list_file *file, u64 offset, size_t len, struct out *out);
int list_read_as_seq_file(struct list_file *file, u64 offset, size_t len,
			  struct out *out);

#endif
