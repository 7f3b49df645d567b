/* SPDX-License-Identifier: MIT */
/*
 * What Linux 7.2 and 7.3 do otherwise than the core in kernel/src: how they tell
 * who may have the lists open, what they take for a number, and N. Observed from
 * outside, on Debian's images of them; emu/README.md says what is not known.
 */
#ifndef EMU_LINUX_7_2_H
#define EMU_LINUX_7_2_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "emu/caller.h"
#include "ima_staging.h"

struct kernel;

/**
 * struct exclusion - who has the lists open
 * @users: readers; -1: there is a writer. One too many, and nobody writes any more
 * @owner: the writer, if it is one; it need not be there any more
 * @nested: what it has open for writing besides the first
 *
 * Only the owner's own closes are counted as those of @nested. Any other close of a
 * file that is open for writing gives all back at once; and so does the next one.
 */
struct exclusion {
	int users;
	struct caller_id owner;
	unsigned int nested;
};

/* @writer: NULL: to read. 0 or -EBUSY. */
int exclusion_open(struct exclusion *exclusion, const struct task *writer);

/* @closer: the thread that closed it last. */
void exclusion_close(struct exclusion *exclusion, pid_t closer, bool writes);

/* As ima_staging_parse(). @text is a string of @len bytes, if no NUL is in them. */
int linux_7_2_parse(const char *text, size_t len, bool staged,
		    struct ima_staging_cmd *ret_cmd);

/* N: deletes the first @nr current records, whatever is staged. */
int linux_7_2_trim(struct kernel *kernel, uint64_t nr);

#endif
