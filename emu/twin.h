/* SPDX-License-Identifier: MIT */
/*
 * The twin: a file that holds the binary list (of sha1) as it would be had nothing
 * been deleted since the hard boot, byte for byte. It is there to be compared with
 * what others have made of the parts they saved.
 *
 * A record is written whole, with the kernel's extend lock held, before it can be
 * read from the list: so the file is never behind what anybody has seen. A kexec
 * adds to it, a hard boot begins anew. It is not synced: it is as durable as the
 * list itself.
 *
 * A NULL twin is none. Where the file cannot be written it ends with the last
 * record that could be, nothing is added any more until a hard boot, and
 * twin_is_whole() tells.
 */
#ifndef EMU_TWIN_H
#define EMU_TWIN_H

#include <stdbool.h>

struct ima_queue_entry;
struct twin;

/* Creates the file, or empties it. A negative errno. */
int twin_open(const char *path, struct twin **ret_twin);
void twin_close(struct twin *twin);

/* One thread at a time. */
void twin_restart(struct twin *twin);
void twin_add(struct twin *twin, const struct ima_queue_entry *qe);
bool twin_is_empty(const struct twin *twin);

/* For any thread. */
bool twin_is_whole(const struct twin *twin);

#endif
