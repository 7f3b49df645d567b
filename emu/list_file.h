/* SPDX-License-Identifier: MIT */
/*
 * An open file of one of the lists: bytes from any offset, and commands. What
 * happens is up to the core; here is what seq_file and securityfs do around it.
 *
 * Opening and closing is for one thread (caller.h); reading and writing for any
 * number.
 */
#ifndef EMU_LIST_FILE_H
#define EMU_LIST_FILE_H

#include <sys/types.h>

#include "emu/caller.h"
#include "emu/kernel.h"

/**
 * struct list_view - what a file shows
 * @bank: with the digests of this one (borrowed)
 * @staged: the staged list, not the current one
 * @ascii: as text
 */
struct list_view {
	const struct tpm_bank *bank;
	bool staged;
	bool ascii;
};

struct list_file;

/*
 * @writer: for commands, by this thread (who may give them); 0: only to be read
 * Returns -EBUSY as the kernel does.
 */
int list_file_open(struct kernel *kernel, const struct list_view *view,
		   pid_t writer, struct list_file **ret_file);
void list_file_close(struct list_file *file);

/*
 * The thread @tid closes a descriptor of it, the last one or not. Nothing may be
 * asked of it: it waits, and when it does so in execve(), even /proc waits for it.
 */
void list_file_closes(struct list_file *file, pid_t tid);

/*
 * Appends at most @len bytes from @offset on, as many as there are. -EIO when a
 * digest cannot be computed, or when another kernel was booted meanwhile.
 */
int list_file_read(struct list_file *file, uint64_t offset, size_t len,
		   struct out *out);

/* A command. 0, or what the kernel's documentation says of errors. */
int list_file_write(struct list_file *file, const char *text, size_t len,
		    uint64_t offset);

#endif
